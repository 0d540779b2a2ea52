"""Enrichment from the command line: what records lack and what is at hand says."""

from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, DONE, FINDINGS, Json, err, installation, out, print_json
from marops.cli.quality import Import, quality_app, say_fix

_NONE = "none"


@quality_app.command("enrich")
def enrich(
    name: Annotated[str, typer.Argument(help="Which derivation; without one, all are listed.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; change nothing.")] = False,
    as_they_come: Annotated[
        str, typer.Option(help="Derive this on all that comes in from now on: names with commas, or none.")
    ] = "",
    brought: Import = "",
    as_json: Json = False,
) -> None:
    """Fill what is empty from what is at hand, with no outside call. Exit code 1 while something is left."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import (
            Narrowing,
            enrichment,
            preview_enrichment,
            run_enrichment,
            set_enrichment,
        )

        if as_they_come:
            names = [one.strip() for one in as_they_come.split(",") if one.strip() not in ("", _NONE)]
            set_enrichment(actor=CLI, as_they_come=names)
        if name:
            found = (preview_enrichment if preview else run_enrichment)(CLI, name, Narrowing(import_number=brought))
        else:
            found = enrichment(CLI)
    if as_json:
        print_json(found)
    elif name:
        say_fix(found, preview=preview)
    else:
        _say(found)
    lines = found["skipped"] if name else [one for one in found["derivations"] if one["contacts"]]
    raise typer.Exit(FINDINGS if lines else DONE)


def _say(found: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Derivation", no_wrap=True)
    table.add_column("Fills")
    table.add_column("From")
    table.add_column("Records", justify="right")
    table.add_column("As they come", justify="right")
    for one in found["derivations"]:
        fills = ", ".join(one["fills"])
        table.add_row(one["name"], fills, one["from"], f"{one['contacts']:,}", "yes" if one["as_they_come"] else "no")
    out.print(table)
    err.print("To see what one would do: marops quality enrich NAME --preview")


@quality_app.command("age")
def age(brought: Import = "", as_json: Json = False) -> None:
    """How old values are by field, and how many of them are likely still true."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import Narrowing, freshness

        found = freshness(CLI, Narrowing(import_number=brought))
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("Field")
    for title in ("Values", "Mean age", "Half-life", "Older than that", "Likely true"):
        table.add_column(title, justify="right")
    for one in found["fields"]:
        if one["values"]:
            table.add_row(
                one["label"], f"{one['values']:,}", f"{one['months']:.0f} months", f"{one['half_life_months']} months",
                f"{one['aged']:,}", f"{one['fresh']:.0%}",
            )  # fmt: skip
    out.print(table)
    err.print("Counted from when a source last gave each value. Half-lives are assumptions: freshness/main tells them.")
