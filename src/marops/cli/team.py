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
    if found["standing"]["says"]:
        out.print(found["standing"]["says"])
    if found["remedy"]:
        out.print(found["remedy"]["says"])
    n = len(found["people"])
    out.print(f"[dim]{n} {'person' if n == 1 else 'people'}, {found['full_time']:,} full-time[/]")
    for one in found["roles"]:
        out.print(
            f"  {one['title']}: {', '.join(one['people'][:6]) or 'nobody'}{' …' if len(one['people']) > 6 else ''}"
        )
    if found["outside"]:
        out.print(f"[dim]{len(found['outside']):,} of them with no role of the team, by whom they report to[/]")
        _by_role(found["outside"])
    if found["beside_people"]:
        out.print(f"[dim]{len(found['beside_people']):,} more beside the team[/]")
        _by_role(found["beside_people"])
    _show_lists(found)


def _by_role(people: list[dict[str, Any]]) -> None:
    """People without a role of the team, by the roles they hold."""
    by_role: dict[str, list[str]] = {}
    for one in people:
        by_role.setdefault(", ".join(one["titles"]) or "no role said", []).append(one["name"])
    for title, names in by_role.items():
        out.print(f"  [dim]{title}: {', '.join(names[:6])}{' …' if len(names) > 6 else ''}[/]")


def _show_lists(found: dict[str, Any]) -> None:
    for heading, key in (("Nobody is able to do", "gaps"), ("Rests on one person", "single_points")):
        if found[key]:
            out.print(f"[bold]{heading}[/]")
        for one in found[key]:
            who = f"  {', '.join(one['experts'])}" if key == "single_points" else ""
            out.print(f"  {one['name']}{who}  [dim]{_hours(one['needed'])} a month[/]")
    _show_rests(found)
    if found["overload"]:
        out.print("[bold]More on than can be planned[/]")
    for one in found["overload"]:
        of = f"{_hours(one['needed'])} of {_hours(one['plannable'])} a month"
        out.print(f"  {one['name']}  [dim]{of}, {one['sure']}[/]")
    if found["unowned"]:
        out.print(f"[bold]Nobody does[/] {counted(len(found['unowned']), 'responsibility').replace('ys', 'ies')}")
    for one in found["unowned"][:12]:
        out.print(f"  {one['role_title']}: {one['text']}", markup=False)


def _show_rests(found: dict[str, Any]) -> None:
    """What rests on one person by the roles held, and what only people beside the team make safe."""
    if found["single_by_roles"]:
        out.print("[bold]Rests on one person, by the roles held[/]")
    for one in found["single_by_roles"]:
        n = counted(len(one["responsibilities"]), "responsibility").replace("ys", "ies")
        out.print(f"  {one['role_title']}  {one['name']}  [dim]{n}, {_hours(one['needed'])} a month[/]")
    if found["safe_beside"]:
        out.print("[bold]Thin in the team, safe by people beside it[/]")
    for one in found["safe_beside"]:
        out.print(f"  {one['name']}  {', '.join(one['beside'])}")


def _hours(of: dict[str, float]) -> str:
    return f"{of['usual']:,.0f} h ({of['low']:,.0f}–{of['high']:,.0f})"
