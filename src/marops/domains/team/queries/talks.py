"""Reads of one-to-ones: for the two of them and nobody else, and what changed between them since the last talk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import (
    Absence,
    Assessment,
    Assignment,
    GrowthMove,
    GrowthPlan,
    OneToOne,
    Person,
    RoleHeld,
    Talk,
    Topic,
)
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.work import OPEN
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.workspace import midnight, today

BEFORE_THE_FIRST = timedelta(days=30)
"""How far back the first talk looks."""
AHEAD = timedelta(days=28)
NEAR = timedelta(days=14)


@dataclass(frozen=True)
class Pair:
    """Two people with their talks. `row` is None before anything was kept; `current`: they work together today."""

    manager: Person
    person: Person
    row: OneToOne | None
    current: bool

    def other(self, me: UUID) -> Person:
        """The one who is not me."""
        return self.person if self.manager.id == me else self.manager


def pair_with(policy: Policy, ref: str) -> Pair:
    """The one-to-one of who asks with the person of a reference: their manager, their report, or who was one of these.

    Raises MaropsError `not-found` for everybody else, and whoever has no person in the team.
    """
    me = policy.me
    missing = MaropsError(NOT_FOUND, "You have no one-to-one with this person.")
    if me is None:
        raise missing
    try:
        other = find_person(ref)
    except MaropsError:
        raise missing from None
    own = Person.objects.get(id=me)
    kept = {(one.manager_id, one.person_id): one for one in kept_of(me)}
    for manager, person in ((own, other), (other, own)):
        if person.manager_id == manager.id:
            return Pair(manager, person, kept.get((manager.id, person.id)), True)
    for manager, person in ((own, other), (other, own)):
        if row := kept.get((manager.id, person.id)):
            return Pair(manager, person, row, False)
    raise missing


def pairs_of(policy: Policy) -> list[Pair]:
    """All one-to-ones of who asks: with their manager, their people, and those from before, these last."""
    me = policy.me
    if me is None:
        return []
    own = Person.objects.select_related("manager").get(id=me)
    kept = {(one.manager_id, one.person_id): one for one in kept_of(me)}
    found = [Pair(own.manager, own, kept.pop((own.manager.id, me), None), True)] if own.manager else []
    reports = Person.objects.filter(manager_id=me, active=True).order_by("name")
    found += [Pair(own, one, kept.pop((me, one.id), None), True) for one in reports]
    return found + [Pair(row.manager, row.person, row, False) for row in kept.values()]


def kept_of(me: UUID) -> QuerySet[OneToOne]:
    """The one-to-ones in which this person is one of the two."""
    rows = OneToOne.objects.filter(Q(manager_id=me) | Q(person_id=me)).select_related("manager", "person")
    return rows.order_by("-created_at")


def talks_of(policy: Policy, row: OneToOne) -> list[Talk]:
    """Talks that were kept, the newest first. Raises MaropsError `not-found` for a third person."""
    _need(policy, row)
    return list(Talk.objects.filter(one_to_one=row).order_by("-on"))


def talk_on(policy: Policy, pair: Pair, on: date) -> Talk | None:
    """The talk of a day, if one was kept. Raises MaropsError `not-found` for a third person."""
    return next((one for one in talks_of(policy, pair.row) if one.on == on), None) if pair.row else None


def topics_of(policy: Policy, row: OneToOne, *, settled: bool = False) -> list[Topic]:
    """What is to be talked about and what was agreed; what is one's own alone is left out for the other."""
    _need(policy, row)
    rows = Topic.objects.filter(one_to_one=row).filter(Q(own=False) | Q(author_id=policy.me)).select_related("author")
    return list(rows.filter(settled_on__isnull=not settled).order_by("at"))


def _need(policy: Policy, row: OneToOne) -> None:
    if not policy.in_talk(row.manager_id, row.person_id):
        raise MaropsError(NOT_FOUND)


