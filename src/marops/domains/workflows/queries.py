"""Reads: event logs, and a log as columns."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from django.db import connection

from marops.domains.workflows.models import EventLog, LogDiscovery, LogEvent, LogName
from marops.kernel.clock import iso_utc
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.workspace import workspace

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
