"""Writes of event logs: begin one, take names and pieces of work in, end it, remove it; what was found in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.workflows.models import LOG_NUMBERS, EventLog, LogDiscovery, LogEvent, LogName
from marops.domains.workflows.permissions import CHANGE
from marops.kernel import crash, definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.models import Definition
from marops.kernel.workspace import sample_present, workspace
from marops.store.bulk import copy_in

crash.declare("log.in_batch")
_TIMES = ("enabled", "started", "ended")


@action("log.begin", effect="create", right=CHANGE)
def begin_log(act: Act, /, *, actor: Actor, title: str, mapping: Mapping[str, Any], **columns: Any) -> EventLog:
    """Note a log that is about to be read: its file, and what its columns mean."""
    number = next_number(LOG_NUMBERS)
    log = EventLog.objects.create(
        number=number, title=title, format=mapping["format"], mapping=dict(mapping), zone=mapping.get("zone", ""),
        sample=mapping["format"] == "facts" and sample_present(), actor_kind=actor.kind, actor_id=actor.id, **columns,
    )  # fmt: skip
    said = ", ".join(f"{name} is {meaning}" for meaning, name in mapping.get("columns", {}).items())
    after = {"number": number, "format": log.format} | ({"sha256": log.sha256, "columns": said} if said else {})
    act.changed("event_log", log.id, after=after)
    return log


@action("log.take_names", effect="import", right=CHANGE)
def take_names(act: Act, *, actor: Actor, log_id: UUID, names: pa.Table) -> None:
    """Keep names of cases, activities, people …; all come before the first piece of work."""
    rows = names.append_column("log_id", pa.array([str(log_id)] * names.num_rows, pa.string()))
    with connection.cursor() as cursor:
        copy_in(cursor, LogName._meta.db_table, rows)
    act.count(names=names.num_rows)


@action("log.take", effect="import", right=CHANGE)
def take_events(act: Act, *, actor: Actor, log_id: UUID, events: pa.Table) -> None:
    """Keep pieces of work; they must follow those that are kept already."""
    rows = events.append_column("log_id", pa.repeat(pa.scalar(str(log_id)), events.num_rows))
    with connection.cursor() as cursor:
        copy_in(cursor, LogEvent._meta.db_table, rows)
    crash.point("log.in_batch")
    act.count(events=events.num_rows)


@action("log.end", effect="change", right=CHANGE)
def end_log(
    act: Act, *, actor: Actor, log_id: UUID, counts: Mapping[str, Any], report: Mapping[str, Any], first_at: datetime,
    last_at: datetime,
) -> EventLog:  # fmt: skip
    """Say that a log is whole and can be used. Ending it twice is ending it once."""
    log = EventLog.objects.select_for_update().get(id=log_id)
    if log.state == EventLog.State.READY:
        return log
    log.state, log.counts, log.report, log.ended_at = EventLog.State.READY, dict(counts), dict(report), act.at
    log.first_at, log.last_at = first_at, last_at
    log.save()
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {LogEvent._meta.db_table} (log_id, number, case_no)")
    act.count(**{name: number for name, number in counts.items() if isinstance(number, int)})
    act.changed("event_log", log.id, after={name: number for name, number in counts.items() if number})
    return log


@action("log.rezone", effect="change", right=CHANGE)
def rezone_log(act: Act, *, actor: Actor, log_id: UUID, written: str, people: str) -> EventLog:
    """Read the times of a log as those of another zone, and its people as living in one; done once for a log."""
    log = EventLog.objects.select_for_update().get(id=log_id)
    if log.mapping.get("zones_looked_for"):
        return log
    before = log.mapping.get("zone") or log.zone or workspace().zone
    if written != before:
        moved = ", ".join(f"{name} = ({name} AT TIME ZONE %(was)s) AT TIME ZONE %(now)s" for name in _TIMES)
        bounds = "min(least(started, ended)), max(ended)"
        with connection.cursor() as cursor:
            values = {"was": before, "now": written, "log": log_id}
            cursor.execute(f"UPDATE {LogEvent._meta.db_table} SET {moved} WHERE log_id = %(log)s", values)
            cursor.execute(f"SELECT {bounds} FROM {LogEvent._meta.db_table} WHERE log_id = %(log)s", values)
            log.first_at, log.last_at = cursor.fetchone()
    log.mapping = {**log.mapping, "zone": written, "zones_looked_for": True}
    log.zone = people
    log.report = {**log.report, "zones": {"written": written, "people": people, "assumed_first": before}}
    log.save(update_fields=["mapping", "zone", "report", "first_at", "last_at"])
    act.changed("event_log", log.id, before={"zone": before}, after={"zone": people, "written": written})
    return log


@action("log.note", effect="change", right=CHANGE)
def note_log(act: Act, *, actor: Actor, log_id: UUID, state: str, job_id: UUID | None = None) -> None:
    """How far the reading of a log is. Leaves no trace of its own in the audit."""
    values: dict[str, Any] = {"state": state} | ({"job_id": job_id} if job_id else {})
    EventLog.objects.filter(id=log_id).exclude(state=EventLog.State.READY).update(**values)


@action("log.drop_rows", effect="change", right=CHANGE)
def drop_rows(act: Act, *, actor: Actor, log_id: UUID) -> None:
    """Take the rows of a log that cannot be read to its end out again: nothing is half-saved."""
    _drop(log_id)


@action("log.remove", effect="change", right=CHANGE)
def remove_log(act: Act, *, actor: Actor, log_id: UUID) -> None:
    """Delete a log with its rows. What was found in it, workflows and crews, stays. Raises MaropsError `not-found`."""
    log = EventLog.objects.select_for_update().filter(id=log_id).first()
    if log is None:
        raise MaropsError(NOT_FOUND, "There is no such log.")
    _drop(log_id)
    act.changed("event_log", log.id, before={"number": log.number, **log.counts})
    log.delete()


def _drop(log_id: UUID) -> None:
    with connection.cursor() as cursor:
        for table in (LogEvent._meta.db_table, LogName._meta.db_table):
            cursor.execute(f'DELETE FROM "{table}" WHERE log_id = %s', [log_id])


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A workflow that was read off a log: its short name, its document, and what was found in words and figures."""

    slug: str
    document: Mapping[str, Any]
    found: Mapping[str, Any]


