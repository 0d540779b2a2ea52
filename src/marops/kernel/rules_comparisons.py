"""What one comparison of a rule means: its values typed, its relative times resolved; the answer is a predicate."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar
from uuid import UUID

from marops.kernel.fields import Field, FieldType, nearest
from marops.kernel.rules import Money, Season, Test
from marops.kernel.rules_pattern import BadPattern, portable
from marops.kernel.rules_time import BadTime, Clock, Duration, point, seasons
from marops.store.predicate import (
    BLANKS,
    Anniversary,
    Column,
    Empty,
    HasItem,
    HasText,
    Kind,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    Part,
    Predicate,
    Range,
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

NEGATIVE: Final = {"is_not": "is", "not_in": "in", "not_contains": "contains", "is_filled": "is_empty"}
"""Comparisons that are the complement of another one."""
CASED: Final = frozenset(
    {"is", "is_not", "in", "not_in", "contains", "not_contains", "starts_with", "ends_with", "matches"}
)
"""Comparisons that may heed the case of letters."""


class Fault(Exception):
    """Something at a leaf that cannot be used."""

    def __init__(self, code: str, message: str, remedy: str, at: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.remedy, self.at = code, message, remedy, at


TYPE_WORDS: Final = {
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
"""Types of fields as a sentence names them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: where it stands, its type, and the field it belongs to if it does."""

    operand: Operand
    type: FieldType
    field: Field | None = None

    @property
    def column(self) -> Column:
        """The stored column. Raises Fault for a moment of a fact."""
        if not isinstance(self.operand, Column):
            raise Fault("wrong-operator", "a time takes only comparisons of time", "Use before, after or on.")
        return self.operand


def tested(rule: Test, subject: Subject, clock: Clock) -> Predicate:
    """The comparison as a predicate; the negative ones are the complement of the positive."""
    if rule.operator in NEGATIVE:
        return Not(_positive(NEGATIVE[rule.operator], rule, subject, clock))
    return _positive(rule.operator, rule, subject, clock)


def _positive(operator: str, rule: Test, subject: Subject, clock: Clock) -> Predicate:
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
    return number_test(operator, subject.column, [decimal_of(value, rule) for value in values])


def _contains(rule: Test, subject: Subject, *, exact: bool) -> Predicate:
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    texts = tuple(_text(value, rule) for value in values)
    if subject.type is FieldType.LIST:
        return HasItem(subject.column, tuple(_choice(text, subject, rule) for text in texts), exact)
    found = tuple(HasText(subject.column, Part.ANYWHERE, text, exact) for text in texts)
    return found[0] if len(found) == 1 else Or(found)


def number_test(operator: str, column: Column, amounts: Sequence[Decimal]) -> Predicate:
    """A comparison of numbers; `between` takes two amounts."""
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


def _time_test(operator: str, rule: Test, subject: Subject, clock: Clock) -> Predicate:
    at = f"/{rule.operator}"
    if operator == "anniversary":
        return _anniversary(rule.value, subject, clock)
    if operator in ("within_last", "within_next"):
        duration = timed(lambda: Duration.parse(rule.value), at)
        if subject.type is FieldType.DATE:
            return _near_dates(operator, duration, subject, clock, at)
        low, high = timed(lambda: clock.last(duration) if operator == "within_last" else clock.next(duration), at)
        return Range(subject.operand, low, high)
    points = [timed(lambda value=value: point(value, clock), at) for value in _listed(rule.value)]  # type: ignore[misc]
    if operator == "on" and points[0].day is None:
        raise Fault("wrong-value", "on takes a day, not a time", "Write the day alone: 2026-01-31.", at)
    if subject.type is FieldType.DATETIME:
        return _ranged(operator, subject.operand, [(item.start, item.end) for item in points])
    if any(item.day is None for item in points):
        raise Fault("wrong-value", "this field holds days, not times", "Write the day alone: 2026-01-31.", at)
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


def _near_dates(operator: str, duration: Duration, subject: Subject, clock: Clock, at: str) -> Predicate:
    if duration.by_clock:
        raise Fault("wrong-value", "this field holds days, not times", "Use days, weeks, months or years.", at)
    sign = -1 if operator == "within_last" else 1
    other = timed(lambda: duration.days_from(clock.today, sign), at)
    first, last = sorted((clock.today, other))
    return Range(subject.operand, low=first, high=_after(last))


def _anniversary(value: str | Season, subject: Subject, clock: Clock) -> Predicate:
    at = "/anniversary"
    if isinstance(subject.operand, Column) and subject.operand.path and subject.type is FieldType.DATETIME:
        raise Fault("wrong-operator", "anniversary needs a field that holds a date", "Use a date field.", at)
    first = last = clock.today
    if isinstance(value, Season):
        sign = -1 if value.within_last else 1
        duration = timed(lambda: Duration.parse(value.within_last or value.within_next), at)
        if duration.by_clock:
            raise Fault("wrong-value", "anniversaries fall on days", "Use days, weeks or months.", at)
        first, last = sorted((clock.today, timed(lambda: duration.days_from(clock.today, sign), at)))
    if last - first > timedelta(days=366):
        raise Fault("wrong-value", "everybody has one within a year", "Use a shorter time.", at)
    return Anniversary(subject.operand, seasons(first, last), str(clock.zone))


# Values


def _value(value: Any, subject: Subject, rule: Test) -> Value:
    match subject.type:
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise _wrong(rule, f"{value!r} is not true or false", "Write true or false.")
            return value
        case FieldType.INTEGER | FieldType.NUMBER:
            return decimal_of(value, rule)
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


def _choice(value: str, subject: Subject, rule: Test) -> str:
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


def _reference(value: Any, subject: Subject, rule: Test) -> Value:
    if subject.column.kind is not Kind.UUID:
        return _text(value, rule)
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise _wrong(rule, f"{value!r} is not the id of anything", "Choose it from the list.") from error


def decimal_of(value: Any, rule: Test) -> Decimal:
    """The value as a number. Raises Fault."""
    try:
        if isinstance(value, bool):
            raise ValueError
        found = Decimal(str(value).strip())
    except (InvalidOperation, ValueError) as error:
        raise _wrong(rule, f"{value!r} is not a number", "Write a number, with a point for decimals.") from error
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15 or -int(found.as_tuple().exponent) > 9:
        raise _wrong(rule, f"{value} is out of reach", "Use less than 15 digits and at most 9 decimals.")
    return found


def money_of(value: Any, rule: Test) -> Money:
    """The value as an amount in a currency. Raises Fault."""
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


def _wrong(rule: Test, message: str, remedy: str) -> Fault:
    return Fault("wrong-value", message, remedy, f"/{rule.operator}")


def timed(read: Callable[[], T], at: str) -> T:
    """What `read` answers about a time; Fault at this place for one that cannot be read."""
    try:
        return read()
    except (BadTime, OverflowError) as error:
        said = str(error) if isinstance(error, BadTime) else "that is outside the calendar"
        raise Fault("wrong-value", said, "Write it as in the examples of the reference.", at) from error


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


def _after(day: Any) -> Any:
    return day + timedelta(days=1)


def shorthand(wanted: Any) -> Test:
    """`form: demo` is short for `form: {is: demo}`, a list for `in`."""
    return Test.model_validate({"in": wanted} if isinstance(wanted, tuple) else {"is": wanted})


def guess_type(test: Test) -> FieldType:
    """The type of a property nobody declared, by what it is compared with."""
    value = test.value[0] if isinstance(test.value, tuple) else test.value
    if TAKES[test.operator] <= _NUMBERS or (isinstance(value, int | float) and not isinstance(value, bool)):
        return FieldType.NUMBER
    if isinstance(value, bool) and test.operator in ("is", "is_not"):
        return FieldType.BOOLEAN
    return FieldType.DATETIME if TAKES[test.operator] <= _TIMES else FieldType.TEXT
