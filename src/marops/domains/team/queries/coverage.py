"""Who can do what here, as one reader may know it: the team, its levels, its letters and its openings, read with one
statement each and put together in memory. A team of thousands is a few thousand rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, Sum

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.models import STANDARD, Assignment, Duty, Person
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.people import Membership, memberships, vacancies
from marops.domains.team.queries.volumes import Volume, volumes
from marops.domains.team.rules import coverage as rules
from marops.domains.team.rules.assumptions import Assumptions
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.domains.team.rules.coverage import (
    STANDINGS,
    Alone,
    Closes,
    DutyCover,
    Led,
    Loaded,
    Need,
    Opening,
    Remedy,
    Rests,
    SkillCover,
    Standing,
    Worker,
)
from marops.domains.team.rules.letters import Hand, Table
from marops.domains.team.rules.roles import Catalogue
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.workspace import today

MONTH: Final = timedelta(days=30)
_COLUMNS: Final = ("id", "number", "name", "manager_id", "calendar", "weekly_hours", "leads_as", "account_id")


@dataclass(frozen=True)
class Team:
    """The team on a day as coverage sees it; what is worked out from it is worked out when it is asked for."""

    day: date
    catalogue: Catalogue
    assumed: Assumptions
    volumes: Mapping[str, Volume]
    workers: tuple[Worker, ...]
    """The team itself, by name."""
    around: tuple[Worker, ...]
    """Managers of the team who are not of it."""
    reports: Mapping[Any, int]
    openings: Mapping[UUID, Opening]
    hand: Mapping[tuple[str, Any], Hand]
    accounts: Mapping[UUID, UUID]
    """Account → person, of the team and those around."""
    others: tuple[Worker, ...]
    """Who works here and is not of the team, by name: sales, agencies."""
    titles: Mapping[Any, Mapping[str, float]]
    """Person → the roles they hold that are none of the team's, with shares of a week."""

    @cached_property
    def wanted(self) -> tuple[Need, ...]:
        """What has to be done: the roles inside; of the company's own roles, those that somebody has or will have."""
        known = {role for one in self.workers for role in one.shares}
        known |= {role for opening in self.openings.values() for role in opening.shares}
        roles = [slug for slug, role in self.catalogue.inside.items() if role.inside or slug in known]
        return rules.needs(self.catalogue, {one.driver.id: one.amount for one in self.volumes.values()}, roles)

    @cached_property
    def skills(self) -> dict[str, SkillCover]:
        """Every skill that this needs, those with the most hours first."""
        return rules.cover(self.workers, self.wanted, self.assumed, self.others)

    @cached_property
    def duties(self) -> tuple[DutyCover, ...]:
        """Every responsibility, with who can do it."""
        return rules.duties(self.workers, self.wanted, self.skills)

    @cached_property
    def table(self) -> Table:
        """The letters as far as roles and hands give them: who does it and who answers for it."""
        return Table(self.known, self.catalogue.skills, hand=self.hand, openings=self.openings)

    @cached_property
    def known(self) -> dict[Any, Worker]:
        """Person → the team and its managers."""
        return {one.id: one for one in (*self.workers, *self.around)}

    @cached_property
    def does(self) -> dict[str, dict[Any, float]]:
        """Responsibility → person → weight."""
        return {one.key: self.table.does(one) for one in self.wanted}

    @cached_property
    def loads(self) -> dict[Any, Loaded]:
        """Person → what they have on in a month."""
        return rules.loads(self.workers, self.wanted, self.does, self.assumed.hours)

    @cached_property
    def rests(self) -> tuple[Rests, ...]:
        """What rests on one person."""
        return rules.resting(self.skills.values())

    @cached_property
    def alone(self) -> tuple[Alone, ...]:
        """What rests on one person by the roles held, where levels say nothing of it."""
        return rules.alone(self.wanted, self.does, self.skills, self.known)

    @cached_property
    def remedies(self) -> tuple[Remedy, ...]:
        """Who could stand in, the cheapest first."""
        room = {who: one.plannable.usual - one.needed.usual for who, one in self.loads.items()}
        asked = {slug: role.needs for slug, role in self.catalogue.inside.items()}
        return rules.remedies(self.skills.values(), self.workers, room, self.assumed.learning, asked)

    @cached_property
    def ordered(self) -> tuple[Worker, ...]:
        """The team by the standing of what they have most of, as a picture of it begins with who leads."""
        place = {slug: at for at, slug in enumerate(self.catalogue.inside)}
        most = {one.id: max(one.shares, key=one.shares.__getitem__, default="") for one in self.workers}
        return tuple(sorted(self.workers, key=lambda one: (place.get(most[one.id], len(place)), one.name)))

    @cached_property
    def gaps(self) -> tuple[SkillCover, ...]:
        """Skills that nobody is able to do."""
        return tuple(one for one in self.skills.values() if one.gap)

    @cached_property
    def standing(self) -> dict[Standing, int]:
        """How many skills stand in each way; where levels are not shown, all are `hidden`."""
        return {word: sum(one.standing == word for one in self.skills.values()) for word in STANDINGS}

    @cached_property
    def unknown(self) -> tuple[SkillCover, ...]:
        """Skills in which nobody has a level yet."""
        return tuple(one for one in self.skills.values() if one.unknown)

    @cached_property
    def headless(self) -> tuple[SkillCover, ...]:
        """Skills in which nobody does the hard cases."""
        return tuple(one for one in self.skills.values() if one.headless)

    @cached_property
    def overload(self) -> tuple[Loaded, ...]:
        """Who has more on than can be planned, the fullest first."""
        over = [one for one in self.loads.values() if one.fullness == "over"]
        return tuple(sorted(over, key=lambda one: (-(one.share.usual if one.share else 0), one.person.name)))

    @cached_property
    def unowned(self) -> list[Need]:
        """What nobody does."""
        return [one for one in self.wanted if not self.does[one.key]]

    @cached_property
    def led(self) -> tuple[Led, ...]:
        """Who leads how many people."""
        leaders = [(one, self.reports.get(one.id, 0)) for one in self.known.values()]
        return rules.spans(leaders, self.assumed.spans)

    @cached_property
    def closes(self) -> tuple[Closes, ...]:
        """What the openings would close."""
        return tuple(rules.closes(one, self.skills, self.assumed.hours) for one in self.openings.values())

    def roles_of(self, one: Worker) -> dict[str, float]:
        """The roles for which somebody counts, with shares: the team's, and in its line all others they hold."""
        return {**one.shares, **(self.titles.get(one.id, {}) if one.besides else {})}

    @property
    def hidden(self) -> int:
        """How many people's levels this reader may not see."""
        return sum(not one.seen for one in self.workers)

    @property
    def unassessed(self) -> int:
        """How many of those who may be looked at have no level in any skill yet."""
        return sum(one.seen and not one.levels for one in self.workers)

    @property
    def beside(self) -> int:
        """How many people work here who are not of the team: sales, agencies."""
        return len(self.others)

    @cached_property
    def outside(self) -> tuple[Worker, ...]:
        """Who is of the team by whom they report to alone: no role of theirs is one of it."""
        return tuple(one for one in self.workers if not one.shares)

    @property
    def full_time(self) -> float:
        """The team's weeks, added up, as every page and command says it."""
        return rules.full_time(self.workers)


