"""Routing from the command line: what a route does, what a changed one would do, and what became of leads."""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.leads import leads_app
from marops.cli.main import CLI, DONE, FINDINGS, Json, app, installation, out, print_json, text_of

route_app = typer.Typer(help="Who gets which lead, and what a change would do.", no_args_is_help=True)
app.add_typer(route_app, name="route")


@route_app.command("show")
def show(
    slug: Annotated[str, typer.Argument(help="The route's short name.")] = "main",
    as_json: Json = False,
) -> None:
    """A route's rules in order, the people of its pools as they stand, and the decisions of the last 30 days."""
    with installation(quiet=as_json):
        from marops.domains.routing.public import route_as_json
        from marops.kernel.clock import now

        document = route_as_json(slug, now())
    if as_json:
        print_json(document)
        return
    out.print(f"[bold]{document['title']}[/]  [dim]{document['version']} ({document['state']})[/]")
    for number, rule in enumerate(document["rules"], 1):
        out.print(f"{number}. [bold]{rule['label']}[/]: {rule['when']}", markup=True)
        out.print(f"   → {rule['queue'] or 'the pool below'}; {rule['leads']:,} leads in 30 days", markup=False)
        for warning in rule["warnings"]:
            out.print(f"   ! {warning}", markup=False)
        if rule["people"]:
            out.print(_pool(rule["people"]))
    out.print(f"Otherwise → {document['document'].get('fallback', 'unassigned-leads')}")


_STATES = {
    "works": "at work",
    "unasked": "hours do not count here",
    "off": "off work",
    "closed": "off work",
    "absent": "away",
    "gone": "no account, or left",
}


