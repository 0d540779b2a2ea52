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
        say_fix(found, preview=preview)
    raise typer.Exit(FINDINGS if found["skipped"] else DONE)


def say_fix(found: dict[str, Any], *, preview: bool) -> None:
    """Tell what a change in bulk did, or would do."""
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


@quality_app.command("cost")
def cost(brought: Import = "", as_json: Json = False) -> None:
    """What each fault costs in leads and pipeline, against comparable leads without it. Exit code 1 if one does."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import Narrowing, quality_cost

        found = quality_cost(CLI, Narrowing(import_number=brought))
    if as_json:
        print_json(found)
    else:
        _say_cost(found)
    raise typer.Exit(FINDINGS if any(one["verdict"] == "costs" for one in found["rules"]) else DONE)


def _say_cost(found: dict[str, Any]) -> None:
    if found["why"]:
        out.print(found["why"])
        return
    out.print(f"{found['leads']:,} leads older than 30 days, each fault against leads of the same source and quarter.")
    table = Table(box=None, pad_edge=False)
    table.add_column("Rule", no_wrap=True)
    for title in ("Leads", "Opportunities lost", "Pipeline lost"):
        table.add_column(title, justify="right")
    measured = [one for one in found["rules"] if one["verdict"] != "unmeasured"]
    for one in measured:
        lost, pipeline = one["outcomes"]["opportunity"]["lost"], one["pipeline"]
        table.add_row(one["name"], f"{one['contacts']:,}", _range(lost), _range(pipeline) if pipeline else one["why"])
    if measured:
        out.print(table)
        out.print(f"In brackets: where all of it lies at {found['level']:.0%}, for all rules together.")
    for one in found["rules"]:
        if one["verdict"] == "unmeasured" and one["contacts"]:
            out.print(f"  {one['name']} ({one['contacts']:,}) not measurable: {one['why']}", markup=False)
    err.print("It goes along with the fault; mending it need not bring it back: who sells fills records in too.")


def _range(one: dict[str, Any]) -> str:
    unit = f" {one['currency']}" if "currency" in one else ""
    return f"{one['value']:,.0f}{unit} ({one['low']:,.0f} to {one['high']:,.0f})"


# --- vocabularies ----------------------------------------------------------------------------------------------------

words_app = typer.Typer(help="Spellings that could be one word: propose, accept, and write records accordingly.")
quality_app.add_typer(words_app, name="vocabulary")
Field = Annotated[str, typer.Argument(help="The field, such as job_title, industry or one of your own.")]
Word = Annotated[str, typer.Argument(help="The word, as marops quality vocabulary lists it.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="Only this spelling of the proposal; may be repeated.")]


@words_app.callback(invoke_without_command=True)
def vocabulary(
    context: typer.Context,
    field: Annotated[str, typer.Option(help="Only this field, with all its proposals.")] = "",
    as_json: Json = False,
) -> None:
    """Which spellings could be one word, by field. Exit code 1 when something is proposed."""
    if context.invoked_subcommand:
        return
    with installation(quiet=as_json):
        from marops.domains.contacts.public import vocabularies

        found = vocabularies(CLI, field)
    if as_json:
        print_json(found)
    else:
        _say_words(found, most=None if field else _SHOWN)
    raise typer.Exit(FINDINGS if found["words"] else DONE)


def _say_words(found: dict[str, Any], *, most: int | None) -> None:
    if not found["fields"]:
        out.print("No spelling looks like another word, and no word was accepted yet.")
        return
    out.print(
        f"Spellings that could be another word: {found['spellings']:,}, of {found['words']:,} words,"
        f" on {found['records']:,} records."
    )
    for one in found["fields"]:
        accepted = f"; {len(one['accepted']):,} accepted" if one["accepted"] else ""
        out.print(f"\n[bold]{one['label']}[/] ({one['field']}): {len(one['groups']):,} proposed{accepted}")
        if one["to_change"]:
            out.print(f"  {one['to_change']:,} records have a spelling that was accepted as another word:"
                      f" marops quality vocabulary apply {one['field']}")  # fmt: skip
        for group in one["groups"][:most]:
            out.print(f"  {_proposal(group)}", markup=False)
        if most and len(one["groups"]) > most:
            out.print(f"  … and {len(one['groups']) - most} more: marops quality vocabulary --field {one['field']}")


def _proposal(group: dict[str, Any]) -> str:
    shown, more = group["spellings"][:6], len(group["spellings"]) - 6
    said = ", ".join(f"{one['value']} ({one['contacts']:,}, {one['why']})" for one in shown)
    said += f" and {more} more" if more > 0 else ""
    return f"{group['becomes']} ({group['contacts']:,})  ←  {said}   {group['sure']:.0%}"


@words_app.command("accept")
def accept(
    field: Field,
    word: Word,
    only: Only = None,
    becomes: Annotated[str, typer.Option("--as", help="Write it so instead.")] = "",
    as_json: Json = False,
) -> None:
    """Accept a proposal: its spellings become the word when they come in. Records change with `apply`."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import accept_words, checked_field, find_group

        name = checked_field(field)
        said = only or [one.value for one in find_group(CLI, name, word).spellings]
        kept = becomes.strip() or word
        extra = [word] if kept != word else []
        row = accept_words(actor=CLI, field=name, words=[(kept, [*said, *extra])])
    _say_accepted(row.pinned, kept, [*said, *extra], name, as_json=as_json)


def _say_accepted(pinned: str, word: str, said: list[str], field: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"definition": pinned, "field": field, "becomes": word, "spellings": said})
        return
    out.print(f"{pinned}: {word} is written for {', '.join(said)} when they come in.", markup=False)
    err.print(f"To write existing records so: marops quality vocabulary apply {field} --preview")


@words_app.command("reject")
def reject(field: Field, word: Word, only: Only = None, as_json: Json = False) -> None:
    """Say that the spellings of a proposal are words of their own; they are not proposed again."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import checked_field, find_group, reject_words

        name = checked_field(field)
        said = only or [one.value for one in find_group(CLI, name, word).spellings]
        row = reject_words(actor=CLI, field=name, word=word, spellings=said)
    if as_json:
        print_json({"definition": row.pinned, "field": name, "word": word, "apart": said})
        return
    out.print(f"{row.pinned}: kept apart from {word}: {', '.join(said)}", markup=False)


@words_app.command("forget")
def forget(field: Field, word: Word, as_json: Json = False) -> None:
    """Let go of an accepted word; records that changed stay as they are."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import checked_field, forget_words

        name = checked_field(field)
        row = forget_words(actor=CLI, field=name, word=word)
    if as_json:
        print_json({"definition": row.pinned, "field": name, "word": word})
        return
    out.print(f"{row.pinned}: spellings of {word} are kept as they come from now on.", markup=False)


@words_app.command("apply")
def apply_words(
    field: Field,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would happen; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Write existing records as the vocabulary says, as one change that can be taken back."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import checked_field, preview_words, run_words

        found = preview_words(CLI, checked_field(field)) if preview else run_words(CLI, field)
    if as_json:
        print_json(found)
    else:
        say_fix(found, preview=preview)
