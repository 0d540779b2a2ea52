"""Reads of leads: who is where, and the whole story of one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names, scope_rule, sees
from marops.domains.contacts.public import Contact, find_contact, fold
from marops.domains.register.public import Queue, queue_names
from marops.domains.routing.permissions import ASSIGN, VIEW
from marops.domains.routing.queries.narrowing import OPEN as OPEN
from marops.domains.routing.queries.narrowing import SLA_STATES as SLA_STATES
from marops.domains.routing.queries.narrowing import LeadFilter as LeadFilter
from marops.domains.routing.queries.narrowing import beside_conditions, counted
from marops.domains.routing.rules import CLOSED
from marops.engine.behind import Behind
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import Scope, grants, may, require
from marops.kernel.rules import Rule, field_names, parse
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.shell import Found, Hit, Need
from marops.kernel.workspace import zone
from marops.store.rulequery import condition_sql, percent_escaped

COUNTS_KEPT = 30
MANY = 50_000
COUNTED = 10_000
"""Up to here the list says how many leads there are; beyond, that there are more."""

SEARCHED = "to_tsvector('simple', c.search_text)"
_TOKEN = re.compile(r"\w+")
# The relations whose columns stand in the lead's line too, under the same names.
_LINE = ("score", "stage", "assignment")
_CONTACT_COLUMNS = frozenset({"number", "full_name", "company_name", "country", "source", "created_at"})
_SORTS: Mapping[str, str] = {
    "score": "value",
    "fit": "fit",
    "engagement": "engagement",
    "newest": "number",
    "name": "full_name",
    "company": "company_name",
    "country": "country",
    "since": "since",
}
_ALWAYS_KNOWN = frozenset({"newest", "name"})
_COLUMNS = (
    "c.id, c.number, c.full_name, c.email, c.job_title, c.company_name, c.country, c.source, c.created_at,"
    " l.value, l.grade, l.stage, l.since, l.queue, l.owner_id, l.routed_at"
)


@dataclass(frozen=True, slots=True)
class Lead:
    """One line of the list."""

    id: UUID
    ref: str
    name: str
    email: str | None
    title: str | None
    company: str | None
    country: str | None
    source: str | None
    created_at: datetime
    score: float | None
    grade: str | None
    stage: str | None
    stage_since: datetime | None
    owner: str | None
    owner_kind: str | None
    owned_since: datetime | None

    def as_json(self) -> dict[str, Any]:
        """The same keys in REST and on the command line."""
        document = asdict(self) | {"id": str(self.id)}
        times = ("created_at", "stage_since", "owned_since")
        return document | {key: iso_utc(document[key]) for key in times if document[key]}


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Some leads in order, how many there are (at most 10,000 are counted), and where the next ones begin."""

    items: list[Lead] = field(default_factory=list)
    total: int = 0
    offset: int = 0
    limit: int = 50
    behind: Behind | None = None
    """The rows of the figure that the list is about, all of them."""

    @property
    def next(self) -> str | None:
        """The cursor of the next page, or None at the end."""
        end = self.offset + len(self.items)
        return str(end) if end < self.total or (self.total > COUNTED and len(self.items) == self.limit) else None

    @property
    def total_text(self) -> str:
        """How many, in words."""
        return f"more than {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"

    @property
    def figure_text(self) -> str:
        """What the figure counts, where that is another number than the leads of the list; else empty."""
        if self.behind is None or self.behind.times == self.total:
            return ""
        leads = len(self.behind.ids)
        words = _("%(n)s in the figure") % {"n": f"{self.behind.times:,}"}
        if self.behind.times > leads:
            words += ", " + _("some of them more than once")
        return words if leads <= self.total else words + ", " + _("not all of them in this list")


def visible(actor: Actor, right: str = VIEW) -> Rule:
    """The leads that this right of the actor reaches, as a rule. Raises MaropsError `not-allowed` without the right."""
    return parse(scope_rule(require(actor, right), grants(actor)))


