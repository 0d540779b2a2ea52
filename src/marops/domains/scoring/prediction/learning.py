"""From looks at leads to a document with a model and its report; nothing is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from marops.domains.scoring.prediction.features import Left, Tables, features_sql, inputs_of
from marops.domains.scoring.prediction.looks import RULES, Known, flags, known, live_sql, past
from marops.domains.scoring.prediction.rules import LEAST_TRAINED, Input, Prediction
from marops.engine.asking import query_engine
from marops.kernel.clock import iso_utc
from marops.kernel.errors import CONFLICT, MaropsError
from marops.kernel.workspace import zone
from marops.methods.prediction.drifting import drifts, profiles
from marops.methods.prediction.measuring import area_under, areas_apart, lift, measures
from marops.methods.prediction.model import ALARM, ENOUGH, Model, score, shift_note, shifted
from marops.methods.prediction.outcomes import outcomes_like
from marops.methods.prediction.reading import Flags, Refused, column_of
from marops.methods.prediction.training import Asked, Trained, report_of, trained

SIMPLE_FLOOR: Final = 50
"""With fewer of either outcome there is no model at all."""
_MOST_BASE = 20_000
_LATE_ROWS, _LATE_MORE = 15, 0.02
_TARGET, _YES, _NO = "outcome", "1", "0"


def too_few(found: Known, least: int) -> str:
    """What lacks, in words; empty where there is enough for the full model."""
    if min(found.won, found.lost) >= least:
        return ""
    return f"Not enough outcomes yet: {found.won:,} won, {found.lost:,} lost; {least:,} of each are needed."


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a training gives: the whole document."""

    document: Prediction
    trained: Trained


def learn(before: Prediction, as_of: datetime) -> Learnt:
    """Learn from all outcomes known by `as_of`. Raises MaropsError `conflict` where they are too few."""
    outcomes = known(before, as_of)
    if min(outcomes.won, outcomes.lost) < SIMPLE_FLOOR:
        remedy = f"A simple model needs {SIMPLE_FLOOR} of each. Until then the score by rules stands alone."
        raise MaropsError(CONFLICT, too_few(outcomes, before.least), remedy=remedy)
    inputs, left = inputs_of(before)
    table = past(before, tuple(inputs), as_of)
    late, kept = _written_later(table, inputs)
    least = max(20, round(before.least * LEAST_TRAINED))
    asked = Asked(_TARGET, time="came", yes=_YES, least=least, dates=False)
    shown = table.select(["came", _TARGET, *(one.name for one in kept)])
    try:
        found = trained(
            shown, asked, {"until": _last(table), "as_of": iso_utc(as_of)}, repeats=~flags(table, "counted")
        )
    except Refused as fault:
        raise MaropsError(
            CONFLICT, f"{too_few(outcomes, before.least)} {fault}".strip(), remedy=fault.remedy
        ) from fault
    used = [one for one in kept if one.name in {term.field for term in found.model.terms}]
    report = {
        "outcomes": outcomes.as_json(),
        "too_few": too_few(outcomes, before.least),
        "as_of": iso_utc(as_of),
        "first": _first(table),
        "until": _last(table),
        "held_since": table["came"][int(found.newest[0])].as_py(),
        **_told(found.model, {one.name: one.label for one in inputs}, [*left, *late]),
        "compare": _compared(before, found, table),
        "base": _base(before, found.model, tuple(used), as_of),
    }
    return Learnt(_document(before, used, found.model, report), found)


def _document(before: Prediction, used: list[Input], model: Model, report: dict[str, Any]) -> Prediction:
    model = model.model_copy(
        update={"excluded": (), "watch": (), "measured": {}, "tenths": tuple(report["base"].pop("tenths"))}
    )
    return before.model_copy(update={"inputs": tuple(used), "model": model, "report": report})


def _written_later(table: pa.Table, inputs: list[Input]) -> tuple[list[Left], list[Input]]:
    """Fields written again after the look, and oftener for one outcome: that they seem unknown would tell it."""
    counted = flags(table, "counted")
    won = np.array([one == _YES for one in table[_TARGET].to_pylist()], dtype=bool)
    left, kept = list[Left](), list[Input]()
    for one in inputs:
        name = f"later:{one.name}"
        late = flags(table, name) if name in table.column_names else np.zeros(len(won), dtype=bool)
        shares = [float(late[counted & group].mean()) if (counted & group).any() else 0.0 for group in (won, ~won)]
        if late[counted].sum() >= _LATE_ROWS and abs(shares[0] - shares[1]) >= _LATE_MORE:
            why = (
                f"It was written after the look for {shares[0]:.0%} of those who came to a yes and {shares[1]:.0%} of"
                " the others, and what it said before was not kept."
            )
            left.append(Left(one.label, "later", why))
        else:
            kept.append(one)
    return left, kept


