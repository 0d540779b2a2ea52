"""Why the leads are bad: a complaint traced to its causes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from marops.cli.main import CLI, Json, app, check_output, err, installation, out, print_json, table_of

_REFS = ("lead", "ref", "id", "email", "e-mail", "mail", "contact")


@app.command()
def trace(
    file: Annotated[
        Path | None, typer.Argument(help="The leads complained of: a file with e-mail or L-number.")
    ] = None,
    rejected: Annotated[bool, typer.Option("--rejected", help="Those that sales rejected, instead of a file.")] = False,
    source: Annotated[str, typer.Option(help="All that sales got from this source; with --rejected, of those.")] = "",
    owner: Annotated[str, typer.Option(help="All that this seller got: address or reference.")] = "",
    reason: Annotated[str, typer.Option(help="Those that sales rejected for this reason, such as wrong_person.")] = "",
    country: Annotated[list[str] | None, typer.Option(help="All of this country; may be given again.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day; else 180 days.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until before this day.")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write the answer here, on one page.")] = None,
    keep: Annotated[str, typer.Option(help="Keep the answer, with these words of sales.")] = "",
    as_json: Json = False,
) -> None:
    """Say why leads are bad: causes ranked against comparable leads, the routing, the data, and what to change."""
    narrowed = bool(source or owner or country or reason)
    if (file is None) is not (rejected or narrowed):
        raise typer.BadParameter("Give a file of leads, or --rejected, --source, --owner, --country or --reason.")
    check_output(pdf)
    from marops.kernel.clock import now

    ends = until.replace(tzinfo=UTC) if until else now()
    begins = since.replace(tzinfo=UTC) if since else ends - timedelta(days=180)
    with installation(quiet=as_json):
        from marops.domains.routing.public import Complaint, Wanted, complain, complaint_pdf, told_of

        ids, unknown = _named(file) if file else (None, [])
        wanted = Wanted(ids, narrowed and not (rejected or reason), _among(source, owner, country or [], reason))
        asked = Complaint(begins, ends, wanted)
        told = told_of(CLI, complain(CLI, asked, said=keep)) if keep else told_of(CLI, asked)
        if pdf:
            pdf.write_bytes(complaint_pdf(told, now()))
    told = told["answer"] | {key: told[key] for key in ("ref", "sha256") if key in told}
    told |= {"unknown": unknown} if file else {}
    if as_json:
        print_json(told)
    else:
        _say(told)


def _among(source: str, owner: str, countries: list[str], reason: str) -> dict[str, list[str]]:
    """What narrows the leads, as the trace asks it."""
    from marops.domains.routing.public import seller_named

    found = {
        "source": [source], "owner": [seller_named(owner) if owner else ""],
        "country": [one.upper() for one in countries], "reason": [reason],
    }  # fmt: skip
    return {name: values for name, values in found.items() if any(values)}


def _named(file: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The ids of the leads that a file names, and the rows that name nobody."""
    from marops.domains.routing.public import leads_named
    from marops.kernel.errors import INVALID, MaropsError

    table, unreadable = table_of(file)
    by_name = {name.strip().lower(): name for name in table.column_names}
    column = next((by_name[name] for name in _REFS if name in by_name), None)
    if column is None:
        raise MaropsError(INVALID, f"{file} has no column that names leads: lead, id or email.")
    found = leads_named([one or "" for one in table[column].to_pylist()])
    unknown = [{"row": at + 2, "value": one} for at, (one, who) in enumerate(found) if who is None]
    return [who for _one, who in found if who], [*unknown, *unreadable]


def _say(told: dict[str, Any]) -> None:
    out.print(f"[bold]{told['answer']}[/]")
    for one in told.get("unknown", ())[:10]:
        err.print(f"Row {one['row']} names no lead: {one.get('value', '')}", markup=False)
    if told.get("ref"):
        out.print(f"Kept as {told['ref']}, sealed {told['sha256'][:12]}…")
    table = Table(box=None, pad_edge=False)
    for name in ("Cause", "Leads", "Share", "Elsewhere", "Excess, with interval"):
        table.add_column(name)
    for one in [each for each in told["causes"] if each["sure"]] or told["causes"][:5]:
        if one["cause"] != "unexplained":
            span = f"{one['excess']:+.0%} ({one['low']:+.0%} to {one['high']:+.0%})"
            table.add_row(one["says"], f"{one['leads']:,}", f"{one['share']:.0%}", f"{one['control_share']:.0%}", span)
    last = told["causes"][-1]
    table.add_row(last["says"], f"{last['leads']:,}", f"{last['share']:.0%}", "", "")
    out.print(table)
    _parts(told)


def _parts(told: dict[str, Any]) -> None:
    routing, quality, proposal = told["routing"], told["quality"], told["proposal"]
    ran = ", ".join(f"{one['value']} ({one['leads']:,})" for one in routing["ran_by"])
    held = ", ".join(f"{n:,} {name}" for name, n in routing["held"].items() if n)
    out.print(f"The routing as it ran: {ran or 'no route'}. Of these leads: {held or 'nothing went another way'}.")
    reasons = ", ".join(f"{one['says']} ({one['share']:.0%})" for one in quality["reasons"][:4])
    faults = ", ".join(f"{one['title']} ({one['leads']:,})" for one in quality["faults"][:3])
    out.print(f"The data beneath: sales said {reasons or 'nothing'}. Faults: {faults or 'none'}.", markup=False)
    if proposal:
        out.print(f"What we change: {proposal['change']} {proposal['says']}", markup=False)
        for one in proposal["alternatives"]:
            out.print(f"  Or: {one['change']} {one['says']}", markup=False)
    out.print(told["how"], style="dim", markup=False)