def lead_page(actor: Actor, narrowed: LeadFilter, *, limit: int = 50, offset: int = 0) -> LeadPage:
    """A page of the leads that `actor` may see. A handful of statements, whatever the number of leads."""
    figure = counted(narrowed)
    source, params = _narrowed(actor, narrowed, counted=figure)
    order = _order(narrowed.sort or "-score")
    with connection.cursor() as cursor:
        # The lines are cut out first; only those of the page are joined with their people.
        cursor.execute(
            f"SELECT {_COLUMNS} FROM (SELECT l.* {source} ORDER BY {order} LIMIT %s OFFSET %s) l"
            f" JOIN contact c ON c.id = l.contact_id ORDER BY {order}",
            [*params, limit, offset],
        )
        rows = cursor.fetchall()
        total = _count(cursor, source, params, shown=len(rows), offset=offset, limit=limit)
    return LeadPage(_leads(rows, personal=sees("personal", grants(actor))), total, offset, limit, figure)


def _order(sort: str) -> str:
    """The order that a list asks for. Not known yet comes last, whichever way round."""
    name = sort.lstrip("-")
    if name not in _SORTS:
        fault = FieldError("sort", f"Leads cannot be sorted by {name!r}.", f"Use {', '.join(_SORTS)}.", field="sort")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    way = "DESC" if sort.startswith("-") else "ASC"
    last = " NULLS LAST" if way == "DESC" and name not in _ALWAYS_KNOWN else ""
    return f"l.{_SORTS[name]} {way}{last}, l.contact_id {way}"


def _count(cursor: Any, source: str, params: list[Any], *, shown: int, offset: int, limit: int) -> int:
    if shown < limit and (shown or not offset):
        return offset + shown  # the last page tells the number by itself
    cursor.execute(f"SELECT count(*) FROM (SELECT 1 {source} LIMIT %s) counted", [*params, COUNTED + 1])
    return int(cursor.fetchone()[0])


def _narrowed(
    actor: Actor, narrowed: LeadFilter, right: str = VIEW, *, counted: Behind | None = None
) -> tuple[str, list[Any]]:
    """FROM and WHERE of the lines that the actor's right reaches and the filter lets through."""
    rules = (visible(actor, right), narrowed.as_rule())
    context, known = Context(now(), zone()), REGISTRY.bindings("postgres", schema="")
    whole = any(_asks_contact(rule) for rule in rules)
    joined = dict.fromkeys(_LINE, "l")
    conditions = [
        percent_escaped(condition_sql(understand(rule, context), known, alias="c" if whole else "l", joined=joined))
        for rule in rules
    ]
    more, params = beside_conditions(narrowed, counted)
    conditions += more
    if narrowed.words.strip():
        condition, typed = _words(narrowed.words, personal=sees("personal", grants(actor)))
        conditions.append(condition)
        params += typed
    person = " JOIN contact c ON c.id = l.contact_id" if whole else ""
    # What stands in yet another relation is looked up by `id`, which a line has under another name.
    lines = "(SELECT contact_id AS id, * FROM lead_line)" if any(map(_asks_beside, rules)) else "lead_line"
    return f"FROM {lines} l{person} WHERE {' AND '.join(f'({one})' for one in conditions)}", params


def _asks_contact(rule: Rule) -> bool:
    """Does the rule look at something of the person that the line does not hold?"""
    found = (REGISTRY.find_field(name) for name in field_names(rule))
    return any(
        one is not None and one.relation == "contact" and (one.path or one.column not in _CONTACT_COLUMNS)
        for one in found
    )


def _asks_beside(rule: Rule) -> bool:
    """Does the rule look at a relation that neither the line nor the person holds?"""
    found = (REGISTRY.find_field(name) for name in field_names(rule))
    return any(one is not None and one.relation not in ("contact", *_LINE) for one in found)


