"""The blueprint: what a team of this size, budget or load should look like, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, check_output, installation, out, print_json, text_of
from marops.cli.team import team


@team.command("blueprint")
def blueprint(
    size: Annotated[int | None, typer.Option(help="Exactly so many people.")] = None,
    budget: Annotated[float | None, typer.Option(help="At most so much a year, with the employer's part.")] = None,
    load: Annotated[
        Path | None, typer.Option(help="A YAML or CSV file of what makes work: the smallest cost that covers it.")
    ] = None,
    markets: Annotated[float | None, typer.Option(help="How many markets; counts before the file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the roles people have today.")] = False,
    pay: Annotated[
        str | None,
        typer.Option(help="What costs rest on: own (pay kept here) or bands; left out: own where enough is kept."),
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the page as a PDF, too.")] = None,
    as_json: Json = False,
) -> None:
    """Show three structures side by side: which roles, how many, in which order to hire, and what each changes."""
    check_output(pdf)
    with installation(quiet=as_json):
        from marops.domains.team.public import ask_blueprint, blueprint_page, load_of

        amounts: dict[str, Any] = load_of(text_of(load), load.name) if load else {}
        if markets is not None:
            amounts["markets"] = markets
        found, told = ask_blueprint(
            CLI, size=size, budget=budget, load=load is not None and size is None and budget is None, amounts=amounts,
            keep=keep, pay=pay or "",
        )  # fmt: skip
        if pdf:
            pdf.write_bytes(blueprint_page(told))
    if as_json:
        print_json(found)
        return
    _show(told)
    if pdf:
        out.print(f"[dim]Written to {pdf}.[/]")


def _show(told: Any) -> None:
    out.print(f"[bold]{told.answer}[/] {told.answer_range}.")
    out.print(told.under, markup=False)
    out.print(f"[dim]{told.pay}[/]" + ("" if told.own_pay else " [dim](--pay own)[/]" if told.offered else ""))
    out.print(_table(told))
    for number, plan in enumerate(told.plans):
        _show_plan(told, plan, number)
    if told.outside:
        out.print(told.outside, markup=False)
    if told.turns:
        out.print("[bold]What would turn the order[/]")
    for one in told.turns:
        out.print(f"  {one['label']}, {one['end']}: {one['order']}", markup=False)
    out.print(f"[dim]{told.proof} {told.made}[/]")


def _table(told: Any) -> Table:
    """The figures; lists of names stand below, with their plan."""
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for plan in told.plans:
        table.add_column(plan["name"], justify="right")
    for row in told.lines:
        table.add_row(row["name"], *(one["value"] for one in row["cells"]), style="bold" if row["decides"] else "")
        unders = {one["under"] for one in row["cells"]}
        if not row["names"] and len(unders) > 1:
            table.add_row("", *(f"[dim]{one['under']}[/]" for one in row["cells"]))
    return table


def _show_plan(told: Any, plan: Any, number: int) -> None:
    out.print(f"[bold]{plan['name']}[/]")
    for seat in plan["rows"]:
        beside = ", ".join(one for one in (seat["shares"], seat["leads"]) if one)
        out.print(f"  {seat['count']} × {seat['title']}" + (f"  [dim]{beside}[/]" if beside else ""))
    for row in told.lines:
        if row["names"] and row["cells"][number]["under"]:
            out.print(f"  [dim]{row['name']}: {row['cells'][number]['under']}[/]")
    if plan["hiring"]:
        out.print(f"  [dim]In this order. {plan['hiring']}[/]")
    for step in plan["steps"]:
        line = f"{step['coverage']} done (+{step['adds']}), {step['cost']} a year, there in month {step['there']}"
        out.print(f"  {step['n']}. {step['title']}  [dim]{line}, at pace in {step['pace']}[/]")