def team_of(actor: Actor) -> Team:
    """The team as this reader may know it; within one request it is read once."""
    return memo.once(("team", "coverage", actor), lambda: _read(actor))


def loads(actor: Actor) -> dict[UUID, Loaded]:
    """Person → what they have on in a month against what can be planned."""
    return team_of(actor).loads


def _read(actor: Actor) -> Team:
    day, known = today(), catalogue()
    known_as = memberships(day)
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in _people()]
    inside = [row for row in rows if row["id"] in known_as and known_as[row["id"]].of_team]
    team = {row["id"] for row in inside}
    above = {row["manager_id"] for row in inside}
    levels = _Levels.of(Policy.of(actor), [row["id"] for row in rows])
    tasks, weeks = _tasks(day), _weeks(calendars())
    workers = tuple(_worker(row, known_as[row["id"]], levels, weeks, tasks) for row in inside)
    beside = tuple(_worker(row, _NOTHING, levels, weeks, {}) for row in rows if row["id"] not in team)
    around = tuple(one for one in beside if one.id in above)
    near = {one.id for one in (*workers, *around)}
    return Team(
        day, known, assumptions(), volumes(), workers, around, _reports(), _openings(known), _hand(),
        {row["account_id"]: row["id"] for row in rows if row["account_id"] and row["id"] in near}, beside,
        {who: _floats(one.outside) for who, one in known_as.items() if one.outside},
    )  # fmt: skip


