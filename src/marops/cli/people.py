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
    role_column: Annotated[
        str, typer.Option("--role-column", help="The heading of the column that holds roles; - for none.")
    ] = "",
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
        found = plan_json(run(actor=CLI, data=file.read_bytes(), role_column=role_column))
    if as_json:
        print_json(found)
    else:
        _say(found, dry_run=dry_run)
    raise typer.Exit(FINDINGS if found["refused"] or found["role_unknown"] else DONE)


def _say(found: dict[str, Any], *, dry_run: bool) -> None:
    for one in found["findings"]:
        place = f"row {one['row']}" if one["row"] else "the file"
        mark = "[red]refused[/]" if one["refused"] else "[dim]note[/]"
        err.print(f"{mark} {place}, {one['field'] or 'all'}: {one['message']} {one['remedy']}")
    if found["role_unknown"]:
        which = ", ".join(found["role_unknown"])
        out.print(f"Nothing was loaded. Say --role-column with one of: {which}; or --role-column - where none is.")
        return
    would = "would " if dry_run else ""
    out.print(
        f"{found['created']} {would}join, {found['updated']} {would}change, {found['unchanged']} stay as they are,"
        f" {found['refused']} rows refused."
    )


@people.command("link")
def link_person(
    ref: Annotated[str, typer.Argument(help="The person, such as P-3.")],
    as_json: Json = False,
) -> None:
    """Link somebody with the account that has the address kept of them."""
    with installation(quiet=as_json):
        from marops.domains.team.public import find_person, link_account

        row = link_account(actor=CLI, person_id=find_person(ref).id)
    if as_json:
        print_json({"ref": row.ref, "name": row.name, "account_id": str(row.account_id)})
    else:
        out.print(f"{row.name} and the account are one now.")


@people.command("export")
def export_people(
    file: Annotated[Path, typer.Argument(help="Where to write it; .xlsx for a workbook, else CSV.")],
    plain: Annotated[bool, typer.Option("--plain", help="Without pay and levels.")] = False,
    as_json: Json = False,
) -> None:
    """Write everybody into a file that its owner alone may read, with pay and levels unless it is plain."""
    with installation(quiet=as_json):
        from marops.domains.team.public import people_file

        data, rows = people_file(CLI, xlsx=file.suffix.casefold() == ".xlsx", plain=plain)
        file.touch(mode=0o600)
        file.chmod(0o600)  # one that was there keeps its mode otherwise
        file.write_bytes(data)
    if as_json:
        print_json({"file": str(file), "people": rows})
    else:
        kept = "" if plain else " Pay and levels stand in it; nobody else on this machine may read it."
        out.print(f"{rows} people in {file}.{kept}")
