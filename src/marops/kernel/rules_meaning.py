"""What a rule means: names looked up, values typed, relative times resolved; the answer is a predicate.

A name that is unknown, retired or deleted, or a value that does not fit, refuses the whole rule: a rule never matches
everyone or nobody by mistake.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar
from uuid import UUID
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
    Money,
    NotOf,
    Rule,
    Season,
    Test,
    children,
    refused,
    tag_of,
)
from marops.kernel.rules_pattern import BadPattern, portable
from marops.kernel.rules_time import BadTime, Clock, Duration, point, seasons
from marops.store.predicate import (
    BLANKS,
    And,
    Anniversary,
    Column,
    Const,
    Empty,
    End,
    FactCount,
    FactFilter,
    HasItem,
    HasText,
    Kind,
    Matches,
    Member,
    Moment,
    Not,
    OneOf,
    Operand,
    Or,
    Part,
    Predicate,
    Range,
    Table,
    Value,
)

T = TypeVar("T")

_TEXT: Final = frozenset({FieldType.TEXT})
_NUMBERS: Final = frozenset({FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY})
_TIMES: Final = frozenset({FieldType.DATE, FieldType.DATETIME})
_EQUAL: Final = frozenset(FieldType) - _TIMES - {FieldType.LIST}
_ANY: Final = frozenset(FieldType)

TAKES: Final = {
    "is": _EQUAL,
    "is_not": _EQUAL,
    "in": _EQUAL - {FieldType.MONEY, FieldType.BOOLEAN},
    "not_in": _EQUAL - {FieldType.MONEY, FieldType.BOOLEAN},
    "contains": _TEXT | {FieldType.LIST},
    "not_contains": _TEXT | {FieldType.LIST},
    "starts_with": _TEXT,
    "ends_with": _TEXT,
    "matches": _TEXT,
    "greater_than": _NUMBERS,
    "at_least": _NUMBERS,
    "less_than": _NUMBERS,
    "at_most": _NUMBERS,
    "between": _NUMBERS | _TIMES,
    "is_empty": _ANY,
    "is_filled": _ANY,
    "before": _TIMES,
    "after": _TIMES,
    "on": _TIMES,
    "within_last": _TIMES,
    "within_next": _TIMES,
    "anniversary": _TIMES,
}
"""Which types of fields each comparison takes."""

_NEGATIVE: Final = {"is_not": "is", "not_in": "in", "not_contains": "contains", "is_filled": "is_empty"}
_CASED: Final = frozenset(
    {"is", "is_not", "in", "not_in", "contains", "not_contains", "starts_with", "ends_with", "matches"}
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


class _Fault(Exception):
    """Something at a leaf that cannot be used."""

    def __init__(self, code: str, message: str, remedy: str, at: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.remedy, self.at = code, message, remedy, at


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
        except _Fault as fault:
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
            predicate = _tested(rule, _Subject(column, item.type, item), self.context.clock)
        return Understood(at, predicate, column, item)

    def field_named(self, name: str) -> Field:
        item = self.registry.find_field(name)
        if item is None:
            meant = nearest(name, self.registry.fields())
            remedy = f"Did you mean {meant}?" if meant else "Choose one of the known fields."
            raise _Fault("unknown-field", f"there is no field {name}", remedy, "/field")
        if item.retired:
            raise _Fault("retired", f"the field {name} was retired", "Choose another field, or restore it.", "/field")
        if self.registry.find_relation(item.relation).base != self.context.base:
            said = f"{name} belongs to {item.relation}, this rule judges {self.context.base}"
            raise _Fault("wrong-relation", said, f"Choose a field of {self.context.base}.", "/field")
        return item

    def check_type(self, rule: Test, found: FieldType, label: str) -> None:
        if found not in TAKES[rule.operator]:
            fitting = ", ".join(name for name, takes in TAKES.items() if found in takes)
            said = f"{rule.operator} cannot be asked of {label}, which is {_A[found]}"
            raise _Fault("wrong-operator", said, f"Use one of: {fitting}.", f"/{rule.operator}")
        if rule.case and (rule.operator not in _CASED or found not in (FieldType.TEXT, FieldType.LIST)):
            raise _Fault("wrong-value", "case says nothing here", "Leave case out.", "/case")

    def money(self, rule: Comparison, item: Field, column: Column, currency: Column | None) -> Predicate:
        """Amounts compare within one currency; an amount in another one is neither more nor less."""
        operator = _NEGATIVE.get(rule.operator, rule.operator)
        wanted = [_money(value, rule) for value in (rule.value if operator == "between" else [rule.value])]
        codes = {money.currency for money in wanted}
        if len(codes) > 1 or (currency is None and codes != {item.currency}):
            said = f"{item.label} is compared in {' and '.join(sorted(codes))}"
            remedy = f"Use {item.currency}." if currency is None else "Use one currency."
            raise _Fault("wrong-currency", said, remedy, f"/{rule.operator}")
        amounts = [_decimal(money.amount, rule) for money in wanted]
        test = _number_test(operator, column, amounts)
        if currency is not None:
            test = And((OneOf(currency, tuple(codes)), test))
        return Not(test) if rule.operator in _NEGATIVE else test

    # Memberships

    def member(self, reference: str) -> Predicate:
        found = self.registry.find_membership(reference)
        if isinstance(found, Gone):
            said = f"{reference} {found.reason}"
            raise _Fault("gone", said, "Restore it, or take the condition out.", "/member")
        if found is None:
            kinds = ", ".join(f"{kind}/…" for kind in self.registry.membership_kinds()) or "none yet"
            raise _Fault("unknown-member", f"there is no {reference}", f"Name one that exists ({kinds}).", "/member")
        return _member(found)

    # Facts

    def fact_filter(self, rule: Did | DidNot, kinds: str | Sequence[str]) -> FactFilter:
        clock = self.context.clock
        since, until = None, clock.end
        if rule.within is not None:
            since, until = _timed(lambda: clock.last(Duration.parse(rule.within)), "/within")
        if rule.since is not None:
            since = _timed(lambda: point(rule.since, clock).start, "/since")
        if rule.before is not None:
            until = min(until, _timed(lambda: point(rule.before, clock).start, "/before"))
        return FactFilter(self.kinds(kinds, tag_of(rule)), until, since, self.where(rule.where, kinds))

    def kinds(self, kinds: str | Sequence[str], at: str) -> tuple[str, ...]:
        names = (kinds,) if isinstance(kinds, str) else tuple(dict.fromkeys(kinds))
        for name in names:
            if name not in self.facts:
                meant = nearest(name, self.facts)
                remedy = f"Did you mean {meant}?" if meant else "Choose one of the known kinds of facts."
                raise _Fault("unknown-fact", f"nothing called {name} is ever recorded", remedy, f"/{at}")
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
            raise _Fault("unknown-field", f"{name} is not a property of a fact", "Use letters, digits and _.", at)
        test = wanted if isinstance(wanted, Test) else _shorthand(wanted)
        declared = {self.facts[kind].properties.get(name) for kind in kinds if kind in self.facts} - {None}
        if len(declared) > 1:
            said = f"{name} is not the same kind of value in all of {', '.join(kinds)}"
            raise _Fault("wrong-value", said, "Ask about one kind of fact at a time.", at)
        column, found = fact_column(name, next(iter(declared), None) or _guess(test))
        try:
            self.check_type(test, found, name)
            return _tested(test, _Subject(column, found), self.context.clock)
        except _Fault as fault:
            raise _Fault(fault.code, fault.message, fault.remedy, at) from fault

    def moment(self, rule: First | Last, at: str) -> Understood:
        kinds = rule.first if isinstance(rule, First) else rule.last
        facts = FactFilter(self.kinds(kinds, tag_of(rule)), self.context.clock.end, None, self.where(rule.where, kinds))
        operand = Moment(facts, End.FIRST if isinstance(rule, First) else End.LAST)
        self.check_type(rule, FieldType.DATETIME, f"the time of {tag_of(rule)}")
        return Understood(at, _tested(rule, _Subject(operand, FieldType.DATETIME), self.context.clock), operand)


_A: Final = {
    FieldType.TEXT: "a text",
    FieldType.INTEGER: "a whole number",
    FieldType.NUMBER: "a number",
    FieldType.MONEY: "an amount of money",
    FieldType.BOOLEAN: "a yes or no",
    FieldType.DATE: "a date",
    FieldType.DATETIME: "a time",
    FieldType.CHOICE: "a choice",
    FieldType.LIST: "a list",
    FieldType.REFERENCE: "a reference",
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is compared: where it stands, its type, and the field it belongs to if it does."""

    operand: Operand
    type: FieldType
    field: Field | None = None

    @property
    def column(self) -> Column:
        if not isinstance(self.operand, Column):
            raise _Fault("wrong-operator", "a time takes only comparisons of time", "Use before, after or on.")
        return self.operand