def _words(typed: str, *, personal: bool) -> tuple[str, list[Any]]:
    """Every word begins one of the words that a lead is known by; without the right to names, of its company's."""
    if not personal:
        return "l.company_name ILIKE %s", [f"%{_like(typed.strip())}%"]
    found = [part for word in typed.split() for part in _TOKEN.findall(fold(word))]
    if not found:
        return "FALSE", []
    named = f"SELECT c.id FROM contact c WHERE {SEARCHED} @@ to_tsquery('simple', %s)"
    return f"l.contact_id IN ({named})", [" & ".join(f"{part}:*" for part in found)]


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _leads(rows: list[tuple[Any, ...]], *, personal: bool) -> list[Lead]:
    queues = queue_names()
    people = names([row[14] for row in rows if row[14]])
    return [_lead(row if personal else _masked(row), queues, people) for row in rows]


_BESIDE = """
SELECT c.id, s.due_at, s.met_at, s.missed_at, s.ended_at, d.state, q.score FROM unnest(%s::uuid[]) c (id)
LEFT JOIN lead_sla s ON s.contact_id = c.id AND s.clock = 'first_touch'
LEFT JOIN lead_disposition d ON d.contact_id = c.id LEFT JOIN contact_quality q ON q.contact_id = c.id
"""


def beside(contact_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """What a list shows of leads besides their line: the promise of a first touch, sales' word, the quality."""
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, [list(contact_ids)])
        names_ = ("due_at", "met_at", "missed_at", "ended_at", "disposition", "quality")
        return {row[0]: dict(zip(names_, row[1:], strict=True)) for row in cursor.fetchall()}


def _masked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same lead for readers who work with numbers and not with people: no name, no address."""
    return (*row[:2], None, None, *row[4:])


def _lead(row: tuple[Any, ...], queues: dict[str, str], people: dict[str, str]) -> Lead:
    (pk, number, name, email, title, company, country, source, created, value, grade, stage, since) = row[:13]
    queue, owner_id, owned = row[13:]
    return Lead(
        id=pk,
        ref=f"L-{number}",
        name=name or email or f"L-{number}",
        email=email,
        title=title,
        company=company,
        country=country,
        source=source,
        created_at=created,
        score=None if value is None else float(value),
        grade=grade,
        stage=stage,
        stage_since=since,
        owner=queues.get(queue, queue) if queue else people.get(str(owner_id)) if owner_id else None,
        owner_kind="queue" if queue else "person" if owner_id else None,
        owned_since=owned,
    )


def reaches(actor: Actor, contact_id: UUID, right: str = VIEW) -> bool:
    """Does this right of the actor reach the lead? By the same predicate as the list's."""
    source, params = _narrowed(actor, LeadFilter(), right)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {source} AND l.contact_id = %s)", [*params, contact_id])
        return bool(cursor.fetchone()[0])


def reached_sql(actor: Actor, right: str) -> tuple[str, list[Any]]:
    """The ids of the leads that this right of the actor reaches, as a query with its parameters."""
    source, params = _narrowed(actor, LeadFilter(), right)
    return f"SELECT l.contact_id {source}", params


def reached(actor: Actor, contact_ids: Sequence[UUID], right: str) -> list[UUID]:
    """Those of these leads that this right of the actor reaches."""
    query, params = reached_sql(actor, right)
    with connection.cursor() as cursor:
        cursor.execute(f"{query} AND l.contact_id = ANY(%s)", [*params, list(contact_ids)])
        return [contact_id for (contact_id,) in cursor.fetchall()]


def lead_of(actor: Actor, ref: str, right: str = VIEW) -> Contact:
    """The lead of this reference, if the actor's right reaches it.

    Raises MaropsError `not-found`: who may not see it learns no more than that there is nothing under this name.
    """
    contact = find_contact(ref, actor=actor)
    if not reaches(actor, contact.id, right):
        raise MaropsError(NOT_FOUND, f"There is no lead {ref}.")
    return contact


