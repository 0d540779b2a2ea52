"""Imports over REST: look at a file, start it, see what came of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile as Upload

from marops.domains.accounts.public import actor_of
from marops.domains.capture.forms import FileForm, table_words
from marops.domains.capture.intake.rest import router as intake
from marops.domains.capture.maps import BAD_MAP, Map, as_map
from marops.domains.capture.models import Import
from marops.domains.capture.permissions import IMPORT, may_import, right_for
from marops.domains.capture.public import check_shape, plan_import, start_import, try_import
from marops.domains.capture.queries import as_json, find_import, imports
from marops.domains.capture.tables import LEADS
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.forms import faults
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, checked_limit, cursor, place_of

router = Router(tags=["imports"])
router.add_router("", intake)


# Before `/imports/{ref}`, which would take it for the reference of an import.
@router.post("/imports/plan", response=dict[str, Any])
def plan(request: HttpRequest, file: File[Upload], mapping: Form[str] = "", table: Form[str] = LEADS) -> dict[str, Any]:
    """How a file would be read, and what importing it would come to. `mapping` is a map as JSON.

    `table`: leads, opportunities, dispositions, or guess.
    """
    actor = actor_of(request)
    _need_any(actor)
    with _on_disk(file) as path:
        found = plan_import(path, _map(mapping), name=file.name or "file", table=_table(table))
        return {"plan": found.as_json(), "expected": try_import(path, found, actor=actor).as_json()}


class ImportOut(Shown):
    """An import: how far it is, or what came of it."""

    ref: str
    file: str
    state: str
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    rejects_file: UUID | None
    findings: list[dict[str, Any]]
    columns: list[Any]
    created_at: datetime
    ended_at: datetime | None


@router.get("/imports", response=Page[ImportOut])
def list_imports(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """The newest imports first."""
    actor = actor_of(request)
    _need_any(actor)
    limit = checked_limit(given.limit)
    found = imports(may_import(actor), limit=limit + 1, before=place_of(given.after, int)[0] if given.after else None)
    more = cursor(found[limit - 1].number) if len(found) > limit else None
    return {"items": [as_json(run) for run in found[:limit]], "next": more}


@router.get("/imports/{ref}", response=ImportOut)
def one_import(request: HttpRequest, ref: str) -> dict[str, Any]:
    """How far an import is, or what came of it."""
    actor = actor_of(request)
    _need_any(actor)
    run = find_import(ref)
    require(actor, right_for(run.plan.get("table") or ""))
    return as_json(run)


@router.post("/imports", response={202: dict[str, Any]})
def start(
    request: HttpRequest,
    file: File[Upload],
    mapping: Form[str] = "",
    table: Form[str] = LEADS,
    practice: Form[bool] = False,
) -> Status[dict[str, Any]]:
    """Take a file in: leads, opportunities, dispositions, or what its columns tell (`guess`).

    Answers at once; the import runs as a job. `practice` brings it in beside the sample company, to go with it.
    """
    actor = actor_of(request)
    _need_any(actor)
    with _on_disk(file) as path:
        given = _map(mapping)
        found = plan_import(path, given, name=file.name or "file", table=_table(table))
        check_shape(found, mapped=bool(given and given.columns) or table == "guess")
        job = start_import(path, found, actor=actor, practice=practice)
    run = Import.objects.get(id=UUID(job.arguments["import"]))
    return Status(202, {"import": run.ref, "job": job.ref, "state": run.state})


def _need_any(actor: Actor) -> None:
    if not may_import(actor):
        require(actor, IMPORT)


def _table(given: str) -> str:
    """The table that is meant; empty lets the columns tell. Raises MaropsError `invalid`."""
    if given == "guess":
        return ""
    if given not in (known := table_words()):
        said = FieldError("choice", f"There is no table {given!r}.", f"Use {', '.join(known)} or guess.", field="table")
        raise MaropsError(INVALID, said.message, errors=[said])
    return given


def _map(text: str) -> Map | None:
    if not text:
        return None
    try:
        return as_map(json.loads(text))
    except ValueError:
        raise MaropsError(BAD_MAP, "`mapping` is no JSON.") from None


@contextmanager
def _on_disk(file: Upload) -> Iterator[Path]:
    """The upload as a file with a name, which the readers want."""
    form = FileForm(files=MultiValueDict({"file": [file]}))
    if not form.is_valid():
        raise MaropsError(INVALID, errors=faults(form))
    with NamedTemporaryFile(prefix="marops-upload-") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        yield Path(kept.name)
