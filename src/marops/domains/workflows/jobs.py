"""Reading a log as a job: the file through a scratch database into the tables, then, where asked for, what is in it."""

import time
from collections.abc import Iterator
from datetime import timedelta
from errno import ENOSPC
from typing import Any, Final
from uuid import UUID

from django.db.models import Max

from marops.domains.workflows.models import EventLog, LogEvent, LogName
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.plan import LogPlan, check_plan, restored
from marops.domains.workflows.queries import log_of
from marops.domains.workflows.reading.files import opened_log
from marops.domains.workflows.reading.rows import as_faults, typed, unreadable
from marops.domains.workflows.reading.sorting import FAULTY, Sorting
from marops.domains.workflows.writing import drop_rows, end_log, note_log, rezone_log, take_events, take_names
from marops.kernel import crash, files
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.jobs import JobRun, Progress, Step, job
from marops.kernel.models import File
from marops.kernel.workspace import workspace
from marops.store.staging import Staging, StagingFull, sweep

PAGE: Final = 50_000
BATCH: Final = 100_000
LEFTOVERS: Final = timedelta(days=1)
REPORTED: Final = 200

FILE_GONE = problem(
    "log-file-gone",
    "The file of this log is no longer there",
    status=410,
    remedy="Nothing was kept. Bring the file again.",
)
NO_ROOM = problem(
    "log-no-room",
    "There is not enough room on the disk",
    status=507,
    remedy="Nothing was kept. Make room, then let the import go on.",
)
crash.declare("log.after_reading", "log.after_names", "log.after_batch", "log.before_end")


@job("log.import", title="Read the log {name}", result_for=(VIEW,))
def import_log(run: JobRun) -> Iterator[Step]:
    """Take a log in. Killed or stopped, it goes on; a log that cannot be read leaves no row behind."""
    log = EventLog.objects.get(id=UUID(run.arguments["log"]))
    started = time.monotonic()
    if log.state != EventLog.State.READY:
        yield from _read_safely(run, log)
        log.refresh_from_db()
    _settle_zones(run, log)
    log.refresh_from_db()
    run.result |= {"log": log.ref, **log.counts}
    run.result["seconds"] = round(float(run.result.get("seconds", 0)) + time.monotonic() - started, 3)
    if run.arguments.get("discover"):
        yield Progress(log.counts.get("events", 0), log.counts.get("events"), "Finding the workflow"), {"read": True}
        run.result |= _discover(run, log)


def _settle_zones(run: JobRun, log: EventLog) -> None:
    """By which clock its times were written and its people live, where a turn of the clock tells it."""
    from marops.methods.mining.zones import likely_reading

    if log.format == "facts" or log.mapping.get("zones_looked_for") or not log.counts.get("events"):
        return
    naive = bool(log.mapping.get("naive")) and not log.mapping.get("zone_chosen")
    found = likely_reading(log_of(log), naive=naive, home=workspace().zone)
    rezone_log(actor=run.actor, log_id=log.id, written=found.written.key, people=found.people.key)


def _discover(run: JobRun, log: EventLog) -> dict[str, Any]:
    from marops.domains.workflows.discovering import discover_log

    found = discover_log(actor=run.actor, log=log, slug=run.arguments.get("slug", ""), noise=run.arguments.get("noise"))
    return {"workflows": [one.workflow for one in found]}


def _read_safely(run: JobRun, log: EventLog) -> Iterator[Step]:
    note_log(actor=run.actor, log_id=log.id, state=EventLog.State.READING, job_id=run.job.id)
    sweep(config().home / "tmp", older_than=(now() - LEFTOVERS).timestamp())
    try:
        with Staging(config().home / "tmp") as staging:
            yield from _read(run, log, Sorting(staging))
    except GeneratorExit:
        note_log(actor=run.actor, log_id=log.id, state=EventLog.State.STOPPED)
        raise
    except BaseException as error:
        if isinstance(error, MaropsError) and error.code.startswith("log-"):
            drop_rows(actor=run.actor, log_id=log.id)
        note_log(actor=run.actor, log_id=log.id, state=EventLog.State.FAILED)
        if _is_full(error):
            raise MaropsError(NO_ROOM, type(error).__name__) from error
        raise


