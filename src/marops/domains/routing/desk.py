"""What routing puts on desks: a seller's own leads, promises that are not kept, who is away, queues and sellers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names, sees
from marops.domains.routing import boards
from marops.domains.routing.permissions import ASSIGN, DISPOSE, VIEW
from marops.domains.routing.queries import OPEN
from marops.domains.routing.rules import CLOSED, STATES
from marops.domains.team.public import Presence, absences, clock_of, people_by_account, person_of, presences
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.fields import REGISTRY
from marops.kernel.ids import as_uuid
from marops.kernel.numbers import points
from marops.kernel.permissions import Scope, grants, may
from marops.kernel.shell import Doing, Figure, Need, Section, SectionRow

SHOWN = 6
SOON = timedelta(hours=2)
KEPT_SECONDS = 60
UNWORKED = timedelta(days=7)

_MINE = """
SELECT s.contact_id, l.number, l.full_name, l.company_name, l.value, l.stage, s.due_at, s.missed_at,
       coalesce(d.state, 'none'), l.source
FROM lead_sla s JOIN lead_line l ON l.contact_id = s.contact_id
LEFT JOIN lead_disposition d ON d.contact_id = s.contact_id
WHERE s.owner_id = %s AND s.met_at IS NULL AND s.ended_at IS NULL ORDER BY s.due_at, l.number
"""
_OPEN = """
SELECT l.number, l.full_name, l.company_name, l.stage, l.value, coalesce(d.state, 'none'), d.at
FROM lead_line l LEFT JOIN lead_disposition d ON d.contact_id = l.contact_id
WHERE l.owner_id = %s AND coalesce(d.state, '') <> ALL(%s) ORDER BY l.value DESC NULLS LAST, l.number DESC
"""


def mine(actor: Actor, as_of: datetime) -> Iterator[Need | Figure | Section]:
    """A seller's own leads: those that wait for a first touch, each with the time left and one click to accept."""
    account = as_uuid(actor.id) if actor.kind == "human" else None
    if account is None or not may(actor, DISPOSE):
        return
    personal = sees("personal", grants(actor))
    with connection.cursor() as cursor:
        cursor.execute(_MINE, [account])
        waiting = cursor.fetchall()
        cursor.execute(_OPEN, [account, list(CLOSED)])
        leads = cursor.fetchall()
    for row in waiting[:SHOWN]:
        yield _to_accept(row, as_of, personal=personal)
    yield from _more(waiting[SHOWN:], account)
    yield from _unworked(leads, as_of)
    if leads:
        yield from _open_leads(account, waiting, leads, as_of, personal=personal)
    yield from _own_absences(account, as_of)


def _open_leads(
    account: UUID, waiting: list[tuple[Any, ...]], leads: list[tuple[Any, ...]], as_of: datetime, *, personal: bool
) -> Iterator[Figure | Section]:
    page = f"{reverse('routing:leads')}?owner={account}&disposition={OPEN}"
    late = sum(row[7] is not None or row[6] <= as_of for row in waiting)
    yield Figure(
        title=_("My open leads"),
        value=f"{len(leads):,}",
        url=page,
        note=ngettext("one waits too long", "%(n)s wait too long", late) % {"n": late}
        if late
        else _("none is overdue"),
        state=_("overdue") if late else _("in time"),
        tone="warn" if late else "good",
        owner=_("you"),
    )
    stages = _labels("stage.name")
    yield Section(
        _("My open leads"),
        _("best first"),
        columns=(_("Lead"), _("Company"), _("Stage"), _("Score"), _("I said")),
        rows=[
            SectionRow(
                (
                    _called(row[1], row[0], personal=personal),
                    row[2] or "–",
                    stages.get(row[3], row[3] or "–"),
                    "–" if row[4] is None else points(row[4]),
                    STATES[row[5]],
                ),
                reverse("routing:lead", args=[f"L-{row[0]}"]),
            )
            for row in leads[:8]
        ],
        numbers=frozenset({3}),
        url=page,
        link=_("All %(n)s") % {"n": f"{len(leads):,}"},
    )


