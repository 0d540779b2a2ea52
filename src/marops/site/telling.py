"""The figures as documents: what REST answers and the command line prints."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from marops.engine.measuring import Kept, Reading, kept
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.metrics import Metric
from marops.kernel.permissions import require
from marops.site import figures
from marops.site.figures import Shown, show
from marops.site.metric_pages import known
from marops.site.permissions import SEE_METRICS

GRAINS = ("week", "month")


def everything(actor: Actor) -> dict[str, Any]:
    """Every metric with its headline. Raises MaropsError `not-allowed`."""
    require(actor, SEE_METRICS)
    wanted = figures.all_metrics()
    figures.bring_up_to_date(wanted, now())
    return {"items": [_document(one) for one in show(wanted)], "next": None}


def one(actor: Actor, name: str, *, by: str = "", since: date | None = None, grain: str = "month") -> dict[str, Any]:
    """One metric: its headline, its definition and its periods, or with `by` its pieces.

    Raises MaropsError `not-allowed`, `not-found` for a metric that there is not, `invalid` for a split or a grain.
    """
    require(actor, SEE_METRICS)
    metric, at = known(name), now()
    if grain not in GRAINS:
        raise _wrong("grain", f"A period is no {grain!r}.", f"Use {' or '.join(GRAINS)}.")
    figures.bring_up_to_date([metric], at)
    shown = show([metric])[0]
    periods = [row for row in shown.kept.of("day" if metric.level else grain) if since is None or row.period >= since]
    document = _document(shown) | {
        "description": metric.description,
        "clock": metric.clock,
        "min_n": metric.min_n,
        "grain": "day" if metric.level else grain,
        "periods": [row.as_json() for row in periods],
    }
    return document | (_pieces(metric, by) if by else {})


def _pieces(metric: Metric, named: str) -> dict[str, Any]:
    try:
        by = figures.split_named(metric, named)
    except KeyError:
        ways = [one.rpartition(".")[2] for one in (*metric.by, *([metric.split] if metric.split else []))]
        remedy = f"Use {', '.join(ways)}." if ways else "This one cannot be split."
        raise _wrong("by", f"{metric.name} cannot be split by {named!r}.", remedy) from None
    own = by == metric.split
    if not own:
        figures.bring_up_to_date([metric], now(), by=by)
    readings = _latest(kept([metric], by="" if own else by)[metric.name])
    words = figures.piece_words(by, [row.piece for row in readings])
    order = sorted((row for row in readings if row.n), key=lambda row: (-row.n, row.piece))
    return {
        "by": by,
        "pieces": [row.as_json() | {"piece": row.piece or None, "words": words[row.piece]} for row in order],
    }


def _latest(found: Kept) -> Sequence[Reading]:
    if not found.metric.level:
        return found.spans
    days = found.of("day")
    return [row for row in days if row.period == days[-1].period]


def _document(shown: Shown) -> dict[str, Any]:
    return shown.as_json() | {
        "words": {
            "value": shown.value,
            "note": shown.note,
            "target": shown.target_text,
            "state": str(shown.state[0]),
            "owner": shown.owner,
        }
    }


def _wrong(field: str, message: str, remedy: str) -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError("choice", message, remedy, field=field)])
