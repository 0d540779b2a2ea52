"""Who does what how fast: resources, pools and the time each takes for each task, as people with skills and speeds.

A resource in several pools is one person. Tasks that the same people do need the same skill; the speed of each is how
much faster than all together they are. Where speeds differ from task to task, the step names the people.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marops.domains.workflows.exchange import prosimos_hours as weeks
from marops.domains.workflows.exchange.bpmn import slugs
from marops.domains.workflows.exchange.bpsim import mean_hours
from marops.domains.workflows.exchange.prosimos_amounts import hours_of
from marops.domains.workflows.exchange.prosimos_file import Parameters, Row, amount, listed, text
from marops.domains.workflows.exchange.xml import refused
from marops.domains.workflows.rules.amounts import Spread
from marops.methods.amounts import quantiles

MANY = 50
"""So many alike who never rest are a machine."""
_SAME = 0.01
_ALIKE = 0.05
_ALWAYS = 167.9
Note = Callable[..., None]


@dataclass(slots=True)
class Resource:
    """Somebody: their pools, hours and cost."""

    id: str
    name: str
    calendar: str
    cost: float = 0.0
    amount: int = 1
    pools: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Staff:
    """Everybody by id, calendars by id in minutes of the week, names of pools, and who takes how long for what."""

    people: dict[str, Resource]
    calendars: dict[str, weeks.Spans]
    pools: dict[str, str]
    times: dict[str, dict[str, float | Spread]]

    def never_rests(self, resource: str) -> bool:
        """Is this a machine: many alike, day and night?"""
        one = self.people[resource]
        return one.amount >= MANY and weeks.total(self.calendars.get(one.calendar, [])) >= _ALWAYS


def read_staff(given: Parameters, note: Note) -> Staff:
    """Everybody a file knows. Raises MaropsError at the row that cannot be read."""
    calendars = _calendars(given, note)
    people: dict[str, Resource] = {}
    pools: dict[str, str] = {}
    for place, profile in given.rows("resource_profiles", "id", "resource_list"):
        pool = text(profile, "id", "name") or place
        pools[pool] = text(profile, "name", "id") or place
        for row in listed(profile, "resource_list", place, "id"):
            _resource(row, place, pool, people, calendars, note)
    return Staff(people, calendars, pools, _times(given, people, note))


def _resource(
    row: Row, place: str, pool: str, people: dict[str, Resource], calendars: Mapping[str, weeks.Spans], note: Note
) -> None:
    id_ = text(row, "id", "name")
    if not id_:
        raise refused(f"A resource in {place} has neither id nor name.")
    if id_ not in people:
        calendar = text(row, "calendar")
        if calendar not in calendars:
            note("They name a calendar that the file does not have; office hours were assumed.", id_)
            calendar = ""
        many = amount(row, "amount", 1)
        people[id_] = Resource(
            id_,
            text(row, "name", "id"),
            calendar,
            max(amount(row, "cost_per_hour", 0), 0),
            min(max(int(many), 0), 1000),
        )
    elif people[id_].calendar not in ("", text(row, "calendar")):
        note("They are in several pools with different calendars; the first was taken.", id_)
    people[id_].pools.append(pool)


def _calendars(given: Parameters, note: Note) -> dict[str, weeks.Spans]:
    found: dict[str, weeks.Spans] = {"": weeks.OFFICE}
    for place, row in given.rows("resource_calendars", "id", "time_periods"):
        id_ = text(row, "id", "name")
        periods = listed(row, "time_periods", place)
        workload = listed(row, "workload_ratio", place)
        fuzzy = bool(workload) or any("probability" in one for one in periods)
        try:
            found[id_] = weeks.crisp(periods, workload) if fuzzy else weeks.spans_of(periods)
        except ValueError as error:
            raise refused(f"{place} ({id_}): {error}.", "Write days and times such as MONDAY and 09:00:00.") from None
        if fuzzy:
            note(
                "Fuzzy calendars became definite hours: as many as they promise on average, where they are likeliest.",
                f"{id_}: {weeks.total(found[id_]):.1f} hours a week",
            )
        elif not found[id_]:
            note("It has no hours: nobody who follows it ever works.", f"calendar {id_}")
    return found


def _times(given: Parameters, people: dict[str, Resource], note: Note) -> dict[str, dict[str, float | Spread]]:
    found: dict[str, dict[str, float | Spread]] = {}
    for place, row in given.rows("task_resource_distribution", "task_id", "resources"):
        task = text(row, "task_id")
        if not task:
            raise refused(f"{place} does not say for which task it holds.")
        for one in listed(row, "resources", place, "resource_id"):
            resource = text(one, "resource_id")
            try:
                hours = hours_of(one, note)
            except ValueError as error:
                raise refused(f"{place}, resource {resource!r}: {error}.", "Correct the distribution.") from None
            if resource not in people:
                note("They do tasks and are in no pool; one person in office hours was assumed.", resource)
                people[resource] = Resource(resource, resource, "")
            found.setdefault(task, {})[resource] = hours
    return found


# --- effort and speeds


@dataclass(slots=True)
class Work:
    """What a step takes on average, and how fast each is at it."""

    effort: float | Spread
    speeds: dict[str, float]


def work_of(times: Mapping[str, float | Spread], note: Note, said: str) -> Work:
    """One distribution and a speed for each, such that each takes as long on average as the file says."""
    means = {who: mean_hours(hours) for who, hours in times.items()}
    base = sum(means.values()) / len(means)
    if base <= 0:
        return Work(0.0, dict.fromkeys(means, 1.0))
    speeds = {}
    for who, mean in means.items():
        speed = base / mean if mean > 0 else 100.0
        speeds[who] = float(f"{min(max(speed, 0.01), 100.0):.6g}")
        if not 0.01 <= speed <= 100:
            note("Somebody is more than a hundred times faster or slower than the others; a hundred was taken.", said)
    if all(abs(mean - base) <= _SAME * base for mean in means.values()):
        speeds = dict.fromkeys(means, 1.0)
    return Work(_shape(list(times.values()), base, note, said), speeds)


def _shape(times: Sequence[float | Spread], base: float, note: Note, said: str) -> float | Spread:
    """The distribution of everybody, each scaled to the same mean."""
    first = times[0]
    if all(isinstance(one, float) for one in times):
        return base
    if all(one == first for one in times):
        return first
    table = [_scaled_quantiles(one) for one in times]
    widths = [float(one.std()) for one in table]
    kinds = {one.kind if isinstance(one, Spread) else "fixed" for one in times}
    cuts = any(isinstance(one, Spread) and (one.low is not None or one.high is not None) for one in times)
    width = sum(widths) / len(widths)
    same = len(kinds) == 1 and max(widths) - min(widths) <= _ALIKE * max(width, 1e-9)
    if same and not cuts and kinds <= {"exponential", "lognormal", "gamma"}:
        kind = kinds.pop()
        return Spread(kind="exponential", mean=base) if kind == "exponential" else _wide(kind, base, width)
    import numpy as np

    if not same:
        note("Not only the speed but the shape of times differs by person; they were mixed.", said)
    mixed = np.quantile(np.concatenate(table), np.linspace(0, 1, 201)) * base
    return Spread(kind="quantiles", values=tuple(float(f"{one:.7g}") for one in np.maximum.accumulate(mixed)))


def _wide(kind: str, mean: float, width: float) -> Spread:
    return Spread.model_validate({"kind": kind, "mean": mean, "sd": mean * width})


def _scaled_quantiles(value: float | Spread) -> Any:
    """Two thousand equally likely values, divided by their mean."""
    import numpy as np

    if not isinstance(value, Spread):
        return np.ones(2000)
    found = quantiles(value.as_amount(), (np.arange(2000) + 0.5) / 2000)
    mean = float(found.mean())
    return found / mean if mean > 0 else np.ones(2000)


# --- skills


@dataclass(slots=True)
class Skills:
    """The skill of each task, its name, the people whom a task names with their speeds, and the skills of each."""

    of_task: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    named: dict[str, dict[str, float]] = field(default_factory=dict)
    people: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))


def skills_of(staff: Staff, works: Mapping[str, Work], names: Mapping[str, str]) -> Skills:
    """Tasks that the same people do share a skill. `names`: what each task is called."""
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for task, work in works.items():
        groups[frozenset(work.speeds)].append(task)
    called = [_role(staff, people, tasks, names) for people, tasks in groups.items()]
    found = Skills()
    for (people, tasks), skill, name in zip(groups.items(), slugs(called, "skill"), called, strict=True):
        found.names[skill] = name
        speeds = works[tasks[0]].speeds
        agree = all(_close(works[task].speeds, speeds) for task in tasks)
        for task in tasks:
            found.of_task[task] = skill
            if not agree:
                found.named[task] = {who: works[task].speeds[who] for who in sorted(people)}
        for who in sorted(people):
            found.people[who][skill] = speeds[who] if agree else 1.0
    return found


def _close(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one[who] - other[who]) <= _SAME * other[who] for who in one)


def _shared(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _role(staff: Staff, people: frozenset[str], tasks: Sequence[str], names: Mapping[str, str]) -> str:
    """What those are called who do these tasks: their pool, unless it is named after a task; what their names share."""
    task_names = {names.get(task, "").lower() for task in tasks}
    for pool, name in staff.pools.items():
        members = {one.id for one in staff.people.values() if pool in one.pools}
        if members == people and name.lower() not in task_names:
            return name
    shared = re.sub(r"[\s\d_#.-]+$", "", _shared([staff.people[who].name for who in sorted(people)]))
    return shared if len(shared) > 2 else names.get(tasks[0]) or "Team"
