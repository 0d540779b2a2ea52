"""The crew behind a log: who can do what how fast, when they work, how much they do at a time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from marops.domains.workflows.discovering.naming import Slugs
from marops.domains.workflows.discovering.reading import Material
from marops.methods.mining.log import NOBODY, Timing, WeekHours
from marops.methods.worktime import WEEKDAYS

POOL: Final = "team"
_ALIKE: Final = 0.8
"""Activities whose people are the same but for a fifth need one skill."""
_SEVERAL: Final = 0.1
"""Who has several pieces in hand in more than a tenth of the time works on several."""
_MOST_AT_ONCE: Final = 20
_TEAM: Final = "team"
TEAM: Final = "Team"
"""The lane, and the name, of people who are assumed because a log names nobody."""


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody of a log who is known in the team: what they are called there."""

    name: str
    ref: str
    role: str = ""


@dataclass
class FoundCrew:
    """The crew as a document, and how to find its parts: skills by activity, ids of members and calendars by place."""

    document: dict[str, Any]
    skill: dict[int, str] = field(default_factory=dict)
    lane: dict[int, str] = field(default_factory=dict)
    member: dict[int, str] = field(default_factory=dict)
    calendars: "Calendars | None" = None
    notes: list[str] = field(default_factory=list)


class Calendars:
    """The distinct calendars that were found; people with the same hours share one."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self._known: dict[Any, str] = {}
        self._slugs = Slugs()

    def of(self, hours: WeekHours, name: str, title: str) -> str:
        """The short name of a calendar with these hours."""
        key = tuple(sorted((day, windows) for day, windows in hours.week.items() if windows))
        if key not in self._known:
            self._known[key] = slug = self._slugs.of(name)
            week = {WEEKDAYS[day]: [[_clock(a), _clock(b)] for a, b in windows] for day, windows in key}
            self.documents[slug] = {"title": title, "hours": week, "origin": hours.origin}
        return self._known[key]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def crew_of(
    title: str, material: Material, timing: Timing, *, known: Mapping[str, Outsider], currency: str
) -> FoundCrew:
    """Everybody of a log as a crew. `known`: people of the team by what the log calls them."""
    calendars = Calendars()
    calendars.of(timing.pool, POOL, "Everybody")
    found = FoundCrew({}, calendars=calendars)
    if bool(np.all(material.log.resource == NOBODY)):
        people = [_team(found, material, timing)]
    else:
        found.skill, groups = _skills(material, timing)
        found.lane = _lanes(material, found.skill, groups, known)
        people = list(_members(found, material, timing, groups, known))
    found.document = {
        "title": title,
        "zone": material.zone,
        "currency": currency,
        "calendars": calendars.documents,
        "calendar": POOL,
        "people": people,
    }
    return found


# --- skills


@dataclass
class _Group:
    """Activities that the same people do."""

    skill: str
    people: set[int]
    activities: list[int]
    speeds: dict[int, float] = field(default_factory=dict)


def _skills(material: Material, timing: Timing) -> tuple[dict[int, str], list[_Group]]:
    """A skill for each activity that somebody does: the log's own, else one for all that the same people do alike."""
    done = [one for one in range(len(material.log.activities)) if timing.able.get(one)]
    counts = np.bincount(material.log.activity, minlength=len(material.log.activities))
    done.sort(key=lambda one: -counts[one])
    groups: list[_Group] = []
    slugs = Slugs()
    named: dict[str, _Group] = {}
    for one in done:
        said = material.usual["skill"].get(one, "")
        able = set(timing.able[one])
        home = named.get(said) if said else next((g for g in groups if _fits(g, one, able, timing)), None)
        if home is None:
            home = _Group(slugs.of(said or material.usual["role"].get(one, "") or material.title_of(one)), set(), [])
            groups.append(home)
            if said:
                named[said] = home
        home.activities.append(one)
        home.people |= able
        home.speeds = _speeds(home, timing, counts)
    return {one: group.skill for group in groups for one in group.activities}, groups


def _fits(group: _Group, activity: int, able: set[int], timing: Timing) -> bool:
    """Do the same people do this, none of them surely faster or slower than at the rest of the group?"""
    if len(group.people & able) < _ALIKE * len(group.people | able):
        return False
    for person in able:
        _, low, high = timing.speed.get((activity, person), (1.0, 0.0, math.inf))
        if not low * 0.95 <= group.speeds.get(person, 1.0) <= high * 1.05:
            return False
    return True


def _speeds(group: _Group, timing: Timing, counts: np.ndarray[Any, np.dtype[np.int64]]) -> dict[int, float]:
    """Each one's speed at a group: the geometric mean over its activities, weighted by how often they come."""
    found = {}
    for person in group.people:
        rows = [(one, timing.speed[one, person][0]) for one in group.activities if (one, person) in timing.speed]
        whole = sum(int(counts[one]) for one, _ in rows)
        found[person] = math.exp(sum(int(counts[one]) * math.log(v) for one, v in rows) / whole) if whole else 1.0
    return found