def _own_absences(account: UUID, as_of: datetime) -> Iterator[Section]:
    """When the seller is away, and where to say so: no new lead comes meanwhile."""
    person = person_of(account)
    if person is None:
        return
    zone = ZoneInfo(clock_of(person).zone)
    page = reverse("team:person", args=[person.ref])
    rows = [
        SectionRow(
            (
                f"{one.starts.astimezone(zone):%-d %b %Y}",
                f"{(one.ends - timedelta(microseconds=1)).astimezone(zone):%-d %b %Y}",
                one.reason or "–",
            ),
            page,
        )
        for one in absences(person, as_of)[:3]
    ]
    yield Section(
        _("My absences"),
        _("no new lead comes meanwhile"),
        columns=(_("First day"), _("Last day"), _("Why")),
        rows=rows or [SectionRow((_("None is planned"), "–", "–"), page)],
        url=page,
        link=_("Plan an absence"),
    )


def _to_accept(row: tuple[Any, ...], as_of: datetime, *, personal: bool) -> Need:
    _contact, number, name, company, value, stage, due, missed, said, _source = row
    ref = f"L-{number}"
    who = _called(name, number, personal=personal)
    late, soon = missed is not None or due <= as_of, due <= as_of + SOON
    parts = [_labels("stage.name").get(stage, ""), "" if value is None else _("%(n)s of 100") % {"n": points(value)}]
    accept = Doing(_("Accept"), reverse("routing:dispose", args=[ref]), "disposition", "accepted")
    return Need(
        title=f"{who}, {company}" if company else who,
        detail=", ".join([*(part for part in parts if part), _("waits for a first touch")]),
        url=reverse("routing:lead", args=[ref]),
        button=_("Open"),
        due=due,
        due_note=ref,
        urgency="late" if late else "soon" if soon else "",
        icon="clock",
        at_once=accept if said == "none" else None,
    )


def _more(rest: list[tuple[Any, ...]], account: UUID) -> Iterator[Need]:
    """Those that wait for a first touch and did not find room above."""
    if rest:
        yield Need(
            title=ngettext("One more waits for a first touch", "%(n)s more wait for a first touch", len(rest))
            % {"n": len(rest)},
            url=f"{reverse('routing:leads')}?owner={account}&sla=open",
            button=_("See all"),
            due=rest[0][6],
            due_note=_("the next"),
            urgency="soon",
            icon="clock",
        )


def _unworked(leads: list[tuple[Any, ...]], as_of: datetime) -> Iterator[Need]:
    still = [row for row in leads if row[5] == "accepted" and row[6] and row[6] < as_of - UNWORKED]
    if still:
        yield Need(
            title=ngettext(
                "One lead was accepted and lies still", "%(n)s leads were accepted and lie still", len(still)
            )
            % {"n": len(still)},
            detail=_("Accepted more than a week ago. Say that you work on them, or lose them with a reason."),
            url=f"{reverse('routing:leads')}?disposition=accepted",
            button=_("See them"),
            urgency="soon",
            icon="people",
        )


def _called(name: str | None, number: int, *, personal: bool) -> str:
    return (name if personal else None) or f"L-{number}"


def _labels(field: str) -> dict[str, str]:
    found = REGISTRY.find_field(field)
    return {one.value: one.label for one in found.known_choices()} if found else {}