def _tested(rule: Test, subject: _Subject, clock: Clock) -> Predicate:
    """The comparison as a predicate; the negative ones are the complement of the positive."""
    if rule.operator in _NEGATIVE:
        return Not(_positive(_NEGATIVE[rule.operator], rule, subject, clock))
    return _positive(rule.operator, rule, subject, clock)


def _positive(operator: str, rule: Test, subject: _Subject, clock: Clock) -> Predicate:
    exact = rule.case == "exact"
    if operator == "is_empty":
        return Empty(subject.operand)
    if operator in ("is", "in"):
        values = [rule.value] if operator == "is" else rule.value
        return OneOf(subject.column, tuple(_value(value, subject, rule) for value in values), exact)
    if operator == "contains":
        return _contains(rule, subject, exact=exact)
    if operator in ("starts_with", "ends_with"):
        part = Part.START if operator == "starts_with" else Part.END
        return HasText(subject.column, part, _text(rule.value, rule), exact)
    if operator == "matches":
        return Matches(subject.column, _pattern(rule), exact)
    if subject.type in _TIMES:
        return _time_test(operator, rule, subject, clock)
    values = rule.value if operator == "between" else [rule.value]
    return _number_test(operator, subject.column, [_decimal(value, rule) for value in values])


def _contains(rule: Test, subject: _Subject, *, exact: bool) -> Predicate:
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    texts = tuple(_text(value, rule) for value in values)
    if subject.type is FieldType.LIST:
        return HasItem(subject.column, tuple(_choice(text, subject, rule) for text in texts), exact)
    found = tuple(HasText(subject.column, Part.ANYWHERE, text, exact) for text in texts)
    return found[0] if len(found) == 1 else Or(found)


