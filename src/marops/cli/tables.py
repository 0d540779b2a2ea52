"""Other tables than leads from the command line: deals, and what became of leads."""

from pathlib import Path
from typing import Annotated

import typer

from marops.cli.leads import PRACTICE, PRINTED, import_app, say
from marops.cli.main import DONE, FINDINGS, Json, err, installation, print_json

_FILE = typer.Argument(help="CSV (any delimiter and encoding), XLSX or Parquet.")
_MAP = typer.Option("--map", help="YAML: column → field. Default: guessed.")
_DRY = typer.Option("--dry-run", help="Show what would happen; write nothing.")
_REJECTS = typer.Option(help="Where to write the rows that were refused.")


@import_app.command("opportunities")
def import_opportunities(
    file: Annotated[Path, _FILE],
    map_file: Annotated[Path | None, _MAP] = None,
    dry_run: Annotated[bool, _DRY] = False,
    rejects: Annotated[Path | None, _REJECTS] = None,
    practice: Annotated[bool, PRACTICE] = False,
    as_json: Json = False,
) -> None:
    """Bring deals in from a file. Exit code 1 when some rows were refused."""
    _bring("opportunities", file, map_file, dry_run=dry_run, rejects=rejects, practice=practice, as_json=as_json)


@import_app.command("dispositions")
def import_dispositions(
    file: Annotated[Path, _FILE],
    map_file: Annotated[Path | None, _MAP] = None,
    dry_run: Annotated[bool, _DRY] = False,
    rejects: Annotated[Path | None, _REJECTS] = None,
    practice: Annotated[bool, PRACTICE] = False,
    as_json: Json = False,
) -> None:
    """Bring in what became of leads. Exit code 1 when some rows were refused."""
    _bring("dispositions", file, map_file, dry_run=dry_run, rejects=rejects, practice=practice, as_json=as_json)


def _bring(
    table: str, file: Path, map_file: Path | None, *, dry_run: bool, rejects: Path | None, practice: bool, as_json: bool
) -> None:
    with installation(quiet=as_json):
        from marops.cli.importing import import_file

        result = import_file(
            file, map_file=map_file, dry_run=dry_run, rejects=rejects, quiet=as_json, err=err, table=table,
            practice=practice,
        )  # fmt: skip
    if as_json:
        print_json({name: getattr(result, name) for name in PRINTED})
    else:
        say(result, "What it changes for leads the engine sees to: marops run --once")
    raise typer.Exit(FINDINGS if result.rejected else DONE)
