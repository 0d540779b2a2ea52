"""Reads for the pages of routes and queues: what is decided, by whom it is held, and how evenly pools deal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.register.public import Queue, queue_names
from marops.domains.routing import dealing
from marops.domains.routing.dealing import Candidate, Setting
from marops.domains.routing.permissions import ASSIGN
from marops.domains.routing.queries import reached_sql
from marops.domains.routing.rules import CLOSED, Pool, Route, Sla
from marops.domains.team.public import Person, absences_at, calendars, clock_of, people_of
from marops.kernel.actors import Actor
from marops.kernel.definitions import load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.rules_sentence import sentence

WHILE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RouteLine:
    """One route: what is in force, and what came of it lately."""

    slug: str
    title: str
    version: str
    state: str
    rules: int
    people: int
    routed: int
    fallback: int

    @property
    def share(self) -> float | None:
        """How much of it went to the fallback."""
        return self.fallback / self.routed if self.routed else None


def routes(as_of: datetime) -> list[RouteLine]:
    """Every route, those in force first."""
    slugs = list(Definition.objects.filter(kind="route").order_by("slug").values_list("slug", flat=True).distinct())
    made = []
    for slug in slugs:
        row = in_force(slug)
        document: Route = load(row)
        counts = decisions(slug, as_of)
        members = {one.person for pool in document.pools().values() for one in pool.members}
        made.append(
            RouteLine(
                slug, document.title, row.pinned, row.state, len(document.rules), len(members),
                sum(counts.values()), sum(number for (_, cause), number in counts.items() if cause == "fallback"),
            )
        )  # fmt: skip
    return sorted(made, key=lambda one: (one.state != "active", one.slug))


def in_force(slug: str) -> Definition:
    """The version in force, else the newest. Raises MaropsError `not-found`."""
    found = versions("route", slug)
    if not found:
        raise MaropsError(NOT_FOUND, f"There is no route {slug!r}.")
    return next((one for one in found if one.state == Definition.State.ACTIVE), found[0])


def decisions(slug: str, as_of: datetime) -> dict[tuple[str, str], int]:
    """(rule, cause) → how many leads are where they are by that, of the last 30 days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(rule, ''), coalesce(because ->> 'cause', CASE WHEN rule IS NULL THEN 'fallback'"
            " ELSE 'route' END), count(*) FROM assignment"
            " WHERE definition LIKE %s AND routed_at >= %s AND routed_at <= %s GROUP BY 1, 2",
            [f"route/{slug}@%", as_of - WHILE, as_of],
        )
        return {(rule, cause): number for rule, cause, number in cursor.fetchall()}


