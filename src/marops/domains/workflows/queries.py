"""Reads: event logs, and a log as columns."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from django.db import connection

from marops.domains.workflows.models import EventLog, LogDiscovery, LogEvent, LogName
from marops.domains.workflows.permissions import PAY
from marops.domains.workflows.rules.document import Workflow
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import active, find, seen_by, versions
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may
from marops.kernel.workspace import workspace
from marops.store.duckdb import QueryError

if TYPE_CHECKING:
    from marops.methods.mining.log import Log

_COLUMNS = ("case_no", "activity_no", "resource_no", "class_no", "enabled", "started", "ended", "role_no", "skill_no",
            "platform_no", "touch_no", "cost", "attempt", "again")  # fmt: skip
_TIMES = ("enabled", "started", "ended")


def find_log(ref: str) -> EventLog:
    """The log of this reference (`EL-3`). Raises MaropsError `not-found`."""
    number = ref.upper().removeprefix("EL-")
    log = EventLog.objects.filter(number=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if log is None:
        raise MaropsError(NOT_FOUND, f"There is no log {ref!r}.")
    return log


def source_of(flow: Workflow) -> EventLog | None:
    """The log a workflow was read off, if it is still there; None of a drawn one."""
    number = flow.source.log.removeprefix("EL-") if flow.source else ""
    return EventLog.objects.filter(number=int(number)).first() if number.isdecimal() else None


def logs(*, limit: int, before: int | None = None) -> list[EventLog]:
    """The newest logs first."""
    rows = EventLog.objects.order_by("-number")
    return list(rows.filter(number__lt=before)[:limit] if before is not None else rows[:limit])


def log_json(log: EventLog) -> dict[str, Any]:
    """A log as REST and the command line show it."""
    return {
        "ref": log.ref, "title": log.title, "format": log.format, "file": log.file_name, "sha256": log.sha256,
        "state": log.state, "counts": log.counts, "columns": log.mapping.get("columns", {}), "zone": log.zone,
        "first_at": iso_utc(log.first_at), "last_at": iso_utc(log.last_at), "report": log.report,
        "created_at": iso_utc(log.created_at),
        "workflows": sorted({one.workflow for one in log.discoveries.all()}),
    }  # fmt: skip


def discovery_of(workflow: str) -> LogDiscovery | None:
    """What was found when this workflow was last read off a log."""
    return LogDiscovery.objects.filter(workflow=workflow).order_by("-at").first()


def names_of(log: EventLog, kind: str) -> tuple[str, ...]:
    """The names of one kind in a log, by their positions."""
    return tuple(LogName.objects.filter(log=log, kind=kind).order_by("position").values_list("name", flat=True))


def columns_of(log: EventLog, names: Sequence[str] = _COLUMNS) -> pa.Table:
    """Finished pieces of work, in order, as Arrow columns; moments as microseconds since 1970 in UTC.

    Raises MaropsError `conflict` while the log is not whole.
    """
    if log.state != EventLog.State.READY:
        raise MaropsError(CONFLICT, f"{log.ref} is not read yet.", remedy="Wait until its import has ended.")
    wanted = ", ".join(
        f"(extract(epoch FROM {name}) * 1000000)::bigint AS {name}" if name in _TIMES else name for name in names
    )
    sql = (
        f"COPY (SELECT {wanted} FROM {LogEvent._meta.db_table} WHERE log_id = '{UUID(str(log.id))}'"
        " AND ended IS NOT NULL ORDER BY number) TO STDOUT (FORMAT csv)"
    )
    block = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for data in copy:
            block.write(data)
    block.seek(0)
    types = {name: pa.bool_() if name == "again" else pa.float64() if name == "cost" else pa.int64() for name in names}
    return pacsv.read_csv(
        block,
        read_options=pacsv.ReadOptions(column_names=list(names)),
        convert_options=pacsv.ConvertOptions(column_types=types, true_values=["t"], false_values=["f"]),
    )


def log_of(log: EventLog) -> "Log":
    """The log as columns for the methods; `zero` is the whole hour before its first moment.

    Raises MaropsError `conflict` while the log is not whole.
    """
    import numpy as np

    from marops.methods.mining.log import Log

    rows = columns_of(log, _COLUMNS[:7])
    first = min(pc.min(rows[name]).as_py() for name in _TIMES if rows[name].null_count < len(rows))
    begin = first - first % 3_600_000_000

    def codes(name: str) -> Any:
        return pc.fill_null(rows[name], -1).to_numpy().astype(np.int32)

    def hours(name: str) -> Any:
        since = pc.divide(pc.cast(pc.subtract(rows[name], begin), pa.float64()), 3_600_000_000.0)
        return since.combine_chunks().to_numpy(zero_copy_only=False)

    return Log(
        zero=_moment(begin),
        zone=ZoneInfo(log.zone or workspace().zone),
        cases=names_of(log, "case"),
        activities=names_of(log, "activity"),
        resources=names_of(log, "resource"),
        classes=names_of(log, "class"),
        case=codes("case_no"),
        activity=codes("activity_no"),
        resource=codes("resource_no"),
        work_class=codes("class_no"),
        started=hours("started"),
        ended=hours("ended"),
        enabled=hours("enabled"),
    )


def _moment(microseconds: int) -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


# --- workflows and crews, as REST and the command line show them ---


def workflow_rows() -> list[dict[str, Any]]:
    """The workflows in force: title, crew, version, and the log each was read off."""
    rows = []
    for row in active("workflow"):
        source = row.document.get("source") or {}
        rows.append(
            {
                "workflow": row.slug, "title": row.document["title"], "version": row.version, "state": row.state,
                "crew": row.document["crew"], "steps": sum(not one.get("gate") for one in row.document["steps"]),
                "classes": [one["id"] for one in row.document["classes"]], "log": source.get("log", ""),
                "covered": source.get("covered") if source else None,
            }
        )  # fmt: skip
    return rows


def workflow_json(ref: str, *, actor: Actor) -> dict[str, Any]:
    """A workflow (`slug` or `slug@version`) with its crew, its versions and what was found in its log.

    Raises MaropsError `not-found`.
    """
    row = find(f"workflow/{ref}")
    found = discovery_of(row.slug)
    crew = Definition.objects.filter(kind="crew", slug=row.document["crew"]).order_by("-version")
    held = crew.filter(state=Definition.State.ACTIVE).first() or crew.first()
    return {
        "workflow": row.slug, "version": row.version, "state": row.state, "document": row.document,
        "crew": crew_document(held, actor) if held else None,
        "versions": _versions(row),
        "found": None if found is None else {
            "log": found.log.ref, "version": found.version, "at": iso_utc(found.at), **found.found,
        },
    }  # fmt: skip


def crew_json(ref: str, *, actor: Actor) -> dict[str, Any]:
    """A crew with its versions. Raises MaropsError `not-found`."""
    row = find(f"crew/{ref}")
    return {
        "crew": row.slug, "version": row.version, "state": row.state, "document": crew_document(row, actor),
        "versions": _versions(row), "pay_shown": may(actor, PAY),
    }  # fmt: skip


def crew_rows() -> list[dict[str, Any]]:
    """The crews in force: title, how many people, which workflows they do."""
    flows: dict[str, list[str]] = {}
    for row in active("workflow"):
        flows.setdefault(row.document["crew"], []).append(row.slug)
    return [
        {
            "crew": row.slug, "title": row.document["title"], "version": row.version, "state": row.state,
            "people": sum(one.get("amount", 1) for one in row.document["people"]), "workflows": flows.get(row.slug, []),
        }
        for row in active("crew")
    ]  # fmt: skip


def scenario_rows() -> list[dict[str, Any]]:
    """The scenarios in force: title and the kinds of their changes, in order."""
    return [
        {
            "scenario": row.slug, "title": row.document["title"], "version": row.version, "state": row.state,
            "changes": [one["change"] for one in row.document.get("changes", ())],
        }
        for row in active("scenario")
    ]  # fmt: skip


def scenario_json(ref: str) -> dict[str, Any]:
    """A scenario (`slug` or `slug@version`) with its versions. Raises MaropsError `not-found`."""
    row = find(f"scenario/{ref}")
    return {
        "scenario": row.slug, "version": row.version, "state": row.state, "document": row.document,
        "versions": _versions(row),
    }  # fmt: skip


def crew_document(row: Definition, actor: Actor) -> dict[str, Any]:
    """A crew as this actor may see it: what an hour of somebody costs is null for those who may not see pay."""
    return dict(seen_by(actor, row))


def without_pay(document: Mapping[str, Any], actor: Actor) -> Mapping[str, Any]:
    """The document of a crew without what hours cost, for those who may not see pay."""
    if may(actor, PAY):
        return document
    return dict(document) | {"people": [one | {"cost_per_hour": None} for one in document["people"]]}


def with_pay(document: Mapping[str, Any], slug: str, actor: Actor) -> dict[str, Any]:
    """A crew that somebody sends who may not see pay: what hours cost stays as it is kept."""
    people = document.get("people")
    if may(actor, PAY) or not isinstance(people, list):
        return dict(document)
    newest = Definition.objects.filter(kind="crew", slug=slug).order_by("-version").first()
    kept = {one["id"]: one.get("cost_per_hour", 0.0) for one in newest.document["people"]} if newest else {}
    return dict(document) | {
        "people": [
            one | {"cost_per_hour": kept.get(one.get("id"), 0.0)} if isinstance(one, dict) else one for one in people
        ]
    }


def _versions(row: Definition) -> list[dict[str, Any]]:
    return [
        {
            "version": one.version, "state": one.state, "author": one.author, "reason": one.reason,
            "at": iso_utc(one.valid_from or one.created_at),
        }
        for one in versions(row.kind, row.slug)
    ]  # fmt: skip


def import_json(log: EventLog) -> dict[str, Any]:
    """What an import came to: the log, what was left out, and the workflows that were found."""
    found = list(log.discoveries.order_by("workflow", "-at").distinct("workflow"))
    titles = {row["workflow"]: row for row in workflow_rows()}
    return {
        "log": log.ref, "state": log.state, "counts": log.counts, "left_out": log.report.get("left_out", {}),
        "problems": log.report.get("rows", []),
        "notes": list(dict.fromkeys(note for one in found for note in one.found.get("notes", ()))),
        "workflows": [
            {
                "workflow": one.workflow, "version": one.version, "crew": one.crew, "covered": one.found.get("covered"),
                "title": titles.get(one.workflow, {}).get("title", one.workflow),
                "steps": titles.get(one.workflow, {}).get("steps"), "found": one.found,
                "worked": one.found.get("worked_hours_per_case"),
                "waited": round(sum(one.found.get("waiting_hours_per_case", {}).values()), 3),
            }
            for one in found
        ],
    }  # fmt: skip


def job_of(log: EventLog) -> Job | None:
    """The last job that read this log, or looked for the workflow in it."""
    return Job.objects.filter(kind="log.import", arguments__log=str(log.id)).order_by("-created_at").first()


def work_here() -> dict[str, Any]:
    """What task facts there are: classes of work, and how many tasks; none while nobody can be asked."""
    from marops.domains.workflows.reading.facts import classes_of_facts

    try:
        found = classes_of_facts()
    except QueryError:
        found = {}
    return {"classes": list(found), "tasks": sum(found.values())}
