"""People from the command line: a list comes in from a file and goes out as one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from marops.cli.leads import import_app
from marops.cli.main import CLI, DONE, FINDINGS, Json, err, installation, out, print_json
from marops.cli.team import team

people = typer.Typer(no_args_is_help=True, help="The list of people as a file.")
team.add_typer(people, name="people")


@import_app.command("people")
def import_people(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX: a line for each person.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Load a list of people: roles, shares, managers, places, pay, levels. Exit code 1 when some rows were refused."""
    with installation(quiet=as_json):
        from marops.cli.importing import NO_FILE
        from marops.domains.team.public import load_people, plan_json, preview_people
        from marops.kernel.errors import MaropsError

        if not file.is_file():
            raise MaropsError(NO_FILE, str(file))
        run = preview_people if dry_run else load_people
        found = plan_json(run(actor=CLI, data=file.read_bytes()))
    if as_json:
        print_json(found)
    else:
        _say(found, dry_run=dry_run)
    raise typer.Exit(FINDINGS if found["refused"] else DONE)


def _say(found: dict[str, Any], *, dry_run: bool) -> None:
    for one in found["findings"]:
        place = f"row {one['row']}" if one["row"] else "the file"
        mark = "[red]refused[/]" if one["refused"] else "[dim]note[/]"
        err.print(f"{mark} {place}, {one['field'] or 'all'}: {one['message']} {one['remedy']}")
    would = "would " if dry_run else ""
    out.print(
        f"{found['created']} {would}join, {found['updated']} {would}change, {found['unchanged']} stay as they are,"
        f" {found['refused']} rows refused."
    )


@people.command("export")
def export_people(
    file: Annotated[Path, typer.Argument(help="Where to write it; .xlsx for a workbook, else CSV.")],
    as_json: Json = False,
) -> None:
    """Write everybody into a file, with pay and levels: the command acts for the installation's owner."""
    with installation(quiet=as_json):
        from marops.domains.team.public import people_file

        data, rows = people_file(CLI, xlsx=file.suffix.casefold() == ".xlsx")
        file.write_bytes(data)
    if as_json:
        print_json({"file": str(file), "people": rows})
    else:
        out.print(f"{rows} people in {file}.")