def held(slug: str, as_of: datetime) -> dict[tuple[str, UUID], int]:
    """(rule, account) → leads that the route's own turns gave somebody in the last 30 days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rule, owner_id, count(*) FROM assignment WHERE definition LIKE %s AND routed_at >= %s"
            " AND owner_id IS NOT NULL AND because ? 'turn' GROUP BY 1, 2",
            [f"route/{slug}@%", as_of - WHILE],
        )
        return {(rule, owner): number for rule, owner, number in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Seated:
    """A member of a pool on the page: how they stand, and their share against what they got."""

    one: Candidate
    share: float
    got: int
    expected: float

    @property
    def room_left(self) -> str:
        """How many more they can take, in words."""
        return "" if self.one.room is None else f"{self.one.room:,}"


@dataclass(frozen=True, slots=True)
class RuleBoard:
    """A rule as the page shows it."""

    place: int
    name: str
    label: str
    when: str
    queue: str
    people: list[Seated]
    warnings: list[str]
    hours: str
    promise: str
    moves: str
    leads: int


def rule_boards(slug: str, document: Route, as_of: datetime) -> list[RuleBoard]:
    """The rules in order, each with its target, its people as they stand now, and the leads of the last 30 days."""
    counts, got = decisions(slug, as_of), held(slug, as_of)
    queues = queue_names()
    return [
        RuleBoard(
            place,
            rule.name,
            rule.label,
            sentence(rule.when),
            queues.get(rule.queue, rule.queue) if rule.queue else "",
            _seated(slug, document, rule.name, got, as_of),
            list(_never_at_work(rule.pool)) if rule.pool else [],
            rule.pool.hours if rule.pool else "",
            promise_in_words(document.sla_of(rule.name)),
            rule.reassign,
            sum(number for (name, _cause), number in counts.items() if name == rule.name),
        )
        for place, rule in enumerate(document.rules, start=1)
    ]


def _seated(
    slug: str, document: Route, rule: str, got: Mapping[tuple[str, UUID], int], as_of: datetime
) -> list[Seated]:
    pool = document.pools().get(rule)
    if pool is None:
        return []
    people = dealing.candidates(Setting(slug, document, as_of), rule, pool)
    whole = sum(one.weight for one in people)
    had = [got.get((rule, one.account_id), 0) if one.account_id else 0 for one in people]
    return [
        Seated(one, one.weight / whole, number, sum(had) * one.weight / whole)
        for one, number in zip(people, had, strict=True)
    ]


def _never_at_work(pool: Pool) -> Iterator[str]:
    """Members whose calendar has no working hours at all, where hours decide who gets a lead."""
    if pool.hours == "ignore":
        return
    known = calendars()
    for person in people_of(one.person for one in pool.members).values():
        clock = clock_of(person, known)
        if not any(known[clock.calendar].hours.values()):
            told = {"name": person.name, "calendar": known[clock.calendar].title}
            yield (
                _("%(name)s gets no lead here: the calendar “%(calendar)s” has no working hours.")
                if pool.hours == "require"
                else _(
                    "%(name)s gets leads only when nobody at work has room: the calendar “%(calendar)s” has no"
                    " working hours."
                )
            ) % told


def promise_in_words(sla: Sla | None) -> str:
    """A promise as people say it."""
    if sla is None:
        return ""
    words = f"first touch within {minutes_in_words(sla.first_touch)} of work"
    if sla.remind:
        words += f", a reminder {minutes_in_words(sla.remind)} before"
    if sla.escalate:
        to = "the manager hears" if sla.escalate.to == "manager" else f"the queue {sla.escalate.to} takes over"
        words += f", {to} {minutes_in_words(sla.escalate.after)} after" if sla.escalate.after else f", then {to}"
    if sla.reassign:
        words += ", then the next of the pool"
        words += f" after {minutes_in_words(sla.reassign.after)}" if sla.reassign.after else ""
    return words


def minutes_in_words(minutes: int) -> str:
    """90 → "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def document_of(slug: str, version: int | None) -> dict[str, Any]:
    """The document of a version of a route, by default of the newest. Raises MaropsError `not-found`."""
    found = [one for one in versions("route", slug) if version is None or one.version == version]
    if not found:
        raise MaropsError(NOT_FOUND, f"There is no such version of the route {slug!r}.")
    return dict(found[0].document)


def route_as_json(slug: str, as_of: datetime) -> dict[str, Any]:
    """A route as REST and the command line show it."""
    row = in_force(slug)
    document: Route = load(row)
    counts = decisions(slug, as_of)
    return {
        "slug": slug,
        "version": row.pinned,
        "state": row.state,
        "title": document.title,
        "document": row.document,
        "decisions": [
            {"rule": rule or None, "cause": cause, "leads": number} for (rule, cause), number in sorted(counts.items())
        ],
        "rules": [_rule_as_json(one) for one in rule_boards(slug, document, as_of)],
        "versions": [{"version": one.pinned, "state": one.state} for one in versions("route", slug)],
    }


def _rule_as_json(one: RuleBoard) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "when": one.when,
        "queue": one.queue or None,
        "promise": one.promise or None,
        "reassign": one.moves,
        "hours": one.hours or None,
        "warnings": one.warnings,
        "leads": one.leads,
        "people": [
            seat.one.as_json() | {"share": seat.share, "got": seat.got, "expected": round(seat.expected, 2)}
            for seat in one.people
        ],
    }


