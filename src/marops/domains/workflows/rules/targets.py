"""A plan as a document: how many of each kind of work are to be finished in each month.

    first: 2027-01
    months: 3
    targets:
      newsletter: 8
      webinar/webinar: {2027-01: 1, 2027-03: 2}

A number counts for each of the months, or `every` does beside months with numbers of their own; months that are not
named ask for nothing. A kind of work is named as its workflow names it, or `workflow/kind`; a workflow with one kind
of work by its short name. `first`: the next month, if left out; `months`: up to the last one that is named, and three
at least where a number counts for each. `ahead_days`: so long before its date a piece of work comes in; left out, as
long as its workflow promises to take.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from math import ceil
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationError

from marops.domains.workflows.rules.amounts import amount_of
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.document import ELAPSED, Document, WorkClass
from marops.domains.workflows.rules.frames import months_on, open_share
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.methods.amounts import mean

EVERY = "every"
QUARTER = 3
HORIZON = 18
"""No plan reaches further: what comes in so late nobody knows."""
AHEAD = 30 * 24.0
"""Hours before its date that work comes in where its workflow promises nothing."""

Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Target = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
ByMonth = Annotated[
    Mapping[Annotated[str, Field(pattern=r"^(every|20[0-9]{2}-(0[1-9]|1[0-2]))$")], Target],
    BeforeValidator(lambda given: given if isinstance(given, Mapping) else {EVERY: given}),
]


class Targets(Document):
    """What a plan asks for. A target of 1.5 a month is three in two months."""

    title: Annotated[str, Field(max_length=200)] = ""
    first: Month | None = None
    months: Annotated[int, Field(ge=1, le=HORIZON)] | None = None
    targets: Annotated[Mapping[str, ByMonth], Field(min_length=1, max_length=200)]
    ahead_days: Annotated[float, Field(gt=0, le=365)] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that fits a crew's workflows: its months by their first days, the targets of each (workflow, class), and
    how many hours before its date a piece of it comes in.
    """

    months: tuple[date, ...]
    targets: Mapping[tuple[str, str], tuple[float, ...]]
    ahead: Mapping[tuple[str, str], float]

    @property
    def ends(self) -> tuple[date, ...]:
        """The days by which the months are over."""
        return tuple(months_on(day, 1) for day in self.months)

    def due(self, key: tuple[str, str]) -> tuple[int, ...]:
        """Whole pieces of a kind that are to be finished by the end of each month, those before it included."""
        return tuple(ceil(one - 1e-9) for one in accumulate(self.targets[key]))

    def as_plain(self) -> dict[str, Any]:
        """For the record of what was asked: the same plan said in another way is the same question."""
        return {
            "first": _name(self.months[0]),
            "months": len(self.months),
            "targets": {
                "/".join(key): {_name(day): one for day, one in zip(self.months, each, strict=True) if one}
                for key, each in sorted(self.targets.items())
            },
            "ahead_hours": {"/".join(key): round(one, 3) for key, one in sorted(self.ahead.items())},
        }


def read_plan(document: object, situation: Situation, workflow: str, today: date) -> Plan:
    """The plan of a document for a crew's workflows, asked of one of them on a day.

    Raises MaropsError `invalid` that names every fault by its place.
    """
    try:
        asked = Targets.model_validate(document)
    except ValidationError as error:
        raise MaropsError(INVALID, "The plan has faults.", errors=pydantic_faults(error, document)) from None
    months, faults = _months(asked, today)
    targets: dict[tuple[str, str], tuple[float, ...]] = {}
    for name, each in asked.targets.items():
        key = _key(name, situation, workflow)
        if isinstance(key, FieldError):
            faults.append(key)
        elif key in targets:
            faults.append(_at(name, "again", f"“{name}” is there under another name already.", "Say it once."))
        else:
            faults += _outside(name, each, months)
            targets[key] = tuple(each.get(_name(day), each.get(EVERY, 0.0)) for day in months)
    if not faults and not any(map(any, targets.values())):
        faults.append(FieldError("nothing", "The plan asks for nothing.", "Give a number above 0.", "/targets"))
    if faults:
        raise MaropsError(INVALID, "The plan has faults.", errors=faults)
    kept = {key: each for key, each in targets.items() if any(each)}
    return Plan(months, kept, {key: _ahead(asked, situation, key) for key in kept})


