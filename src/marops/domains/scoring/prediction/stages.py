"""What the engine runs: how likely the outcome is for the tick's leads, and once a day how good the model still is."""

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from marops.domains.scoring.prediction.actions import keep_check, keep_predictions
from marops.domains.scoring.prediction.features import Tables, columns_of, features_sql, kinds_of
from marops.domains.scoring.prediction.learning import evaluate
from marops.domains.scoring.prediction.looks import live_sql
from marops.domains.scoring.prediction.rules import Prediction
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.kernel.facts import touch_from
from marops.kernel.models import Definition
from marops.methods.prediction.sql import PROBABILITY, name_of, statement
from marops.store.duckdb import quoted


def models_in_force() -> list[tuple[Definition, Prediction]]:
    """Every predictive score in force that has learnt something."""
    found = ((row, load(row)) for row in active("prediction"))
    return [(row, document) for row, document in found if document.model is not None]


def predict(run: Run) -> int:
    """Score the tick's contacts by every predictive model in force. Answers how many changed."""
    changed = 0
    for row, document in models_in_force():
        with court(run) as court_:
            rows = predictions(court_, document)
        if rows.num_rows:
            changed += keep_predictions(actor=ENGINE, model=row.slug, definition=row.pinned, as_of=run.as_of, rows=rows)
    return changed


def predictions(court_: Court, document: Prediction) -> pa.Table:
    """The likelihoods of the court's contacts, as `keep_predictions` takes them: open leads get one, those whose time
    is over lose theirs, and those that were decided keep the last one.
    """
    asked = document.outcome
    contact = court_.table("contact", columns_of(document.inputs))
    tables = Tables(contact, court_.facts(kinds_of(document.inputs) | {*asked.yes, *asked.no}))
    over = (
        f"SELECT id::VARCHAR AS contact_id, NULL::DOUBLE AS chance, NULL::DOUBLE AS points, NULL::VARCHAR AS band,"
        f" NULL::VARCHAR AS terms FROM {contact} WHERE created_at <="
        f" {quoted(court_.run.as_of.isoformat())}::TIMESTAMPTZ"
        f" - INTERVAL {asked.within_days} DAY AND id NOT IN (SELECT contact_id FROM {tables.facts} WHERE kind IN"
        f" ({', '.join(quoted(kind) for kind in (*asked.yes, *asked.no))}) AND contact_id IS NOT NULL)"
    )
    shown = scored_sql(
        document,
        features_sql(
            document.inputs, live_sql(document, "", tables, court_.run.as_of), tables, court_.zone.key, then=False
        ),
    )
    return court_.cursor.arrow(f"{shown} UNION ALL ({over})")


def scored_sql(document: Prediction, features: str) -> str:
    """contact_id, chance, points, band, and terms as JSON: what each input said, and what it adds."""
    model = document.model
    if model is None:
        raise ValueError("nothing was learnt yet")
    names = [one.name for one in document.inputs]
    scored = statement(model, f"({features})", columns=names, keep=["id", *names])
    terms = [f"{quoted(term.field)}: [{_name(term.field)}, {_name(name_of(term))}::VARCHAR]" for term in model.terms]
    points = " + ".join([repr(model.intercept), *(_name(name_of(term)) for term in model.terms)])
    bands = " ".join(
        f"WHEN {PROBABILITY} >= {one.from_percent / 100!r} THEN {quoted(one.name)}" for one in document.bands
    )
    return (
        f"SELECT id::VARCHAR AS contact_id, {PROBABILITY} AS chance, {points} AS points,"
        f" CASE {bands} END AS band, to_json({{{', '.join(terms)}}})::VARCHAR AS terms FROM ({scored})"
    )


def day_turn(as_of: datetime) -> int:
    """A new day: open leads are a day older; and every model is held against what is known by now."""
    touched = 0
    for row, document in models_in_force():
        since = as_of - timedelta(days=document.outcome.within_days + 2)
        touched += touch_from("SELECT id FROM contact WHERE created_at >= %s", as_of, [since])
        check(row, document, as_of)
    return touched


def check(row: Definition, document: Prediction, as_of: datetime) -> dict[str, Any]:
    """Measure a model on the newest outcomes, and keep what was found."""
    figures = evaluate(document, as_of)
    figures.pop("excluded")
    keep_check(actor=ENGINE, model=row.slug, definition=row.pinned, as_of=as_of, figures=figures)
    return figures


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
