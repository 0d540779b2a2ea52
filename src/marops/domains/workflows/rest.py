"""Workflows over REST: documents with their versions, crews, scenarios, event logs, bringing logs and diagrams in.

What simulation answers is in `rest_answers`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile as Upload

from marops.domains.accounts.public import actor_of
from marops.domains.workflows.actions import keep
from marops.domains.workflows.carrying import import_model, map_bpmn, map_prosimos
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.plan import Given, as_given, plan_log
from marops.domains.workflows.public import slug_for, start_facts, start_log, title_of_file
from marops.domains.workflows.queries import (
    crew_json,
    crew_rows,
    find_log,
    import_json,
    log_json,
    logs,
    scenario_json,
    scenario_rows,
    with_pay,
    workflow_json,
    workflow_rows,
)
from marops.domains.workflows.rest_answers import router as answers
from marops.domains.workflows.writing import remove_log
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, FieldError, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, cursor, place_of

router = Router(tags=["workflows"])
router.add_router("", answers)
MOST_DIAGRAM = 20_000_000


def _file(media_type: str) -> dict[str, Any]:
    """What describes an answer that is a file."""
    return {"responses": {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}}


class WorkflowRowOut(Shown):
    """A workflow as the list shows it."""

    workflow: str
    title: str
    version: int
    state: str
    crew: str


class WorkflowOut(Shown):
    """A workflow: its document, its crew as far as the caller may see it, its versions, what was found in its log."""

    workflow: str
    version: int
    state: str
    document: dict[str, Any]
    crew: dict[str, Any] | None
    versions: list[dict[str, Any]]
    found: dict[str, Any] | None


class CrewRowOut(Shown):
    """A crew as the list shows it."""

    crew: str
    title: str
    version: int
    people: int
    workflows: list[str]


class CrewOut(Shown):
    """A crew with its versions; costs of an hour are null for those who may not see pay."""

    crew: str
    version: int
    state: str
    document: dict[str, Any]
    versions: list[dict[str, Any]]


class LogOut(Shown):
    """An event log: how far its reading is, what it holds, which workflows it became."""

    ref: str
    title: str
    format: str
    state: str
    counts: dict[str, Any]
    first_at: datetime | None
    last_at: datetime | None
    workflows: list[str]


class Kept(Strict):
    """A document to be kept as a new version. `hold`: it counts from now on; else it stays a draft."""

    document: dict[str, Any]
    reason: str = ""
    hold: bool = True


class NewKept(Kept):
    """The same, with the short name it gets; left out, it is made of its title."""

    slug: str = ""


class ScenarioRowOut(Shown):
    """A scenario as the list shows it."""

    scenario: str
    title: str
    version: int
    state: str
    changes: list[str]


class ScenarioOut(Shown):
    """A scenario with its versions."""

    scenario: str
    version: int
    state: str
    document: dict[str, Any]
    versions: list[dict[str, Any]]


class FromFacts(Strict):
    """Which work of this workspace becomes workflows: one class, or all."""

    case_class: str = ""
    name: str = ""
    noise: float | None = None


# --- bringing in; before `/workflows/{slug}`, which would take these for short names ---


@router.post("/workflows/import/plan", response=dict[str, Any])
def plan_import(request: HttpRequest, file: File[Upload], mapping: Form[str] = "") -> dict[str, Any]:
    """How a log would be read: what columns mean, first rows, what is wrong. `mapping`: JSON, as for the import."""
    require(actor_of(request), CHANGE)
    with _on_disk(file) as path:
        return plan_log(path, _given(mapping), name=file.name or "file").as_json()


@router.post("/workflows/import", response={202: dict[str, Any]})
def start_import(
    request: HttpRequest,
    file: File[Upload],
    mapping: Form[str] = "",
    name: Form[str] = "",
    noise: Form[float | None] = None,
    log_only: Form[bool] = False,
) -> Status[dict[str, Any]]:
    """Take a log in and find the workflow behind it. Answers at once; the reading runs as a job."""
    actor = actor_of(request)
    require(actor, CHANGE)
    _check_noise(noise)
    with _on_disk(file) as path:
        plan = plan_log(path, _given(mapping), name=file.name or "file")
        log, job = start_log(
            path, plan, actor=actor, title=name, slug=slug_for(name), discover=not log_only, noise=noise
        )
    return Status(202, {"log": log.ref, "job": job.ref, "state": log.state})


@router.post("/workflows/import/diagram", response={201: dict[str, Any]})
def import_diagram(
    request: HttpRequest,
    file: File[Upload],
    figures: File[Upload | None] = None,
    name: Form[str] = "",
    crew: Form[str] = "",
) -> Status[dict[str, Any]]:
    """Take a BPMN 2.0 diagram in, with the parameters of Prosimos as `figures` or both as a zip; `notes`: what is lost.

    A workflow that is called `name` gets a new version; without a name, nothing that is there is changed. `crew`: the
    short name of a crew that does the work, or `own` for one of its own; left out, as the file says.
    """
    actor = actor_of(request)
    require(actor, CHANGE)
    parts = [_small(file), _small(figures) if figures else None]
    made = import_model(parts, actor=actor, name=name, crew=crew, title=title_of_file(file.name or ""))
    return Status(201, made)


@router.post("/workflows/import/facts", response={202: dict[str, Any]})
def import_facts(request: HttpRequest, body: FromFacts) -> Status[dict[str, Any]]:
    """Read the work that was done in this workspace: a workflow for each class of it, and one crew."""
    actor = actor_of(request)
    _check_noise(body.noise)
    slug = slug_for(body.name) if body.case_class else ""
    log, job = start_facts(actor=actor, case_class=body.case_class, title=body.name, slug=slug, noise=body.noise)
    return Status(202, {"log": log.ref, "job": job.ref, "state": log.state})


@router.get("/workflows/logs", response=Page[LogOut])
def list_logs(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """The newest logs first."""
    require(actor_of(request), VIEW)
    limit = checked_limit(given.limit)
    found = logs(limit=limit + 1, before=place_of(given.after, int)[0] if given.after else None)
    more = cursor(found[limit - 1].number) if len(found) > limit else None
    return {"items": [log_json(one) for one in found[:limit]], "next": more}


@router.get("/workflows/logs/{ref}", response=LogOut)
def one_log(request: HttpRequest, ref: str) -> dict[str, Any]:
    """How far the reading of a log is, or what came of it."""
    require(actor_of(request), VIEW)
    log = find_log(ref)
    return log_json(log) | {"found": import_json(log)["workflows"]}


@router.delete("/workflows/logs/{ref}", response={204: None})
def delete_log(request: HttpRequest, ref: str) -> Status[None]:
    """Delete a log with its rows; what was found in it stays."""
    actor = actor_of(request)
    require(actor, CHANGE)
    remove_log(actor=actor, log_id=find_log(ref).id)
    return Status(204, None)


# --- workflows ---


@router.get("/workflows", response=Page[WorkflowRowOut])
def list_workflows(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """The workflows in force, by their short names."""
    require(actor_of(request), VIEW)
    return _page(workflow_rows(), "workflow", given)


@router.post("/workflows", response={201: WorkflowOut})
def add_workflow(request: HttpRequest, body: NewKept) -> Status[dict[str, Any]]:
    """Keep a new workflow. Refused with `conflict` where there is one of this short name."""
    actor = actor_of(request)
    slug = _new("workflow", body, actor)
    _keep(actor, "workflow", slug, body)
    return Status(201, workflow_json(slug, actor=actor))


@router.get("/workflows/{slug}", response=WorkflowOut)
def one_workflow(request: HttpRequest, slug: str) -> dict[str, Any]:
    """A workflow by its short name, or one of its versions (`webinar@3`)."""
    actor = actor_of(request)
    require(actor, VIEW)
    return workflow_json(slug, actor=actor)


@router.put("/workflows/{slug}", response=WorkflowOut)
def keep_workflow(request: HttpRequest, slug: str, body: Kept) -> dict[str, Any]:
    """Keep a new version; the same document as the newest version changes nothing."""
    actor = actor_of(request)
    row = _keep(actor, "workflow", slug, body)
    return workflow_json(f"{slug}@{row.version}", actor=actor)


@router.get("/workflows/{slug}/bpmn", response={200: None}, openapi_extra=_file("application/xml"))
def workflow_as_bpmn(request: HttpRequest, slug: str) -> HttpResponse:
    """The workflow as a BPMN 2.0 file."""
    require(actor_of(request), VIEW)
    return HttpResponse(map_bpmn(slug), content_type="application/xml")


@router.get("/workflows/{slug}/prosimos", response={200: None}, openapi_extra=_file("application/zip"))
def workflow_as_prosimos(request: HttpRequest, slug: str) -> HttpResponse:
    """A zip with a Prosimos 2.1 model of the workflow and its crew, and a text of what such a model cannot say."""
    actor = actor_of(request)
    require(actor, VIEW)
    return HttpResponse(map_prosimos(slug, actor=actor)[0], content_type="application/zip")


# --- scenarios ---


@router.get("/scenarios", response=Page[ScenarioRowOut])
def list_scenarios(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """The scenarios in force, with the kinds of their changes in order."""
    require(actor_of(request), VIEW)
    return _page(scenario_rows(), "scenario", given)


@router.get("/scenarios/{slug}", response=ScenarioOut)
def one_scenario(request: HttpRequest, slug: str) -> dict[str, Any]:
    """A scenario by its short name, or one of its versions (`redesign@2`)."""
    require(actor_of(request), VIEW)
    return scenario_json(slug)


@router.put("/scenarios/{slug}", response=ScenarioOut)
def keep_scenario(request: HttpRequest, slug: str, body: Kept) -> dict[str, Any]:
    """Keep a scenario, or a new version of it; the same document as the newest version changes nothing."""
    row = _keep(actor_of(request), "scenario", slug, body)
    return scenario_json(f"{slug}@{row.version}")


# --- crews ---


@router.get("/crews", response=Page[CrewRowOut])
def list_crews(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """The crews in force, with the workflows that they do."""
    require(actor_of(request), VIEW)
    return _page(crew_rows(), "crew", given)


@router.post("/crews", response={201: CrewOut})
def add_crew(request: HttpRequest, body: NewKept) -> Status[dict[str, Any]]:
    """Keep a new crew. Refused with `conflict` where there is one of this short name."""
    actor = actor_of(request)
    slug = _new("crew", body, actor)
    _keep(actor, "crew", slug, body)
    return Status(201, crew_json(slug, actor=actor))


@router.get("/crews/{slug}", response=CrewOut)
def one_crew(request: HttpRequest, slug: str) -> dict[str, Any]:
    """A crew by its short name, or one of its versions (`marketing@2`)."""
    actor = actor_of(request)
    require(actor, VIEW)
    return crew_json(slug, actor=actor)


@router.put("/crews/{slug}", response=CrewOut)
def keep_crew(request: HttpRequest, slug: str, body: Kept) -> dict[str, Any]:
    """Keep a new version. Costs of an hour that the caller may not see stay as they are."""
    actor = actor_of(request)
    row = _keep(actor, "crew", slug, body)
    return crew_json(f"{slug}@{row.version}", actor=actor)


# --- parts ---


def _keep(actor: Actor, kind: str, slug: str, body: Kept) -> Definition:
    require(actor, CHANGE)
    document = with_pay(body.document, slug, actor) if kind == "crew" else body.document
    return keep(actor=actor, kind=kind, slug=slug, document=document, reason=body.reason, hold=body.hold)


def _new(kind: str, body: NewKept, actor: Actor) -> str:
    require(actor, CHANGE)
    title = body.document.get("title")
    slug = body.slug or slug_for(title if isinstance(title, str) else "")
    if not slug:
        fault = FieldError("required", "It has neither a short name nor a title.", "Give one.", "/slug", field="slug")
        raise MaropsError(INVALID, errors=[fault])
    if Definition.objects.filter(kind=kind, slug=slug).exists():
        raise MaropsError(
            CONFLICT, f"There is a {kind} {slug!r} already.", remedy="Change it with PUT, or name another."
        )
    return slug


def _page(rows: list[dict[str, Any]], key: str, given: Paging) -> dict[str, Any]:
    """A page of a list that is kept by its short names."""
    limit = checked_limit(given.limit)
    after = place_of(given.after, str)[0] if given.after else ""
    rest = [one for one in rows if one[key] > after]
    more = cursor(rest[limit - 1][key]) if len(rest) > limit else None
    return {"items": rest[:limit], "next": more}


def _given(text: str) -> Given | None:
    if not text:
        return None
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, Mapping):
        fault = FieldError("json", "`mapping` is no JSON object.", field="mapping")
        raise MaropsError(INVALID, errors=[fault])
    return as_given(document)


def _check_noise(noise: float | None) -> None:
    if noise is not None and not 0 <= noise <= 0.5:
        fault = FieldError("range", "`noise` is a share from 0 to 0.5.", field="noise")
        raise MaropsError(INVALID, errors=[fault])


def _small(file: Upload) -> bytes:
    if (file.size or 0) > MOST_DIAGRAM:
        fault = FieldError("too-large", f"A diagram has at most {MOST_DIAGRAM:,} bytes.", field=file.name or "file")
        raise MaropsError(INVALID, errors=[fault])
    data: bytes = file.read()
    return data


@contextmanager
def _on_disk(file: Upload) -> Iterator[Path]:
    """The upload as a file with a name, which the readers want."""
    with NamedTemporaryFile(prefix="marops-upload-") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        yield Path(kept.name)
