"""Careers: where somebody can go, what it takes, and what to do next. Nothing of anybody's plan is printed."""

from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, app, installation, out, print_json


@app.command("career")
def career(
    person: Annotated[str, typer.Argument(help="A reference such as P-3, the address of an account, or a name.")],
    to: Annotated[str, typer.Option("--to", help="A role by its short name or title, such as mops_manager.")] = "",
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
    if at["levels"] is None and found["target"]:
        out.print("[dim]No level is kept: compared is what the role usually asks for.[/]")
    out.print(found["answer"], markup=False)
    if found["next"]:
        out.print(_next(found["next"]))
    if found["target"]:
        _way(found)
    if found["moves"]:
        towards = f" [dim]towards {found['moves'][0]['towards']}[/]"
        out.print(f"[bold]Three moves this quarter[/]{towards}")
    for number, one in enumerate(found["moves"], 1):
        levels = f", level {one['from_level']} → {one['to_level']}" if one["skill"] and not one["for_evidence"] else ""
        out.print(f"  {number}. {one['says']} ({one['time']})", markup=False)
        out.print(f"     [dim]{one['name']}{levels}[/]")
    for one in found["openings"]:
        out.print(f"Opening {one['ref']}: {one['title']} ({one['state']})", markup=False)


def _next(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("Next role")
    table.add_column("Usual time")
    for title in ("Levels held", "With evidence", "Missing"):
        table.add_column(title, justify="right")
    for one in rows:
        table.add_row(one["title"], one["time"], f"{100 * one['overlap']:.0f} %", f"{100 * one['evidence']:.0f} %",
                      f"{one['missing_levels']}")  # fmt: skip
    return table


def _way(found: dict[str, Any]) -> None:
    path, gap = found["path"], found["gap"]
    if path is not None:
        out.print(f"[bold]{' → '.join(path['titles'])}[/]  [dim]{path['time']}[/]")
    if step := found["step_gap"]:
        out.print(f"The first step, {path['titles'][1]}:", markup=False)
        _levels(step)
        out.print(f"And {found['target_title']}:", markup=False)
    _levels(gap)


def _levels(gap: dict[str, Any]) -> None:
    for one in gap["skills"]:
        has = "–" if one["has"] is None else one["has"]
        core = "  [dim]core[/]" if one["core"] else ""
        out.print(f"  {one['name']}: {has} of {one['need']}, {_STATES[one['state']]}{core}")


_STATES = {"shared": "there", "short": "short", "missing": "missing"}
