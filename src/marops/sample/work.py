"""The campaigns of two years and the work on them: who did which step when, how long it waited, what it cost.

A small simulation, not a model of anything: pieces of work wait for a person with the skill, people work in office
hours, the counsel reviews on Tuesdays only, and some work comes back.
"""

import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from marops.methods.worktime import Hours, add
from marops.sample.world import LEGAL, MARKETERS, WORKFLOWS, ZONE, Person, Step, Workflow

OFFICE: Final = dict.fromkeys(range(5), ((540, 720), (780, 1020)))
TUESDAYS: Final = {1: ((600, 840), (900, 1020))}
"""When the counsel reviews: Tuesdays, six hours."""

_RATE: Final = 62
"""What an hour of a marketer costs, in the company's currency."""
_SEASON: Final = (0.9, 1.0, 1.1, 1.05, 1.0, 0.95, 0.75, 0.7, 1.15, 1.15, 1.1, 0.7)
_THEMES: Final = (
    "Fewer empty trips", "Right part, first visit", "Planning in the rain", "The quiet dispatcher", "Shift change",
    "Spring check", "Routes that learn", "Spare parts on time", "A day in the van", "Winter readiness",
    "The shortest way", "Hands and tablets", "Service that pays", "Night calls", "From paper to plan",
    "Maintenance before it breaks", "Ten minutes early", "The full calendar", "Field notes", "No second visit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work that was done."""

    case: str
    workflow: str
    step: Step
    person: Person | None
    enabled: datetime
    started: datetime
    ended: datetime
    attempt: int
    rework_of: str | None
    cost: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign: what it is, when work on it began, and when it was held or sent; None while it is not."""

    number: int
    slug: str
    title: str
    workflow: Workflow
    begins: datetime
    held: datetime | None
    tasks: tuple[Task, ...]


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    case: "_Case" = field(compare=False)
    step: int = field(compare=False)
    attempt: int = field(compare=False, default=1)
    rework_of: str | None = field(compare=False, default=None)


@dataclass
class _Case:
    number: int
    title: str
    workflow: Workflow
    begins: datetime
    tasks: list[Task] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return f"{self.workflow.slug}-{self.begins:%Y-%m-%d}-{self.number}"


def campaigns(today: date, days: int, seed: int) -> list[Campaign]:
    """Every campaign whose work began within `days` before `today`, with the work that was finished by then."""
    chance = random.Random(f"campaigns {seed}")  # noqa: S311  # nothing secret: the same seed, the same company
    zone = ZoneInfo(ZONE)
    end = datetime(today.year, today.month, today.day, tzinfo=zone)
    cases = list(_cases(today, days, chance, zone))
    _work_off(cases, end, chance)
    return [_told(case, end) for case in cases]


def _told(case: _Case, end: datetime) -> Campaign:
    finished = tuple(task for task in case.tasks if task.ended < end)
    held = [task.ended for task in finished if task.step.name in ("Send", "Launch", "Hold webinar", "Import visitors")]
    if case.workflow.slug == "content":
        held = [task.ended for task in finished if task.step.name == "Build landing page"]
    return Campaign(case.number, case.slug, case.title, case.workflow, case.begins, max(held, default=None), finished)


def _cases(today: date, days: int, chance: random.Random, zone: ZoneInfo) -> Iterator[_Case]:
    """Campaigns in the order in which their work begins; more of them in spring and autumn, and every year."""
    numbers, found = count(1), []
    for back in range(days, 0, -1):
        day = today - timedelta(days=back)
        if day.weekday() > 4:
            continue
        growth = 0.9 + 0.2 * (days - back) / days
        for workflow in WORKFLOWS:
            if chance.random() < workflow.a_month / 21.7 * _SEASON[day.month - 1] * growth:
                minute = 540 + chance.randrange(420)
                begins = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
                found.append((begins, workflow))
    for begins, workflow in found:
        number = next(numbers)
        theme = _THEMES[(number * 7) % len(_THEMES)]
        yield _Case(number, f"{workflow.name}: {theme} ({begins:%b %Y})", workflow, begins)


def _work_off(cases: Sequence[_Case], end: datetime, chance: random.Random) -> None:
    """Let people do the work, piece by piece in the order in which it becomes possible."""
    order = count()
    free: dict[str, datetime] = {}
    waiting = [_Due(case.begins, next(order), case, 0) for case in cases]
    heapq.heapify(waiting)
    while waiting:
        due = heapq.heappop(waiting)
        if due.at >= end:
            continue
        step = due.case.workflow.steps[due.step]
        task = _do(due, step, free, chance)
        due.case.tasks.append(task)
        for follows in _after(due, step, task, chance):
            heapq.heappush(waiting, _Due(task.ended, next(order), due.case, *follows))


def _after(due: _Due, step: Step, task: Task, chance: random.Random) -> Iterator[tuple[int, int, str | None]]:
    """What the end of a piece of work makes possible: the next step, or an earlier one once more."""
    steps = due.case.workflow.steps
    names = [one.name for one in steps]
    if step.again and due.attempt < 4 and chance.random() < step.again and step.back_to in names:
        yield names.index(step.back_to), due.attempt + 1, step.name
    elif due.step + 1 < len(steps):
        yield due.step + 1, due.attempt if due.attempt > 1 and step.name != LEGAL else 1, None


def _do(due: _Due, step: Step, free: dict[str, datetime], chance: random.Random) -> Task:
    ready = due.at
    if step.outside:
        waited = step.outside * chance.lognormvariate(0, 0.35)
        ready = _later(_hours("office"), ready, waited)
    if step.touch == "automatic":
        ended = ready + timedelta(minutes=4 + 8 * chance.random())
        return Task(
            due.case.slug, due.case.workflow.slug, step, None, due.at, ready, ended, due.attempt, due.rework_of, 0
        )
    person = _who(step, free, ready, chance)
    hours = _hours("tuesdays" if step.skill == "legal" else "office")
    # People have other things to do: an hour or so passes before somebody who is free turns to it.
    ready = ready if step.skill == "legal" else _later(_hours("office"), ready, chance.expovariate(1 / 1.1))
    started = _later(hours, max(ready, free.get(person.slug, ready)), 0.02)
    spent = step.hours * chance.lognormvariate(-0.06, 0.35) * (0.55 if due.attempt > 1 else 1.0)
    ended = _later(hours, started, spent)
    free[person.slug] = ended
    cost = round(spent * _RATE, 2)
    return Task(
        due.case.slug, due.case.workflow.slug, step, person, due.at, started, ended, due.attempt, due.rework_of, cost
    )


def _who(step: Step, free: Mapping[str, datetime], at: datetime, chance: random.Random) -> Person:
    able = [one for one in MARKETERS if step.skill in one.skills]
    return min(able, key=lambda one: (max(free.get(one.slug, at), at), chance.random()))


_HOURS: dict[str, Hours] = {
    "office": Hours(ZoneInfo(ZONE), OFFICE),
    "tuesdays": Hours(ZoneInfo(ZONE), TUESDAYS),
}


def _hours(name: str) -> Hours:
    return _HOURS[name]


def _later(hours: Hours, at: datetime, amount: float) -> datetime:
    """The moment at which so many hours of work have passed."""
    moment = add(hours, at, timedelta(hours=max(amount, 0.01)))
    assert moment is not None  # noqa: S101  # both calendars work every week
    return moment


def facts_of(campaign: Campaign, campaign_id: str) -> Iterator[dict[str, Any]]:
    """The work of one campaign as rows for the lake, without their ids."""
    for number, task in enumerate(campaign.tasks):
        yield {
            "number": campaign.number * 64 + number,
            "occurred_at": task.ended,
            "campaign_id": campaign_id,
            "person": task.person.slug if task.person else None,
            "case_id": task.case,
            "case_class": task.workflow,
            "activity": task.step.name,
            "skill": task.step.skill,
            "touch": task.step.touch,
            "platform": task.step.platform,
            "enabled_at": task.enabled,
            "started_at": task.started,
            "ended_at": task.ended,
            "attempt": task.attempt,
            "rework_of": task.rework_of,
            "cost": task.cost,
        }