def promises(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Promises of a first touch that were not kept, or are due soon; for those who may hand leads over."""
    if not may(actor, VIEW) or grants(actor).scope(VIEW) is not Scope.ALL:
        return
    stand = boards.promises(as_of)
    leads, assigns = reverse("routing:leads"), may(actor, ASSIGN)
    if stand.overdue:
        worst = ", ".join(f"{name} {count}" for name, count in _by_owner(as_of)[:3])
        yield Need(
            title=ngettext(
                "One lead waits longer than promised", "%(n)s leads wait longer than promised", stand.overdue
            )
            % {"n": f"{stand.overdue:,}"},
            detail=_("With %(who)s.") % {"who": worst} if worst else "",
            url=f"{leads}?sla=overdue",
            button=_("Hand over") if assigns else _("See them"),
            due=stand.oldest,
            due_note=_("the oldest"),
            urgency="late",
            icon="clock",
        )
    if stand.soon and stand.next_due:
        yield Need(
            title=ngettext(
                "One first touch is due within a day", "%(n)s first touches are due within a day", stand.soon
            )
            % {"n": f"{stand.soon:,}"},
            url=f"{leads}?sla=open",
            button=_("See them"),
            due=stand.next_due,
            due_note=_("the next"),
            urgency="soon" if stand.next_due <= as_of + SOON else "",
            icon="clock",
        )


def _by_owner(as_of: datetime) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_id, count(*) FROM lead_sla WHERE met_at IS NULL AND ended_at IS NULL AND due_at <= %s"
            " AND owner_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
            [as_of],
        )
        found = cursor.fetchall()
    people = names([owner for owner, _count in found])
    return [(people.get(str(owner), _("somebody who left")), count) for owner, count in found]


def away(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """Who is away while leads of theirs wait."""
    for one in boards.away(actor, as_of)[:3]:
        yield Need(
            title=ngettext(
                "%(who)s is away and has one open lead", "%(who)s is away and has %(n)s open leads", one.leads
            )
            % {"who": one.person.name, "n": f"{one.leads:,}"},
            detail=_("Somebody else can take them; the clocks of their promises keep running."),
            url=f"{reverse('routing:hand-over-many')}?owner={one.person.account_id}",
            button=_("Hand over"),
            due_words=_("until %(day)s") % {"day": f"{one.until:%-d %b}"},
            urgency="soon",
            icon="people",
        )


def queues(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """Where leads wait for somebody."""
    if not may(actor, VIEW) or grants(actor).scope(VIEW) is not Scope.ALL:
        return
    rows = cache.get_or_set("desk_queues", boards.queues, KEPT_SECONDS)
    yield Section(
        _("Queues"),
        columns=(_("Queue"), _("Leads"), _("Oldest since")),
        rows=[
            SectionRow(
                (one.name, f"{one.leads:,}", f"{one.oldest:%-d %b %Y}" if one.oldest else "–"),
                reverse("routing:queue", args=[one.slug]),
            )
            for one in (rows or [])[:6]
        ],
        numbers=frozenset({1}),
        url=reverse("routing:queues"),
        link=_("All queues"),
    )


_SELLERS = """
SELECT a.owner_id, count(*) FILTER (WHERE coalesce(d.state, '') <> ALL(%(closed)s)) AS open,
       count(*) FILTER (WHERE d.state IS NULL) AS unsaid
FROM assignment a LEFT JOIN lead_disposition d ON d.contact_id = a.contact_id
WHERE a.owner_id IS NOT NULL GROUP BY a.owner_id
"""
_WAITING = """
SELECT owner_id, count(*), count(*) FILTER (WHERE due_at <= %s) FROM lead_sla
WHERE met_at IS NULL AND ended_at IS NULL AND owner_id IS NOT NULL GROUP BY owner_id
"""


def sellers(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """Who of sales has how much: open leads, those nobody has answered, promises that run and that are overdue."""
    if not may(actor, VIEW) or grants(actor).scope(VIEW) is not Scope.ALL:
        return
    held: list[tuple[Any, ...]] = cache.get_or_set("desk_sellers", _held, KEPT_SECONDS) or []
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [as_of])
        waiting = {owner: (count, late) for owner, count, late in cursor.fetchall()}
    people = people_by_account([row[0] for row in held])
    there = {one.person.account_id: one for one in presences(people.values(), as_of)}
    called = names([row[0] for row in held])
    order = sorted(held, key=lambda row: (-waiting.get(row[0], (0, 0))[1], -row[1]))
    yield Section(
        _("Sellers"),
        _("who waits longest first"),
        columns=(_("Seller"), _("At work"), _("Open leads"), _("Not answered"), _("Wait for a touch"), _("Overdue")),
        rows=[
            SectionRow(
                (
                    called.get(str(owner), _("somebody who left")),
                    _presence(there.get(owner)),
                    f"{open_:,}",
                    f"{unsaid:,}",
                    *(f"{n:,}" for n in waiting.get(owner, (0, 0))),
                ),
                f"{reverse('routing:leads')}?owner={owner}&disposition={OPEN}",
            )
            for owner, open_, unsaid in order[:10]
        ],
        numbers=frozenset({2, 3, 4, 5}),
    )


def _presence(one: Presence | None) -> str:
    if one is None:
        return "–"
    if one.away_until:
        return _("away until %(day)s") % {"day": f"{one.away_until:%-d %b}"}
    return _("yes") if one.works else _("no")


def _held() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SELLERS, {"closed": list(CLOSED)})
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


for _name, _lines in (
    ("mine", mine),
    ("promises", promises),
    ("away", away),
    ("queues", queues),
    ("sellers", sellers),
):
    ports.desk.fill(_name, _lines)