def _is_full(error: BaseException) -> bool:
    server = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, StagingFull) or getattr(error, "errno", None) == ENOSPC or server == "53100"


def _read(run: JobRun, log: EventLog, sorting: Sorting) -> Iterator[Step]:
    plan = restored(log.mapping, log.file_name)
    kept = LogEvent.objects.filter(log=log).aggregate(last=Max("number"))["last"]
    done = 0 if kept is None else kept + 1
    for rows in _load(run, log, plan, sorting):
        yield Progress(0, None, f"Reading: {rows:,} rows"), {"done": done}
    crash.point("log.after_reading")
    for _ in sorting.pair():
        yield Progress(0, sorting.rows, "Pairing starts and ends"), {"done": done}
    report = _report(sorting, plan)
    sorting.leave_out()
    sorting.check()
    for _ in sorting.order():
        yield Progress(0, sorting.rows, "Putting in order"), {"done": done}
    counts = sorting.counts()
    first, last = counts.pop("first_at"), counts.pop("last_at")
    yield from _write(run, log, sorting, counts["events"], done)
    crash.point("log.before_end")
    end_log(actor=run.actor, log_id=log.id, counts=counts, report=report, first_at=first, last_at=last)


def _load(run: JobRun, log: EventLog, plan: LogPlan, sorting: Sorting) -> Iterator[int]:
    if plan.format == "facts":
        from marops.domains.workflows.reading.facts import events_of_facts

        for events in events_of_facts(log.mapping.get("class", "")):
            sorting.take(events)
            yield sorting.rows
        return
    row = File.objects.filter(id=log.file_id).first() if log.file_id else None
    if row is None or not files.path_of(row).exists():
        raise MaropsError(FILE_GONE)
    check_plan(plan)
    with opened_log(files.path_of(row), plan.options, case_object=plan.case_object) as source:
        for chunk in source.chunks(PAGE):
            events, faults = typed(chunk.rows, plan.reading)
            sorting.take(events, faults)
            if chunk.faults:
                sorting.take(events.slice(0, 0), unreadable(list(chunk.faults)))
            yield sorting.rows
    if plan.format == "ocel":
        sorting.shared_once = True


def _report(sorting: Sorting, plan: LogPlan) -> dict[str, Any]:
    """What is left out; refuses where nobody said that faulty rows are. Raises MaropsError `log-faulty`."""
    found = sorting.faults()
    first = as_faults(sorting.first_faults(REPORTED), plan.reading)
    refused = {code: many for code, many in found.items() if code != "repeated"}
    if refused and not plan.leave_out:
        many = sum(refused.values())
        said = f"{many:,} of {sorting.rows:,} rows cannot be used."
        raise MaropsError(FAULTY, said, errors=[one for one in first if one.code != "repeated"][:20])
    return {"left_out": found, "rows": [one.as_json() for one in first], "marks": sorting.marks_left_out()}


def _write(run: JobRun, log: EventLog, sorting: Sorting, events: int, done: int) -> Iterator[Step]:
    if not done:
        if LogName.objects.filter(log=log).exists():  # some of them, of a run that died
            drop_rows(actor=run.actor, log_id=log.id)
        for names in sorting.names():
            take_names(actor=run.actor, log_id=log.id, names=names)
        crash.point("log.after_names")
    while done < events:
        rows = sorting.events(done, BATCH)
        take_events(actor=run.actor, log_id=log.id, events=rows)
        crash.point("log.after_batch")
        done += rows.num_rows
        yield Progress(done, events, "Keeping"), {"done": done}