def _told(model: Model, labels: Mapping[str, str], left: list[Left]) -> dict[str, Any]:
    """The report of the training, in the labels of fields."""
    told = report_of(model)
    told["excluded"] = [
        {"field": labels.get(one["field"], one["field"]), "kind": one["kind"], "why": one["why"]}
        for one in told["excluded"]
        if one["kind"] != "order"
    ] + [one.as_json() for one in left]
    told["watch"] = [{**one, "field": labels.get(one["field"], one["field"])} for one in told["watch"]]
    told["split"]["says"] = "by the time the lead came in: the newest fifth measures, and was not trained on"
    return {name: value for name, value in told.items() if name not in ("target", "row_id", "file_rows", "fields")}


def _compared(before: Prediction, found: Trained, table: pa.Table) -> dict[str, Any]:
    """The new model, the one before it, and the rules, on the same leads: the newest fifth."""
    held = table.take(pa.array(found.newest))
    outcome = outcomes_like(column_of(held, _TARGET), _YES, _NO)
    told: dict[str, Any] = {"leads": held.num_rows, "new": _brief(found.chance, outcome)}
    told["rules"] = _by_rules(held, outcome, found.chance)
    if before.model is not None:
        chance = score(before.model, held).chance
        until = before.report.get("until")
        told["old"] = _brief(chance, outcome) | _behind(found.chance, chance, outcome)
        told["old"]["saw"] = bool(until and until >= held["came"][0].as_py())
    return told


def _brief(chance: Any, outcome: Any) -> dict[str, Any]:
    told = measures(chance, outcome)
    kept = ("auc", "auc_low", "auc_high", "pr_auc", "brier", "ece", "lift_10", "lift_20", "captured_20", "reliability")
    return {name: told[name] for name in kept}


def _behind(chance: Any, other: Any, outcome: Any) -> dict[str, float]:
    """How much area the first has more than the other, on the same leads."""
    return dict(zip(("behind", "behind_low", "behind_high"), areas_apart(chance, other, outcome), strict=True))


def _by_rules(held: pa.Table, outcome: Any, chance: Any) -> dict[str, Any]:
    """The score by rules as a ranking: it foretells no shares, so it has no calibration."""
    points = np.array([np.nan if one is None else one for one in held[RULES].to_pylist()], dtype=float)
    scored = int((~np.isnan(points)).sum())
    if not scored or len(set(outcome.tolist())) < 2:
        return {"scored": scored, "auc": None}
    ranked = np.nan_to_num(points, nan=float(np.nanmin(points)) - 1)
    area, low, high = area_under(ranked, outcome)
    lifts = {f"lift_{share}": lift(ranked, outcome, share / 100)[0] for share in (10, 20)}
    told = {"scored": scored, "auc": area, "auc_low": low, "auc_high": high, **lifts}
    return told | _behind(chance, ranked, outcome)


def _base(before: Prediction, model: Model, used: tuple[Input, ...], as_of: datetime) -> dict[str, Any]:
    """What the newest fifth of leads looked like, whatever became of them: later ones are held against it."""
    everybody = past(before, used, as_of, decided=False)
    newest = everybody.slice(min(int(everybody.num_rows * 0.8), max(0, everybody.num_rows - ENOUGH * 2)))[-_MOST_BASE:]
    points = score(model, newest).points
    tenths = np.unique(np.quantile(points, np.linspace(0, 1, 11)[1:-1])).tolist() if len(points) else []
    return {
        "leads": newest.num_rows,
        "since": newest["came"][0].as_py() if newest.num_rows else None,
        "until": newest["came"][-1].as_py() if newest.num_rows else None,
        "shares": profiles(model, newest),
        "tenths": tenths if len(tenths) == 9 else [],
    }