def _pool(people: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("   Person")
    table.add_column("Now")
    for title in ("Share", "Got", "By share", "Open", "Today", "Room"):
        table.add_column(title, justify="right")
    for one in people:
        room = "" if one["room"] is None else f"{one['room']:,}"
        state = _STATES.get(one["state"], one["state"])
        table.add_row(
            f"   {one['name']}", state, f"{one['share']:.0%}", f"{one['got']:,}", f"{one['expected']:,.1f}",
            f"{one['open']:,}", f"{one['today']:,}", room,
        )  # fmt: skip
    return table


@route_app.command("queue")
def queue(
    slug: Annotated[str, typer.Argument(help="The short name that routes use, such as partner-desk.")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    purpose: Annotated[str, typer.Option(help="Which leads wait there, and for whom.")] = "",
    change: Annotated[bool, typer.Option("--change", help="Rename and describe a queue that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Make a queue that rules can send leads to; one that is there stays as it is, unless --change is given."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise typer.BadParameter("Use small letters, digits and hyphens.", param_hint="slug")
    with installation(quiet=as_json):
        from marops.domains.register.public import change_queue, ensure_queue

        made = (change_queue if change else ensure_queue)(actor=CLI, slug=slug, name=name, purpose=purpose)
    if as_json:
        print_json({"slug": made.slug, "name": made.name, "purpose": made.purpose, "fallback": made.fallback})
    else:
        out.print(f"Rules can send leads to the queue “{made.name}” as {made.slug}.", markup=False)


@route_app.command("simulate")
def simulate(
    rules: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A route as YAML, as `marops export` writes it.")
    ],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Leads that came since this day.")],
    slug: Annotated[str, typer.Option(help="The route whose ledgers count; new leads follow them.")] = "main",
    as_now: Annotated[
        bool, typer.Option("--as-now", help="With today's absences, hours and capacity; else by shares alone.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many leads to list.")] = 20,
    as_json: Json = False,
) -> None:
    """Who would be with somebody else than by the version in force, and whom `reassign` would move at once.

    Nothing is written. Exit code 1 when no rule claims some leads.
    """
    with installation(quiet=as_json):
        from marops.domains.routing.public import read_route, try_route
        from marops.kernel.clock import now
        from marops.kernel.workspace import zone

        route = read_route(text_of(rules))
        first = since.replace(tzinfo=zone())
        trial = try_route(route, slug, first, now(), actor=CLI, as_now=as_now, shown=1_000_000 if as_json else limit)
    if as_json:
        print_json(trial.as_json())
    else:
        _tell(trial)
    raise typer.Exit(FINDINGS if trial.unmatched else DONE)


def _tell(trial: Any) -> None:
    than = f"by {trial.baseline.partition('/')[2]}" if trial.baseline else "today"
    out.print(
        f"[bold]{trial.moved:,}[/] of [bold]{trial.leads:,}[/] leads would be with somebody else than {than};"
        f" [bold]{trial.unmatched:,}[/] with nobody."
    )
    if trial.turned:
        out.print(f"{trial.turned:,} of them only because turns of the same pool shift.")
    if trial.baseline:
        out.print(f"{trial.elsewhere_today:,} are with somebody else today than they would be.")
    if trial.by_hand:
        out.print(f"{trial.by_hand:,} were handed over by a person and stay.")
    owners = Table("Owner", box=None, pad_edge=False)
    for title in ("Has today", "In force", "Would have"):
        owners.add_column(title, justify="right")
    for one in trial.owners:
        owners.add_row(one.owner, f"{one.today:,}", f"{one.before:,}", f"{one.after:,}")
    out.print(owners)
    _tell_moves(trial.items, trial.moved)
    if trial.moves:
        out.print(f"Put in force, it moves [bold]{trial.moves.leads:,}[/] leads that have an owner at once;", end=" ")
        out.print(f"{trial.moves.at_work:,} stay because sales has them in work.")
        _tell_moves(trial.moves.items, trial.moves.leads)


def _tell_moves(items: list[Any], moved: int) -> None:
    if not items:
        return
    moves = Table("Lead", "Name", "From", "To", "Because of", box=None, pad_edge=False)
    for one in items:
        moves.add_row(one.ref, one.name or "", one.before, one.after, one.why)
    out.print(moves)
    more = moved - len(items)
    out.print(f"and {more:,} more; --limit shows them." if more else "That is everybody who would move.")


@leads_app.command("dispose")
def dispose(
    ref: Annotated[str, typer.Argument(help="L-number, id, e-mail, phone or any id of another system.")],
    disposition: Annotated[str, typer.Argument(help="accepted, working, rejected, won or lost.")],
    reason: Annotated[str, typer.Option(help="Why, for a lead that is rejected or lost, such as no_budget.")] = "",
    note: Annotated[str, typer.Option(help="A note to it.")] = "",
    as_json: Json = False,
) -> None:
    """Say what became of a lead."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import find_contact
        from marops.domains.routing.public import dispose_lead, disposition_of

        contact = find_contact(ref, actor=CLI)
        dispose_lead(actor=CLI, contact_id=contact.id, disposition=disposition, reason=reason, note=note)
        told = disposition_of(contact.id)
    if as_json:
        print_json(told)
    else:
        why = f": {told['reason_label'].lower()}" if told["reason_label"] else ""
        out.print(f"{contact.ref} is {told['label'].lower()}{why}.")


@leads_app.command("touch")
def touch(
    ref: Annotated[str, typer.Argument(help="L-number, id, e-mail, phone or any id of another system.")],
    channel: Annotated[str, typer.Argument(help="call, email, meeting or note.")],
    note: Annotated[str, typer.Option(help="What was said.")] = "",
    as_json: Json = False,
) -> None:
    """Note that somebody did something about a lead; the first time ends the clock of the first touch."""
    with installation(quiet=as_json):
        from marops.domains.contacts.public import find_contact
        from marops.domains.routing.public import sla_of, touch_lead

        contact = find_contact(ref, actor=CLI)
        touch_lead(actor=CLI, contact_id=contact.id, channel=channel, note=note)
        promise = sla_of(contact.id)
    if as_json:
        print_json({"ref": contact.ref, "sla": promise})
        return
    words = {"met": " The promise was kept.", "late": " The promise was missed."}
    out.print(f"Noted for {contact.ref}.{words.get(promise['state'], '') if promise else ''}")
