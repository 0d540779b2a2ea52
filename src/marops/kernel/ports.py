"""Ports: how a low domain is served by higher ones without importing them.

A port is declared here and filled in a domain's `apps.py`. Reading a port answers its fillers in a fixed order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

Erase = Callable[[Sequence[UUID]], int]
"""Remove what one table holds of these contacts, inside the running action, in one statement; answers how many rows."""
Merge = Callable[[UUID, UUID], Mapping[str, Any]]
"""Move what one table holds of the loser (second) to the winner (first), inside the running action; answers the record,
fit for JSON, that undoing needs."""
Unmerge = Callable[[UUID, UUID, Mapping[str, Any]], None]
"""Undo a merge by its record: winner, loser, record. What changed since the merge stays as it is."""
Export = Callable[[Sequence[UUID]], list[dict[str, Any]]]
"""All that one table holds of these contacts, each row as an object fit for JSON."""
Recipients = Callable[[], list[dict[str, str]]]
"""Outsiders who are given data: `name`, `what` they get, `why`, and `where` it goes; only those in use."""
Agreed = Callable[[Sequence[UUID], str, str, datetime], bool]
"""May every one of these contacts be reached on this channel for this purpose at this moment? One statement."""


@dataclass(frozen=True, slots=True)
class Filler(Generic[T]):
    """One domain's contribution to a port."""

    name: str
    order: int
    value: T


class Port(Generic[T]):
    """A named hook. `fill` twice under one name is a programming error."""

    def __init__(self, name: str, says: str) -> None:
        self.name, self.says = name, says
        self._fillers: dict[str, Filler[T]] = {}

    def fill(self, name: str, value: T, *, order: int = 50) -> None:
        """Contribute `value` under `name`; lower `order` comes first."""
        if name in self._fillers:
            raise ValueError(f"port {self.name} is already filled by {name}")
        self._fillers[name] = Filler(name, order, value)

    def __iter__(self) -> Iterator[Filler[T]]:
        return iter(sorted(self._fillers.values(), key=lambda filler: (filler.order, filler.name)))

    def __getitem__(self, name: str) -> T:
        return self._fillers[name].value

    def __contains__(self, name: str) -> bool:
        return name in self._fillers


PORTS: dict[str, Port[Any]] = {}


def _declare(name: str, says: str) -> Port[Any]:
    PORTS[name] = Port(name, says)
    return PORTS[name]


# Filled under the table's name; `marops.kernel.persons` has fillers for the usual tables.
merge: Port[Merge] = _declare("merge", "Move what belongs to a losing contact to the winner.")
unmerge: Port[Unmerge] = _declare("unmerge", "Undo a merge by its record.")
company_merge: Port[Merge] = _declare("company_merge", "Move what belongs to a losing company to the winner.")
company_unmerge: Port[Unmerge] = _declare("company_unmerge", "Undo a merge of companies by its record.")
erase: Port[Erase] = _declare("erase", "Remove every personal value of contacts from tables or folders.")
export: Port[Export] = _declare("export", "Everything known about one person, for a privacy request.")
recipients: Port[Recipients] = _declare("recipients", "Who outside is given data about people, for the record.")
agreed: Port[Agreed] = _declare("agreed", "Whether everybody who would be reached has agreed to it.")
timeline = _declare("timeline", "Say in words what a kind of fact means on a person's timeline.")
story = _declare("story", "A section of the story of one lead: contact, sources, quality, score, stage, routing.")
company_story = _declare("company_story", "A section of a company's page, as shell.Section: its deals, its contracts.")
desk = _declare("desk", "What needs a person, what they answer for, what changed.")
search = _declare("search", "Find objects by a few typed letters.")
doctor = _declare("doctor", "Check that one part of the installation is healthy.")
inlets = _declare("inlets", "What comes in from outside, and is taken in before the engine's stages.")
beside = _declare("beside", "What runs in a thread of its own beside the worker's jobs, until it is told to stop.")
stages = _declare("stages", "What the engine runs on each tick, in order.")
owned_by = _declare("owned_by", "Which objects belong to a person, for hand-over.")
csv_shapes = _declare("csv_shapes", "The column names by which another system's export is recognised.")
navigation = _declare("navigation", "Entries of the side navigation.")
starters = _declare("starters", "Definitions that an empty workspace starts with.")
importers = _declare("importers", "Tables that can be brought in from files: their columns, and who keeps the rows.")
day_turns = _declare("day_turns", "What ages: run once when the workspace's calendar day changes.")
helpers = _declare("helpers", "Words and address of a button that asks an AI for help; None where none is to be had.")
