"""Privacy from the command line: may we contact somebody and why, and what people ask of their data."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from marops.cli.main import CLI, DONE, FINDINGS, Json, app, check_output, installation, out, print_json

if TYPE_CHECKING:
    from marops.domains.consent.public import Request
    from marops.domains.contacts.public import Contact

privacy_app = typer.Typer(help="May we contact somebody, and what people ask of their data.", no_args_is_help=True)
app.add_typer(privacy_app, name="privacy")
Ref = Annotated[str, typer.Argument(help="L-number, id, e-mail address, phone or an id elsewhere.")]
Identity = Annotated[str, typer.Option(help="How it was checked that this person asks; kept with the request.")]
_BY_HAND = "whoever used the command line vouched for it"


@privacy_app.command("why")
def why(
    ref: Ref,
    channel: Annotated[str, typer.Option(help="email, phone, sms, post or data; all of them by default.")] = "",
    purpose: Annotated[str, typer.Option(help="The short name of a purpose; all of them by default.")] = "",
    as_json: Json = False,
) -> None:
    """May this person be contacted, for what and by which channel, and why. Exit code 1 when nothing is allowed."""
    with installation(quiet=as_json):
        from marops.domains.consent.public import person_json

        found = person_json(CLI, _person(ref).id, channel=channel, purpose=purpose)
    if as_json:
        print_json(found)
    else:
        _say_why(found)
    raise typer.Exit(DONE if any(one["allowed"] for one in found["may_be_contacted"]) else FINDINGS)


def _say_why(found: dict[str, Any]) -> None:
    where = ", ".join(one for one in (found["region"], found["country"]) if one) or "nobody knows where"
    out.print(f"[bold]{found['ref']}[/], {where}: {', '.join(found['regimes'])}.")
    if found["restricted_since"]:
        out.print(f"[bold]Restricted since {found['restricted_since'][:10]}[/]: kept, and not used.")
    table = Table(box=None, pad_edge=False)
    for title in ("Purpose", "Channel", "May we", "Because"):
        table.add_column(title)
    for one in found["may_be_contacted"]:
        word = "[green]yes[/]" if one["allowed"] else "[red]no[/]"
        table.add_row(escape(one["title"]), one["channel"], word, escape(one["because"]))
    out.print(table)
    for note in dict.fromkeys(note for one in found["may_be_contacted"] for note in one["notes"]):
        out.print(f"Note: {note}", markup=False)
    out.print(f"Their own page: {found['links']['preferences']}", markup=False)


@privacy_app.command("ask")
def ask(
    ref: Ref,
    purpose: Annotated[list[str], typer.Option(help="What they said yes to; may be given several times.")],
    channel: Annotated[str, typer.Option(help="email, phone or sms.")] = "email",
    source: Annotated[str, typer.Option(help="Where they said it: a form, a fair.")] = "command line",
    as_json: Json = False,
) -> None:
    """Make the link by which somebody confirms a yes. Nothing is granted before they press its button.

    Marops sends no message yet: hand the link over, or put it into the message of the system that does.
    """
    with installation(quiet=as_json):
        from marops.domains.consent.public import ask_json, ask_to_confirm

        row = ask_to_confirm(
            actor=CLI, contact_id=_person(ref).id, channel=channel, purpose_slugs=purpose, source=source
        )
        told = ask_json(row)
    if as_json:
        print_json(told)
    else:
        out.print(f"Good until {told['expires_at'][:10]}: {told['link']}", markup=False)


@privacy_app.command("export")
def export(
    ref: Ref,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write it; .json for the bare document.")] = None,
    identity: Identity = _BY_HAND,
    as_json: Json = False,
) -> None:
    """Everything that is known about somebody, complete, as an archive; the request is kept and closed."""
    check_output(to)
    with installation(quiet=as_json):
        from marops.domains.consent.public import export_person, request_json, sections

        person = _person(ref)
        request = _request(person, "access", identity)
        document, content, request = export_person(actor=CLI, request=request)
        path = to or Path(f"{person.ref}.zip")
        path.write_bytes(json.dumps(document, indent=1, default=str).encode() if path.suffix == ".json" else content)
        told: dict[str, Any] = {
            "request": request_json(request), "file": str(path), "tables": dict(sections(document)),
            "events": len(document["events"]),
        }  # fmt: skip
    if as_json:
        print_json(told)
        return
    rows = sum(told["tables"].values())
    out.print(f"{path}: {rows:,} rows of {len(told['tables'])} tables, {told['events']:,} events.", markup=False)
    out.print(f"This was {request.ref}, answered in time." if request.done_at else "")


@privacy_app.command("erase")
def erase(
    ref: Ref,
    identity: Identity = _BY_HAND,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; there is no way back.")] = False,
    as_json: Json = False,
) -> None:
    """Erase somebody from every place, and prove it. Exit code 1 when a place still holds something."""
    with installation(quiet=as_json):
        from marops.domains.consent.public import find_proof, find_request, proof_json, request_json, start_erasing
        from marops.kernel.jobs import run_here

        person = _person(ref)
        if not yes and not as_json:
            typer.confirm(f"Erase {person.ref} for good?", abort=True)
        request = _request(person, "erasure", identity)
        job = run_here(start_erasing([person.id], actor=CLI, here=True, request_id=request.id).id)
        result: dict[str, Any] = job.result or {}
        proof = proof_json(find_proof(CLI, result["proof"]))
        told = {"request": request_json(find_request(CLI, request.ref)), "proof": proof, "job": job.ref,
                "look_at": result["look_at"]}  # fmt: skip
    if as_json:
        print_json(told)
    else:
        _say_erased(person.ref, told)
    raise typer.Exit(FINDINGS if proof["found"] else DONE)


def _say_erased(ref: str, told: dict[str, Any]) -> None:
    proof = told["proof"]
    was = sum((proof["before"] or {}).values())
    out.print(f"{ref} is erased ({told['request']['ref']}, {told['job']}).")
    out.print(
        f"{proof['ref']}: {proof['places']} places were searched. Before, {was:,} rows and files in"
        f" {len(proof['before'] or {})} of them held something of the person; now [bold]{proof['found']:,}[/] do."
    )
    for place, number in proof["after"].items():
        out.print(f"  still {number:,} in {place}", markup=False)
    if proof["others"]:
        out.print(f"  It stands in the rows of other people: {', '.join(proof['others'])}.", markup=False)
    for one in told["look_at"]:
        out.print(f"  Look at it yourself: {one}", markup=False)
    backups = proof["backups"]
    out.print(f"Backups: {backups['there']:,} there, {backups['kept']}. {backups['says']}", markup=False)


@privacy_app.command("restrict")
def restrict(
    ref: Ref,
    identity: Identity = _BY_HAND,
    lift: Annotated[bool, typer.Option("--lift", help="End the restriction.")] = False,
    reason: Annotated[str, typer.Option("--why", help="Why, in a line.")] = "",
    as_json: Json = False,
) -> None:
    """Keep somebody's data and use it no more: nobody contacts them while this stands."""
    with installation(quiet=as_json):
        from marops.domains.consent.public import lift_restriction, restrict_person

        person = _person(ref)
        if lift:
            lift_restriction(actor=CLI, contact_id=person.id, why=reason)
        else:
            request = _request(person, "restriction", identity)
            restrict_person(actor=CLI, contact_id=person.id, why=reason, request_id=request.id)
    if as_json:
        print_json({"ref": person.ref, "restricted": not lift, "request": None if lift else request.ref})
    else:
        out.print(f"{person.ref} is {'restricted no more' if lift else 'restricted: nobody contacts them'}.")


