"""Backups: make one, look whether it is whole, restore it, compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

from marops.cli.main import CLI, DONE, FINDINGS, Json, app, counted, err, installation, out, print_json

if TYPE_CHECKING:
    from marops.engine.restore import Say
    from marops.kernel.models import Job


class _FileOrCommand(TyperGroup):
    """`marops backup FILE` makes a backup; `marops backup verify FILE` and its like are commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [one for one in args if not one.startswith("-")]
        if words and words[0] not in self.commands:
            args = ["make", *args]
        return super().parse_args(ctx, args)


backup_app = typer.Typer(
    cls=_FileOrCommand, help="Make a backup: marops backup FILE. Or look at one.", no_args_is_help=True
)
app.add_typer(backup_app, name="backup")


@backup_app.command("make")
def backup_make(
    file: Annotated[Path, typer.Argument(help="The file to write; a folder gets a file with the date in its name.")],
    as_json: Json = False,
) -> None:
    """Write everything into one file, while everybody goes on working."""
    with installation(quiet=as_json):
        from marops.engine.backups import start_backup
        from marops.kernel.clock import now
        from marops.kernel.jobs import run_here

        target = file / f"marops-{now():%Y-%m-%d-%H%M%S}.zip" if file.is_dir() else file
        job = start_backup(actor=CLI, target=target, here=True)
        with _bar(quiet=as_json) as say:
            run_here(job.id, watch=lambda one: _tell(say, one))
        job.refresh_from_db()
        made = dict(job.result or {})
    if as_json:
        print_json(made)
        return
    out.print(
        f"{made['file']}: {_size(made['bytes'])}, {counted(made['contacts'], 'lead')},"
        f" {counted(made['lake_files'], 'file')} of the lake, {counted(made['rows'], 'row')} in"
        f" {counted(made['tables'], 'table')}, in {made['seconds']:.1f} s.",
        markup=False,
    )
    out.print(f"Checksum {made['sha256']}", markup=False)
    out.print("It holds personal data and this installation's secret: keep it where you would keep those.")


def _tell(say: "Say", job: "Job") -> None:
    say(job.doing, job.done, job.total or 0)


@backup_app.command("verify")
def backup_verify(file: Path, as_json: Json = False) -> None:
    """Compare every checksum of a backup. Opens no workspace."""
    from marops.engine.restoring import verify_backup

    with _bar(quiet=as_json) as say:
        told = verify_backup(file, say)
    if as_json:
        print_json(told)
        return
    leads = counted(told["contacts"], "lead")
    out.print(f"Whole: {leads} as of {told['made_at']}, by Marops {told['version']}.", markup=False)


@backup_app.command("compare")
def backup_compare(file: Path, as_json: Json = False) -> None:
    """Restore a backup elsewhere, compare every table, and remove the copy; exit code 1 when something differs."""
    with installation(quiet=as_json):
        from marops.engine.backups import compare

        with err.status("Restoring elsewhere and comparing"):
            told = compare(file.absolute())
    _say_restored(told, as_json)


@backup_app.command("list")
def backup_list(as_json: Json = False) -> None:
    """The backups in the folder of backups."""
    with installation(quiet=as_json) as session:
        from marops.engine.backups import kept_backups

        found = kept_backups(session.config)
    if as_json:
        print_json({"items": [one.as_json() for one in found], "next": None})
        return
    for one in found:
        tested = f"restored and compared {one.tested_at:%Y-%m-%d}: {one.tested}" if one.tested_at else "never restored"
        said = one.broken or f"{counted(one.contacts, 'lead')}, {tested}"
        out.print(f"  {one.made_at:%Y-%m-%d %H:%M} UTC  {_size(one.bytes):>10}  {one.name}  {said}", markup=False)
    if not found:
        out.print("There are none yet: marops backup FILE makes one.")


@app.command()
def restore(
    file: Path,
    into: Annotated[Path | None, typer.Option(help="The workspace folder. Default: this one.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what the folder holds.")] = False,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Keep what was replaced, in before-restore in the folder.")
    ] = False,
    erasures: Annotated[
        list[Path] | None, typer.Option(help="A log of erasures, beside those in the usual places.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Restore a backup: compared, erased again, and put in place when it stands complete."""
    from marops.engine.restoring import restore_backup
    from marops.engine.session import in_words
    from marops.kernel.config import config

    home = (into or config().home).absolute()
    with _bar(quiet=as_json) as say, in_words(config()):
        restored = restore_backup(file, home, force=force, keep_old=keep_old, logs=erasures or [], say=say)
    _say_restored(restored.as_json(), as_json)


def _say_restored(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(told)
        raise typer.Exit(DONE if told["same"] else FINDINGS)
    for line in told["tables"]:
        same = line["backup"] == line["restored"]
        if same and not line["backup"]["rows"]:
            continue
        mark = "[green]same[/]" if same else "[red]DIFFERS[/]"
        out.print(f"  {line['table']:<44} {line['backup']['rows']:>12,} rows  {mark}")
    backup = told["backup"]
    out.print(
        f"{told['home']}: {counted(backup['contacts'], 'lead')} as of {backup['made_at']}, in {told['seconds']:.1f} s.",
        markup=False,
    )
    if again := told["erased_again"]:
        were = "person who was erased since was" if again == 1 else "people who were erased since were"
        out.print(f"{again:,} {were} erased again.")
    if stopped := told["jobs_stopped"]:
        one = "job that ran or waited then is stopped; resume it" if stopped == 1 else ""
        out.print(f"{stopped:,} {one or 'jobs that ran or waited then are stopped; resume them'} on the page Jobs.")
    for warning in told["warnings"]:
        err.print(f"[yellow]{warning}[/]")
    raise typer.Exit(DONE if told["same"] else FINDINGS)


@contextmanager
def _bar(*, quiet: bool) -> Iterator["Say"]:
    if quiet or not err.is_terminal:
        yield lambda _what, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=None)

        def say(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total or None)

        yield say


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return ""
