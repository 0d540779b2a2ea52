"""Webhooks from the command line: which systems are told, and a new one."""

from typing import Annotated

import typer
from rich.table import Table

from marops.cli.main import CLI, FINDINGS, Json, app, installation, out, print_json

webhooks_app = typer.Typer(help="Other systems that are told what happens.", no_args_is_help=True)
app.add_typer(webhooks_app, name="webhooks")


@webhooks_app.command("list")
def list_webhooks(as_json: Json = False) -> None:
    """Who is told what, and how it goes. Exit code 1 when one fails or was stopped."""
    with installation(quiet=as_json):
        from marops.connectors.webhooks.public import endpoints

        found = [
            {"ref": one.ref, "name": one.name, "url": one.url, "kinds": one.kinds, "state": one.state,
             "waiting": one.waiting, "delivered": one.delivered, "failed": one.failed}
            for one in endpoints(CLI)
        ]  # fmt: skip
    if as_json:
        print_json({"items": found, "next": None})
    else:
        table = Table(box=None, pad_edge=False)
        for title in ("Ref", "Name", "Address", "State", "Waiting", "Delivered", "Given up"):
            table.add_column(title)
        for one in found:
            table.add_row(*(str(one[name]) for name in
                            ("ref", "name", "url", "state", "waiting", "delivered", "failed")))  # fmt: skip
        out.print(table)
    if any(one["state"] in ("fails", "stopped") for one in found):
        raise typer.Exit(FINDINGS)


@webhooks_app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to send: https://…")],
    kinds: Annotated[list[str], typer.Option("--kind", help="A kind of fact, such as lead.created; * for all.")],
    name: Annotated[str, typer.Option(help="Which system this is.")] = "",
    as_json: Json = False,
) -> None:
    """Tell another system, from now on. Its secret is printed once."""
    with installation(quiet=as_json):
        from marops.connectors.webhooks.public import EndpointForm, make_endpoint
        from marops.kernel.forms import validated

        given = validated(EndpointForm, {"name": name or url[:80], "url": url, "kinds": kinds})
        row, secret = make_endpoint(actor=CLI, **given)
    if as_json:
        print_json({"ref": row.ref, "secret": secret})
        return
    out.print(f"{row.ref} is told from now on. Its secret, not shown again:\n  [bold]{secret}[/]")
