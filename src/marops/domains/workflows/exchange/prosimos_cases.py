"""What comes in: arrivals, kinds of work made of the attributes of cases, and batches, as Prosimos describes them."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.exchange import prosimos_hours as weeks
from marops.domains.workflows.exchange.bpmn import slugs
from marops.domains.workflows.exchange.bpsim import mean_hours, number
from marops.domains.workflows.exchange.prosimos_amounts import hours_of
from marops.domains.workflows.exchange.prosimos_file import Parameters, Row, listed, text
from marops.domains.workflows.exchange.xml import refused
from marops.domains.workflows.rules.amounts import Spread
from marops.methods.amounts import quantiles

MONTH_WEEKS = 365.25 / 12 / 7
_ARRIVALS = 8_000
_MOST_KINDS = 20
Note = Callable[..., None]


@dataclass(slots=True)
class Intake:
    """Items a month, the distribution of the distance between two (None: at random), and when they come."""

    per_month: float
    gap: float | Spread | None
    open: weeks.Spans


def read_intake(given: Parameters, note: Note) -> Intake:
    """How many come in. Raises MaropsError where the file says nothing that can be read."""
    try:
        gap = hours_of(given.row("arrival_time_distribution"), note)
        open_ = weeks.spans_of(given.periods("arrival_time_calendar")) or [(0.0, float(weeks.WEEK))]
    except ValueError as error:
        raise refused(f"How work arrives cannot be read: {error}.", "Correct the arrival times.") from None
    mean = mean_hours(gap)
    if mean <= 0:
        raise refused("Between two arrivals no time passes on average.", "Correct “arrival_time_distribution”.")
    a_week = weekly(gap, open_)
    plain = weeks.total(open_) / mean
    if abs(a_week - plain) > 0.01 * plain:
        note(
            f"Prosimos counts the time between arrivals day and night and moves what falls outside of the hours to"
            f" their next beginning: {a_week:.4g} a week, where the hours alone would make {plain:.4g}. The former was"
            f" taken, spread over the hours."
        )
    random = isinstance(gap, Spread) and gap.kind == "exponential"
    return Intake(a_week * MONTH_WEEKS, None if random else gap, open_)


def weekly(gap: float | Spread, open_: weeks.Spans) -> float:
    """Arrivals a week on average when those outside of the hours wait for the next opening; drawn without chance."""
    if weeks.total(open_) >= 168:
        return 168 / mean_hours(gap)
    shares: NDArray[np.float64] = (np.arange(_ARRIVALS, dtype=np.float64) * 0.6180339887498949) % 1.0
    gaps = quantiles(gap.as_amount(), shares) if isinstance(gap, Spread) else np.full(_ARRIVALS, gap)
    begins = [begin for begin, _ in open_]
    at = first = begins[0]
    for one in gaps:
        at += float(one) * 60
        week, minute = divmod(at, weeks.WEEK)
        place = bisect_right(begins, minute) - 1
        if place < 0 or minute >= open_[place][1]:
            later = begins[place + 1] if place + 1 < len(begins) else begins[0] + weeks.WEEK
            at = week * weeks.WEEK + later
    return _ARRIVALS / ((at - first) / weeks.WEEK)


# --- kinds of work


@dataclass(slots=True)
class Attribute:
    """A property of cases that is one of several values."""

    name: str
    values: dict[str, float] = field(default_factory=dict)


def read_kinds(given: Parameters, note: Note, title: str) -> list[tuple[str, str, float, int]]:
    """Kinds of work: id, name, share of all, priority. One for all, unless priorities depend on attributes."""
    attributes = {one.name: one for one in _attributes(given, note)}
    rules = list(_rules(given, note))
    used = [name for name in attributes if any(name in _names(rule) for _, rule in rules)]
    many = 1
    for name in used:
        many *= len(attributes[name].values)
    for name in attributes:
        if name not in used:
            note("No priority depends on it, so it makes no kinds of work of their own here.", f"attribute {name}")
    if not used or many > _MOST_KINDS:
        if used:
            note(f"Priorities depend on {many} combinations of attributes; more than {_MOST_KINDS} are not kept apart.")
        return [("item", title or "Item", 1.0, 0)]
    levels = max(level for level, _ in rules)
    found = []
    for values in product(*(attributes[name].values for name in used)):
        case = dict(zip(used, values, strict=True))
        share = 1.0
        for name, value in case.items():
            share *= attributes[name].values[value]
        met = [level for level, rule in rules if _meets(case, rule)]
        found.append((" ".join(values), share, levels + 1 - min(met) if met else 0))
    ids = slugs([name for name, _, _ in found], "item")
    return [(id_, name, share, priority) for id_, (name, share, priority) in zip(ids, found, strict=True)]


def _attributes(given: Parameters, note: Note) -> Iterator[Attribute]:
    for section, said in (("event_attributes", "of events"), ("global_attributes", "of the whole")):
        if given.data.get(section):
            note(f"Attributes {said} were left out: nothing here depends on them.")
    for place, row in given.rows("case_attributes", "name", "values"):
        name, values = text(row, "name"), row.get("values")
        if str(row.get("type")) != "discrete" or not isinstance(values, list):
            note("An attribute that is a number makes no kinds of work; it was left out.", f"attribute {name}")
            continue
        shares = {text(one, "key"): number(one.get("value")) or 0.0 for one in listed(row, "values", place)}
        total = sum(shares.values())
        if total > 0:
            yield Attribute(name, {key: share / total for key, share in shares.items() if share > 0})


def _rules(given: Parameters, note: Note) -> Iterator[tuple[int, Sequence[Row]]]:
    """Each alternative of each priority, with its level."""
    for place, row in given.rows("prioritisation_rules", "priority_level", "rules"):
        level = number(row.get("priority_level"))
        for rule in row.get("rules") or []:
            conditions = rule if isinstance(rule, list) else [rule]
            if level is None or any(not isinstance(one, Mapping) for one in conditions):
                raise refused(f"{place} is no priority with rules.")
            if all(_operator(one) in ("=", "in") for one in conditions):
                yield int(level), conditions
            else:
                note("A priority that depends on a number was left out.", place)


def _operator(condition: Row) -> str:
    return str(condition.get("comparison", condition.get("condition", "=")))


def _names(rule: Sequence[Row]) -> list[str]:
    return [text(one, "attribute") for one in rule]


def _meets(case: Mapping[str, str], rule: Sequence[Row]) -> bool:
    for condition in rule:
        wanted = condition.get("value")
        options = [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]
        if case.get(text(condition, "attribute")) not in options:
            return False
    return True


def chance_of(given: Parameters, rule: str) -> float | None:
    """How many of all cases a rule for branches holds for; None where that depends on more than discrete attributes."""
    attributes = {one.name: one for one in _attributes(given, lambda *_: None)}
    for _, row in given.rows("branch_rules", "id", "rules"):
        if text(row, "id") != rule:
            continue
        rules = [one if isinstance(one, list) else [one] for one in row.get("rules") or []]
        names = sorted({name for one in rules for name in _names(one)})
        plain = all(_operator(one) in ("=", "in") for conditions in rules for one in conditions)
        if not plain or any(name not in attributes for name in names):
            return None
        total = 0.0
        for values in product(*(attributes[name].values for name in names)):
            case = dict(zip(names, values, strict=True))
            if any(_meets(case, one) for one in rules):
                share = 1.0
                for name, value in case.items():
                    share *= attributes[name].values[value]
                total += share
        return total
    return None


# --- batches


@dataclass(slots=True)
class Collected:
    """What a batch becomes: the fields of a step's batch if there is one, when it opens, and a factor of the effort."""

    batch: dict[str, Any] | None
    opens: weeks.Spans | None
    factor: float = 1.0


