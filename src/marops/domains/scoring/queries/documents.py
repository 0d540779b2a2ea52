"""What REST and the command line say of scoring: the same shapes for both."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from marops.domains.scoring.queries import boards
from marops.domains.scoring.queries.trial import compare
from marops.domains.scoring.rules import ScoreModel
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import checked, kinds, load
from marops.kernel.exchange import VERSION_KEY
from marops.kernel.rules_sentence import sentence


def models() -> list[dict[str, Any]]:
    """Every model, with how many leads it scored and who are MQLs."""
    return [
        {
            "model": row.slug,
            "title": model.title,
            "definition": row.pinned,
            "state": row.state,
            "signals": len(model.all_signals()),
            "mql_from": float(model.mql.at_least) if model.mql.cells else None,
            **counts,
        }
        for row, model, counts in boards.models()
    ]


def model(slug: str, at_least: int | None = None) -> dict[str, Any]:
    """One model: its document, distribution, matrix, signals, and how many would be MQLs at other thresholds."""
    row = boards.model_in_force(slug)
    document: ScoreModel = load(row)
    cells = boards.cells(slug)
    leads = sum(one.leads for one in cells)
    lines, estimated = boards.signals(slug, document, leads)
    matrix: dict[str, int] = dict.fromkeys(document.cells(), 0)
    points: dict[int, list[int]] = {}
    for one in cells:
        matrix[one.name] = matrix.get(one.name, 0) + one.leads
        bar = points.setdefault(one.points // 5 * 5, [0, 0])
        bar[0] += one.leads
        bar[1] += one.leads if one.mql else 0
    steps = sorted({*range(0, 101, 10), ceil(document.mql.at_least), *([] if at_least is None else [at_least])})
    return {
        "model": slug,
        "title": document.title,
        "definition": row.pinned,
        "state": row.state,
        "leads": leads,
        "mql": sum(one.leads for one in cells if one.mql),
        "mql_from": float(document.mql.at_least),
        "mql_cells": list(document.mql.cells),
        "matrix": matrix,
        "points": [{"from": at, "leads": n, "mql": mql} for at, (n, mql) in sorted(points.items())],
        "thresholds": [{"at_least": at, "mql": boards.at_threshold(document, cells, at)} for at in steps],
        "signals": lines,
        "signals_estimated": estimated,
    }


def simulate(
    actor: Actor,
    slug: str,
    document: Mapping[str, Any] | None,
    version: int | None,
    *,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """A changed model, given as a document or as a version, beside the one in force; the newest version by default.

    Raises MaropsError `invalid` for a document with faults.
    """
    before = boards.model_in_force(slug)
    if document is not None:
        after, name = ScoreModel.model_validate(checked("score", _as_now(document))), "document"
    else:
        row = boards.version_of(slug, version) if version else boards.newest(slug)
        after, name = load(row), row.pinned
    told = compare(actor, load(before), after, since=since, until=until, as_of=now())
    return {"before": before.pinned, "after": name, **told.as_json()}


def _as_now(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as a file holds it, in today's shape."""
    kind = kinds()["score"]
    read = {key: value for key, value in document.items() if key != VERSION_KEY}
    for version in range(int(document.get(VERSION_KEY, kind.schema_version)), kind.schema_version):
        read = kind.upcasters[version](read)
    return read


def lifecycle(as_of: datetime) -> dict[str, Any]:
    """The stages with their numbers, their rules in words, and where leads leave."""
    found = boards.lifecycle_in_force()
    if found is None:
        return {"definition": None, "stages": [], "leaks": []}
    row, document = found
    steps = boards.steps(document, as_of)
    return {
        "definition": row.pinned,
        "title": document.title,
        "stages": [
            {
                "name": one.name,
                "label": one.label,
                "out": one.out,
                "rule": sentence(one.when) if one.when else None,
                **boards.as_numbers(steps[one.name]),
            }
            for one in document.stages
        ],
        "leaks": [
            {"from": before, "to": stage, "leads": number} for before, stage, number in boards.leaks(document, as_of)
        ],
    }
