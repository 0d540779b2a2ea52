"""The AI policy: its page, what it answers, what another version changes, its own tests."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, FINDINGS, Json, app, check_output, document_of, installation, out, print_json

policy = typer.Typer(help="What AI may do in marketing, and why.", no_args_is_help=True)
app.add_typer(policy, name="policy")
Version = Annotated[str, typer.Option("--version", help="A version's number; left out: the one in force.")]


@policy.command("page")
def page(
    version: Version = "",
    pdf: Annotated[Path | None, typer.Option(help="Write the page to this file, on one sheet of A4.")] = None,
    as_json: Json = False,
) -> None:
    """Show the one page: what AI may do on its own, once a gate is passed, and never."""
    check_output(pdf)
    with installation(quiet=as_json):
        from marops.domains.policy.public import page as asked
        from marops.domains.policy.public import paper

        found = asked(CLI, version)
        if pdf is not None:
            pdf.write_bytes(paper(CLI, version))
    if as_json:
        print_json(found)
        return
    out.print(f"[bold]{found['title']}[/]  [dim]version {found['version']}, {found['state'].replace('_', ' ')}[/]")
    out.print(found["preamble"], markup=False)
    for verdict, heading in (
        ("free", "May, on its own"),
        ("gated", "May, once the gate is passed"),
        ("never", "Never"),
    ):
        _lines(heading, [one for one in found["lines"] if one["verdict"] == verdict])
    _lines("Details", found["details"])
    if found["each_time"]:
        out.print("[bold]Each time[/]")
    for one in found["each_time"]:
        out.print(f"{one['says']} ({one['id']})", markup=False)
    out.print(f"[dim]What stands on no line is not allowed: {found['asks']['never']:,} of "
              f"{sum(found['asks'].values()):,} asks. Decided: {found['combinations']:,} combinations.[/]")  # fmt: skip


def _lines(heading: str, lines: list[dict[str, Any]]) -> None:
    if not lines:
        return
    table = Table(box=None, pad_edge=False, title=heading, title_justify="left", title_style="bold", show_header=False)
    table.add_column(ratio=1)
    table.add_column(style="yellow")
    table.add_column(style="dim")
    for one in lines:
        wanted = " or ".join(one["needs"])
        table.add_row("\n".join(one["says"]), f"Needs {wanted}." if wanted else "", ", ".join(one["rules"]))
    out.print(table)


@policy.command("check")
def check(
    request: Annotated[Path, typer.Argument(help="A JSON or YAML file that answers the eight questions.")],
    version: Version = "",
    as_json: Json = False,
) -> None:
    """Say whether an AI may do this, why, and what is missing."""
    document = document_of(request)
    with installation(quiet=as_json):
        from marops.domains.policy.public import check as asked

        found = asked(CLI, document, version)
    if as_json:
        print_json(found)
    else:
        _show_check(found)
    if not found["allowed"]:
        raise typer.Exit(FINDINGS)


def _show_check(found: dict[str, Any]) -> None:
    out.print(found["asked"], markup=False)
    if found["allowed"]:
        out.print("[bold green]Yes.[/]")
    elif found["needs"]:
        out.print(f"[bold yellow]Not yet.[/] Needs {found['needs']}.")
    else:
        out.print("[bold red]No.[/]")
    for reason in found["reasons"]:
        out.print(f"  {reason}", markup=False)
    if found["later"]:
        out.print("[dim]Asked again when it happens:[/]")
    for one in found["later"]:
        out.print(f"  {one['says']} ({one['id']})", markup=False)


@policy.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="A version's number, or active.")],
    after: Annotated[str, typer.Argument(help="Another.")],
    as_json: Json = False,
) -> None:
    """Say exactly which combinations another version decides otherwise."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import difference

        found = difference(CLI, before, after)
    if as_json:
        print_json(found)
        return
    names = [found[key].removeprefix("ai_policy/marketing@") for key in ("before", "after")]
    out.print(f"Version {names[0]} to {names[1]}: {found['opened']:,} combinations become a yes,"
              f" {found['closed']:,} a no; all others of 142,560 stay as they are.")  # fmt: skip
    for key, mark in (("opens", "[green]+[/]"), ("closes", "[red]−[/]")):
        for one in found[key]:
            out.print(f"{mark} {one['combinations']:,}  {one['says']} {one['where']}".rstrip())
    for key, words in (("added", "New"), ("removed", "Taken out"), ("changed", "Changed"), ("reworded", "Other words")):
        if found["rules"][key]:
            out.print(f"[dim]{words}: {', '.join(found['rules'][key])}[/]")
    if found["moment"]:
        out.print(f"[dim]Asked otherwise when it happens: {', '.join(found['moment'])}[/]")


@policy.command("test")
def ask_itself(version: Version = "", as_json: Json = False) -> None:
    """Ask the policy its own checks, and whether care ever costs: more review, less data, a word that AI took part."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import self_test

        found = self_test(CLI, version)
    if as_json:
        print_json(found)
    else:
        for one in found["checks"]:
            out.print(f"{'[green]holds[/]' if one['holds'] else '[red]fails[/]'}  {one['says']}: {one['expect']}")
        for one in found["laws"]:
            out.print(f"[red]breaks a law[/]  {one['combinations']:,} times: {one['says']}")
        for key, words in (
            ("dead", "holds nowhere"),
            ("shadowed", "changes nothing as it stands: another says the same, or nothing allows what it forbids"),
        ):
            for name in found[key]:
                out.print(f"[dim]rule {name} {words}[/]")
        held = sum(one["holds"] for one in found["checks"])
        out.print(f"{held} of {len(found['checks'])} own checks hold; {len(found['laws']) or 'no'} laws are broken.")
    if not found["passed"]:
        raise typer.Exit(FINDINGS)


@policy.command("decide")
def decide(version: Version = "", as_json: Json = False) -> None:
    """Decide every combination of a version ahead; a version has to be decided before it can be put in force."""
    with installation(quiet=as_json):
        from marops.domains.policy.public import decide_here

        found = decide_here(CLI, version)
    if as_json:
        print_json(found)
    else:
        out.print(f"{found['policy']}: {found['allowed']:,} of {found['combinations']:,} combinations allowed.")
