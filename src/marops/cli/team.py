"""The team: who can do what, what rests on one person, what nobody does."""

from typing import Any

import typer

from marops.cli.main import CLI, Json, app, counted, installation, out, print_json

team = typer.Typer(invoke_without_command=True, help="The team: who does what, what is uncovered, what it should be.")
app.add_typer(team, name="team")


@team.callback()
def overview(context: typer.Context, as_json: Json = False) -> None:
    """Show people, roles, coverage, gaps and single points of failure."""
    if context.invoked_subcommand is not None:
        return
    with installation(quiet=as_json):
        from marops.domains.team.public import coverage_json

        found = coverage_json(CLI)
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    out.print(f"[bold]{found['answer']}[/]")
    if found["remedy"]:
        out.print(found["remedy"]["says"])
    n = len(found["people"])
    more = f"; {found['beside']} more have no role of the team" if found["beside"] else ""
    out.print(f"[dim]{n} {'person' if n == 1 else 'people'}, {found['full_time']:.1f} full-time{more}[/]")
    for one in found["roles"]:
        out.print(
            f"  {one['title']}: {', '.join(one['people'][:6]) or 'nobody'}{' …' if len(one['people']) > 6 else ''}"
        )
    for heading, key in (("Nobody is able to do", "gaps"), ("Rests on one person", "single_points")):
        if found[key]:
            out.print(f"[bold]{heading}[/]")
        for one in found[key]:
            who = f"  {', '.join(one['experts'])}" if key == "single_points" else ""
            out.print(f"  {one['name']}{who}  [dim]{_hours(one['needed'])} a month[/]")
    if found["overload"]:
        out.print("[bold]More on than can be planned[/]")
    for one in found["overload"]:
        out.print(f"  {one['name']}  [dim]{_hours(one['needed'])} of {_hours(one['plannable'])} a month[/]")
    if found["unowned"]:
        out.print(f"[bold]Nobody does[/] {counted(len(found['unowned']), 'responsibility').replace('ys', 'ies')}")
    for one in found["unowned"][:12]:
        out.print(f"  {one['role_title']}: {one['text']}", markup=False)


def _hours(of: dict[str, float]) -> str:
    return f"{of['usual']:.0f} h ({of['low']:.0f}–{of['high']:.0f})"