def read_batch(row: Row, place: str, note: Note) -> Collected:
    """A batch, as one of ours and hours in which the step opens."""
    size, wait = 0, None
    opens: weeks.Spans = []
    for rule in row.get("firing_rules") or []:
        for one in rule if isinstance(rule, list) else [rule]:
            if not isinstance(one, Mapping):
                raise refused(f"{place}.firing_rules is no list of rules.")
        rules = rule if isinstance(rule, list) else [rule]
        size = _least(rules, size)
        wait = _longest(rules, wait, note, place)
        opens += _when(rules)
    never_alone = _alone(row)
    if never_alone > 0.01:
        note(f"{never_alone:.0%} of the work is done at once; here all of it is collected.", place)
    factor = _factor(row, size)
    together = str(row.get("type", "")).lower() == "parallel"
    if size < 2 and wait is None:
        return Collected(None, weeks.joined(opens) or None, factor)
    many = min(max(size, 2) if size else 1000, 1000)
    batch: dict[str, Any] = {"size": many, "together": together}
    if wait is not None:
        batch["wait_at_most"] = wait
    if together and factor != 1 and size > 1:
        # Prosimos scales the sum of all efforts, here the largest counts whole and the others in part.
        batch["each"] = min(max((factor * size - 1) / (size - 1), 0.0), 1.0)
        factor = 1.0
    return Collected(batch, weeks.joined(opens) or None, factor)