def since_of(talks: Sequence[Talk], at: datetime) -> datetime:
    """From when on something is new: the last talk. One written down on its own day ends at that moment, another with
    its day; before the first, a month back.
    """
    past = [one for one in talks if one.on <= today(at)]
    if not past:
        return at - BEFORE_THE_FIRST
    last = max(past, key=lambda one: one.on)
    return last.at if today(last.at) == last.on else midnight(last.on + timedelta(days=1))


@dataclass(frozen=True)
class Line:
    """One thing that changed: what, and where it stands."""

    says: str
    url: str = ""
    on: date | None = None


@dataclass(frozen=True)
class Changed:
    """What changed about the report since the last talk; both of the two see the same."""

    since: datetime
    done: list[Assignment] = field(default_factory=list)
    late: list[Assignment] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    began: list[RoleHeld] = field(default_factory=list)
    ended: list[RoleHeld] = field(default_factory=list)
    assessed: list[Assessment] = field(default_factory=list)
    moves: list[GrowthMove] = field(default_factory=list)
    definitions: list[Line] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Is there nothing new?"""
        return not (self.done or self.late or self.absences or self.began or self.ended or self.assessed or self.moves
                    or self.definitions)  # fmt: skip


def changed(policy: Policy, pair: Pair, talks: Sequence[Talk], at: datetime | None = None) -> Changed:
    """What changed since the last talk, for the two while they work together; in [since, now)."""
    moment = at or now()
    since = since_of(talks, moment)
    if not pair.current or not policy.in_talk(pair.manager.id, pair.person.id):
        return Changed(since)
    one, day, first = pair.person, today(moment), today(since)
    work = Assignment.objects.filter(person=one).select_related("onboarding")
    held = RoleHeld.objects.filter(person=one, elsewhere=False)
    away = Absence.objects.filter(person=one, ends__gt=since, starts__lt=moment + AHEAD)
    return Changed(
        since,
        done=list(work.filter(state="done", ended_at__gte=since, ended_at__lt=moment).order_by("ended_at")),
        late=list(work.filter(state__in=OPEN, due__lt=day).order_by("due")),
        absences=list(away.order_by("starts")),
        began=list(held.filter(starts__gte=first, starts__lte=day).order_by("starts")),
        ended=list(held.filter(ends__gt=first, ends__lte=day).order_by("ends")),
        assessed=_assessed(one, since, moment),
        moves=_moves(pair, first, day),
        definitions=_definitions(one, since, moment),
    )


def _assessed(one: Person, since: datetime, until: datetime) -> list[Assessment]:
    rows = Assessment.objects.filter(person=one, at__gte=since, at__lt=until).order_by("skill", "by", "-at")
    return list(rows.distinct("skill", "by"))


def _moves(pair: Pair, first: date, day: date) -> list[GrowthMove]:
    """Moves of a plan that the manager may see, so that both have the same page: done since, and due soon."""
    shared = (GrowthPlan.SeenBy.MANAGER, GrowthPlan.SeenBy.BOTH)
    rows = GrowthMove.objects.filter(plan__person=pair.person, plan__manager=pair.manager, plan__seen_by__in=shared)
    done = Q(done_on__gte=first, done_on__lte=day)
    return list(rows.filter(done | Q(done_on=None, by__lte=day + NEAR)).order_by("done_on", "by"))


def _definitions(one: Person, since: datetime, until: datetime) -> list[Line]:
    if one.account_id is None:
        return []
    rows = Definition.objects.filter(author=str(one.account_id), valid_from__gte=since, valid_from__lt=until)
    return [
        Line(row.pinned, reverse("definition", args=[row.kind, row.slug, row.version]),
             today(row.valid_from) if row.valid_from else None)
        for row in rows.order_by("valid_from")
    ]  # fmt: skip


def assessed_said(one: Assessment) -> tuple[str, int]:
    """A skill's name, and the level."""
    return catalogue().skill_name(one.skill), one.level
