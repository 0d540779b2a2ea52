"""Reads for the kernel's pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.kernel.actors import Actor
from marops.kernel.comments import object_of
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import AuditPayload, AuditRow, File, Job, Notice, Problem
from marops.kernel.permissions import Scope, grants, may, require
from marops.kernel.shell import acts
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
    """One act on an object, as the timeline shows it: who did what when, and what it changed."""

    at: datetime
    kind: str
    what: str
    text: str
    big: bool = False
    because_url: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a history."""

    label: str
    entries: list[Moment]


def history_of(actor: Actor, object_type: str, object_id: str) -> list[Day]:
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
    moments = [_moment(row, payloads.get(row.id, {}), who, values=values) for row in rows]
    days = groupby(moments, key=lambda one: timezone.localtime(one.at).date())
    return [Day(formats.date_format(day, "D j M Y"), list(entries)) for day, entries in days]


_KINDS = {"human": "human", "ai": "ai", "system": "auto"}


def _moment(row: AuditRow, payload: dict[str, Any], who: dict[str, str], *, values: bool) -> Moment:
    before, after = payload.get("before") or {}, payload.get("after") or {}
    plain = isinstance(before, dict) and isinstance(after, dict)
    changes = list(_changes(before, after, values=values)) if plain else []
    name = who.get(row.on_behalf_of or row.actor_id, row.actor_id)
    if row.actor_kind == "ai":
        name = _("An AI for %(name)s") % {"name": name}
    return Moment(row.at, _KINDS[row.actor_kind], f"{name}: {_in_words(row.action)}", "; ".join(changes))


def _in_words(action: str) -> str:
    words: dict[str, Any] = {name: told for part in acts for name, told in part.value.items()} | {
        "account.first": _("made the first account"),
        "account.invite": _("invited"),
        "account.arrive": _("chose a password"),
        "account.sign_in": _("signed in"),
        "account.make_link": _("made a link"),
        "account.ask_reset": _("asked for a new password"),
        "account.change_password": _("changed the password"),
        "account.change_settings": _("changed settings"),
        "account.give_roles": _("changed access"),
        "account.deactivate": _("locked out"),
        "account.reactivate": _("let in again"),
        "comment.write": _("commented"),
        "comment.delete": _("took a comment back"),
        "share.make": _("shared a copy"),
        "share.revoke": _("closed a shared link"),
    }
    noun, _dot, verb = action.partition(".")
    return str(words.get(action) or f"{noun}, {verb.replace('_', ' ')}")


def _changes(before: dict[str, Any], after: dict[str, Any], *, values: bool) -> Iterator[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new or _is_id(new):
            continue
        label = name.replace("_", " ")
        if not values:
            yield label
        elif _said(old):
            yield f"{label}: {_said(old)} → {_said(new) or '–'}"
        else:
            yield f"{label}: {_said(new)}"


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and as_uuid(value) is not None


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value)
    return Truncator(str(value)).chars(80)
