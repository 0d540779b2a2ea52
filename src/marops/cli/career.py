"""Careers: where somebody can go, what it takes, and what to do next. Nothing of anybody's plan is printed."""

from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, app, installation, out, print_json


@app.command("career")
def career(
    person: Annotated[str, typer.Argument(help="A reference such as P-3, or the address of an account.")],
    to: Annotated[str, typer.Option("--to", help="The short name of a role, such as mops_manager.")] = "",
    as_json: Json = False,
) -> None:
    """Show where somebody can go, what it takes, and three next moves."""
    with installation(quiet=as_json):
        from marops.domains.team.public import career_json

        found = career_json(CLI, person, to)
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    at = found["standing"]
    out.print(f"[bold]{found['person']['name']}[/]  [dim]{found['person']['ref']}, {at['title'] or 'no role'}[/]")
    if at["levels"] is None and at["role"]:
        out.print("[dim]No level is kept: compared is what the role usually asks for.[/]")
    if found["next"]:
        out.print(_next(found["next"]))
    if found["target"]:
        _way(found)
    if found["moves"]:
        out.print("[bold]Three moves this quarter[/]")
    for number, one in enumerate(found["moves"], 1):
        levels = f", level {one['from_level']} → {one['to_level']}" if one["skill"] and not one["for_evidence"] else ""
        out.print(f"  {number}. {one['says']} ({one['time']})", markup=False)
        out.print(f"     [dim]{one['name']}{levels}[/]")
    for one in found["openings"]:
        out.print(f"Opening {one['ref']}: {one['title']} ({one['state']})", markup=False)
    if not found["next"]:
        out.print("No step of the map leads on from here.")


def _next(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Next role")
    table.add_column("Usual time")
    for title in ("Levels held", "With evidence", "Missing"):
        table.add_column(title, justify="right")
    for one in rows:
        table.add_row(one["title"], one["time"], f"{one['overlap']:.0%}", f"{one['evidence']:.0%}",
                      f"{one['missing_levels']}")  # fmt: skip
    return table


def _way(found: dict[str, Any]) -> None:
    path, gap = found["path"], found["gap"]
    if path is None:
        out.print(f"No steps of the map lead to {found['target_title']}.")
    else:
        out.print(f"[bold]{' → '.join(path['titles'])}[/]  [dim]{path['time']}[/]")
    for one in gap["skills"]:
        has = "–" if one["has"] is None else one["has"]
        core = "  [dim]core[/]" if one["core"] else ""
        out.print(f"  {one['name']}: {has} of {one['need']}, {_STATES[one['state']]}{core}")


_STATES = {"shared": "there", "short": "short", "missing": "missing"}