# --- Queues -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A queue: how many wait there, and since when the one who waited longest."""

    slug: str
    name: str
    purpose: str
    fallback: bool
    leads: int
    oldest: datetime | None


def queues() -> list[QueueLine]:
    """Every queue, the fullest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.slug, q.name, q.purpose, q.fallback, count(a.contact_id), min(a.routed_at) FROM queue q"
            " LEFT JOIN assignment a ON a.queue_id = q.id GROUP BY q.id ORDER BY count(a.contact_id) DESC, q.name"
        )
        return [QueueLine(*row) for row in cursor.fetchall()]


def queue(slug: str) -> QueueLine:
    """One queue. Raises MaropsError `not-found`."""
    if not Queue.objects.filter(slug=slug).exists():
        raise MaropsError(NOT_FOUND, f"There is no queue {slug!r}.")
    return next(one for one in queues() if one.slug == slug)


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who is away and has open leads."""

    person: Person
    until: datetime
    leads: int


def away(actor: Actor, as_of: datetime) -> list[Away]:
    """Who is away with open leads that the actor may hand over, the most leads first."""
    if not may(actor, ASSIGN):
        return []
    until = absences_at(as_of)
    people = {one.account_id: one for one in Person.objects.filter(id__in=until) if one.account_id}
    counts = open_leads(actor, list(people))
    found = [Away(people[key], until[people[key].id], leads) for key, leads in counts.items()]
    return sorted(found, key=lambda one: (-one.leads, one.person.name))


def open_leads(actor: Actor, accounts: list[UUID]) -> dict[UUID, int]:
    """Account → how many of its open leads the actor may hand over."""
    within, params = reached_sql(actor, ASSIGN)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.owner_id, count(*) FROM assignment a LEFT JOIN lead_disposition d ON d.contact_id = a.contact_id"
            f" WHERE a.owner_id = ANY(%s) AND coalesce(d.state, '') <> ALL(%s) AND a.contact_id IN ({within})"
            " GROUP BY a.owner_id",
            [accounts, list(CLOSED), *params],
        )
        return dict(cursor.fetchall())


def to_hand_over(actor: Actor, *, owner: UUID | None, queue_slug: str, limit: int) -> list[dict[str, Any]]:
    """The open leads of a person or queue that the actor may hand over, who waited longest first."""
    within, params = reached_sql(actor, ASSIGN)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.contact_id, c.number, c.full_name, c.company_name, l.stage, l.value, a.routed_at, s.due_at,"
            " s.met_at FROM assignment a JOIN contact c ON c.id = a.contact_id"
            " JOIN lead_line l ON l.contact_id = a.contact_id"
            " LEFT JOIN queue q ON q.id = a.queue_id LEFT JOIN lead_disposition d ON d.contact_id = a.contact_id"
            " LEFT JOIN lead_sla s ON s.contact_id = a.contact_id"
            " WHERE (a.owner_id = %s OR q.slug = %s) AND coalesce(d.state, '') <> ALL(%s)"
            f" AND a.contact_id IN ({within}) ORDER BY a.routed_at, c.number LIMIT %s",
            [owner, queue_slug, list(CLOSED), *params, limit],
        )
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


# --- The desk ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promises:
    """How promises of first touches stand for some owners."""

    overdue: int
    soon: int
    next_due: datetime | None
    oldest: datetime | None


def promises(as_of: datetime, owners: list[UUID] | None = None) -> Promises:
    """Running promises: how many are overdue, how many are due within a day; for these accounts, or everybody."""
    whose = "" if owners is None else " AND l.owner_id = ANY(%(owners)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE l.due_at <= %(at)s), count(*) FILTER (WHERE l.due_at > %(at)s AND"
            " l.due_at <= %(soon)s), min(l.due_at) FILTER (WHERE l.due_at > %(at)s),"
            " min(l.due_at) FILTER (WHERE l.due_at <= %(at)s)"
            f" FROM lead_sla l WHERE l.met_at IS NULL AND l.ended_at IS NULL{whose}",
            {"at": as_of, "soon": as_of + timedelta(days=1), "owners": owners or []},
        )
        return Promises(*cursor.fetchone())
