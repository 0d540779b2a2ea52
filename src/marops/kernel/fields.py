"""The field registry: what rules, lists, scores and reports can name, and where it is stored.

A domain registers its relations, fields, kinds of facts and memberships when it is loaded; whoever names them imports
nothing. Fields that people make (custom fields) come from providers that are asked at call time.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from marops.store.predicate import FACT, Column, Kind, Table, Value
from marops.store.rulequery import Bindings
from marops.store.rulesql import Dialect

T = TypeVar("T")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_-]*)+")


class FieldType(StrEnum):
    """What kind of value a field holds; decides which comparisons it takes."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    LIST = "list"
    REFERENCE = "reference"


class FieldClass(StrEnum):
    """How closely a field is kept; everything but normal and personal is masked unless a right allows it."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PAY = "pay"
    ASSESSMENT = "assessment"
    EVIDENCE = "evidence"
    SECRET = "secret"  # noqa: S105 - the name of a class, no password


OPEN_CLASSES: Final = frozenset({FieldClass.NORMAL, FieldClass.PERSONAL})


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values a field can have, and what people call it."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table with one row per `of` (by default itself): its name in rules, in PostgreSQL, and its key."""

    name: str
    postgres: str
    key: str = "id"
    of: str = ""

    @property
    def base(self) -> str:
        """The relation whose rows it describes."""
        return self.of or self.name

    @property
    def table(self) -> Table:
        """As predicates name it."""
        return Table(self.name, self.key)


@dataclass(frozen=True, slots=True)
class Field:
    """A value that can be named: what it is called, what it holds, in which column (or JSON path in it) it stands."""

    name: str
    label: str
    type: FieldType
    relation: str
    column: str
    path: tuple[str, ...] = ()
    choices: tuple[Choice, ...] | Callable[[], Iterable[Choice]] = ()
    field_class: FieldClass = FieldClass.NORMAL
    empty_is: str = ""
    """What people call it when there is none ("nobody" for an owner)."""
    description: str = ""
    sortable: bool = False
    currency: str = ""
    currency_column: str = ""
    stored_as_text: bool = False
    """A reference whose column is text instead of uuid."""
    retired: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a field name like contact.country")
        if self.type is FieldType.MONEY and not (self.currency or self.currency_column):
            raise ValueError(f"{self.name} is money without a currency")

    def known_choices(self) -> tuple[Choice, ...]:
        """The values it can have today; empty when any value is possible."""
        return self.choices if isinstance(self.choices, tuple) else tuple(self.choices())

    @property
    def kind(self) -> Kind:
        """How its values are stored and compared."""
        if self.type is FieldType.REFERENCE:
            return Kind.CODE if self.stored_as_text or self.path else Kind.UUID
        return _KINDS[self.type]


