"""Why a rule holds or does not hold for one row: every leaf judged by the same SQL that judges everyone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from marops.kernel.clock import iso_utc
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.fields import OPEN_CLASSES, Field
from marops.kernel.rules import AllOf, AnyOf, NotOf, Rule, children, tag_of
from marops.kernel.rules_meaning import Context, Understood, understand_leaves
from marops.kernel.rules_sentence import leaf_sentence
from marops.store.predicate import Column, FactCount, Kind
from marops.store.rulequery import Bindings, truths_sql

Run = Callable[[str], Sequence[Mapping[str, Any]]]
"""Executes a statement and answers its rows by column name."""

MASKED: Final = "•••"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of a rule for one row: whether it holds, whether that decided the whole, and what a leaf saw."""

    pointer: str
    kind: str
    sentence: str
    holds: bool
    value: Any = None
    decided: bool = False
    parts: tuple["Explanation", ...] = ()

    def deciding(self) -> tuple["Explanation", ...]:
        """The leaves that made the answer what it is."""
        if not self.parts:
            return (self,) if self.decided else ()
        return tuple(leaf for part in self.parts for leaf in part.deciding())

    def as_json(self) -> dict[str, Any]:
        """The tree as REST and the command line print it."""
        found: dict[str, Any] = {
            "pointer": self.pointer,
            "kind": self.kind,
            "holds": self.holds,
            "decided": self.decided,
        }
        if self.parts:
            return {**found, "parts": [part.as_json() for part in self.parts]}
        return {**found, "sentence": self.sentence, "value": _json(self.value)}


def shown(item: Field) -> bool:
    """Whether a value may be seen without a further right."""
    return item.field_class in OPEN_CLASSES


def explain(
    rule: Rule, context: Context, bindings: Bindings, key: UUID, run: Run, *, shows: Callable[[Field], bool] = shown
) -> Explanation:
    """Why `rule` holds or not for the row `key`, by one statement. Values of fields that `shows` refuses are masked.

    Raises MaropsError for a rule that cannot be used, and when there is no such row.
    """
    leaves = {leaf.pointer: leaf for leaf in understand_leaves(rule, context)}
    truths = {f"is {pointer}": leaf.predicate for pointer, leaf in leaves.items()}
    seen = {f"saw {pointer}": leaf.seen for pointer, leaf in leaves.items() if leaf.seen is not None}
    statement = truths_sql(truths, bindings.one(key), seen=seen)
    rows = run(statement.sql)
    if not rows:
        raise MaropsError(NOT_FOUND, f"there is no {context.base} {key}")
    values = {name: rows[0][column] for name, column in statement.columns.items()}
    return _decide(_Teller(leaves, values, context, shows).tree(rule, ""))


@dataclass(frozen=True, slots=True)
class _Teller:
    leaves: Mapping[str, Understood]
    values: Mapping[str, Any]
    context: Context
    shows: Callable[[Field], bool]

    def tree(self, rule: Rule, at: str) -> Explanation:
        if isinstance(rule, NotOf):
            part = self.tree(rule.not_, f"{at}/not")
            return Explanation(at, "not", "", not part.holds, parts=(part,))
        if isinstance(rule, AllOf | AnyOf):
            kind = tag_of(rule)
            parts = tuple(self.tree(item, f"{at}/{kind}/{number}") for number, item in enumerate(children(rule)))
            holds = all(part.holds for part in parts) if kind == "all" else any(part.holds for part in parts)
            return Explanation(at, kind, "", holds, parts=parts)
        said = leaf_sentence(rule, self.context.registry)
        return Explanation(at, tag_of(rule), said, bool(self.values[f"is {at}"]), self.value(at))

    def value(self, at: str) -> Any:
        leaf = self.leaves[at]
        found = self.values.get(f"saw {at}")
        if found is None or leaf.seen is None:
            return None
        if leaf.field is not None and not self.shows(leaf.field):
            return MASKED
        if isinstance(leaf.seen, FactCount):
            return found
        return _read(found, leaf.seen.kind if isinstance(leaf.seen, Column) else Kind.DATETIME)


def _decide(tree: Explanation) -> Explanation:
    """Marks the parts without which the answer would be another: all of a true `all`, the false ones of a false one."""
    if not tree.parts:
        return replace(tree, decided=True)
    alike = tree.kind != "not"
    parts = tuple(_decide(part) if not alike or part.holds == tree.holds else part for part in tree.parts)
    return replace(tree, decided=True, parts=parts)


def _read(value: Any, kind: Kind) -> Any:
    """What the statement answered, as the value that it is."""
    if kind is Kind.DATETIME and isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if kind is Kind.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_utc(value)
    return str(value) if isinstance(value, date | Decimal | UUID) else value
