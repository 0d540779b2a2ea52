"""`marops sample`: bring the sample company in to look around, and take it out again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from marops.cli.main import CLI, Json, app, counted, err, installation, out, print_json

if TYPE_CHECKING:
    from marops.kernel.models import Job


@app.command()
def sample(
    size: Annotated[str, typer.Option(help="small: 6,000 leads, some seconds; large: 200,000, minutes.")] = "small",
    seed: Annotated[int, typer.Option(help="The same seed on the same day makes the same company.")] = 1,
    remove: Annotated[bool, typer.Option("--remove", help="Take the sample company out again.")] = False,
    as_json: Json = False,
) -> None:
    """Bring in a made-up company to look around with, or take it out again. Never beside real data."""
    with installation(quiet=as_json):
        from marops.kernel import jobs
        from marops.sample.public import check_size, start_removal, start_sample, state

        began = time.monotonic()
        check_size(size)
        if remove:
            job = start_removal(actor=CLI, here=True)
        else:
            job = start_sample(actor=CLI, size=size, seed=seed, here=True, workflows=True)
        with _bar(quiet=as_json) as watch:
            job = jobs.run_here(job.id, watch=watch)
        done = {**state(), **(job.result or {}), "job": job.ref, "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        print_json(done)
    else:
        _tell(done, removed=remove)


def _tell(done: dict[str, Any], *, removed: bool) -> None:
    if removed and not done["rows"]:
        out.print("There is no sample company here. Nothing was changed.")
    elif removed:
        out.print(
            f"The sample company is gone: {counted(done['rows'], 'row')}, {counted(done['facts'], 'fact')},"
            f" in {done['seconds']} s."
        )
    else:
        out.print(
            f"[bold]{done['company']}[/] is here: {done['leads']:,} leads of two years, in {done['seconds']} s."
            " Nothing about it is real."
        )
        out.print("While marops up runs, the engine scores everybody. To take it out again: marops sample --remove")


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[["Job"], None]]:
    if quiet or not err.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda job: progress.update(task, completed=job.done, total=job.total, description=job.doing)
