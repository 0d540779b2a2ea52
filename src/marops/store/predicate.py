"""A rule after it was understood: a small tree of tests on named relations, ready to become SQL.

Every node is true or false for one row of the base relation, never unknown; `Not` is therefore the exact complement.
The tree holds typed values and absolute instants: what was relative ("the last 30 days") was resolved before, so that
the same tree gives the same answer whenever it runs. `store.rulesql` renders it; whoever understands rules builds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

BLANKS: Final = (
    " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""Characters that do not make a text a filled one."""

FACT: Final = "fact"
"""Name of the relation of what happened; its columns stand inside `FactFilter.where`."""


class Kind(StrEnum):
    """How a value is stored and therefore compared."""

    TEXT = "text"
    CODE = "code"  # text compared exactly: choices, identifiers
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    UUID = "uuid"


Value = str | bool | int | Decimal | date | datetime | UUID


@dataclass(frozen=True, slots=True)
class Table:
    """A relation by name with the column that identifies the row of the base relation."""

    name: str
    key: str


CONTACT: Final = Table("contact", "id")
"""The relation that rules judge unless they say otherwise."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of the row: a column, or a path inside a JSON column."""

    table: Table
    name: str
    kind: Kind
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactFilter:
    """Facts of the row's person: of these kinds, in the half-open time [since, until), that meet `where`."""

    kinds: tuple[str, ...]
    until: datetime
    since: datetime | None = None
    where: "Predicate | None" = None


class End(StrEnum):
    """Which of the matching facts."""

    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Moment:
    """When the first or last matching fact occurred; empty when there is none."""

    facts: FactFilter
    end: End


Operand = Column | Moment


@dataclass(frozen=True, slots=True)
class Const:
    """True for everyone, or for nobody."""

    value: bool


@dataclass(frozen=True, slots=True)
class And:
    """True when every item is."""

    items: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when at least one item is."""

    items: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement."""

    item: "Predicate"


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing there: no value, an empty text, white space only, a list without items."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """Equals one of the values. Text ignores case unless `exact`."""

    operand: Column
    values: tuple[Value, ...]
    exact: bool = False


class Part(StrEnum):
    """Where in the text."""

    ANYWHERE = "anywhere"
    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class HasText:
    """The text holds `text` at this place; every character stands for itself."""

    operand: Column
    part: Part
    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class HasItem:
    """The list holds at least one of the items."""

    operand: Column
    items: tuple[str, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    r"""The text holds a match of `pattern`, written in what RE2, PostgreSQL and Java read alike; `\z` ends the text."""

    operand: Column
    pattern: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Between two values: [low, high); (low, … with `after_low`, … high] with `with_high`. A missing end is open."""

    operand: Operand
    low: Value | None = None
    high: Value | None = None
    after_low: bool = False
    with_high: bool = False


@dataclass(frozen=True, slots=True)
class Season:
    """Days of one year whose anniversaries count: month x 100 + day, both included, in `year`."""

    first: int
    last: int
    year: int


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The date returns, at least a year later, in one of the seasons; instants are read as days of `zone`."""

    operand: Operand
    seasons: tuple[Season, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class FactCount:
    """So many facts match: at least `low`, and at most `high` when given. Nobody's count is empty; never is 0."""

    facts: FactFilter
    low: int = 1
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """The person stands in `table` with `column` = `value`."""

    table: Table
    column: Column
    value: Value


Predicate = (
    Const | And | Or | Not | Empty | OneOf | HasText | HasItem | Matches | Range | Anniversary | FactCount | Member
)


def conjuncts(tree: Predicate) -> tuple[Predicate, ...]:
    """The conditions that all have to hold, flattened."""
    if isinstance(tree, And):
        return tuple(leaf for item in tree.items for leaf in conjuncts(item))
    return (tree,)


def leaves(tree: Predicate) -> Iterator[Predicate]:
    """Every node that is not a connective; conditions inside `FactFilter.where` stay inside."""
    if isinstance(tree, And | Or):
        for item in tree.items:
            yield from leaves(item)
    elif isinstance(tree, Not):
        yield from leaves(tree.item)
    else:
        yield tree


def fact_filter(leaf: Predicate) -> FactFilter | None:
    """The facts that a leaf asks about, if it does."""
    if isinstance(leaf, FactCount):
        return leaf.facts
    operand = getattr(leaf, "operand", None)
    return operand.facts if isinstance(operand, Moment) else None


def asks_facts(tree: Predicate) -> bool:
    """Whether anything in the tree asks about facts or memberships, i.e. more than one row per person."""
    return any(isinstance(leaf, Member) or fact_filter(leaf) is not None for leaf in leaves(tree))


def tables(tree: Predicate) -> frozenset[Table]:
    """The relations whose columns the tree compares, facts and memberships not among them."""
    operands = (getattr(leaf, "operand", None) for leaf in leaves(tree))
    return frozenset(operand.table for operand in operands if isinstance(operand, Column))
