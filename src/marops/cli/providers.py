"""Providers of data from the command line: whom to ask for what records lack, within the day's budget."""

from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, FINDINGS, Json, app, err, installation, out, print_json
from marops.cli.quality import say_fix

providers_app = typer.Typer(help="Providers of data that are asked for what records lack.", no_args_is_help=True)
app.add_typer(providers_app, name="providers")
Name = Annotated[str, typer.Argument(help="The provider's short name: house of provider/house.")]


@providers_app.command("list")
def list_providers(as_json: Json = False) -> None:
    """The providers in force, their budget and what was spent today. Exit code 1 when the last call of one failed."""
    with installation(quiet=as_json):
        from marops.connectors.enrichment.public import providers

        found = providers(CLI)
    if as_json:
        print_json({"items": found, "next": None})
    elif not found:
        out.print("No provider is in force. Write one as a definition of the kind provider: marops apply FILE.yaml")
    else:
        _say(found)
    if any(one["last"] and one["last"]["outcome"] == "failed" for one in found):
        raise typer.Exit(FINDINGS)


def _say(found: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("Name", "Sends", "Gives", "Calls today", "Money today", "Last"):
        table.add_column(title)
    for one in found:
        table.add_row(
            one["name"], ", ".join(one["sends"]), ", ".join(one["gives"]),
            f"{one['calls_today']:,} of {one['calls_per_day']:,}",
            f"{one['money_today']['amount']} of {one['money_per_day']['amount']} {one['money_per_day']['currency']}",
            one["last"]["outcome"] if one["last"] else "never asked",
        )  # fmt: skip
    out.print(table)


@providers_app.command("key")
def key(name: Name) -> None:
    """Keep the key of a provider, encrypted; it is read from standard input, or asked for."""
    import sys

    given = typer.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    with installation():
        from marops.connectors.enrichment.public import provider, set_key

        set_key(actor=CLI, provider=provider(name)[0].slug, key=given.strip())
    out.print(f"The key of {name} is kept, encrypted.")


@providers_app.command("ask")
def ask(
    name: Name,
    most: Annotated[int, typer.Option(min=0, help="At most so many calls; 0: until the day's budget is used up.")] = 0,
    as_json: Json = False,
) -> None:
    """Ask for what records lack, and keep the answers; records change with `fill`. Exit code 1 when it was stopped."""
    with installation(quiet=as_json):
        from marops.connectors.enrichment.public import run_asking

        found = run_asking(CLI, name, most)
    if as_json:
        print_json(found)
    else:
        out.print(
            f"{found['asked']:,} calls: {found['found']:,} answered, {found['nothing']:,} know nothing,"
            f" {found['failed']:,} failed. {found['kept']:,} answers hold from before; the data of"
            f" {found['barred']:,} people may not go out."
        )
        if found["stopped"]:
            out.print(found["stopped"], markup=False)
        err.print(f"To see what the answers would fill: marops providers fill {name} --preview")
    if found["stopped"]:
        raise typer.Exit(FINDINGS)


@providers_app.command("fill")
def fill(
    name: Name,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Fill empty fields with what the provider answered, as one change that can be taken back."""
    with installation(quiet=as_json):
        from marops.connectors.enrichment.public import preview_filling, run_filling

        found = (preview_filling if preview else run_filling)(CLI, name)
    if as_json:
        print_json(found)
    else:
        say_fix(found, preview=preview)