_NOTHING: Final = Membership({}, {}, below=False)


def _floats(shares: Mapping[str, Decimal]) -> dict[str, float]:
    return {role: float(share) for role, share in shares.items()}


def _people() -> Iterable[tuple[Any, ...]]:
    return Person.objects.filter(active=True).order_by("name", "number").values_list(*_COLUMNS)


def _worker(
    row: Mapping[str, Any],
    held: Membership,
    levels: "_Levels",
    weeks: Mapping[str, float],
    tasks: Mapping[UUID, float],
) -> Worker:
    usual = weeks[STANDARD] or 40.0
    hours = float(row["weekly_hours"]) if row["weekly_hours"] else weeks.get(row["calendar"], usual)
    ident = row["id"]
    return Worker(
        ident, f"P-{row['number']}", row["name"], _floats(held.shares), levels.known.get(ident, {}),
        (hours or usual) / usual, ident in levels.allowed, row["manager_id"], row["leads_as"], tasks.get(ident, 0.0),
        float(held.besides),
    )  # fmt: skip


def _weeks(known: Mapping[str, WorkingCalendar]) -> dict[str, float]:
    """Calendar → hours of its week."""
    found = {}
    for slug, one in known.items():
        windows = [window for day in one.as_hours("UTC").week.values() for window in day]
        found[slug] = sum(ends - starts for starts, ends in windows) / 60
    return found


def _tasks(day: date) -> dict[UUID, float]:
    """Person → hours of single pieces of work that are due within a month, late ones and those without a day too."""
    rows = Assignment.objects.filter(state__in=(Assignment.State.OPEN, Assignment.State.DOING))
    soon = rows.filter(Q(due=None) | Q(due__lte=day + MONTH)).values_list("person_id").annotate(all_hours=Sum("hours"))
    return {person: float(hours) for person, hours in soon if hours}


def _reports() -> dict[UUID, int]:
    rows = Person.objects.filter(active=True).exclude(manager=None).values_list("manager_id").annotate(n=Count("id"))
    return {manager: n for manager, n in rows if manager}


def _openings(known: Catalogue) -> dict[UUID, Opening]:
    found = {}
    for one in vacancies():
        shares = {role: float(share) for role, share in one.roles.items() if role in known.inside}
        levels = rules.asked_levels(known, one.roles, {skill: int(level) for skill, level in one.skills.items()})
        found[one.id] = Opening(one.ref, one.title, shares, levels)
    return found


def _hand() -> dict[tuple[str, Any], Hand]:
    found: dict[tuple[str, Any], Hand] = {}
    for one in Duty.objects.only("responsibility", "person_id", "vacancy_id", "letter", "made_by", "at"):
        found[one.responsibility, one.person_id or one.vacancy_id] = Hand(one.letter, one.made_by, one.at)
    return found


# --- Levels -----------------------------------------------------------------------------------------------------------

# The newest of the manager's levels, else of one's own; of people who may be seen by their own word alone, that one.
# The order is that of the index.
_NEWEST: Final = """
SELECT person_id, array_agg(skill), array_agg(level) FROM (
    SELECT DISTINCT ON (person_id, skill) person_id, skill, level FROM skill_assessment
    WHERE person_id = ANY(%(whole)s) OR (by = 'self' AND person_id = ANY(%(own)s))
    ORDER BY person_id, skill, by, at DESC
) counted GROUP BY person_id
"""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Person → skill → the level that counts for one reader, and whose levels may be looked at."""

    known: Mapping[UUID, Mapping[str, int]]
    allowed: frozenset[UUID]

    @staticmethod
    def of(policy: Policy, people: Sequence[UUID]) -> "_Levels":
        whole = [one for one in people if policy.sees_assessments(one)]
        rest = set(people) - set(whole)
        own = [one for one in rest if policy.sees_own_levels(one)]
        with connection.cursor() as cursor:
            cursor.execute(_NEWEST, {"whole": whole, "own": own})
            rows = cursor.fetchall()
        known = {person: dict(zip(skills, levels, strict=True)) for person, skills, levels in rows}
        return _Levels(known, frozenset((*whole, *own)))
