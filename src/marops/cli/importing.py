"""`marops import`: show what is understood, run the job here with its progress, say what came of it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from marops.cli.main import CLI
from marops.domains.capture.public import (
    ImportResult,
    Plan,
    check_shape,
    check_start,
    plan_import,
    read_map,
    result_of,
    start_import,
    try_import,
    write_rejects,
)
from marops.kernel import jobs
from marops.kernel.errors import MaropsError, problem
from marops.kernel.models import Job

NO_FILE = problem("file-missing", "There is no such file", status=404, remedy="Check the path; nothing was read.")
NOT_WRITABLE = problem(
    "not-writable",
    "This file cannot be written",
    status=400,
    remedy="Name a file in a folder that exists and that you may write to; nothing was imported.",
)
LEADS = "leads"
SHOWN = 60
SAMPLE = 28
WIDE = 160


def import_file(
    file: Path,
    *,
    map_file: Path | None,
    dry_run: bool,
    rejects: Path | None,
    quiet: bool,
    err: Console,
    table: str = LEADS,
    practice: bool = False,
) -> ImportResult:
    """Plan and import a file of this table. Raises what the job failed with, or `job-stopped` after Ctrl-C."""
    if not file.is_file():
        raise MaropsError(NO_FILE, str(file))
    if rejects is not None:
        _check_writable(rejects, file)
    if not dry_run:
        check_start(CLI, "" if table == LEADS else table, practice=practice)
    given = read_map(map_file) if map_file else None
    plan = plan_import(file, given, table=table)
    check_shape(plan, mapped=bool(given and given.columns))
    if not quiet:
        _show(plan, err)
    if dry_run:
        return try_import(file, plan, actor=CLI)
    job = start_import(file, plan, actor=CLI, here=True, practice=practice)
    run_watched(job, err, quiet=quiet)
    result = result_of(job)
    if rejects is not None and (written := write_rejects(job, rejects)):
        return replace(result, rejects_file=str(written))
    return result


def _check_writable(target: Path, source: Path) -> None:
    """Before anything starts: can the refused rows be written there, and is it not the very file they come from?

    It is tried, not asked: root is told that everything may be written, also on a disk that is read-only.
    """
    there = target.exists()
    if there and target.samefile(source):
        raise MaropsError(NOT_WRITABLE, f"{target} is the file that is imported.")
    try:
        with target.open("ab"):
            pass
    except OSError as error:
        raise MaropsError(NOT_WRITABLE, f"{target}: {error.strerror}") from None
    if not there:
        target.unlink()


def _show(plan: Plan, err: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("Column", "goes to", "because", "for example"):
        table.add_column(title, overflow="ellipsis", no_wrap=True)
    for column in plan.columns[:SHOWN]:
        example = next((one for one in column.samples if one), "")
        table.add_row(column.name, str(column.target), column.why, example[:SAMPLE])
    # Piped, the table is as wide as it needs to be; on a terminal it fits.
    err.print(table, width=None if err.is_terminal else WIDE)
    if len(plan.columns) > SHOWN:
        err.print(f"… and {len(plan.columns) - SHOWN} more columns.")
    for note in plan.notes:
        err.print(f"[dim]{note}[/]")


def run_watched(job: Job, err: Console, *, quiet: bool, undone: str = "") -> None:
    """Run the job in this process. Ctrl-C stops it after the present batch; `undone` says what to do then."""
    with _stops_on_ctrl_c(job), _bar(err, quiet=quiet) as watch:
        jobs.run_here(job.id, watch=watch)
    job.refresh_from_db()
    if job.state == Job.State.STOPPED:
        detail = f"{job.ref} was stopped" + ("." if undone else f" after {job.done:,} rows; what was written stays.")
        remedy = undone or "Import the same file again: it goes on, and nothing comes twice."
        raise MaropsError(jobs.JOB_STOPPED, detail, remedy=remedy)


@contextmanager
def _stops_on_ctrl_c(job: Job) -> Iterator[None]:
    """The first Ctrl-C asks the job to stop, the second ends the program.

    The signal may arrive in the middle of a statement, so the handler only sets a mark; a thread with a connection of
    its own writes it down.
    """
    asked, over = threading.Event(), threading.Event()

    def hear(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def write_down() -> None:
        asked.wait()
        if not over.is_set():
            jobs.ask_to_stop(job.id)
        connection.close()

    before = signal.signal(signal.SIGINT, hear)
    writer = threading.Thread(target=write_down, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        asked.set()
        writer.join(5)
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(err: Console, *, quiet: bool) -> Iterator[Any]:
    if quiet or not err.is_terminal:
        yield lambda _: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(job_words := "Reading", total=None)

        def watch(job: Job) -> None:
            progress.update(task, completed=job.done, total=job.total, description=job.doing or job_words)

        yield watch
