"""Quality from the command line: what is wrong with the records, remedies in bulk, and the way back."""

from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, DONE, FINDINGS, Json, app, err, installation, out, print_json

quality_app = typer.Typer(help="What is wrong with the records, and what to do about it.")
app.add_typer(quality_app, name="quality")
_SHOWN = 10
Import = Annotated[str, typer.Option("--import", help="Only leads that this import brought, such as I-7.")]


@quality_app.callback(invoke_without_command=True)
def quality(context: typer.Context, brought: Import = "", as_json: Json = False) -> None:
    """What is wrong with the database, by rule, owner and source. Exit code 1 when a rule finds somebody."""
    if context.invoked_subcommand:
        return
    with installation(quiet=as_json):
        from marops.domains.contacts.public import Narrowing, quality_summary

        found = quality_summary(CLI, Narrowing(import_number=brought))
    if as_json:
        print_json(found)
    else:
        _say(found)
    raise typer.Exit(FINDINGS if any(one["contacts"] for one in found["rules"]) else DONE)


def _say(found: dict[str, Any]) -> None:
    if found["score"] is None:
        out.print("No record was checked yet. The engine checks what comes in: marops run --once")
        return
    faulty = f"{found['faulty']:,} of {found['contacts']:,} records have a fault"
    out.print(f"Quality [bold]{found['score']:.1f}[/] of 100: {faulty}.")
    table = Table(box=None, pad_edge=False)
    for title in ("Rule", "Severity"):
        table.add_column(title, no_wrap=True)
    table.add_column("Who sees to it")  # the one that may take two lines on a narrow terminal
    for title in ("Records", "Share", "In 7 days"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found["rules"]:
        if one["contacts"]:
            change = "" if one["change_7d"] is None else f"{one['change_7d']:+,}"
            table.add_row(
                one["name"], one["severity"], one["owner_title"], f"{one['contacts']:,}",
                f"{one['share']:.1%}", change,
            )  # fmt: skip
    out.print(table)
    owners = [*(one for one in found["queues"] if one["key"]), *(one for one in found["owners"] if one["key"])]
    for title, lines in (("Owner", owners), ("Source", found["sources"])):
        _say_groups(title, lines)


def _say_groups(title: str, lines: list[dict[str, Any]]) -> None:
    if not lines:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(title)
    for name in ("Records", "With a fault", "Quality"):
        table.add_column(name, justify="right")
    for one in sorted(lines, key=lambda line: -line["faulty"])[:_SHOWN]:
        score = "" if one["score"] is None else f"{one['score']:.0f}"
        table.add_row(str(one["name"]), f"{one['contacts']:,}", f"{one['faulty']:,}", score)
    out.print()
    out.print(table)
    if len(lines) > _SHOWN:
        out.print(f"… and {len(lines) - _SHOWN} more.")


@quality_app.command("fix")
def fix(
    rule: Annotated[str, typer.Argument(help="The rule's short name, as marops quality lists it.")],
    remedy: Annotated[str, typer.Option(help="Which of the rule's remedies; the first one by default.")] = "",
    value: Annotated[str, typer.Option(help="The value it sets, for remedies that set one.")] = "",
    brought: Import = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Put a fault right on every record that it is safe for. Exit code 1 when some were left alone."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import Narrowing, preview_fix, run_fix

        narrowed = Narrowing(import_number=brought)
        found = (preview_fix if preview else run_fix)(CLI, rule, remedy, value, narrowed)
    if as_json:
        print_json(found)
    else:
        _say_fix(found, preview=preview)
    raise typer.Exit(FINDINGS if found["skipped"] else DONE)


def _say_fix(found: dict[str, Any], *, preview: bool) -> None:
    out.print(f"{found['title']}: [bold]{found['contacts']:,}[/] records {'would change' if preview else 'changed'}.")
    for one in found.get("rows", ()):
        changes = "; ".join(f"{name}: {one['before'].get(name)} → {value}" for name, value in one["after"].items())
        out.print(f"  {one['ref']}  {changes}", markup=False)
    for one in found["skipped"]:
        out.print(f"  {one['contacts']:>7,} left alone: {one['reason']}", markup=False)
    if not preview:
        out.print(f"This was {found['ref']}. To take it back: marops quality undo {found['ref']}")


@quality_app.command("undo")
def undo(
    number: Annotated[str, typer.Argument(help="The fix, such as F-3.")],
    as_json: Json = False,
) -> None:
    """Take a fix back: values that nobody changed since become what they were."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import take_back

        found = take_back(CLI, number)
    if as_json:
        print_json(found)
        return
    out.print(f"{found['ref']}: {found['restored']:,} records have their value back.")
    err.print("The engine checks them again: marops run --once")
