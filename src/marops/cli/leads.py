"""Leads from the command line: import, list, explain."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, DONE, FINDINGS, Json, app, err, installation, out, print_json

import_app = typer.Typer(help="Bring data in.", no_args_is_help=True)
explain_app = typer.Typer(help="Say why something is as it is.", no_args_is_help=True)
app.add_typer(import_app, name="import")
leads_app = typer.Typer(help="Who is where, and what became of leads.", invoke_without_command=True)
app.add_typer(explain_app, name="explain")
app.add_typer(leads_app, name="leads")


PRACTICE = typer.Option("--practice", help="Bring it in beside the sample company, to go when it goes.")
DAY = ["%Y-%m-%d"]
# What people mean by a word: the best and the newest first, names from A.
_ORDERS = {"score": "-score", "newest": "-newest"}


@leads_app.callback()
def leads(
    context: typer.Context,
    owner: Annotated[str, typer.Option(help="Only the leads of this person or queue.")] = "",
    stage: Annotated[str, typer.Option(help="Only the leads in this stage, such as mql.")] = "",
    grade: Annotated[str, typer.Option(help="Only the leads of this grade, such as A.")] = "",
    imported: Annotated[str, typer.Option("--import", help="Only what this import made or changed, such as I-7.")] = "",
    event: Annotated[str, typer.Option(help="Only those whom a figure counts: created, mql, rejected …")] = "",
    since: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="… from this day on.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="… up to this day.")] = None,
    sort: Annotated[str, typer.Option(help="score, newest or name.")] = "score",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """Who is where: leads with their score, stage and owner."""
    if context.invoked_subcommand:
        return
    with installation(quiet=as_json):
        from marops.domains.routing.public import LeadFilter, lead_page
        from marops.engine.behind import Happened

        order = _ORDERS.get(sort, sort)
        first, last = (one.date() if one else None for one in (since, until))
        narrowed = LeadFilter(
            owner=owner, stage=stage, grade=grade, sort=order, imported=imported, happened=Happened(event, first, last)
        )
        page = lead_page(CLI, narrowed, limit=limit)
    if as_json:
        print_json({"items": [lead.as_json() for lead in page.items], "next": page.next})
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Ref", "Name", "Company", "Country", "Source"):
        table.add_column(title)
    table.add_column("Score", justify="right")
    for title in ("Grade", "Stage", "Owner"):
        table.add_column(title)
    for lead in page.items:
        table.add_row(
            lead.ref, lead.name, lead.company or "", lead.country or "", lead.source or "",
            "" if lead.score is None else f"{lead.score:g}", lead.grade or "", lead.stage or "", lead.owner or "",
        )  # fmt: skip
    out.print(table)
    out.print(f"{page.total_text} leads." if page.next is None else f"{len(page.items)} of {page.total_text} leads.")
    if page.figure_text:
        out.print(f"{page.figure_text}.")


@explain_app.command("lead")
def explain_lead(
    ref: Annotated[str, typer.Argument(help="L-number, id, e-mail, phone or any id of another system.")],
    as_json: Json = False,
) -> None:
    """The whole story of one lead: who, from where, how good, where it stands, who has it, and why."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import find_contact
        from marops.domains.routing.public import lead_story

        story = lead_story(find_contact(ref, actor=CLI).id, CLI)
    if as_json:
        print_json(story)
        return
    from marops.cli.story import tell

    tell(out, story)


@import_app.command("leads")
def import_leads(
    file: Annotated[Path, typer.Argument(help="CSV (any delimiter and encoding), XLSX or Parquet.")],
    map_file: Annotated[Path | None, typer.Option("--map", help="YAML: column → field. Default: guessed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where to write the rows that were refused.")] = None,
    practice: Annotated[bool, PRACTICE] = False,
    as_json: Json = False,
) -> None:
    """Bring leads in from a file. Exit code 1 when some rows were refused."""
    with installation(quiet=as_json):
        from marops.cli.importing import import_file

        result = import_file(
            file, map_file=map_file, dry_run=dry_run, rejects=rejects, quiet=as_json, err=err, practice=practice
        )
    if as_json:
        print_json({name: getattr(result, name) for name in PRINTED})
    else:
        say(result, "The engine scores and routes what changed: marops run --once")
    raise typer.Exit(FINDINGS if result.rejected else DONE)


_SHOWN = 10
PRINTED = ("rows", "created", "updated", "unchanged", "rejected", "rejects_file", "seconds")


def say(result: Any, next_step: str) -> None:
    """What an import came to, and what comes next."""
    parts: Sequence[tuple[str, int]] = (
        ("created", result.created),
        ("updated", result.updated),
        ("unchanged", result.unchanged),
        ("rejected", result.rejected),
    )
    words = ", ".join(f"[bold]{number:,}[/] {what}" for what, number in parts)
    out.print(f"{result.rows:,} rows in {result.seconds:.1f} s: {words}.")
    for one in _summed(result):
        out.print(f"  {one['rows']:>7,} × {one['message']} {one['remedy']}".rstrip(), markup=False)
    if result.duplicates:
        pairs = ", ".join(f"{one['row']} by {one['replaced_by_row']}" for one in result.duplicates[:_SHOWN])
        more = f" and {len(result.duplicates) - _SHOWN} more" if len(result.duplicates) > _SHOWN else ""
        out.print(f"Rows replaced by a later one about the same: {pairs}{more}.")
    if result.rejects_file:
        out.print(f"The refused rows, each with its reason and remedy: {result.rejects_file}")
    if result.ref:
        out.print(f"This was import {result.ref}. {next_step}")


def _summed(result: Any) -> list[dict[str, Any]]:
    """What was found, each kind once with its number of rows; a dry run has looked at rows one by one."""
    if result.findings:
        return list(result.findings)
    kinds: dict[str, dict[str, Any]] = {}
    for one in result.warnings:
        kind = kinds.setdefault(one["code"] + one.get("field", ""), {**one, "rows": 0})
        kind["rows"] += 1
    return list(kinds.values())
