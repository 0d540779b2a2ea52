"""What a rule means: names looked up, values typed, relative times resolved; the answer is a predicate.

A name that is unknown, retired or deleted, or a value that does not fit, refuses the whole rule: a rule never matches
everyone or nobody by mistake.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marops.kernel.errors import FieldError
from marops.kernel.fields import (
    REGISTRY,
    Field,
    FieldType,
    Gone,
    Membership,
    Registry,
    column_of,
    currency_of,
    fact_column,
    nearest,
)
from marops.kernel.rules import (
    AllOf,
    AnyOf,
    Comparison,
    Did,
    DidNot,
    First,
    Last,
    MemberOf,
    NotOf,
    Rule,
    Test,
    children,
    refused,
    tag_of,
)
from marops.kernel.rules_comparisons import (
    CASED,
    NEGATIVE,
    TAKES,
    TYPE_WORDS,
    Fault,
    Subject,
    decimal_of,
    guess_type,
    money_of,
    number_test,
    shorthand,
    tested,
    timed,
)
from marops.kernel.rules_time import Clock, Duration, point
from marops.store.predicate import (
    And,
    Column,
    Const,
    End,
    FactCount,
    FactFilter,
    Member,
    Moment,
    Not,
    OneOf,
    Operand,
    Or,
    Predicate,
    Table,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule is understood in: the instant it is asked for, the workspace's zone, and what can be named."""

    as_of: datetime
    zone: ZoneInfo
    base: str = "contact"
    registry: Registry = field(default=REGISTRY)

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise ValueError("as_of needs a zone")

    @property
    def clock(self) -> Clock:
        """The instant and the zone."""
        return Clock(self.as_of, self.zone)


@dataclass(frozen=True, slots=True)
class Understood:
    """A leaf after it was understood: what it tests, and the value it looks at (none for everyone and memberships)."""

    pointer: str
    predicate: Predicate
    seen: Operand | FactCount | None
    field: Field | None = None


def understand(rule: Rule, context: Context) -> Predicate:
    """The predicate that the rule means in this context. Raises MaropsError naming every leaf that cannot be used."""
    reader = _Reader(context)
    found = reader.tree(rule, "")
    if reader.faults:
        raise refused(reader.faults)
    return found


def understand_leaves(rule: Rule, context: Context) -> tuple[Understood, ...]:
    """Every leaf of the rule, understood. Raises MaropsError as `understand` does."""
    reader = _Reader(context)
    reader.tree(rule, "")
    if reader.faults:
        raise refused(reader.faults)
    return tuple(reader.leaves)


def check(rule: Rule, context: Context) -> tuple[FieldError, ...]:
    """What is wrong with the rule, for a form that shows it while it is written."""
    reader = _Reader(context)
    reader.tree(rule, "")
    return tuple(reader.faults)


