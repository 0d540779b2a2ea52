"""Reads for the kernel's pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from marops.domains.accounts.public import names
from marops.kernel.actors import Actor
from marops.kernel.comments import object_of
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import AuditPayload, AuditRow, File, Job, Notice, Problem
from marops.kernel.permissions import Scope, grants, may, require
from marops.site.permissions import SEE_HISTORY, SEE_JOBS, SEE_PROBLEMS, reaches_job

HISTORY_SHOWN = 50


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """The jobs this person may see, newest first. Raises MaropsError `not-allowed`."""
    scope = require(actor, SEE_JOBS)
    rows = Job.objects.order_by("-created_at", "-number")
    if scope is Scope.ALL:
        return rows
    held = grants(actor)
    whose = [str(one) for one in held.team_ids] if scope > Scope.OWN else [actor.id]
    return rows.filter(actor_id__in=whose)


def find_job(actor: Actor, ref: str) -> Job:
    """The job of a reference J-12 or an id. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, SEE_JOBS)
    number, one_id = ref[2:] if ref.upper().startswith("J-") else "", as_uuid(ref)
    row = Job.objects.filter(number=int(number)).first() if number.isdigit() else None
    if one_id:
        row = Job.objects.filter(id=one_id).first()
    if row is None or not reaches_job(SEE_JOBS, grants(actor), actor, row):
        raise MaropsError(NOT_FOUND, f"There is no job {ref}.")
    return row


def files_of_job(job: Job) -> list[File]:
    """What the job left to download: results and rejected rows."""
    return list(File.objects.filter(object_type="job", object_id=str(job.id)).order_by("created_at"))


def problems(actor: Actor, *, closed: bool = False) -> QuerySet[Problem]:
    """The inbox of problems, or the closed ones. Raises MaropsError `not-allowed`."""
    require(actor, SEE_PROBLEMS)
    return Problem.objects.filter(resolved_at__isnull=not closed).order_by("-last_at")


def notices(actor: Actor) -> QuerySet[Notice]:
    """A person's notices, newest first."""
    return Notice.objects.filter(account_id=actor.id).order_by("-at")


@dataclass(frozen=True, slots=True)
class Moment:
    """One act on an object: who did what when, and what it changed."""

    at: datetime
    who: str
    kind: str
    what: str
    changes: tuple[tuple[str, str, str], ...]


def history_of(actor: Actor, object_type: str, object_id: str) -> list[Moment]:
    """What was done to an object, newest first; values only for those who may read personal fields.

    Raises MaropsError `not-allowed`, and `not-found` for objects the actor may not see.
    """
    require(actor, SEE_HISTORY)
    object_of(actor, object_type, object_id)
    rows = list(AuditRow.objects.filter(object_type=object_type, object_id=object_id).order_by("-at")[:HISTORY_SHOWN])
    payloads: dict[Any, dict[str, Any]] = {}
    for one in AuditPayload.objects.filter(audit_id__in=[row.id for row in rows]):
        payloads[one.audit_id] = one.payload
    who = names([row.on_behalf_of or row.actor_id for row in rows])
    values = may(actor, "personal.see")
    return [_moment(row, payloads.get(row.id, {}), who, values=values) for row in rows]


_KINDS = {"human": "human", "ai": "ai", "system": "auto"}


def _moment(row: AuditRow, payload: dict[str, Any], who: dict[str, str], *, values: bool) -> Moment:
    before, after = payload.get("before") or {}, payload.get("after") or {}
    changes = _changes(before, after, values=values) if isinstance(before, dict) and isinstance(after, dict) else ()
    noun, _dot, verb = row.action.partition(".")
    return Moment(
        at=row.at,
        who=who.get(row.on_behalf_of or row.actor_id, row.actor_id),
        kind=_KINDS[row.actor_kind],
        what=f"{noun}: {verb.replace('_', ' ')}".capitalize(),
        changes=tuple(changes),
    )


def _changes(before: dict[str, Any], after: dict[str, Any], *, values: bool) -> Iterable[tuple[str, str, str]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield name.replace("_", " "), _said(old) if values else "", _said(new) if values else ""


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
