"""Rows of one file that are the same person: pure, on numbers instead of values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Row = tuple[int, int | None, int | None]
"""Row number; the number of its id in another system; the number of its address (or phone and name)."""


@dataclass(slots=True)
class Told:
    """What became of rows that share something: `repeat` of the row `keep`, or in `conflict` with it."""

    rows: list[int] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)
    keeps: list[int] = field(default_factory=list)

    def add(self, row: int, fate: str, keep: int) -> None:
        """Note one row."""
        self.rows.append(row)
        self.fates.append(fate)
        self.keeps.append(keep)


def tell_apart(rows: Sequence[Row]) -> Told:
    """Which rows repeat a person, and which contradict themselves. Of a person's rows the last stays.

    Rows with the same id are one person, rows with the same address too. Where both together would tie two ids that
    also have addresses of their own, an address belongs to the id that had it first, and a later row that says
    otherwise is in conflict.
    """
    told = Told()
    for group in _connected(rows):
        _settle(group, told)
    return told


def _connected(rows: Sequence[Row]) -> Iterable[list[Row]]:
    """Rows tied together by ids and addresses, directly or through others."""
    parent = list(range(len(rows)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    for which in (1, 2):
        first: dict[int, int] = {}
        for number, row in enumerate(rows):
            value = row[which]
            if value is None:
                continue
            if value in first:
                parent[root(number)] = root(first[value])
            else:
                first[value] = number
    groups: dict[int, list[Row]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[root(number)].append(row)
    return groups.values()


def _settle(group: list[Row], told: Told) -> None:
    ids = {identity for _, identity, _ in group if identity is not None}
    contacts = {contact for _, _, contact in group if contact is not None}
    if len(ids) > 1 and len(contacts) > 1:
        _settle_by_id(group, told)
        return
    last = max(row for row, _, _ in group)
    for row, _, _ in group:
        if row != last:
            told.add(row, "repeat", last)


def _settle_by_id(group: list[Row], told: Told) -> None:
    owner: dict[int, int] = {}
    first_row: dict[int, int] = {}
    for row, identity, contact in group:
        if contact is not None and identity is not None and contact not in owner:
            owner[contact], first_row[contact] = identity, row
    persons: dict[int, list[int]] = defaultdict(list)
    for row, identity, contact in group:
        whose = owner.get(contact) if contact is not None else None
        if identity is not None and whose is not None and whose != identity and contact is not None:
            told.add(row, "conflict", first_row[contact])
        else:
            key = identity if identity is not None else whose if whose is not None else -(contact or 0) - 1
            persons[key].append(row)
    for found in persons.values():
        for row in found[:-1]:
            told.add(row, "repeat", found[-1])
