"""The AI that helps, from the command line: set it up, ask it for drafts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from marops.cli.ai import ai
from marops.cli.main import CLI, Json, err, installation, out, print_json, text_of

if TYPE_CHECKING:
    from marops.kernel.actors import Actor

provider = typer.Typer(help="Which AI helps.", no_args_is_help=True)
ai.add_typer(provider, name="provider")
Person = Annotated[
    str, typer.Option("--as", help="The e-mail address of whoever asks; left out: the first administrator.")
]


@provider.command("show")
def show(as_json: Json = False) -> None:
    """Show which AI helps, without its key."""
    with installation(quiet=as_json):
        from marops.connectors.assistant.public import in_use_json, provider_json

        found = provider_json()
        uses = in_use_json()
    if as_json:
        print_json(found | {"uses": uses})
        return
    if not found:
        out.print("No AI helps here; nothing depends on one.")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in found.items():
        table.add_row(name.replace("_", " "), str(value))
    table.add_row("may be asked for", ", ".join(uses) or "nothing: the register has no such use in force")
    out.print(table)


@provider.command("set")
def set_up(
    url: Annotated[str, typer.Argument(help="Up to and with /v1, such as http://127.0.0.1:11434/v1.")],
    model: Annotated[str, typer.Option(help="The model's name, as the server knows it.")],
    vendor: Annotated[str, typer.Option(help="Who runs it.")] = "ourselves",
    key_file: Annotated[
        str, typer.Option("--key-file", help="A file that holds the key, or - to read it from standard input.")
    ] = "",
    own: Annotated[bool, typer.Option("--own", help="A model of your own, which may stand in your network.")] = False,
    own_because: Annotated[
        str, typer.Option("--own-because", help="Why it is your own though its address is on the open internet.")
    ] = "",
    price_in: Annotated[str, typer.Option(help="Price of a million tokens read.")] = "0",
    price_out: Annotated[str, typer.Option(help="Price of a million tokens written.")] = "0",
    seconds: Annotated[int, typer.Option(help="Longest wait for an answer.")] = 60,
    off: Annotated[bool, typer.Option("--off", help="Keep it, but do not ask it.")] = False,
    as_json: Json = False,
) -> None:
    """Say which AI helps, draft the entries that the register lacks, and turn it on."""
    key = _key(key_file)
    given: dict[str, Any] = {
        "url": url, "model": model, "vendor": vendor, "price_in": price_in, "price_out": price_out, "seconds": seconds,
        "key": key or "", "inside": own or bool(own_because), "inside_why": own_because, "on": not off,
    }  # fmt: skip
    with installation(quiet=as_json):
        from marops.connectors.assistant.public import ProviderForm, propose_entries, provider_json, set_up, values_of
        from marops.kernel.forms import validated

        row = set_up(actor=CLI, values=values_of(validated(ProviderForm, given)), key=key)
        made = [one.pinned for one in propose_entries(CLI, row)]
        found = provider_json()
    if as_json:
        print_json(found | {"drafts": made})
        return
    out.print(f"{row.model} of {row.vendor} is {'kept' if off else 'turned on'}.", markup=False)
    for one in made:
        out.print(f"  {one} is a draft; it has to be put in force before the AI is asked for this.", markup=False)


def _key(file: str) -> str | None:
    if not file:
        return None
    if file == "-":
        import sys

        return sys.stdin.readline().strip()
    return text_of(Path(file)).strip()


@provider.command("remove")
def remove() -> None:
    """Forget which AI helps, and its key."""
    with installation():
        from marops.connectors.assistant.public import remove as forget

        forget(actor=CLI)
    out.print("Forgotten, with its key.")


@ai.command("draft")
def draft(
    kind: Annotated[str, typer.Argument(help="The kind of definition, such as quality, route or workflow.")],
    sentence: Annotated[str, typer.Argument(help="What it should do, in your own words.")],
    slug: Annotated[str, typer.Option(help="The definition that is to be changed; left out: a new one.")] = "",
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Have a definition drafted from a sentence."""
    _say(_asked("draft", {"kind": kind, "sentence": sentence, "slug": slug}, person, as_json), as_json)


@ai.command("words")
def words(
    field: Annotated[str, typer.Argument(help="A field, such as contact.industry.")],
    sentence: Annotated[str, typer.Argument(help="What matters to you.")] = "",
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Have a vocabulary proposed for a field, as a draft of a rule of data quality."""
    _say(_asked("words", {"field": field, "sentence": sentence}, person, as_json), as_json)


@ai.command("columns")
def columns(
    file: Annotated[Path, typer.Argument(help="A file to be imported; the AI sees its headings alone.")],
    table: Annotated[str, typer.Option(help="leads, opportunities, …; left out: what its columns tell.")] = "",
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Write the proposal to this file, for marops import --map.")
    ] = None,
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Have it proposed where the columns of a file go. Nothing is brought in."""
    from marops.cli.main import check_output

    check_output(map_file)
    found = _asked("columns", {"path": file, "table": table}, person, as_json)
    if map_file:
        from marops.kernel.rules import write_yaml

        map_file.write_text(write_yaml({"columns": found["columns"]}), encoding="utf-8")
    if as_json:
        print_json(found)
        return
    for name, target in found["columns"].items():
        out.print(f"{name} → {target}", markup=False)
    _took(found)


@ai.command("summarise")
def summarise(
    what: Annotated[str, typer.Argument(help="A page such as /metrics, a text file, or - for standard input.")],
    data: Annotated[
        str, typer.Option(help="What the text tells of: internal, contact, confidential. Pages say it themselves.")
    ] = "contact",
    person: Person = "",
    as_json: Json = False,
) -> None:
    """Have a page or a text summarised. The summary is a text of AI, with its origin."""
    found = _asked("summary", {"what": what, "data": data}, person, as_json)
    if as_json:
        print_json(found)
        return
    out.print(found["text"], markup=False)
    if found["state"] == "waiting":
        err.print("It waits to be read before it counts: marops ai drafts", markup=False)
    _took(found)


def _asked(name: str, given: dict[str, Any], person: str, as_json: bool) -> dict[str, Any]:
    with installation(quiet=as_json):
        from marops.connectors.assistant.public import ask_here

        return ask_here(_person(person), name, given)


def _person(email: str) -> "Actor":
    from marops.connectors.assistant.public import NOBODY
    from marops.domains.accounts.public import owner_of_last_resort
    from marops.domains.policy.public import person_named
    from marops.kernel.actors import Actor
    from marops.kernel.errors import MaropsError

    if email:
        return person_named(email)
    first = owner_of_last_resort()
    if first is None:
        raise MaropsError(NOBODY)
    return Actor("human", str(first.id))


def _say(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    from marops.kernel.rules import write_yaml

    out.print(write_yaml(found["document"]).rstrip(), markup=False)
    out.print(f"{found['definition']} is a draft by AI; it does nothing before somebody puts it in force.")
    _took(found)


def _took(found: dict[str, Any]) -> None:
    err.print(f"Use {found['use']}: {found['tokens']:,} tokens, cost {found['cost']}.", markup=False)
