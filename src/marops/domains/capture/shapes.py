"""Shapes: the column names by which the export of a known system is recognised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from marops.domains.contacts.public import words
from marops.kernel import ports


@dataclass(frozen=True, slots=True)
class Shape:
    """A system's export: its standard columns with their targets, and those that give it away."""

    name: str
    title: str
    columns: Mapping[str, str]
    telling: frozenset[str] = field(default_factory=frozenset)
    """Columns that hardly any other system writes; one of them must be there."""
    enough: int = 4
    """So many of its columns must be there."""
    table: str = ""
    """What its rows are; empty: leads."""


def key(header: str) -> str:
    """A header as it is compared: folded words, CamelCase taken apart."""
    import re

    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.removesuffix("__c").removesuffix("__C"))
    return " ".join(words(spread))


def shapes() -> list[Shape]:
    """Every known shape."""
    return [filler.value for filler in ports.csv_shapes]


def recognise(headers: Iterable[str], table: str = "") -> Shape | None:
    """The shape these headers have among those of a table; None for a file that no known system wrote."""
    exact = {header.strip().lower() for header in headers}
    best: tuple[int, Shape] | None = None
    for shape in shapes():
        if shape.table != table:
            continue
        hits = len(exact & {name.lower() for name in shape.columns})
        told = bool(exact & {name.lower() for name in shape.telling})
        if told and hits >= shape.enough and (best is None or hits > best[0]):
            best = (hits, shape)
    return best[1] if best else None