def _number_test(operator: str, column: Column, amounts: Sequence[Decimal]) -> Predicate:
    first = amounts[0]
    match operator:
        case "is":
            return OneOf(column, (first,))
        case "greater_than":
            return Range(column, low=first, after_low=True)
        case "at_least":
            return Range(column, low=first)
        case "less_than":
            return Range(column, high=first)
        case "at_most":
            return Range(column, high=first, with_high=True)
    return Range(column, low=first, high=amounts[1], with_high=True)


def _time_test(operator: str, rule: Test, subject: _Subject, clock: Clock) -> Predicate:
    at = f"/{rule.operator}"
    if operator == "anniversary":
        return _anniversary(rule.value, subject, clock)
    if operator in ("within_last", "within_next"):
        duration = _timed(lambda: Duration.parse(rule.value), at)
        if subject.type is FieldType.DATE:
            return _near_dates(operator, duration, subject, clock, at)
        low, high = _timed(lambda: clock.last(duration) if operator == "within_last" else clock.next(duration), at)
        return Range(subject.operand, low, high)
    points = [_timed(lambda value=value: point(value, clock), at) for value in _listed(rule.value)]  # type: ignore[misc]
    if operator == "on" and points[0].day is None:
        raise _Fault("wrong-value", "on takes a day, not a time", "Write the day alone: 2026-01-31.", at)
    if subject.type is FieldType.DATETIME:
        return _ranged(operator, subject.operand, [(item.start, item.end) for item in points])
    if any(item.day is None for item in points):
        raise _Fault("wrong-value", "this field holds days, not times", "Write the day alone: 2026-01-31.", at)
    return _ranged(operator, subject.operand, [(item.day, _after(item.day)) for item in points])


def _ranged(operator: str, operand: Operand, points: Sequence[tuple[Any, Any]]) -> Predicate:
    start, end = points[0]
    match operator:
        case "before":
            return Range(operand, high=start)
        case "after":
            return Range(operand, low=end)
        case "on":
            return Range(operand, low=start, high=end)
    return Range(operand, low=start, high=points[1][0])


def _near_dates(operator: str, duration: Duration, subject: _Subject, clock: Clock, at: str) -> Predicate:
    if duration.by_clock:
        raise _Fault("wrong-value", "this field holds days, not times", "Use days, weeks, months or years.", at)
    sign = -1 if operator == "within_last" else 1
    other = _timed(lambda: duration.days_from(clock.today, sign), at)
    first, last = sorted((clock.today, other))
    return Range(subject.operand, low=first, high=_after(last))


def _anniversary(value: str | Season, subject: _Subject, clock: Clock) -> Predicate:
    at = "/anniversary"
    if isinstance(subject.operand, Column) and subject.operand.path and subject.type is FieldType.DATETIME:
        raise _Fault("wrong-operator", "anniversary needs a field that holds a date", "Use a date field.", at)
    first = last = clock.today
    if isinstance(value, Season):
        sign = -1 if value.within_last else 1
        duration = _timed(lambda: Duration.parse(value.within_last or value.within_next), at)
        if duration.by_clock:
            raise _Fault("wrong-value", "anniversaries fall on days", "Use days, weeks or months.", at)
        first, last = sorted((clock.today, _timed(lambda: duration.days_from(clock.today, sign), at)))
    if last - first > timedelta(days=366):
        raise _Fault("wrong-value", "everybody has one within a year", "Use a shorter time.", at)
    return Anniversary(subject.operand, seasons(first, last), str(clock.zone))


