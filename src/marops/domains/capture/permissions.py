"""Who may bring data in."""

from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import may, right

IMPORT = right("leads.import", "Import leads")
SEND = right("intake.send", "Send in what visitors did, from websites and programs")


def right_for(table: str) -> str:
    """The right to bring in rows of this table; empty: leads."""
    return ports.importers[table].right if table in ports.importers else IMPORT


def may_import(actor: Actor) -> list[str]:
    """The tables that this actor may bring in."""
    return [name for name in ("leads", *(filler.name for filler in ports.importers)) if may(actor, right_for(name))]
