"""Reads of predictive scores: the versions, who is how likely, and what the last check found."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.accounts.public import sees
from marops.domains.scoring.models import ContactPrediction, PredictionCheck
from marops.domains.scoring.prediction.rules import Input, Prediction
from marops.domains.scoring.queries.boards import LEADS
from marops.domains.scoring.queries.leads import within
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import UNDECIDED, active, find, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.models import Definition
from marops.kernel.permissions import grants, may
from marops.methods.prediction.model import Term
from marops.methods.prediction.reading import key_of
from marops.methods.prediction.telling import says

KIND = "prediction"


def newest(slug: str) -> Definition:
    """The newest version. Raises MaropsError `not-found`."""
    found = versions(KIND, slug)
    if not found:
        raise MaropsError(NOT_FOUND, f"There is no predictive score {slug}.")
    return found[0]


def in_force(slug: str) -> Definition | None:
    """The version in force, with or without a model."""
    return next((row for row in active(KIND) if row.slug == slug), None)


def version_of(slug: str, version: int) -> Definition:
    """One version. Raises MaropsError `not-found`."""
    return find(f"{KIND}/{slug}@{version}")


def waiting(slug: str) -> Definition | None:
    """The newest version with a model that nobody has decided on, if it is newer than the one in force."""
    row = newest(slug)
    return row if row.state in UNDECIDED and load(row).model is not None else None


def slugs() -> list[str]:
    """The short names of all predictive scores that are not retired altogether."""
    states = [Definition.State.ACTIVE, *UNDECIDED]
    rows = Definition.objects.filter(kind=KIND, state__in=states)
    return list(rows.order_by("slug").values_list("slug", flat=True).distinct())


def bands(slug: str) -> dict[str, int]:
    """How many leads are in each band today."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT band, count(*) FROM contact_prediction WHERE model = %s GROUP BY 1", [slug])
        return dict(cursor.fetchall())


def last_check(slug: str) -> PredictionCheck | None:
    """The last check of the model, whichever version it was."""
    return PredictionCheck.objects.filter(model=slug).order_by("-at").first()


def likeliest(actor: Actor, slug: str, *, band: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """Open leads that the actor may see, the likeliest first, with the score by rules beside it."""
    if not may(actor, LEADS):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.number, coalesce(c.full_name, c.email), c.company_name, p.chance, p.band, s.value, s.grade,"
            " s.level FROM contact_prediction p JOIN contact c ON c.id = p.contact_id"
            " LEFT JOIN contact_score s ON s.contact_id = c.id AND s.model = 'main'"
            f" WHERE p.model = %s AND (%s = '' OR p.band = %s) AND {within(actor, LEADS)}"
            " ORDER BY p.chance DESC, c.number LIMIT %s",
            [slug, band, band, limit],
        )
        rows = cursor.fetchall()
    named = sees("personal", grants(actor))
    return [
        {
            "id": str(pk),
            "ref": f"L-{number}",
            "name": (name if named else None) or f"L-{number}",
            "company": company,
            "probability": chance,
            "band": band_,
            "score": None if value is None else float(value),
            "cell": f"{grade}{level}" if grade else None,
        }
        for pk, number, name, company, chance, band_, value, grade, level in rows
    ]


def explain(contact_id: UUID, slug: str = "main") -> dict[str, Any] | None:
    """Why one lead is so likely: every term in words, the strongest first; with the intercept they are the points."""
    row = ContactPrediction.objects.filter(contact_id=contact_id, model=slug).first()
    if row is None:
        return None
    document: Prediction = load(find(row.definition))
    model = document.model
    if model is None:
        return None
    by_field = {term.field: term for term in model.terms}
    terms = [
        {
            "name": name,
            "label": document.label(name),
            "says": in_words(document, by_field[name], value),
            "term": float(term),
        }
        for name, (value, term) in row.terms.items()
        if name in by_field
    ]
    terms.sort(key=lambda one: (-abs(float(str(one["term"]))), str(one["name"])))
    return {
        "probability": row.chance,
        "points": row.points,
        "intercept": model.intercept,
        "band": row.band,
        "band_label": next((one.label for one in document.bands if one.name == row.band), row.band),
        "average": float(model.calibration.chance(_one(model.intercept))[0]),
        "calibration": model.calibration.model_dump(),
        "terms": terms,
        "definition": row.definition,
        "title": document.title,
        "outcome": document.outcome.says,
        "method": model.method,
        "as_of": iso_utc(row.as_of),
    }


def _one(points: float) -> Any:
    import numpy as np

    return np.array([points])


def in_words(document: Prediction, term: Term, value: str) -> str:
    """What an input said, in the words of its field."""
    one = document.by_name.get(term.field)
    label = one.label if one else term.field
    if one is None or one.of == "filled":
        return says(term.model_copy(update={"field": label}), value)
    if one.of in ("count", "last"):
        return f"{label.partition(':')[0]}: {_of_facts(one, value)}"
    if one.of == "age":
        return f"{_counted(value, 'day')} since it came in"
    if one.of == "hour":
        return f"{label} {value}"
    if one.of == "since":
        return f"{label}: {value}" if value else f"{label}: never"
    field = REGISTRY.find_field(one.source)
    if not value or term.kind == "number" or field is None:
        return says(term.model_copy(update={"field": label}), value)
    shown = _choices(field.name).get(value, value.replace("_", " ")) if field.choices or _is_code(one) else value
    return f"{label} is “{shown}”" + (
        "" if term.knows(key_of(value)) else ", which was seldom or never seen in training"
    )


def _is_code(one: Input) -> bool:
    return one.source == "contact.source"


def _of_facts(one: Input, value: str) -> str:
    if one.of == "last":
        return f"{_counted(value, 'day')} ago" if value else "never"
    return f"{_counted(value, 'time')} in {one.days} days" if value != "0" else f"not in {one.days} days"


def _counted(value: str, one: str) -> str:
    return f"{value} {one}" if value == "1" else f"{value} {one}s"


def _choices(name: str) -> Mapping[str, str]:
    field = REGISTRY.find_field(name)
    return {one.value: one.label for one in field.known_choices() if one.label} if field else {}


def level_in_words(document: Prediction, term: Term, level: str) -> str:
    """A level of a term, as people call it."""
    one = document.by_name.get(term.field)
    field = REGISTRY.find_field(one.source) if one and one.of == "field" else None
    label = term.labels.get(level, level)
    if one and _is_code(one):
        return label.replace("_", " ")
    return _choices(field.name).get(label, label) if field is not None and field.choices else label
