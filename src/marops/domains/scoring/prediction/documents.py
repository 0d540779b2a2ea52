"""What REST and the command line say of predictive scores: the same shapes for both."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from marops.domains.contacts.public import find_contact
from marops.domains.scoring.permissions import VIEW
from marops.domains.scoring.prediction.learning import evaluate, too_few
from marops.domains.scoring.prediction.looks import known, known_lately
from marops.domains.scoring.prediction.queries import bands, in_force, last_check, newest, slugs, version_of, waiting
from marops.domains.scoring.prediction.rules import Prediction
from marops.domains.scoring.prediction.story import prediction as story
from marops.domains.scoring.queries import reaches
from marops.domains.scoring.queries.boards import LEADS
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import load
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import require
from marops.methods.prediction.model import write_model


def models() -> list[dict[str, Any]]:
    """Every predictive score, with the version in force and how many leads are in each band."""
    return [_brief(slug) for slug in slugs()]


def _brief(slug: str) -> dict[str, Any]:
    row = in_force(slug) or newest(slug)
    document: Prediction = load(row)
    draft = waiting(slug)
    report = document.report
    return {
        "model": slug,
        "title": document.title,
        "definition": row.pinned,
        "state": row.state,
        "trained": document.model is not None,
        "method": document.model.method if document.model else None,
        "auc": report.get("auc"),
        "ece": report.get("ece"),
        "lift_10": report.get("lift_10"),
        "rows": report.get("rows"),
        "leads": sum(bands(slug).values()),
        "bands": bands(slug),
        "draft": draft.pinned if draft else None,
    }


def model(slug: str, as_of: datetime) -> dict[str, Any]:
    """One predictive score: what counts, what it learnt, the last check; or what lacks until it can learn."""
    row = in_force(slug) or newest(slug)
    document: Prediction = load(row)
    outcomes = known_lately(slug, document, as_of)
    check = last_check(slug)
    return {
        **_brief(slug),
        "outcome": document.outcome.says,
        "outcomes": outcomes.as_json(),
        "too_few": too_few(outcomes, document.least),
        "terms": [
            {"field": document.label(term.field), "weight": term.weight}
            for term in (document.model.ordered() if document.model else ())
        ],
        "report": _shown(document),
        "check": {"at": iso_utc(check.at), "definition": check.definition, **check.figures} if check else None,
    }


def report(slug: str, version: int) -> dict[str, Any]:
    """What the training of a version found."""
    row = version_of(slug, version)
    document: Prediction = load(row)
    return {
        "prediction": slug,
        "definition": row.pinned,
        "state": row.state,
        "title": document.title,
        "outcome": document.outcome.says,
        "url": compare_url(row),
        **_shown(document),
    }


def compare_url(row: Definition) -> str:
    """The page that holds a version against the one in force."""
    return f"{reverse('scoring:prediction-compare', args=[row.slug])}?version={row.version}"


def model_file(slug: str, version: int) -> str:
    """The model of a version as a file."""
    document: Prediction = load(version_of(slug, version))
    if document.model is None:
        raise MaropsError(CONFLICT, "No model was trained yet.")
    return write_model(document.model)


def _shown(document: Prediction) -> dict[str, Any]:
    return {name: value for name, value in document.report.items() if name != "base"}


def evaluated(slug: str, as_of: datetime) -> dict[str, Any]:
    """The model in force on the newest leads whose outcome is known. Raises MaropsError `conflict` without one."""
    row = in_force(slug)
    document: Prediction = load(row or newest(slug))
    if row is None or document.model is None:
        outcomes = known(document, as_of)
        draft = waiting(slug)
        remedy = (
            f"{draft.pinned} waits to be put in force."
            if draft
            else "Train one: marops score train, then put it in force."
        )
        said = too_few(outcomes, document.least) or "No model is in force yet."
        raise MaropsError(CONFLICT, said, remedy=remedy)
    return {"prediction": slug, "definition": row.pinned, **evaluate(document, as_of)}


def explained(actor: Actor, ref: str, slug: str = "main") -> dict[str, Any]:
    """Why one lead is so likely: every term in words; they add up to the points with the intercept."""
    require(actor, VIEW)
    contact = find_contact(ref, actor=actor)
    if not reaches(actor, contact.id, LEADS):
        raise MaropsError(NOT_FOUND, f"There is no lead {ref}.")
    return {"ref": contact.ref, **story(contact.id, actor, slug)}