# Values


def _value(value: Any, subject: _Subject, rule: Test) -> Value:
    match subject.type:
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise _wrong(rule, f"{value!r} is not true or false", "Write true or false.")
            return value
        case FieldType.INTEGER | FieldType.NUMBER:
            return _decimal(value, rule)
        case FieldType.REFERENCE:
            return _reference(value, subject, rule)
        case FieldType.CHOICE:
            return _choice(_text(value, rule), subject, rule)
    return _text(value, rule)


def _text(value: Any, rule: Test) -> str:
    if not isinstance(value, str):
        raise _wrong(rule, f"{value!r} is not a text", f'Put it in quotes: "{value}".')
    if not value.strip(BLANKS):
        raise _wrong(rule, "an empty text compares with nothing", "Use is_empty or is_filled.")
    if len(value) > 1000 or "\0" in value or not _encodable(value):
        raise _wrong(rule, "this text cannot be compared with", "Use at most 1,000 printable characters.")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _choice(value: str, subject: _Subject, rule: Test) -> str:
    known = subject.field.known_choices() if subject.field else ()
    if not known:
        return value
    spelt = {choice.value.casefold(): choice.value for choice in known}
    if value.casefold() in spelt:
        return spelt[value.casefold()]
    labels = {choice.label.casefold(): choice.value for choice in known if choice.label}
    meant = labels.get(value.casefold()) or nearest(value.casefold(), spelt)
    remedy = f"Did you mean {spelt.get(meant, meant)}?" if meant else "Choose one of its values."
    raise _wrong(rule, f"{value} is not one of the values of {subject.field.label if subject.field else ''}", remedy)


def _reference(value: Any, subject: _Subject, rule: Test) -> Value:
    if subject.column.kind is not Kind.UUID:
        return _text(value, rule)
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise _wrong(rule, f"{value!r} is not the id of anything", "Choose it from the list.") from error


def _decimal(value: Any, rule: Test) -> Decimal:
    try:
        if isinstance(value, bool):
            raise ValueError
        found = Decimal(str(value).strip())
    except (InvalidOperation, ValueError) as error:
        raise _wrong(rule, f"{value!r} is not a number", "Write a number, with a point for decimals.") from error
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15 or -int(found.as_tuple().exponent) > 9:
        raise _wrong(rule, f"{value} is out of reach", "Use less than 15 digits and at most 9 decimals.")
    return found


def _money(value: Any, rule: Test) -> Money:
    if isinstance(value, Money):
        return value
    amount, _, currency = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise _wrong(rule, f"{value!r} is not an amount of money", 'Write "12.50 EUR".')
    return Money(amount=amount, currency=currency)


def _pattern(rule: Test) -> str:
    try:
        return portable(_text(rule.value, rule))
    except BadPattern as error:
        raise _wrong(rule, f"the pattern cannot be used: {error}", "Use a simpler pattern, or contains.") from error


def _wrong(rule: Test, message: str, remedy: str) -> _Fault:
    return _Fault("wrong-value", message, remedy, f"/{rule.operator}")


def _timed(read: Callable[[], T], at: str) -> T:
    try:
        return read()
    except (BadTime, OverflowError) as error:
        said = str(error) if isinstance(error, BadTime) else "that is outside the calendar"
        raise _Fault("wrong-value", said, "Write it as in the examples of the reference.", at) from error


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


def _after(day: Any) -> Any:
    return day + timedelta(days=1)


def _shorthand(wanted: Any) -> Test:
    """`form: demo` is short for `form: {is: demo}`, a list for `in`."""
    return Test.model_validate({"in": wanted} if isinstance(wanted, tuple) else {"is": wanted})


def _guess(test: Test) -> FieldType:
    """The type of a property nobody declared, by what it is compared with."""
    value = test.value[0] if isinstance(test.value, tuple) else test.value
    if TAKES[test.operator] <= _NUMBERS or (isinstance(value, int | float) and not isinstance(value, bool)):
        return FieldType.NUMBER
    if isinstance(value, bool) and test.operator in ("is", "is_not"):
        return FieldType.BOOLEAN
    return FieldType.DATETIME if TAKES[test.operator] <= _TIMES else FieldType.TEXT


def _bounds(rule: Did) -> tuple[int, int | None]:
    if rule.exactly is not None:
        return rule.exactly, rule.exactly
    if rule.at_least is None and rule.at_most is None:
        return 1, None
    return rule.at_least or 0, rule.at_most


def _member(found: Membership) -> Member:
    return Member(Table(found.relation, found.key), found.as_column, found.value)
