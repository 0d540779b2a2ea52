"""Facts: what happened, appended once. An action writes them to the inbox; the engine moves them to the lake."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from marops.kernel.ids import NUMBERED, new_id, number_from
from marops.kernel.models import FactInbox, FactKey, Touched

KEY_KEPT = timedelta(days=30)

COLUMNS: tuple[str, ...] = tuple(
    str(field.column) for field in FactInbox._meta.concrete_fields if field.column != "batch"
)


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of fact: its name (`noun.verb-past`) and what it means in words."""

    name: str
    says: str


_KINDS: dict[str, FactKind] = {}


def fact_kind(name: str, says: str) -> str:
    """Register a kind of fact and answer its name, so that rules and timelines know it."""
    if _KINDS.setdefault(name, FactKind(name, says)).says != says:
        raise ValueError(f"fact kind {name!r} is registered twice")
    return name


def fact_kinds() -> Mapping[str, FactKind]:
    """All registered kinds."""
    return dict(sorted(_KINDS.items()))


def write(facts: Sequence[FactInbox]) -> list[FactInbox]:
    """Append `facts` inside the running transaction; those whose key was seen before are left out.

    Answers the facts that were new.
    """
    fresh = _without_repeats(facts)
    FactInbox.objects.bulk_create(fresh, batch_size=1000)
    return fresh


def _without_repeats(facts: Sequence[FactInbox]) -> list[FactInbox]:
    keyed = {fact.key: fact for fact in facts if fact.key is not None}
    if not keyed:
        return list(facts)
    rows = [(key, fact.recorded_at, fact.kind == "import.finished") for key, fact in keyed.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fact_key (key, recorded_at, forever)"
            " SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::bool[]) ON CONFLICT DO NOTHING RETURNING key",
            [list(column) for column in zip(*rows, strict=True)],
        )
        taken = {key for (key,) in cursor.fetchall()}
    return [fact for fact in facts if fact.key is None or (fact.key in taken and keyed[fact.key] is fact)]


def write_from(select: str, params: Iterable[Any] = ()) -> int:
    """Append the facts that the query `select` yields; its columns carry the names of the inbox's.

    Answers how many. For sets: ids must come with the rows (the server makes none). Where the query names a `key`,
    rows whose key was seen before are left out, and of rows with the same key one is taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({select}) AS fact LIMIT 0", list(params))
        names = [column.name for column in cursor.description or ()]
        unknown = set(names) - set(COLUMNS)
        if unknown:
            raise ValueError(f"not columns of a fact: {sorted(unknown)}")
        columns = ", ".join(f'"{name}"' for name in names)
        if "key" not in names:
            cursor.execute(f"INSERT INTO fact_inbox ({columns}) {select}", list(params))
            return int(cursor.rowcount)
        cursor.execute(
            f"WITH fact AS MATERIALIZED (SELECT * FROM ({select}) AS fact), fresh AS ("
            "INSERT INTO fact_key (key, recorded_at, forever) SELECT DISTINCT ON (key) key, recorded_at, FALSE"
            " FROM fact WHERE key IS NOT NULL ORDER BY key, id ON CONFLICT DO NOTHING RETURNING key)"
            f" INSERT INTO fact_inbox ({columns}) SELECT {columns} FROM ("
            "SELECT fact.*, row_number() OVER (PARTITION BY key ORDER BY id) AS nth FROM fact) one"
            " WHERE key IS NULL OR (nth = 1 AND key IN (SELECT key FROM fresh))",
            list(params),
        )
        return int(cursor.rowcount)


def touch(contact_ids: Iterable[UUID], due_at: datetime) -> None:
    """Ask the engine to look at these contacts again, at `due_at` or later."""
    Touched.objects.bulk_create(
        [Touched(id=new_id(), contact_id=contact_id, due_at=due_at) for contact_id in dict.fromkeys(contact_ids)],
        batch_size=5000,
    )


def touch_from(select: str, due_at: datetime, params: Iterable[Any] = ()) -> int:
    """The same for the contacts whose ids a query yields, as one statement. Answers how many.

    Rows of this queue live for seconds and nobody refers to them, so the server numbers them: in order, since a
    million keys without order cost the index more than all else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO touched (id, contact_id, due_at)"
            f" SELECT {NUMBERED}, due.contact_id, %s FROM ({select}) AS due (contact_id)",
            [number_from(), due_at, *params],
        )
        return int(cursor.rowcount)


def forget_old_keys(as_of: datetime) -> int:
    """Drop keys older than 30 days, except those kept for ever. Answers how many."""
    dropped, _ = FactKey.objects.filter(forever=False, recorded_at__lt=as_of - KEY_KEPT).delete()
    return dropped
