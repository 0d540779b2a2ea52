"""`marops import leads`: show what is understood, run the job here with its progress, say what came of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from marops.cli.main import CLI
from marops.domains.capture.public import (
    ImportResult,
    Plan,
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
SHOWN = 60
SAMPLE = 28


def import_file(
    file: Path, *, map_file: Path | None, dry_run: bool, rejects: Path | None, quiet: bool, err: Console
) -> ImportResult:
    """Plan and import a file. Raises what the job failed with, or `job-stopped` after Ctrl-C."""
    if not file.is_file():
        raise MaropsError(NO_FILE, str(file))
    plan = plan_import(file, read_map(map_file) if map_file else None)
    if not quiet:
        _show(plan, err)
    if dry_run:
        return try_import(file, plan, actor=CLI)
    job = start_import(file, plan, actor=CLI, here=True)
    _run(job, err, quiet=quiet)
    result = result_of(job)
    if rejects is not None and (written := write_rejects(job, rejects)):
        return _replaced(result, rejects_file=str(written))
    return result


def _replaced(result: ImportResult, **values: Any) -> ImportResult:
    from dataclasses import replace

    return replace(result, **values)


def _show(plan: Plan, err: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("Column", "goes to", "because", "for example"):
        table.add_column(title, overflow="ellipsis", no_wrap=True)
    for column in plan.columns[:SHOWN]:
        example = next((one for one in column.samples if one), "")
        table.add_row(column.name, str(column.target), column.why, example[:SAMPLE])
    err.print(table)
    if len(plan.columns) > SHOWN:
        err.print(f"… and {len(plan.columns) - SHOWN} more columns.")
    for note in plan.notes:
        err.print(f"[dim]{note}[/]")


def _run(job: Job, err: Console, *, quiet: bool) -> None:
    """Run the job in this process. Ctrl-C stops it after the present batch."""
    with _stops_on_ctrl_c(job), _bar(err, quiet=quiet) as watch:
        jobs.run_here(job.id, watch=watch)
    job.refresh_from_db()
    if job.state == Job.State.STOPPED:
        detail = f"{job.ref} was stopped after {job.done:,} rows; what was written stays."
        remedy = "Import the same file again: it goes on, and nothing comes twice."
        raise MaropsError(jobs.JOB_STOPPED, detail, remedy=remedy)


@contextmanager
def _stops_on_ctrl_c(job: Job) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, lambda *_: jobs.ask_to_stop(job.id))
    try:
        yield
    finally:
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