def next_month(today: date) -> date:
    """The first day of the month after this one."""
    return months_on(today.replace(day=1), 1)


def kinds_of_work(situation: Situation) -> dict[tuple[str, str], WorkClass]:
    """Every kind of work that the crew does, by (workflow, class)."""
    return {(slug, one.id): one for slug, flow in situation.workflows.items() for one in flow.classes}


def _name(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _day(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def _months(asked: Targets, today: date) -> tuple[tuple[date, ...], list[FieldError]]:
    first = _day(asked.first) if asked.first else next_month(today)
    named = [_day(one) for each in asked.targets.values() for one in each if one != EVERY]
    latest = max([first, *named])
    long = (latest.year - first.year) * 12 + latest.month - first.month + 1
    least = QUARTER if any(EVERY in each for each in asked.targets.values()) else 1
    months = asked.months or min(max(long, least), HORIZON)
    faults = []
    if first < today:
        said = f"The plan begins in {_name(first)}, which is under way or over."
        remedy = f"Begin in {_name(next_month(today))} or later."
        faults.append(FieldError("range", said, remedy, "/first", field="first"))
    if first > months_on(next_month(today), HORIZON):
        said = f"The plan begins more than {HORIZON} months from now."
        faults.append(FieldError("range", said, "Begin sooner.", "/first", field="first"))
    return tuple(months_on(first, number) for number in range(months)), faults


def _outside(name: str, each: Mapping[str, float], months: Sequence[date]) -> Iterator[FieldError]:
    """Months that the plan does not have."""
    known = {_name(day) for day in months}
    for month in each:
        if month != EVERY and month not in known:
            said = f"{month} is not a month of the plan, which goes from {_name(months[0])} to {_name(months[-1])}."
            yield _at(name, "range", said, "Leave it out, or let the plan reach it.", month)


def _key(name: str, situation: Situation, workflow: str) -> tuple[str, str] | FieldError:
    known = kinds_of_work(situation)
    slug, _slash, kind = name.rpartition("/")
    tried = [(slug, kind)] if slug else [(workflow, name)]
    if not slug and name in situation.workflows and len(situation.workflows[name].classes) == 1:
        tried.append((name, situation.workflows[name].classes[0].id))
    if not slug and len(alike := [one for one in known if one[1] == name]) == 1:
        tried += alike
    found = next((one for one in tried if one in known), None)
    if found:
        return found
    names = ", ".join("/".join(one) for one in list(known)[:12])
    return _at(name, "unknown", f"“{name}” is no kind of work of this crew.", f"There are {names}.")


def _at(name: str, code: str, said: str, remedy: str, month: str = "") -> FieldError:
    place = f"/targets/{name.replace('~', '~0').replace('/', '~1')}" + (f"/{month}" if month else "")
    return FieldError(code, said, remedy, place, field=month or name)


def _ahead(asked: Targets, situation: Situation, key: tuple[str, str]) -> float:
    """Hours on the wall: what was asked for, else the due date of its kind, else the promise of its workflow."""
    if asked.ahead_days is not None:
        return asked.ahead_days * 24
    flow, one = situation.workflows[key[0]], kinds_of_work(situation)[key]
    if one.due is not None:
        hours = mean(amount_of(one.due))
        crew = situation.crew
        share = 1.0 if one.due_in == ELAPSED else open_share(crew.calendars[one.due_in], ZoneInfo(crew.zone or "UTC"))
        return max(hours / share, 1.0) if share else AHEAD
    return flow.promise.hours if flow.promise else AHEAD
