"""The intake from the command line: a write key, and what came in."""

from typing import Annotated, Any

import typer

from marops.cli.main import DONE, FINDINGS, REFUSED, Json, app, err, installation, out, print_json

intake_app = typer.Typer(help="Events from websites and programs.", no_args_is_help=True)
app.add_typer(intake_app, name="intake")


@intake_app.command("key")
def key(
    name: Annotated[str, typer.Argument(help="For which website or program; it stands beside each event.")],
    as_json: Json = False,
) -> None:
    """Make a write key, owned by the administrator. It can send events for a year, and nothing else."""
    with installation(quiet=as_json) as session:
        from marops.domains.accounts.public import first_sign_in_link, make_token, owner_of_last_resort
        from marops.domains.capture.public import SEND, WRITE_KEY_DAYS
        from marops.kernel.actors import Actor

        owner = owner_of_last_resort()
        if owner is None:
            first_sign_in_link()  # a fresh installation has nobody yet who could own a key
            owner = owner_of_last_resort()
        if owner is None:
            err.print("There is no administrator who could own the key.")
            raise typer.Exit(REFUSED)
        row, secret = make_token(
            actor=Actor("human", str(owner.id)), name=name, rights_asked=[SEND], days=WRITE_KEY_DAYS
        )
        document: dict[str, Any] = {"id": str(row.id), "name": row.name, "secret": secret, "expires_at": row.expires_at}
        address = session.config.address
    if as_json:
        print_json(document)
        return
    out.print(f"The write key of “{name}”; it is not shown again:\n  [bold]{secret}[/]")
    out.print(f"Send Segment's calls to {address} with it, for instance to {address}/v1/track.")


@intake_app.command("status")
def status(as_json: Json = False) -> None:
    """What came in during the last day, and what was refused and why. Exit code 1 when something was refused."""
    with installation(quiet=as_json):
        from marops.domains.capture.public import intake_faults, intake_state
        from marops.kernel.clock import now

        state, faults = intake_state(now()), intake_faults(now())
    if as_json:
        print_json({"day": state.day, "waiting": state.waiting, "refused": state.refused, "last": state.last,
                    "faults": [{"fate": one["fate"], "events": one["events"]} for one in faults]})  # fmt: skip
    else:
        out.print(f"{state.day:,} events in 24 hours, {state.waiting:,} waiting, {state.refused:,} refused.")
        for one in faults:
            out.print(f"  {one['events']:>7,} × {one['says']}", markup=False)
    raise typer.Exit(FINDINGS if state.refused else DONE)
