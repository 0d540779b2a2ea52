"""From a log to documents: the process, its times, its people; what was found is kept and said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np

from marops.domains.team.public import main_roles, people
from marops.domains.workflows.discovering.crews import FoundCrew, Outsider, crew_of
from marops.domains.workflows.discovering.drifting import drift_of
from marops.domains.workflows.discovering.maps import FoundMap, map_of
from marops.domains.workflows.discovering.measured import evidence_of
from marops.domains.workflows.discovering.naming import Slugs
from marops.domains.workflows.discovering.reading import Material, Part, material_of
from marops.domains.workflows.models import EventLog, LogDiscovery
from marops.domains.workflows.rules.amounts import as_document
from marops.domains.workflows.rules.answers import as_plain
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_together
from marops.domains.workflows.writing import FoundDocument, keep_found
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import check_name
from marops.kernel.errors import MaropsError, problem
from marops.kernel.models import Definition
from marops.kernel.workspace import workspace
from marops.methods.mining.log import CAUSES, FoundArrivals, Graph, Timing, Waiting
from marops.methods.mining.structure import NoProcess, discover
from marops.methods.mining.timing import calibrate_timing
from marops.methods.mining.waiting import split_waiting

NOISE: Final = 0.05
_TEAM_CREW: Final = "team"
_MOST_STEPS: Final = 500
_MOST_WAYS: Final = 3_000
_MOST_CLASSES: Final = 50
_PROMISED: Final = 0.85
_FEW_CASES: Final = 10
"""Of which nobody can tell how many come in a month."""

NOTHING_FOUND = problem(
    "log-no-process",
    "No workflow can be read off this log",
    remedy="The log is kept. Choose other columns as its case and its activity, or leave more out as noise.",
)


def discover_log(
    *, actor: Actor, log: EventLog, slug: str = "", noise: float | None = None, title: str = ""
) -> list[LogDiscovery]:
    """Find the workflow in a log, or (task facts) one for each class, and its crew; keep them all, or nothing.

    Raises MaropsError `log-no-process`.
    """
    noise = NOISE if noise is None else noise
    if slug:
        check_name("workflow", slug)
    material = material_of(log)
    timing = calibrate_timing(material.log)
    waiting = split_waiting(material.log, timing)
    facts = log.format == "facts"
    known = _team() if facts else {}
    crew_title = "Team" if facts else log.title
    crew = crew_of(crew_title, material, timing, known=known, currency=workspace().currency)
    crew_slug = _free("crew", _TEAM_CREW if facts else slug or Slugs().of(log.title))
    found = []
    for part in material.parts:
        own = slug if slug and len(material.parts) == 1 else _free("workflow", Slugs().of(part.title))
        found.append(_part(part, own, crew_slug, _Found(log, material, timing, waiting, crew, noise, title)))
    return keep_found(
        actor=actor, log_id=log.id, crew=(crew_slug, _checked_crew(crew, [one.document for one in found])),
        workflows=found, noise=noise, reason=f"Read off {log.ref}",
    )  # fmt: skip


def _free(kind: Literal["workflow", "crew"], slug: str) -> str:
    """The short name, or the next one that is not somebody's own: what people drew is not overwritten unasked."""
    read = set(LogDiscovery.objects.values_list(kind, flat=True))
    taken = set(Definition.objects.filter(kind=kind, slug__startswith=slug).values_list("slug", flat=True)) - read
    return next(one for one in chain([slug], (f"{slug}-{n}" for n in count(2))) if one not in taken)


@dataclass(frozen=True, slots=True)
class _Found:
    """All that is known when the documents are written."""

    row: EventLog
    material: Material
    timing: Timing
    waiting: Waiting
    crew: FoundCrew
    noise: float
    title: str


def _team() -> dict[str, Outsider]:
    """People of the team by what facts call them: the id of their account, or their own."""
    known: dict[str, Outsider] = {}
    everybody = list(people())
    roles = main_roles([one.id for one in everybody])
    for one in everybody:
        who = Outsider(one.name, one.ref, roles.get(one.id, ""))
        known |= {str(one.id): who, **({str(one.account_id): who} if one.account_id else {})}
    return known