class _Reader:
    """Walks a rule once, collecting faults instead of stopping at the first."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.registry = context.registry
        self.facts = context.registry.fact_kinds()
        self.faults: list[FieldError] = []
        self.leaves: list[Understood] = []

    def tree(self, rule: Rule, at: str) -> Predicate:
        match rule:
            case NotOf(not_=item):
                return Not(self.tree(item, f"{at}/not"))
            case AllOf() | AnyOf():
                items = tuple(
                    self.tree(item, f"{at}/{tag_of(rule)}/{number}") for number, item in enumerate(children(rule))
                )
                return And(items) if isinstance(rule, AllOf) else Or(items)
        return self.leaf(rule, at)

    def leaf(self, rule: Rule, at: str) -> Predicate:
        try:
            found = self.understood(rule, at)
        except Fault as fault:
            self.faults.append(
                FieldError(code=fault.code, message=fault.message, remedy=fault.remedy, pointer=at + fault.at)
            )
            return Const(value=False)
        self.leaves.append(found)
        return found.predicate

    def understood(self, rule: Rule, at: str) -> Understood:
        match rule:
            case Comparison():
                return self.comparison(rule, at)
            case MemberOf():
                return Understood(at, self.member(rule.member), None)
            case Did():
                counted = FactCount(self.fact_filter(rule, rule.did), *_bounds(rule))
                return Understood(at, counted, counted)
            case DidNot():
                counted = FactCount(self.fact_filter(rule, rule.did_not), 0, 0)
                return Understood(at, counted, counted)
            case First() | Last():
                return self.moment(rule, at)
        return Understood(at, Const(value=True), None)

    # Fields

    def comparison(self, rule: Comparison, at: str) -> Understood:
        item = self.field_named(rule.field)
        relation = self.registry.find_relation(item.relation)
        column = column_of(item, relation)
        self.check_type(rule, item.type, item.label)
        if item.type is FieldType.MONEY and rule.operator not in ("is_empty", "is_filled"):
            predicate = self.money(rule, item, column, currency_of(item, relation))
        else:
            predicate = tested(rule, Subject(column, item.type, item), self.context.clock)
        return Understood(at, predicate, column, item)

    def field_named(self, name: str) -> Field:
        item = self.registry.find_field(name)
        if item is None:
            meant = nearest(name, self.registry.fields())
            remedy = f"Did you mean {meant}?" if meant else "Choose one of the known fields."
            raise Fault("unknown-field", f"there is no field {name}", remedy, "/field")
        if item.retired:
            raise Fault("retired", f"the field {name} was retired", "Choose another field, or restore it.", "/field")
        if self.registry.find_relation(item.relation).base != self.context.base:
            said = f"{name} belongs to {item.relation}, this rule judges {self.context.base}"
            raise Fault("wrong-relation", said, f"Choose a field of {self.context.base}.", "/field")
        return item

    def check_type(self, rule: Test, found: FieldType, label: str) -> None:
        if found not in TAKES[rule.operator]:
            fitting = ", ".join(name for name, takes in TAKES.items() if found in takes)
            said = f"{rule.operator} cannot be asked of {label}, which is {TYPE_WORDS[found]}"
            raise Fault("wrong-operator", said, f"Use one of: {fitting}.", f"/{rule.operator}")
        if rule.case and (rule.operator not in CASED or found not in (FieldType.TEXT, FieldType.LIST)):
            raise Fault("wrong-value", "case says nothing here", "Leave case out.", "/case")

    def money(self, rule: Comparison, item: Field, column: Column, currency: Column | None) -> Predicate:
        """Amounts compare within one currency; an amount in another one is neither more nor less."""
        operator = NEGATIVE.get(rule.operator, rule.operator)
        wanted = [money_of(value, rule) for value in (rule.value if operator == "between" else [rule.value])]
        codes = {money.currency for money in wanted}
        if len(codes) > 1 or (currency is None and codes != {item.currency}):
            said = f"{item.label} is compared in {' and '.join(sorted(codes))}"
            remedy = f"Use {item.currency}." if currency is None else "Use one currency."
            raise Fault("wrong-currency", said, remedy, f"/{rule.operator}")
        amounts = [decimal_of(money.amount, rule) for money in wanted]
        test = number_test(operator, column, amounts)
        if currency is not None:
            test = And((OneOf(currency, tuple(codes)), test))
        return Not(test) if rule.operator in NEGATIVE else test

    # Memberships

    def member(self, reference: str) -> Predicate:
        found = self.registry.find_membership(reference)
        if isinstance(found, Gone):
            said = f"{reference} {found.reason}"
            raise Fault("gone", said, "Restore it, or take the condition out.", "/member")
        if found is None:
            kinds = ", ".join(f"{kind}/…" for kind in self.registry.membership_kinds()) or "none yet"
            raise Fault("unknown-member", f"there is no {reference}", f"Name one that exists ({kinds}).", "/member")
        return _member(found)

    # Facts

    def fact_filter(self, rule: Did | DidNot, kinds: str | Sequence[str]) -> FactFilter:
        clock = self.context.clock
        since, until = None, clock.end
        if rule.within is not None:
            since, until = timed(lambda: clock.last(Duration.parse(rule.within)), "/within")
        if rule.since is not None:
            since = timed(lambda: point(rule.since, clock).start, "/since")
        if rule.before is not None:
            until = min(until, timed(lambda: point(rule.before, clock).start, "/before"))
        return FactFilter(self.kinds(kinds, tag_of(rule)), until, since, self.where(rule.where, kinds))

    def kinds(self, kinds: str | Sequence[str], at: str) -> tuple[str, ...]:
        names = (kinds,) if isinstance(kinds, str) else tuple(dict.fromkeys(kinds))
        for name in names:
            if name not in self.facts:
                meant = nearest(name, self.facts)
                remedy = f"Did you mean {meant}?" if meant else "Choose one of the known kinds of facts."
                raise Fault("unknown-fact", f"nothing called {name} is ever recorded", remedy, f"/{at}")
        return names

    def where(self, where: Any, kinds: str | Sequence[str]) -> Predicate | None:
        if not where:
            return None
        names = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        tests = [self.fact_test(name, wanted, names) for name, wanted in where.items()]
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def fact_test(self, name: str, wanted: Any, kinds: Sequence[str]) -> Predicate:
        at = "/where/" + name.replace("~", "~0").replace("/", "~1")
        if not all(part.replace("_", "a").replace("-", "a").isalnum() and part.isascii() for part in name.split(".")):
            raise Fault("unknown-field", f"{name} is not a property of a fact", "Use letters, digits and _.", at)
        test = wanted if isinstance(wanted, Test) else shorthand(wanted)
        declared = {self.facts[kind].properties.get(name) for kind in kinds if kind in self.facts} - {None}
        if len(declared) > 1:
            said = f"{name} is not the same kind of value in all of {', '.join(kinds)}"
            raise Fault("wrong-value", said, "Ask about one kind of fact at a time.", at)
        column, found = fact_column(name, next(iter(declared), None) or guess_type(test))
        try:
            self.check_type(test, found, name)
            return tested(test, Subject(column, found), self.context.clock)
        except Fault as fault:
            raise Fault(fault.code, fault.message, fault.remedy, at) from fault

    def moment(self, rule: First | Last, at: str) -> Understood:
        kinds = rule.first if isinstance(rule, First) else rule.last
        facts = FactFilter(self.kinds(kinds, tag_of(rule)), self.context.clock.end, None, self.where(rule.where, kinds))
        operand = Moment(facts, End.FIRST if isinstance(rule, First) else End.LAST)
        self.check_type(rule, FieldType.DATETIME, f"the time of {tag_of(rule)}")
        return Understood(at, tested(rule, Subject(operand, FieldType.DATETIME), self.context.clock), operand)


def _bounds(rule: Did) -> tuple[int, int | None]:
    if rule.exactly is not None:
        return rule.exactly, rule.exactly
    if rule.at_least is None and rule.at_most is None:
        return 1, None
    return rule.at_least or 0, rule.at_most


def _member(found: Membership) -> Member:
    return Member(Table(found.relation, found.key), found.as_column, found.value)