@privacy_app.command("requests")
def requests(
    state: Annotated[str, typer.Option(help="open, done or refused; all by default.")] = "",
    kind: Annotated[str, typer.Option(help="access, erasure, restriction …")] = "",
    as_json: Json = False,
) -> None:
    """What people asked of their data, the most urgent first. Exit code 1 when one is late."""
    with installation(quiet=as_json):
        from marops.domains.consent.public import request_json, request_rows
        from marops.kernel.clock import now

        items = [request_json(one) for one in request_rows(CLI, state=state, kind=kind)[:200]]
        at = now()
    late = [one for one in items if one["state"] == "open" and datetime.fromisoformat(one["due_at"]) < at]
    if as_json:
        print_json({"items": items, "next": None})
    elif not items:
        out.print("Nobody asked anything.")
    else:
        table = Table(box=None, pad_edge=False)
        for title in ("Ref", "What", "Who", "Received", "Due", "State"):
            table.add_column(title)
        for one in items:
            table.add_row(
                one["ref"], one["kind"], one["subject"], one["received_at"][:10], one["due_at"][:10],
                "[red]late[/]" if one in late else one["state"],
            )  # fmt: skip
        out.print(table)
    raise typer.Exit(FINDINGS if late else DONE)


@privacy_app.command("retain")
def retain(
    rule: Annotated[str, typer.Argument(help="The short name of a rule of retention in force.")] = "quiet",
    preview: Annotated[bool, typer.Option("--preview", help="Show whom it is about; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Let go of people of whom nothing was heard for long, by a rule in force and within its limit."""
    with installation(quiet=as_json):
        from marops.domains.consent.public import retention_due, start_retention
        from marops.kernel.jobs import run_here

        told = retention_due(rule)
        if not preview:
            job = run_here(start_retention(rule, actor=CLI, here=True).id)
            told = {**(job.result or {}), "job": job.ref}
    if as_json:
        print_json(told)
    elif preview:
        out.print(
            f"{told['people']:,} people were quiet for long enough; {told['now']:,} would go now ({told['then']})."
        )
        for one in told["examples"]:
            out.print(f"  {one['ref']}  last heard of {(one['heard'] or 'never')[:10]}", markup=False)
    else:
        out.print(f"{told['people']:,} people went ({told['then']}, {told['job']}); {told['left']:,} are left.")


@privacy_app.command("record")
def record(
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it here as PDF.")] = None, as_json: Json = False
) -> None:
    """The record of processing (GDPR Art. 30) as Markdown, read off what this installation really does."""
    check_output(pdf)
    with installation(quiet=True):
        from marops.domains.consent.public import as_markdown, processing, record_pdf
        from marops.kernel.clock import now

        found = processing(now())
        if pdf:
            pdf.write_bytes(record_pdf(found, now()))
    if as_json:
        print_json(found)
    elif not pdf:
        print(as_markdown(found))


def _person(ref: str) -> "Contact":
    from marops.domains.contacts.public import find_contact

    return find_contact(ref, actor=CLI)


def _request(person: "Contact", kind: str, identity: str) -> "Request":
    """The open request of this kind with its identity checked; made where nobody took one in."""
    from marops.domains.consent.public import open_request

    return open_request(actor=CLI, contact_id=person.id, kind=kind, identity=identity)
