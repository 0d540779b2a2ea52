"""The command `marops`. Thin: it opens the installation, calls actions and queries, and prints."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from marops import __version__
from marops.kernel.actors import Actor

if TYPE_CHECKING:
    import pyarrow as pa

    from marops.engine.session import Session

app = typer.Typer(
    help="The open marketing-operations platform.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

CLI = Actor("system", "cli")
"""Whoever may open the workspace folder may do everything in it."""

DONE, FINDINGS, REFUSED = 0, 1, 2
_CHUNK = 100_000
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def _version(value: bool) -> None:
    if value:
        print(f"marops {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    home: Annotated[
        Path | None, typer.Option(help="The workspace folder. Default: MAROPS_HOME, else ./marops-data.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What every command knows."""
    if home is not None:
        os.environ["MAROPS_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")


@contextmanager
def installation(*, quiet: bool = False, keep: bool = False) -> Iterator["Session"]:
    """The installation, opened for one command: started if it did not run, stopped by the last to leave."""
    from marops.engine.session import opened

    if quiet or not err.is_terminal:
        with opened(keep=keep) as session:
            yield session
        return
    with err.status("Opening the workspace") as status, opened(status.update, keep=keep) as session:
        status.stop()
        yield session


def print_json(document: Any) -> None:
    """One document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def counted(n: int, one: str) -> str:
    """1 → "1 lead", 12,000 → "12,000 leads"; for nouns whose plural ends with s."""
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"


def text_of(file: Path) -> str:
    """What a text file holds; one that is none is refused by its name."""
    from marops.kernel.errors import INVALID, MaropsError

    if not file.exists():
        raise MaropsError(INVALID, f"There is no file {file}.")
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise MaropsError(INVALID, f"{file} cannot be read as a text file in UTF-8.") from fault


def table_of(file: Path) -> tuple["pa.Table", list[dict[str, Any]]]:
    """The table in a bare file, its cells as texts, and the rows that could not be read; no workspace is needed.

    Raises MaropsError for a file that holds no table.
    """
    import django
    import pyarrow as pa

    django.setup()
    from marops.domains.capture.public import open_table

    source = open_table(file)
    chunks = list(source.chunks(_CHUNK))
    faults = [one for chunk in chunks for one in chunk.faults]
    rows = pa.concat_tables([chunk.rows for chunk in chunks]).drop_columns(["row"])
    told = [{"row": one.row, "field": one.field, "message": one.message, "remedy": one.remedy} for one in faults]
    return rows.rename_columns(source.columns), told


def check_output(file: Path | None) -> None:
    """Can a file be written there? Asked before anything is worked out. Raises MaropsError `invalid`."""
    from marops.kernel.errors import INVALID, MaropsError

    if file is None:
        return
    if file.is_dir():
        raise MaropsError(INVALID, f"{file} is a folder.", remedy="Name a file in it.")
    if not file.parent.is_dir():
        raise MaropsError(INVALID, f"There is no folder {file.parent}.", remedy="Make it, or name another file.")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise MaropsError(INVALID, f"{file} cannot be written.", remedy="Name a file that may be written.")


def document_of(file: Path) -> Any:
    """What a YAML or JSON file says; one that is neither is refused by its name."""
    from yaml import YAMLError

    from marops.kernel.errors import INVALID, MaropsError
    from marops.kernel.rules import read_yaml

    try:
        return read_yaml(text_of(file))
    except YAMLError as fault:
        raise MaropsError(INVALID, f"{file} is no YAML: {' '.join(str(fault).split())}") from fault


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 done with rejected rows or findings, 2 refused."""
    _load_commands()
    from marops.kernel.errors import MaropsError

    try:
        app()
    except MaropsError as error:
        _print_problem(error)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        err.print("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)


def _print_problem(error: Any) -> None:
    if "--json" in sys.argv:
        print_json(error.as_json())
    err.print(f"[bold red]{error.kind.title}[/]")
    if str(error) != error.kind.title:
        err.print(str(error), markup=False)
    for fault in list(error.errors)[:20]:
        where = f"row {fault.row}: " if fault.row is not None else f"{fault.pointer or fault.field}: "
        err.print(f"  {where if where != ': ' else ''}{fault.message} {fault.remedy}".rstrip(), markup=False)
    if error.remedy:
        err.print(f"[bold]What to do:[/] {error.remedy}")


def _load_commands() -> None:
    from marops.cli import (  # noqa: F401  # each adds its commands to `app`
        ai,
        answers,
        assistant,
        backup,
        blueprint,
        career,
        dedupe,
        definitions,
        enriching,
        intake,
        leads,
        mcp,
        metrics,
        people,
        policy,
        predicting,
        privacy,
        providers,
        quality,
        routing,
        sample,
        scoring,
        system,
        tables,
        team,
        trace,
        webhooks,
        workflows,
    )
