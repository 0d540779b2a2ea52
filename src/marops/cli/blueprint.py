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
            keep=keep,
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
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for plan in told.plans:
        table.add_column(plan["name"], justify="right")
    for row in told.lines:
        table.add_row(row["name"], *(one["value"] for one in row["cells"]))
        table.add_row("", *(f"[dim]{one['under']}[/]" for one in row["cells"]))
    out.print(table)
    for plan in told.plans:
        out.print(f"[bold]{plan['name']}[/]")
        for seat in plan["rows"]:
            shares = f"  [dim]{seat['shares']}[/]" if seat["shares"] else ""
            out.print(f"  {seat['count']} × {seat['title']}{shares}")
        if plan["first"]:
            out.print("  [dim]In this order:[/]")
            for step in plan["steps"]:
                out.print(f"  {step['n']}. {step['title']}  [dim]{step['coverage']} done, {step['cost']} a year[/]")
    if told.turns:
        out.print("[bold]What would turn the order[/]")
    for one in told.turns:
        out.print(f"  {one['label']}, {one['end']}: {one['order']}", markup=False)
    out.print(f"[dim]{told.proof} {told.made} Costs rest on placeholder pay.[/]")