def lead_story(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """Everything there is to say about one lead, by section, and its timeline.

    Keys: contact, sources, quality, score, stage, routing, timeline. Each section says why.
    """
    sections = {filler.name: filler.value(contact_id, actor) for filler in ports.story}
    return {**sections, "timeline": timeline(contact_id)}


def timeline(contact_id: UUID, *, limit: int = 500) -> list[dict[str, Any]]:
    """What happened to a lead, newest first, each with a sentence in plain words."""
    from marops.engine.asking import facts_about, query_engine

    facts = query_engine().rows(
        "SELECT id, kind, occurred_at, actor_type, actor_id, source, definition, properties, subject_type, subject_id"
        f" FROM ({facts_about(contact_id)}) ORDER BY occurred_at DESC, id DESC LIMIT {int(limit)}"
    )
    return [_told(fact) for fact in facts]


def _told(fact: Mapping[str, Any]) -> dict[str, Any]:
    from marops.kernel.facts import fact_kinds

    kind = fact["kind"]
    known = fact_kinds().get(kind)
    says = ports.timeline[kind](fact) if kind in ports.timeline else known.says if known else kind
    return {
        "at": iso_utc(fact["occurred_at"]),
        "kind": kind,
        "says": says,
        "actor": fact["actor_type"],
        "by": fact["actor_id"],
        "definition": fact["definition"],
    }


def search_leads(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Leads for the palette: by reference, or by the words of name, company and address."""
    if VIEW not in grants(actor):
        return
    found = lead_page(actor, LeadFilter(words=words, sort="-newest"), limit=limit).items
    for one in found:
        hint = ", ".join(part for part in (one.company, one.owner) if part)
        yield Hit(
            kind=_("Leads"), title=one.name, url=reverse("routing:lead", args=[one.ref]), hint=hint, icon="people"
        )


def find_lead(actor: Actor, object_id: str) -> Found | None:
    """The lead of this id as comments and history show it; None for those who may not see it."""
    key = as_uuid(object_id)
    if key is None or VIEW not in grants(actor) or not reaches(actor, key):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, full_name, email FROM contact WHERE id = %s", [key])
        number, name, email = cursor.fetchone()
    ref = f"L-{number}"
    shown = (name or email) if sees("personal", grants(actor)) else None
    return Found(shown or ref, reverse("routing:lead", args=[ref]))


def desk(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Who waits without an owner, for those who may hand leads over; beyond 10,000 it is not counted on."""
    if not may(actor, VIEW) or not may(actor, ASSIGN):
        return
    fallback = next(iter(Queue.objects.filter(fallback=True)), None)
    waiting = lead_page(actor, LeadFilter(owner=fallback.slug, sort="newest"), limit=1) if fallback else LeadPage()
    if waiting.total:
        yield Need(
            title=ngettext("One lead waits without an owner", "%(count)s leads wait without an owner", waiting.total)
            % {"count": waiting.total_text},
            detail=_("They lie in the fallback queue, because no rule of the route claims them."),
            url=f"{reverse('routing:leads')}?owner={fallback.slug if fallback else ''}",
            button=_("See them"),
            icon="people",
        )


def open_leads(owner_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many leads each of these people has that sales has neither won nor lost nor rejected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.owner_id, count(*) FROM assignment a LEFT JOIN lead_disposition d USING (contact_id)"
            " WHERE a.owner_id = ANY(%s) AND coalesce(d.state, '') <> ALL (%s) GROUP BY a.owner_id",
            [list(owner_ids), list(CLOSED)],
        )
        return dict(cursor.fetchall())


def lead_counts(actor: Actor) -> dict[str, Any]:
    """How many leads the actor may see, how many are MQLs, how many nobody has, and the mean quality of all.

    Counting a million lines takes longer than a page may, so of many leads the numbers are up to half a minute old.
    """
    everybody = grants(actor).scope(VIEW) is Scope.ALL
    kept: dict[str, Any] | None = cache.get("lead_counts") if everybody else None
    if kept is None:
        kept = _lead_counts(actor)
        if everybody and kept["all"] > MANY:
            cache.set("lead_counts", kept, COUNTS_KEPT)
    return kept


def _lead_counts(actor: Actor) -> dict[str, Any]:
    source, params = _narrowed(actor, LeadFilter())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE l.stage = 'mql'),"
            " count(*) FILTER (WHERE l.queue = 'unassigned-leads'),"
            f" (SELECT avg(score) FROM contact_quality) {source}",
            params,
        )
        return dict(zip(("all", "mql", "waiting", "quality"), cursor.fetchone(), strict=True))