def _part(part: Part, slug: str, crew_slug: str, found: _Found) -> FoundDocument:
    graph = _graph(part, found)
    drawn = map_of(part, found.material, graph, found.timing, found.crew)
    rows = _rows(part, found.material)
    classes = [one | {"start": drawn.steps[0]["id"]} for one in _classes(part, found, rows)]
    lead = _lead(found.material, rows)
    promise = {"hours": _round(float(np.quantile(lead, _PROMISED))), "share": _PROMISED} if lead.max() > 0 else None
    drifted = drift_of(found.material.log, found.timing, rows, title=found.material.title_of)
    notes = [*found.timing.notes, *found.crew.notes, *drawn.notes, *_notes(graph, promise)]
    notes += [drifted["says"]] if drifted["changed"] else []
    notes += [_assumed(one) for one in classes if one["arrivals"]["origin"] == "assumed"]
    document = {
        "title": found.title or _titled(found.row.title if found.row.mapping.get("class") else part.title),
        "crew": crew_slug,
        "unit": _unit(part, found),
        "summary": f"Read off {found.row.ref}.",
        "classes": classes,
        "steps": drawn.steps,
        "ways": drawn.ways,
        **({"promise": promise} if promise else {}),
        "source": _source(found, graph, rows),
        "notes": notes[:200],
    }
    return FoundDocument(slug, document, _explained(found, graph, drawn, rows, lead, notes) | {"drift": drifted})


def _assumed(one: Mapping[str, Any]) -> str:
    many = one["arrivals"]["per_month"]
    return f"Too few cases to tell how many of “{one['name']}” come in: {many:.3g} a month are assumed."


def _titled(name: str) -> str:
    return (name[:1].upper() + name[1:])[:200] if name else "Workflow"


def _unit(part: Part, found: _Found) -> str:
    said = part.title if part.within is not None else found.row.mapping.get("case_object", "")
    return (said.replace("_", " ").lower() or "case")[:60]


def _graph(part: Part, found: _Found) -> Graph:
    try:
        graph = discover(found.material.log, noise=found.noise, within=part.within)
    except NoProcess as error:
        raise MaropsError(NOTHING_FOUND, _why(error)) from None
    if len(graph.nodes) > _MOST_STEPS or len(graph.ways) > _MOST_WAYS:
        said = f"It has {len(graph.nodes):,} steps and {len(graph.ways):,} ways between them."
        raise MaropsError(NOTHING_FOUND, f"{said} A map can show {_MOST_STEPS} and {_MOST_WAYS:,}.")
    return graph


def _why(error: NoProcess) -> str:
    """What the method says, without the name of a case, which may be somebody's."""
    if error.reason == "long-case":
        return f"One case has {error.number:,} events."
    return str(error)


def _rows(part: Part, material: Material) -> np.ndarray[Any, np.dtype[np.bool_]]:
    log = material.log
    return np.ones(len(log), dtype=np.bool_) if part.within is None else np.asarray(log.work_class == part.within)


