"""Reading imports: the list, one of them, what was found in it."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.capture.actions import summed
from marops.domains.capture.findings import words
from marops.domains.capture.models import Finding, Import
from marops.domains.capture.permissions import may_import, right_for
from marops.domains.team.public import HandOff, role_of_actors
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Job
from marops.kernel.permissions import may
from marops.kernel.shell import Change, Found

SHOWN = 100
KEEPS_RECORDS = "lead_db_admin"
"""The role that answers for clean records: the short name of the catalogue."""
_REF = re.compile(r"I-(\d{1,18})", re.IGNORECASE)


_ON_DESK = 5


def imports(tables: Iterable[str], *, limit: int = 50, before: int | None = None) -> list[Import]:
    """The newest imports of these tables, or those older than number `before`."""
    wanted = list(tables)
    leads = Q(plan__table__isnull=True) if "leads" in wanted else Q(pk=None)
    found = Import.objects.filter(leads | Q(plan__table__in=wanted)).order_by("-number")
    return list((found.filter(number__lt=before) if before else found)[:limit])


def find_import(ref: str) -> Import:
    """The import of this reference. Raises MaropsError `not-found`."""
    number = _REF.fullmatch(ref)
    found = Import.objects.filter(number=int(number[1])).first() if number else None
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no import {ref}.")
    return found


def new_words(run: Import) -> str:
    """What the new rows of an import are called."""
    return _("New people") if not run.plan.get("table") else _("New")


def counts_of(run: Import) -> dict[str, int]:
    """What it came to, or has come to so far."""
    return dict(run.counts) if run.state == Import.State.DONE else summed(run)


def job_of(run: Import) -> Job | None:
    """The job that runs it."""
    found = Job.objects.filter(kind__in=("leads.import", "table.import"), arguments__import=str(run.id))
    return found.order_by("-created_at").first()


def findings_of(run: Import) -> list[dict[str, Any]]:
    """What was found, by kind and column: how many rows, in words, with the remedy."""
    grouped = Finding.objects.filter(run=run).values("level", "code", "field").annotate(rows=Count("row"))
    return [dict(item) | words(item["code"])._asdict() for item in grouped.order_by("level", "-rows")[:SHOWN]]


def rows_with(run: Import, level: str) -> list[dict[str, Any]]:
    """The first rows with findings of this level."""
    found = Finding.objects.filter(run=run, level=level).order_by("row")[:SHOWN]
    return [
        {"row": one.row, "field": one.field, "code": one.code, "detail": one.detail, **words(one.code)._asdict()}
        for one in found
    ]


def as_json(run: Import) -> dict[str, Any]:
    """An import as REST answers it."""
    return {
        "ref": run.ref,
        "file": run.file_name,
        "table": run.plan.get("table") or "leads",
        "state": run.state,
        **counts_of(run),
        "rejects_file": str(run.rejects_id) if run.rejects_id else None,
        "findings": findings_of(run),
        "columns": run.plan.get("columns", []),
        "created_at": iso_utc(run.created_at),
        "ended_at": iso_utc(run.ended_at),
    }


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """The import as comments and history need it."""
    key = as_uuid(object_id)
    run = Import.objects.filter(id=key).first() if key else None
    if run is None or not may(actor, right_for(run.plan.get("table") or "")):
        return None
    return Found(f"{run.ref} {run.file_name}", reverse("capture:import", args=[run.ref]))


def desk(actor: Actor, as_of: datetime) -> Iterator[Change]:
    """What came in during the week, for the desk of those who may import."""
    if not (tables := may_import(actor)):
        return
    recent = [one for one in imports(tables) if one.ended_at and one.ended_at >= as_of - timedelta(days=7)]
    week = sorted(recent, key=lambda one: one.ended_at or as_of, reverse=True)[:_ON_DESK]
    people = names([run.actor_id for run in week])
    for run in week:
        counts = counts_of(run)
        yield Change(
            at=run.ended_at or run.created_at,
            what=_("%(file)s was imported") % {"file": run.file_name},
            by=people.get(run.actor_id, _("the command line")),
            by_kind="human" if run.actor_kind == "human" else "auto",
            moved=(
                _("%(created)s new, %(updated)s changed")
                if run.plan.get("table")
                else _("%(created)s new leads, %(updated)s changed")
            )
            % {"created": f"{counts['created']:,}", "updated": f"{counts['updated']:,}"},
            url=reverse("capture:import", args=[run.ref]),
        )


def passed_on(since: datetime, until: datetime, actor: Actor) -> list[HandOff]:
    """Files of leads that somebody of another role brought in for whoever keeps the records: how many, by role."""
    roles = role_of_actors(until.date())
    rows = Import.objects.filter(state=Import.State.DONE, plan__table__isnull=True, actor_kind="human")
    count: dict[str, int] = {}
    for who in rows.filter(ended_at__gte=since, ended_at__lt=until).values_list("actor_id", flat=True):
        if role := roles.get(who):
            count[role] = count.get(role, 0) + 1
    url = reverse("capture:imports") if "leads" in may_import(actor) else ""
    return [HandOff(role, KEEPS_RECORDS, _("Imported list, to keep clean"), n, url=url) for role, n in count.items()]