_KINDS: Final = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.MONEY: Kind.MONEY,
    FieldType.BOOLEAN: Kind.BOOLEAN,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.DATETIME,
    FieldType.CHOICE: Kind.CODE,
    FieldType.LIST: Kind.LIST,
}


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of fact in rules: its name, what people call it, and the types of its properties (others are text)."""

    name: str
    label: str
    properties: Mapping[str, FieldType] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Membership:
    """Where one segment, list or the like keeps its members: rows of `relation` with `column` = `value`."""

    label: str
    relation: str
    key: str
    column: str
    value: Value
    kind: Kind = Kind.CODE

    @property
    def as_column(self) -> Column:
        """The column that says which membership it is."""
        return Column(Table(self.relation, self.key), self.column, self.kind)


@dataclass(frozen=True, slots=True)
class Gone:
    """Why a thing that is named cannot be used any more ("was deleted", "was retired")."""

    reason: str


Memberships = Callable[[str], Membership | Gone | None]

FACT_COLUMNS: Final[Mapping[str, FieldType]] = {
    "recorded_at": FieldType.DATETIME,
    "subject_type": FieldType.TEXT,
    "subject_id": FieldType.TEXT,
    "actor_type": FieldType.TEXT,
    "actor_id": FieldType.TEXT,
    "campaign_id": FieldType.REFERENCE,
    "source": FieldType.TEXT,
    "definition": FieldType.TEXT,
    "case_id": FieldType.TEXT,
    "case_class": FieldType.TEXT,
    "activity": FieldType.TEXT,
    "skill": FieldType.TEXT,
    "touch": FieldType.TEXT,
    "platform": FieldType.TEXT,
    "enabled_at": FieldType.DATETIME,
    "started_at": FieldType.DATETIME,
    "ended_at": FieldType.DATETIME,
    "paused": FieldType.NUMBER,
    "batch_id": FieldType.TEXT,
    "attempt": FieldType.INTEGER,
    "rework_of": FieldType.TEXT,
    "cost": FieldType.NUMBER,
    "ai_use": FieldType.TEXT,
    "policy_decision": FieldType.TEXT,
}
"""Columns of a fact that `where` can name beside the properties of its kind."""

FACT_LABELS: Final[Mapping[str, str]] = {
    "recorded_at": "recorded",
    "subject_type": "kind of subject",
    "subject_id": "subject",
    "actor_type": "kind of actor",
    "actor_id": "actor",
    "campaign_id": "campaign",
    "definition": "definition",
    "ai_use": "use of AI",
}


class Registry:
    """All that rules can name. There is one for the product (`REGISTRY`); tests make their own."""

    def __init__(self) -> None:
        self._relations: dict[str, Relation] = {}
        self._fields: dict[str, Field] = {}
        self._providers: list[Callable[[], Iterable[Field]]] = []
        self._fact_kinds: dict[str, FactKind] = {}
        self._fact_providers: list[Callable[[], Mapping[str, str]]] = []
        self._memberships: dict[str, Memberships] = {}

    def relation(self, relation: Relation) -> Relation:
        """Register a relation. Twice the same is fine, twice differently a programming error."""
        return _once(self._relations, relation.name, relation)

    def add(self, *fields: Field) -> None:
        """Register fields; their relation must be known."""
        for item in fields:
            if item.relation not in self._relations:
                raise ValueError(f"{item.name} stands in the unknown relation {item.relation!r}")
            _once(self._fields, item.name, item)

    def provider(self, provider: Callable[[], Iterable[Field]]) -> None:
        """Register a source of fields that is asked whenever fields are looked up."""
        self._providers.append(provider)

    def fact_kind(self, kind: FactKind) -> FactKind:
        """Register a kind of fact with its properties."""
        return _once(self._fact_kinds, kind.name, kind)

    def fact_kinds_from(self, provider: Callable[[], Mapping[str, str]]) -> None:
        """Register a source of kinds of facts: name → what it means in words."""
        self._fact_providers.append(provider)

    def membership(self, kind: str, memberships: Memberships) -> None:
        """Register who knows the members of `kind/…`; it answers None for a slug that never was."""
        self._memberships[kind] = memberships

    def fields(self) -> Mapping[str, Field]:
        """All fields by name, those of the providers among them."""
        provided = {item.name: item for provider in self._providers for item in provider()}
        return dict(sorted({**provided, **self._fields}.items()))

    def find_field(self, name: str) -> Field | None:
        """The field of this name; providers are asked only when it is not a registered one."""
        return self._fields.get(name) or next(
            (item for provider in self._providers for item in provider() if item.name == name), None
        )

    def find_relation(self, name: str) -> Relation:
        """The relation of this name. Raises KeyError."""
        return self._relations[name]

    def relations(self) -> Mapping[str, Relation]:
        """All relations by name."""
        return dict(sorted(self._relations.items()))

    def fact_kinds(self) -> Mapping[str, FactKind]:
        """All kinds of facts by name."""
        provided = {
            name: FactKind(name, label) for provider in self._fact_providers for name, label in provider().items()
        }
        return dict(sorted({**provided, **self._fact_kinds}.items()))

    def find_membership(self, reference: str) -> Membership | Gone | None:
        """The membership `kind/slug` names; None when there is no such thing."""
        kind, _, slug = reference.partition("/")
        memberships = self._memberships.get(kind)
        return memberships(slug) if memberships and slug else None

    def membership_kinds(self) -> tuple[str, ...]:
        """What can stand before the slash."""
        return tuple(sorted(self._memberships))

    def bindings(self, dialect: Dialect, *, base: str = "contact", schema: str = "pg.public") -> Bindings:
        """Every relation bound to its PostgreSQL table under `schema` (empty inside PostgreSQL), facts to `facts`."""
        prefix = f"{schema}." if schema else ""
        tables = {name: prefix + relation.postgres for name, relation in self._relations.items()}
        facts_of = "facts_of" if dialect == "duckdb" else ""
        return Bindings(dialect, tables, "facts", self._relations[base].table, facts_of)


REGISTRY: Final = Registry()
"""The product's registry: domains fill it when they are loaded."""


def _recorded() -> Mapping[str, str]:
    """Every kind of fact that some part of the product records."""
    from marops.kernel.facts import fact_kinds  # its tables need Django, which the language itself does not

    return {kind.name: kind.says for kind in fact_kinds().values()}


REGISTRY.fact_kinds_from(_recorded)


def column_of(item: Field, relation: Relation) -> Column:
    """Where the field's value stands, as predicates name it."""
    return Column(relation.table, item.column, item.kind, item.path)


def currency_of(item: Field, relation: Relation) -> Column | None:
    """Where a money field's currency stands, unless it is always the same."""
    if not item.currency_column:
        return None
    return Column(relation.table, item.currency_column, Kind.CODE)


def fact_column(name: str, declared: FieldType | None) -> tuple[Column, FieldType]:
    """The column or property of a fact under this name, with its type."""
    table = Table(FACT, "contact_id")
    if name in FACT_COLUMNS:
        kind = Kind.UUID if FACT_COLUMNS[name] is FieldType.REFERENCE else _KINDS[FACT_COLUMNS[name]]
        return Column(table, name, kind), FACT_COLUMNS[name]
    found = declared or FieldType.TEXT
    kind = Kind.CODE if found is FieldType.REFERENCE else _KINDS[found]
    return Column(table, "properties", kind, tuple(name.split("."))), found


def nearest(name: str, names: Iterable[str]) -> str:
    """The known name that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)), "")


def _once(known: dict[str, T], name: str, item: T) -> T:
    if known.setdefault(name, item) != item:
        raise ValueError(f"{name!r} is registered twice, differently")
    return item
