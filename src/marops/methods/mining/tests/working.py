"""A small company whose every parameter is known: it works through cases, and its log is what there is to find."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

import numpy as np

from marops.methods.mining.calendars import clock_of, laid_out
from marops.methods.mining.log import Log

ZERO = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
OFFICE = dict.fromkeys(range(5), ((540, 1020),))  # 9 to 17


@dataclass
class Step:
    """`delay`: mean hours (exponential, of the office's hours) for a share `delayed` of the pieces. `batch`: collected
    until so many. `urgent`: share of the pieces that go first.
    """

    name: str
    people: tuple[str, ...]
    mean: float
    sd: float
    delay: float = 0.0
    delayed: float = 1.0
    batch: int = 0
    urgent: float = 0.0


@dataclass
class Company:
    steps: tuple[Step, ...]
    calendars: dict[str, dict] = field(default_factory=dict)  # OFFICE where a person is not named
    speeds: dict[tuple[str, str], float] = field(default_factory=dict)
    per_hour: float = 0.5
    zone: str = "UTC"

    def speed(self, step, person):
        return self.speeds.get((step, person), 1.0)

    def work(self, seed, cases, with_enabled=False):
        """The log of so many cases."""
        return _Day(self, seed).run(cases, with_enabled)


class _Day:
    def __init__(self, company, seed):
        self.company, self.rng = company, np.random.default_rng(seed)
        self.people = sorted({one for step in company.steps for one in step.people})
        clock = clock_of(ZERO, ZoneInfo(company.zone), 0.0, 24.0 * 365 * 3)
        self.hours = {one: laid_out(clock, company.calendars.get(one, OFFICE)) for one in self.people}
        self.office = laid_out(clock, OFFICE)
        self.queue = {step.name: [] for step in company.steps}
        self.collecting = {step.name: [] for step in company.steps}
        self.busy = dict.fromkeys(self.people, False)
        self.events, self.rows, self.number = [], [], 0

    def push(self, at, what, *more):
        self.number += 1
        heappush(self.events, (at, self.number, what, more))

    def run(self, cases, with_enabled):
        gaps = self.rng.exponential(1 / self.company.per_hour, cases)
        for case, at in enumerate(self.office.at(np.cumsum(gaps))):
            self.push(float(at), "enable", case, 0)
        last = float(self.office.at(np.array([gaps.sum()]))[0]) * 2 + 1000
        for one in self.people:
            for at in self.hours[one].starts:
                if at < last:
                    self.push(float(at), "look", one)
        while self.events:
            at, _, what, more = heappop(self.events)
            getattr(self, what)(at, *more)
        return self.log(cases, with_enabled)

    def enable(self, at, case, number):
        step = self.company.steps[number]
        late = step.delay and self.rng.random() < step.delayed
        ready = at
        if late:
            ready = float(self.office.after(np.array([at]), np.array([self.rng.exponential(step.delay)]))[0])
        self.push(ready, "ready", case, number, at)

    def ready(self, at, case, number, enabled):
        step = self.company.steps[number]
        waiting = self.collecting[step.name]
        waiting.append((case, number, enabled))
        if len(waiting) < step.batch:
            return
        rank = 0 if self.rng.random() < step.urgent else 1
        heappush(self.queue[step.name], (rank, at, case, number, tuple(waiting)))
        waiting.clear()
        for one in step.people:
            self.look(at, one)

    def look(self, at, one):
        """Somebody who is there and free takes what has waited longest, the urgent first."""
        if self.busy[one] or not self.hours[one].open_at(np.array([at]))[0]:
            return
        able = [step.name for step in self.company.steps if one in step.people and self.queue[step.name]]
        if not able:
            return
        _, _, _, number, pieces = heappop(self.queue[min(able, key=lambda name: self.queue[name][0][:2])])
        self.busy[one] = True
        step, begin = self.company.steps[number], at
        for case, _, enabled in pieces:
            effort = self.effort(step) / self.company.speed(step.name, one)
            end = float(self.hours[one].after(np.array([begin]), np.array([effort]))[0])
            self.rows.append((case, number, one, begin, end, enabled))
            if number + 1 < len(self.company.steps):
                self.push(end, "enable", case, number + 1)
            begin = end
        self.push(begin, "done", one)

    def done(self, at, one):
        self.busy[one] = False
        self.look(at, one)

    def effort(self, step):
        if step.sd == 0:
            return step.mean
        spread = np.log1p((step.sd / step.mean) ** 2)
        return float(self.rng.lognormal(np.log(step.mean) - spread / 2, np.sqrt(spread)))

    def log(self, cases, with_enabled):
        rows = sorted(self.rows, key=lambda row: (row[0], row[3], row[4]))
        case, number, who, started, ended, enabled = (list(column) for column in zip(*rows, strict=True))
        people = {name: at for at, name in enumerate(self.people)}
        return Log(
            zero=ZERO,
            zone=ZoneInfo(self.company.zone),
            cases=tuple(str(one) for one in range(cases)),
            activities=tuple(step.name for step in self.company.steps),
            resources=tuple(self.people),
            classes=("item",),
            case=np.array(case, dtype=np.int32),
            activity=np.array(number, dtype=np.int32),
            resource=np.array([people[one] for one in who], dtype=np.int32),
            work_class=np.zeros(len(rows), dtype=np.int32),
            started=np.array(started, dtype=float),
            ended=np.array(ended, dtype=float),
            enabled=np.array(enabled, dtype=float) if with_enabled else np.full(len(rows), np.nan),
        )