def evaluate(document: Prediction, as_of: datetime) -> dict[str, Any]:
    """The model on the newest leads whose outcome is known, beside the rules; and how far leads have drifted."""
    model = _model_of(document)
    table = past(document, document.inputs, as_of)
    held, notes = _newest(document, table.filter(pa.array(flags(table, "counted"))))
    outcome = outcomes_like(column_of(held, _TARGET), _YES, _NO)
    chance = score(model, held).chance
    told = measures(chance, outcome)
    report = document.report
    return {
        **told,
        "rules": _by_rules(held, outcome, chance),
        "split": {
            "says": "leads with a known outcome that came in since the training" if not notes else "the newest leads",
            "since": held["came"][0].as_py() if held.num_rows else None,
            "trained_until": report.get("until"),
        },
        "excluded": [{"field": one["field"], "why": one["why"]} for one in report.get("excluded", [])],
        "when_trained": {name: report.get(name) for name in ("auc", "auc_low", "auc_high", "ece", "lift_10", "rows")},
        "drift": drift(document, as_of),
        "notes": notes,
    }


def _newest(document: Prediction, table: pa.Table) -> tuple[pa.Table, list[str]]:
    """Leads that came in since the training; the newest fifth where those are too few to say."""
    until = document.report.get("until") or ""
    later = table.filter(pa.array([one > until for one in table["came"].to_pylist()], pa.bool_()))
    said = later[_TARGET].to_pylist()
    if min(said.count(_YES), said.count(_NO)) >= 20:
        return later, []
    fifth = table.slice(int(table.num_rows * 0.8))
    note = (
        f"Only {later.num_rows:,} leads that came in since the training have an outcome yet. These are the newest fifth"
        " of all; the model was calibrated on them, so the figures flatter it. Those of the training do not."
    )
    return fifth, [note]


def drift(document: Prediction, as_of: datetime) -> dict[str, Any]:
    """How far the leads since the training differ from those of then: the index of the score, and of each field."""
    model, base = _model_of(document), document.report.get("base", {})
    everybody = past(document, document.inputs, as_of, decided=False)
    since = base.get("until") or ""
    later = everybody.filter(pa.array([one > since for one in everybody["came"].to_pylist()], pa.bool_()))
    if later.num_rows < ENOUGH:
        said = (
            f"{later.num_rows:,} leads have been looked at since the training; from {ENOUGH} on it is said how far they"
            " differ."
        )
        return {"leads": later.num_rows, "score": None, "fields": [], "alarm": False, "says": said}
    points = shifted(model, score(model, later).points)
    fields = [
        {"field": document.label(name), "psi": round(value, 4), "alarm": value > ALARM}
        for name, value in drifts(model, base.get("shares", {}), later).items()
    ]
    moved = [str(one["field"]) for one in fields if one["alarm"]]
    alarm = bool(moved) or bool(points is not None and points > ALARM)
    words = (
        f"Leads differ from those of the training in: {', '.join(moved)}." if moved else " ".join(shift_note(points))
    )
    return {
        "leads": later.num_rows,
        "score": points,
        "fields": fields,
        "alarm": alarm,
        "says": words or "Leads are like those of the training.",
    }


def live(document: Prediction, as_of: datetime) -> pa.Table:
    """All open leads as they are now."""
    seen = live_sql(document, "", Tables(), as_of)
    with query_engine().cursor() as cursor:
        return cursor.arrow(features_sql(document.inputs, seen, Tables(), zone().key, then=False))


def moves(before: Prediction, after: Prediction, as_of: datetime) -> list[dict[str, Any]]:
    """How many open leads go from which band to which; nothing where there was no model."""
    if before.model is None or after.model is None:
        return []
    pairs: dict[tuple[str, str], int] = {}
    both = [dict(_bands(one, as_of)) for one in (before, after)]
    for key, band in both[0].items():
        if (other := both[1].get(key)) is not None:
            pairs[band, other] = pairs.get((band, other), 0) + 1
    return [{"from": one, "to": other, "leads": leads} for (one, other), leads in sorted(pairs.items())]


def _bands(document: Prediction, as_of: datetime) -> Iterator[tuple[str, str]]:
    table = live(document, as_of)
    chances = score(_model_of(document), table).chance.tolist()
    for key, chance in zip(table["key"].to_pylist(), chances, strict=True):
        yield str(key), document.band_of(chance).name


def _model_of(document: Prediction) -> Model:
    if document.model is None:
        raise MaropsError(CONFLICT, "No model was trained yet.", remedy="Train one: marops score train.")
    return document.model


def _first(table: pa.Table) -> str | None:
    return table["came"][0].as_py() if table.num_rows else None


def _last(table: pa.Table) -> str | None:
    return table["came"][-1].as_py() if table.num_rows else None


__all__ = ["Flags", "Learnt", "drift", "evaluate", "learn", "live", "moves", "too_few"]