def _lanes(
    material: Material, skill: Mapping[int, str], groups: Sequence[_Group], known: Mapping[str, Outsider]
) -> dict[int, str]:
    """The lane of each activity: the role of those who do it, or their names where they are few."""
    lanes = {}
    for group in groups:
        names = [_called(material, one, known) for one in sorted(group.people)]
        few = ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")
        for one in group.activities:
            lanes[one] = material.usual["role"].get(one, "") or _words(material.usual["skill"].get(one, "")) or few
    return lanes


def _words(slug: str) -> str:
    return slug.replace("_", " ").replace("-", " ").strip().capitalize()


def _called(material: Material, person: int, known: Mapping[str, Outsider]) -> str:
    name = material.log.resources[person]
    return known[name].name if name in known else name or f"Somebody {person + 1}"


# --- people


def _members(
    found: FoundCrew, material: Material, timing: Timing, groups: Sequence[_Group], known: Mapping[str, Outsider]
) -> Iterable[dict[str, Any]]:
    slugs = Slugs()
    calendars = found.calendars or Calendars()
    at_once = _at_once(material, timing)
    cost = _cost_per_hour(material, timing)
    able = {person for group in groups for person in group.people}
    rare = len(material.log.resources) - len(able)
    if rare:
        found.notes.append(f"{rare} people were seen too rarely at anything to count as able to do it.")
    for person in sorted(able):
        name = _called(material, person, known)
        team = known.get(material.log.resources[person])
        found.member[person] = slugs.of(name)
        hours = timing.calendars[person] if person < len(timing.calendars) else timing.pool
        calendar = calendars.of(hours, f"{found.member[person]}-hours", f"Hours of {name}")
        yield {
            "id": found.member[person],
            "name": name[:200],
            **({"person": team.ref} if team and team.ref else {}),
            "role": (team.role if team else "") or material.role_of.get(person, ""),
            "skills": {
                one.skill: round(one.speeds.get(person, 1.0), 4) for one in groups if person in one.people
            },
            "calendar": calendar,
            "at_once": at_once.get(person, 1),
            "cost_per_hour": cost.get(person, 0.0),
            "origin": {
                "skills": "log", "calendar": hours.origin, "at_once": "log",
                "cost_per_hour": "log" if person in cost else "assumed", "share": "assumed",
            },
        }  # fmt: skip


def _at_once(material: Material, timing: Timing) -> dict[int, int]:
    """How many pieces people have in hand at a time, for those who often have several."""
    log = material.log
    rows = np.flatnonzero((log.resource != NOBODY) & (log.ended > timing.started))
    found = {}
    for person in np.unique(log.resource[rows]):
        mine = rows[log.resource[rows] == person]
        level, hours = _levels(timing.started[mine], log.ended[mine])
        busy = hours[level > 0].sum()
        if busy and hours[level > 1].sum() > _SEVERAL * busy:
            spent = np.bincount(level[level > 0], hours[level > 0])
            usual = int(np.searchsorted(np.cumsum(spent), 0.9 * busy))
            found[int(person)] = min(max(usual, 1), _MOST_AT_ONCE)
    return found


def _levels(
    started: np.ndarray[Any, np.dtype[np.float64]], ended: np.ndarray[Any, np.dtype[np.float64]]
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """How many pieces are in hand in each span between two moments, and how long the span is."""
    moments = np.concatenate((started, ended))
    steps = np.concatenate((np.ones(len(started), dtype=np.int64), -np.ones(len(ended), dtype=np.int64)))
    order = np.lexsort((steps, moments))
    return np.cumsum(steps[order])[:-1], np.diff(moments[order])


def _cost_per_hour(material: Material, timing: Timing) -> dict[int, float]:
    """What an hour of somebody costs, where the log says what their work cost."""
    log, known = material.log, np.isfinite(material.cost) & (material.cost > 0) & (timing.worked > 0)
    rows = np.flatnonzero(known & (log.resource != NOBODY))
    spent = np.bincount(log.resource[rows], material.cost[rows], minlength=len(log.resources))
    worked = np.bincount(log.resource[rows], timing.worked[rows], minlength=len(log.resources))
    return {int(one): round(float(spent[one] / worked[one]), 2) for one in np.flatnonzero(worked > 0)}


def _team(found: FoundCrew, material: Material, timing: Timing) -> dict[str, Any]:
    """A log that names nobody: so many people alike as would have been busy in all but a twentieth of the time."""
    log = material.log
    rows = np.flatnonzero(log.ended > timing.started)
    many = 1
    if len(rows):
        level, hours = _levels(timing.started[rows], log.ended[rows])
        spent = np.bincount(level[level > 0], hours[level > 0])
        many = max(1, int(np.searchsorted(np.cumsum(spent), 0.95 * spent.sum())))
    for one in range(len(log.activities)):
        found.skill[one] = _TEAM
        found.lane[one] = TEAM
    who = "one person is" if many == 1 else f"{many} people alike are"
    found.notes.append(f"The log names nobody: {who} assumed, as many as were busy at a time.")
    origin = dict.fromkeys(("amount", "skills", "calendar"), "assumed")
    return {
        "id": _TEAM, "name": TEAM, "skills": {_TEAM: 1.0}, "calendar": POOL, "amount": min(many, 1000),
        "origin": origin,
    }  # fmt: skip