def _least(rules: Sequence[Row], size: int) -> int:
    for one in rules:
        value = number(one.get("value"))
        if one.get("attribute") == "size" and value and _operator(one) in ("=", ">=", ">"):
            found = int(value) + (1 if _operator(one) == ">" else 0)
            size = min(size, found) if size else found
    return size


def _longest(rules: Sequence[Row], wait: float | None, note: Note, place: str) -> float | None:
    for name in ("large_wt", "ready_wt"):
        given = [
            value for one in rules
            if one.get("attribute") == name and _operator(one) in (">", ">=", "=")
            and (value := number(one.get("value"))) is not None
        ]  # fmt: skip
        if given:
            hours = max(given) / 3600
            wait = hours if wait is None else min(wait, hours)
            if name == "ready_wt":
                note("A batch that begins some time after its last piece came begins that time after its first.", place)
    return wait


def _when(rules: Sequence[Row]) -> weeks.Spans:
    """Days of the week and hours of the day that rules ask for."""
    days = [text(one, "value").upper() for one in rules if one.get("attribute") == "week_day"]
    hours = [(one, number(one.get("value"))) for one in rules if one.get("attribute") == "daily_hour"]
    if not days and not hours:
        return []
    low = max([0.0, *(h or 0.0 for one, h in hours if _operator(one) in (">", ">=", "="))])
    high = min([24.0, *(h or 24.0 for one, h in hours if _operator(one) in ("<", "<="))])
    if any(_operator(one) == "=" for one, _ in hours):
        high = low + 1
    chosen = [at for at, day in enumerate(weeks.DAYS) if not days or day in days]
    return [(day * weeks.DAY + low * 60, day * weeks.DAY + high * 60) for day in chosen if low < high]


def _alone(row: Row) -> float:
    """The share of pieces that are done without waiting for others."""
    sizes = row.get("size_distrib") or []
    for one in sizes if isinstance(sizes, list) else []:
        if isinstance(one, Mapping) and str(one.get("key")) == "1":
            return number(one.get("value")) or 0.0
    return 0.0


def _factor(row: Row, size: int) -> float:
    """What the time of a piece becomes in a batch of this size."""
    found = 1.0
    scales = row.get("duration_distrib") or []
    pairs = [(number(one.get("key")), number(one.get("value"))) for one in scales if isinstance(one, Mapping)]
    for key, value in sorted((key, value) for key, value in pairs if key is not None and value is not None):
        if key <= max(size, 2):
            found = value
    return found
