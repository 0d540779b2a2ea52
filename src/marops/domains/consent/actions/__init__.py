"""Writes of consent: erasing people, and knowing them again when they come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from marops.domains.consent.permissions import ERASE
from marops.kernel import crash, erasures, files, personal, ports
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor

crash.declare("erase.in_action")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to: people there were, all their ids, rows in all, and places somebody must look at."""

    people: int
    ids: tuple[UUID, ...]
    rows: int
    look_at: tuple[str, ...]


@action("contact.erase", effect="erase", right=ERASE)
def erase_contacts(
    act: Act,
    *,
    actor: Actor,
    contact_ids: Sequence[UUID],
    file_ids: Sequence[UUID] = (),
    hashes: Mapping[str, str] | None = None,
) -> Erased:
    """Erase these people: their rows in every table, what was recorded as changed about them, the files named, and
    their values wherever free text stands. Their ids stay, and their addresses as keyed hashes, which suppress them
    when they come again. Their facts in the lake go next (`consent.jobs`); no reader sees them from here on.

    `hashes` are further ones to be kept, from a log of erasures. An id that nobody has is noted as erased too.
    """
    ids = erasures.enter(contact_ids, act.at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM contact WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [ids])
        people = len(cursor.fetchall())
    erasures.remember(erasures.hashes_of(ids) | dict(hashes or {}), act.at)
    found = personal.forget(erasures.values_of(ids))
    rows = found.rows + sum(filler.value(ids) for filler in ports.erase)
    gone = files.remove(file_ids)
    act.count(erased=people, rows=rows, files=gone)
    crash.point("erase.in_action")
    return Erased(people, tuple(ids), rows, tuple(found.told))