def _lead(material: Material, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Hours from the first moment of each case to its last."""
    log = material.log
    begun = np.fmin(np.fmin(log.enabled, log.started), log.ended)
    first = np.full(len(log.cases), np.inf)
    last = np.full(len(log.cases), -np.inf)
    np.minimum.at(first, log.case[rows], begun[rows])
    np.maximum.at(last, log.case[rows], log.ended[rows])
    some = np.isfinite(first)
    return np.asarray(last[some] - first[some])


def _round(hours: float) -> float:
    """Hours as people promise them: whole days from a day on."""
    return max(24.0 * round(hours / 24), 24.0) if hours >= 24 else max(round(hours, 1), 0.1)


def _classes(part: Part, found: _Found, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> list[dict[str, Any]]:
    """The kinds of work and how they come in."""
    log, slugs = found.material.log, Slugs()
    codes = sorted(found.timing.arrivals) if part.within is None else [part.within]
    counts = np.bincount(log.work_class[rows], minlength=len(log.classes))
    codes = sorted((one for one in codes if counts[one]), key=lambda one: -counts[one])
    if len(codes) > _MOST_CLASSES:
        said = f"Its cases are of {len(codes):,} classes; {_MOST_CLASSES} are the most."
        raise MaropsError(NOTHING_FOUND, said, remedy="The log is kept. Choose another column as the class, or none.")
    made = []
    for one in codes:
        name = log.classes[one] or found.title or _titled(part.title)
        arrivals = _arrivals(found.timing.arrivals[one], name, found.crew)
        made.append({"id": slugs.of(name), "name": _titled(name), "arrivals": arrivals})
    return made


def _arrivals(found: FoundArrivals, name: str, crew: FoundCrew) -> dict[str, Any]:
    within = crew.calendars.of(found.hours, f"{name} comes in", f"When {name} comes in") if crew.calendars else ""
    seasonal = any(abs(one - 1) > 0.01 for one in found.seasons)
    return {
        "per_month": round(found.per_month, 4),
        **({"seasons": [round(max(one, 0.0), 3) for one in found.seasons]} if seasonal else {}),
        "gap": as_document(found.gap.amount),
        "within": within,
        "origin": "assumed" if found.n < _FEW_CASES else "log",
    }


def _source(found: _Found, graph: Graph, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    row = found.row
    return {
        "log": row.ref, "sha256": row.sha256, "cases": len(np.unique(found.material.log.case[rows])),
        "events": int(rows.sum()), "first": iso_utc(row.first_at) or "", "last": iso_utc(row.last_at) or "",
        "noise": graph.noise, "covered": round(graph.covered, 4),
    }  # fmt: skip


def _notes(graph: Graph, promise: Mapping[str, float] | None) -> list[str]:
    notes = []
    if graph.covered < 1:
        notes.append(f"The map keeps {graph.covered:.1%} of the events; the rest was left out as noise.")
    if promise:
        notes.append(f"The promise is what the log kept for {_PROMISED:.0%} of its cases; nobody has given it yet.")
    return notes


def _explained(
    found: _Found, graph: Graph, drawn: FoundMap, rows: np.ndarray[Any, np.dtype[np.bool_]],
    lead: np.ndarray[Any, np.dtype[np.float64]], notes: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """What was found, for people: how much, how sure, why work waited."""
    log, timing = found.material.log, found.timing
    hours = found.waiting.hours[rows].sum(axis=0)
    measured = evidence_of(found.row.ref, found.material, timing, found.waiting, rows, lead, drawn)
    cases = max(1, len(lead))
    return {
        "cases": len(lead), "events": int(rows.sum()), "covered": round(graph.covered, 4), "noise": graph.noise,
        "people": len(np.unique(log.resource[rows & (log.resource >= 0)])),
        "starts_estimated": int(timing.estimated[rows].sum()),
        "lead_hours": {name: round(float(np.quantile(lead, at)), 2) for name, at in (("p50", 0.5), ("p85", 0.85))},
        "worked_hours_per_case": round(float(timing.worked[rows].sum()) / cases, 3),
        "waiting_hours_per_case": {name: round(float(one) / cases, 3) for name, one in zip(CAUSES, hours, strict=True)},
        "steps": [_step_said(one, step, found, rows) for one, step in drawn.step_of.items()],
        "notes": list(notes),
        "measured": as_plain(measured),
    }  # fmt: skip


def _step_said(activity: int, step: str, found: _Found, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
    timing = found.timing
    mine = rows & (found.material.log.activity == activity)
    effort = timing.effort.get(activity)
    said: dict[str, Any] = {"step": step, "events": int(mine.sum())}
    if effort:
        said["effort"] = {
            "kind": effort.amount.kind, "n": effort.n, "origin": effort.origin, "distance": round(effort.distance, 4),
        }  # fmt: skip
    waited = found.waiting.hours[mine].mean(axis=0) if mine.any() else np.zeros(len(CAUSES))
    said["waiting_hours"] = {name: round(float(one), 3) for name, one in zip(CAUSES, waited, strict=True)}
    return said


def _checked_crew(crew: FoundCrew, documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The crew, once all workflows fit it. Raises MaropsError `log-no-process` with what does not."""
    model = Crew.model_validate(crew.document)
    faults = [fault for one in documents for fault in faults_together(Workflow.model_validate(one), model)]
    if faults:
        raise MaropsError(NOTHING_FOUND, faults[0].message, faults[:20])
    return crew.document


def discovered(log_id: UUID) -> list[LogDiscovery]:
    """What was found in a log, the newest first."""
    return list(LogDiscovery.objects.filter(log_id=log_id).order_by("-at"))