@action("log.found", effect="draft", right=CHANGE, reversible=True)
def keep_found(
    act: Act, *, actor: Actor, log_id: UUID, crew: tuple[str, Mapping[str, Any]], workflows: Sequence[FoundDocument],
    noise: float, reason: str,
) -> list[LogDiscovery]:  # fmt: skip
    """Keep the crew and the workflows that a log became, in force, and what was found: all of it or nothing.

    Raises MaropsError `invalid` that names every fault by its pointer.
    """
    _in_force(act, definitions.keep(act, actor, "crew", *crew, reason))
    made = []
    for one in workflows:
        row = definitions.keep(act, actor, "workflow", one.slug, one.document, reason)
        _in_force(act, row)
        made.append(
            LogDiscovery.objects.create(
                log_id=log_id, workflow=one.slug, version=row.version, crew=crew[0], noise=noise, found=dict(one.found),
                actor_kind=actor.kind, actor_id=actor.id, at=act.at,
            )
        )  # fmt: skip
        act.changed("event_log", log_id, after={"workflow": row.pinned, "noise": noise})
    return made


@action("workflow.import", effect="draft", right=CHANGE, reversible=True)
def keep_model(
    act: Act, *, actor: Actor, slug: str, read: tuple[Mapping[str, Any], Mapping[str, Any] | None], reason: str
) -> Definition:
    """Keep the workflow that a file of another tool holds, and its crew under the name that the workflow gives.

    Raises MaropsError `invalid`.
    """
    workflow, crew = read
    if crew is not None:
        _in_force(act, definitions.keep(act, actor, "crew", str(workflow["crew"]), crew, reason))
    row = definitions.keep(act, actor, "workflow", slug, workflow, reason)
    _in_force(act, row)
    return row


def _in_force(act: Act, row: Definition) -> None:
    if row.state != Definition.State.ACTIVE:
        definitions.put_in_force(act, row)
