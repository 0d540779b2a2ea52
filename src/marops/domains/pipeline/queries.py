"""Reads of deals: the list and its sums, the picture of the pipeline, one deal, the desk and the palette."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account, names, sees
from marops.domains.contacts.public import clean, fold
from marops.domains.contacts.public import visible as visible_people
from marops.domains.pipeline.models import Opportunity, OpportunityKey, OpportunityPerson, PipelineStage
from marops.domains.pipeline.permissions import CHANGE, VIEW, visible
from marops.engine.behind import Happened, behind
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.money import Money, in_words, short
from marops.kernel.permissions import grants, may
from marops.kernel.shell import Change, Figure, Found, Hit, Need
from marops.kernel.workspace import today, zone

NOTHING = Happened()
STATES = ("open", "won", "lost")
STALE = timedelta(days=30)
QUIET = timedelta(days=14)
_REF = re.compile(r"D-(\d{1,18})", re.IGNORECASE)
_SORTS: Mapping[str, str] = {
    "newest": "number",
    "name": "search_text",
    "amount": "amount",
    "close": "expected_close",
    "closed": "closed_at",
    "since": "stage_since",
    "changed": "updated_at",
}
_ALWAYS_KNOWN = frozenset({"number", "search_text", "stage_since", "updated_at"})
_OWNERS = 400


@dataclass(frozen=True, slots=True)
class DealFilter:
    """What a list of deals is narrowed to, and its order (`newest`, `amount` …; `-` in front turns it round).

    `period` is a year, a quarter or a month (`2026`, `2026-Q2`, `2026-06`), or `this_month`, `this_quarter` and their
    like: the day a deal was closed, or is expected to be.
    """

    words: str = ""
    state: str = ""
    stage: str = ""
    owner: str = ""
    company: str = ""
    period: str = ""
    sort: str = "-newest"
    happened: Happened = NOTHING
    """What became of them in a time: the rows behind a figure."""

    @property
    def narrows(self) -> bool:
        """Does it leave any deal out?"""
        return any((self.words, self.state, self.stage, self.owner, self.company, self.period, self.happened))


def deals(actor: Actor, narrowed: DealFilter) -> QuerySet[Opportunity]:
    """The deals that the actor may see and the filter lets through, in order. Raises MaropsError `invalid`."""
    found = visible(actor)
    for word in fold(narrowed.words).split():
        found = found.filter(search_text__contains=word)
    if narrowed.state:
        found = found.filter(state=_known("state", narrowed.state, STATES))
    if narrowed.stage:
        found = found.filter(stage=_known("stage", narrowed.stage, stage_labels()))
    if narrowed.owner:
        found = found.filter(_owned_by(actor, narrowed.owner))
    if narrowed.company:
        found = found.filter(_at_company(narrowed.company))
    if narrowed.period:
        found = found.filter(_in_period(narrowed.period))
    if narrowed.happened:
        ids = behind(narrowed.happened, "opportunity").array
        among = RawSQL("SELECT unnest(%s::uuid[])", [ids])
        found = found.filter(id__in=among)
    return found.order_by(*_order(narrowed.sort))


def _known(name: str, value: str, known: Sequence[str] | Mapping[str, str]) -> str:
    if value not in known:
        fault = FieldError("choice", f"There is no {name} {value!r}.", f"Use {', '.join(known)}.", field=name)
        raise MaropsError(INVALID, fault.message, errors=[fault])
    return value


def _order(sort: str) -> list[Any]:
    from django.db.models import F

    column = F(_SORTS[_known("sort", sort.lstrip("-"), _SORTS)])
    down = sort.startswith("-")
    last = None if _SORTS[sort.lstrip("-")] in _ALWAYS_KNOWN else True  # or no index would do
    first = column.desc(nulls_last=last) if down else column.asc(nulls_last=last)
    return [first, "-number" if down else "number"]


def _owned_by(actor: Actor, owner: str) -> Q:
    if owner == "me":
        return Q(owner_id=as_uuid(actor.id))
    if key := as_uuid(owner):
        return Q(owner_id=key)
    if owner == "nobody":
        return Q(owner_id=None, owner_name=None)
    accounts = Account.objects.filter(Q(name__iexact=owner) | Q(email__iexact=owner)).values("id")
    return Q(owner_id__in=accounts) | Q(owner_name__iexact=owner)


def _at_company(company: str) -> Q:
    if number := re.fullmatch(r"O-(\d{1,18})", company, re.IGNORECASE):
        return Q(company__number=int(number[1]))
    return Q(company_name__icontains=company)


def _in_period(period: str) -> Q:
    first, last = bounds(period)
    starts, ends = (datetime(day.year, day.month, day.day, tzinfo=zone()) for day in (first, last))
    return Q(closed_at__gte=starts, closed_at__lt=ends) | Q(
        state="open", expected_close__gte=first, expected_close__lt=last
    )


_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")


def bounds(period: str) -> tuple[date, date]:
    """The first day of a period, and the first day after it. Raises MaropsError `invalid`."""
    day = today()
    match period:
        case "this_month":
            return _months(day.year, day.month, 1)
        case "next_month":
            return _months(day.year, day.month + 1, 1)
        case "this_quarter" | "next_quarter" | "last_quarter":
            shift = {"this_quarter": 0, "next_quarter": 3, "last_quarter": -3}[period]
            return _months(day.year, 3 * ((day.month - 1) // 3) + 1 + shift, 3)
        case "this_year":
            return _months(day.year, 1, 12)
        case "overdue":
            return date(1900, 1, 1), day
    found = _PERIOD.fullmatch(period)
    if found is None:
        fault = FieldError("period", f"{period!r} is no period.", "Use 2026, 2026-Q2 or 2026-06.", field="period")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    year, quarter, month = (int(part) if part else 0 for part in found.groups())
    if quarter:
        return _months(year, 3 * quarter - 2, 3)
    return _months(year, month, 1) if month else _months(year, 1, 12)


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    first, last = year * 12 + month - 1, year * 12 + month - 1 + count
    return date(first // 12, first % 12 + 1, 1), date(last // 12, last % 12 + 1, 1)


def stage_labels() -> dict[str, str]:
    """Every stage with what people call it, in order; those that files proposed come last."""
    return dict(PipelineStage.objects.order_by("proposed", "place", "name").values_list("name", "label"))


# --- sums and the picture ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sums:
    """How many deals of one kind there are, and their amounts, one for each currency: nothing adds two."""

    count: int = 0
    amounts: tuple[tuple[str, Decimal], ...] = ()
    without: int = 0
    """So many of them name no amount."""

    @property
    def text(self) -> str:
        """The amounts in words, the largest currency first."""
        return _(" and ").join(short(amount, currency) for currency, amount in self.amounts)

    def as_json(self) -> dict[str, Any]:
        """As REST answers it."""
        amounts = [Money(amount, currency).as_json() for currency, amount in self.amounts]
        return {"count": self.count, "amounts": amounts, "without_amount": self.without}


def _summed(rows: Sequence[Mapping[str, Any]]) -> Sums:
    money: dict[str, Decimal] = {}
    for row in rows:
        if row["total"] is not None and row["currency"]:
            money[row["currency"]] = money.get(row["currency"], Decimal(0)) + row["total"]
    counts = sum(row["n"] for row in rows), sum(row["n"] - row["named"] for row in rows)
    return Sums(counts[0], tuple(sorted(money.items(), key=lambda item: -item[1])), counts[1])


@dataclass(frozen=True, slots=True)
class Piles:
    """The deals of a list in piles by state, stage and currency: what its sums and its picture are made of."""

    rows: Sequence[Mapping[str, Any]]

    def of(self, **wanted: str) -> Sums:
        """The sums of the piles with these values."""
        return _summed([row for row in self.rows if all(row[name] == value for name, value in wanted.items())])

    def states(self) -> dict[str, Sums]:
        """Open, won and lost, each with its sums."""
        return {state: self.of(state=state) for state in STATES}


def piles(found: QuerySet[Opportunity]) -> Piles:
    """The piles of a list, by one statement."""
    grouped = found.order_by().values("state", "stage", "currency")
    return Piles(list(grouped.annotate(n=Count("id"), named=Count("amount"), total=Sum("amount"))))


def sums(found: QuerySet[Opportunity]) -> dict[str, Sums]:
    """Open, won and lost deals of a list, each with its sums."""
    return piles(found).states()


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of the picture: how many deals stand in it, what they are worth, and its share of the longest bar."""

    name: str
    label: str
    outcome: str
    proposed: bool
    sums: Sums
    share: float


def picture(piled: Piles) -> list[StageLine]:
    """The stages in order with the deals of a list, those without any left out; bars show how many deals there are."""
    by_stage = {name: piled.of(stage=name) for name in {row["stage"] for row in piled.rows}}
    stages = PipelineStage.objects.filter(name__in=by_stage).order_by("proposed", "place", "name")
    order = {"open": 0, "won": 1, "lost": 2}
    most = max((sums.count for sums in by_stage.values()), default=1)
    return [
        StageLine(one.name, one.label, one.outcome, one.proposed, by_stage[one.name], by_stage[one.name].count / most)
        for one in sorted(stages, key=lambda one: order[one.outcome])
    ]


def open_first(found: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """Open deals, then those that were won, then the lost ones; of each the latest first."""
    place = Case(*(When(state=state, then=Value(number)) for number, state in enumerate(STATES)), default=Value(9))
    return found.order_by(place, "-stage_since", "-number")


def owners(actor: Actor) -> list[tuple[str, str]]:
    """Who owns deals that the actor may see: account ids with names, and names that no account goes by."""
    found = list(visible(actor).order_by().values_list("owner_id", "owner_name").distinct()[:_OWNERS])
    accounts = names(list({one for one, _name in found if one}))
    others = sorted({name for one, name in found if name and not one})
    return [*sorted(accounts.items(), key=lambda item: item[1]), *((name, name) for name in others)]


def years(actor: Actor) -> list[int]:
    """The years in which deals were closed or are expected to be, the latest first."""
    found = visible(actor).aggregate(
        first=Min("closed_at"), last=Max("closed_at"), soon=Min("expected_close"), late=Max("expected_close")
    )
    known = [moment.year for moment in found.values() if moment]
    return list(range(max(known), max(max(known) - 12, min(known)) - 1, -1)) if known else []


# --- one deal ------------------------------------------------------------------------------------------------------


def find_opportunity(ref: str, actor: Actor, needed: str = VIEW) -> Opportunity:
    """The deal of this reference, id, or id in another system. Raises MaropsError `not-found`."""
    text = clean(ref)
    found = visible(actor, needed).select_related("company")
    if number := _REF.fullmatch(text):
        deal = found.filter(number=int(number[1])).first()
    elif key := as_uuid(text):
        deal = found.filter(id=key).first()
    else:
        known = list(found.filter(id__in=OpportunityKey.objects.filter(value=text).values("opportunity_id"))[:2])
        deal = known[0] if len(known) == 1 else None
    if deal is None:
        raise MaropsError(NOT_FOUND, f"There is no deal {ref!r}.")
    return deal


def owner_of(deal: Opportunity, known: Mapping[str, str] | None = None) -> str:
    """Who owns it, by name; empty where nobody does."""
    if deal.owner_id:
        people = names([deal.owner_id]) if known is None else known
        return people.get(str(deal.owner_id), deal.owner_name or "")
    return deal.owner_name or ""


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody who takes part in a deal, as far as the actor may know them."""

    contact_id: UUID
    ref: str
    name: str
    role: str
    primary: bool
    seen: bool


def people_of(deal: Opportunity, actor: Actor) -> list[Taking]:
    """Who takes part; people whom the actor may not see are there by reference alone."""
    parts = OpportunityPerson.objects.filter(opportunity=deal).select_related("contact")
    rows = list(parts.order_by("-primary", "role"))
    may_see = may(actor, "leads.view")
    ids = [row.contact_id for row in rows]
    seen = set(visible_people(actor).filter(id__in=ids).values_list("id", flat=True)) if may_see else set()
    named = sees("personal", grants(actor))
    return [
        Taking(
            row.contact_id, row.contact.ref,
            (row.contact.full_name or row.contact.email or row.contact.ref)
            if named and row.contact_id in seen else row.contact.ref,
            row.role, row.primary, row.contact_id in seen,
        )
        for row in rows
    ]  # fmt: skip


def people_lines(deal: Opportunity, actor: Actor) -> str:
    """The people of a deal as forms show them: a line each, reference and role."""
    return "\n".join(", ".join(part for part in (one.ref, one.role) if part) for one in people_of(deal, actor))


def as_json(deal: Opportunity, actor: Actor, known: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A deal in a list, as REST answers it."""
    amount = Money(deal.amount, str(deal.currency)).as_json() if deal.amount is not None else None
    return {
        "ref": deal.ref,
        "id": str(deal.id),
        "name": deal.name,
        "company": {"ref": deal.company.ref, "name": deal.company.name} if deal.company else None,
        "company_name": deal.company_name,
        "owner": {"id": str(deal.owner_id), "name": owner_of(deal, known)} if deal.owner_id else None,
        "owner_name": deal.owner_name,
        "stage": deal.stage,
        "stage_since": iso_utc(deal.stage_since),
        "state": deal.state,
        "amount": amount,
        "opened_at": iso_utc(deal.opened_at),
        "expected_close": deal.expected_close.isoformat() if deal.expected_close else None,
        "closed_at": iso_utc(deal.closed_at),
        "reason": deal.reason,
        "source": deal.source,
        "product": deal.product,
        "created_at": iso_utc(deal.created_at),
        "updated_at": iso_utc(deal.updated_at),
    }


def whole_json(deal: Opportunity, actor: Actor) -> dict[str, Any]:
    """A deal with its people, its ids elsewhere and its passages."""
    people = [
        {"lead": one.ref, "name": one.name if one.seen else None, "role": one.role, "primary": one.primary}
        for one in people_of(deal, actor)
    ]
    moves = [
        {"at": iso_utc(one.at), "from": one.from_stage, "to": one.to_stage} for one in deal.moves.order_by("at", "id")
    ]
    keys = [{"system": one.system, "value": one.value} for one in deal.keys.order_by("system", "value")]
    return as_json(deal, actor) | {"custom": deal.custom, "people": people, "external_ids": keys, "moves": moves}


# --- the shell -----------------------------------------------------------------------------------------------------


def search_deals(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Deals for the palette: by reference, or by the words of name and company."""
    if VIEW not in grants(actor) or not words.strip():
        return
    found = visible(actor)
    if number := _REF.fullmatch(words.strip()):
        found = found.filter(number=int(number[1]))
    else:
        for word in fold(words).split():
            found = found.filter(search_text__contains=word)
    for one in open_first(found)[:limit]:
        hint = ", ".join(part for part in (one.company_name, in_words(one.amount, one.currency)) if part)
        url = reverse("pipeline:opportunity", args=[one.ref])
        yield Hit(kind=_("Opportunities"), title=one.name, url=url, hint=hint, icon="measure")


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """The deal of this id as comments and history show it; None for those who may not see it."""
    key = as_uuid(object_id)
    deal = visible(actor).filter(id=key).first() if key and VIEW in grants(actor) else None
    return Found(f"{deal.ref} {deal.name}", reverse("pipeline:opportunity", args=[deal.ref])) if deal else None


def desk(actor: Actor, as_of: datetime) -> Iterator[Need | Figure | Change]:
    """What the desk says of deals: which need a hand, what is open, what was won and lost this week."""
    if VIEW not in grants(actor):
        return
    mine = visible(actor, CHANGE) if may(actor, CHANGE) else Opportunity.objects.none()
    own = mine.filter(owner_id=as_uuid(actor.id)) if actor.kind == "human" else mine.none()
    yield from _needs(own, as_of)
    found = visible(actor)
    if not found.exists():
        return
    yield from _figures(found, as_of)
    yield from _news(found, as_of)


def _needs(own: QuerySet[Opportunity], as_of: datetime) -> Iterator[Need]:
    page, day = reverse("pipeline:opportunities"), today(as_of)
    month = bounds("this_month")[1]
    waiting = own.filter(state="open")
    overdue = waiting.filter(expected_close__lt=day).count()
    if overdue:
        yield Need(
            title=ngettext(
                "One deal should have closed by now", "%(n)d deals should have closed by now", overdue
            ) % {"n": overdue},
            detail=_("Their expected day has passed. Win them, lose them, or say when."),
            url=f"{page}?owner=me&state=open&period=overdue", button=_("See them"), urgency="late", icon="measure",
        )  # fmt: skip
    quiet = waiting.filter(expected_close__gte=day, expected_close__lt=month, updated_at__lt=as_of - QUIET).count()
    if quiet:
        yield Need(
            title=ngettext(
                "One deal closes this month and nothing happens", "%(n)d deals close this month and nothing happens",
                quiet,
            ) % {"n": quiet},
            detail=_("Nobody changed anything about them for two weeks."),
            url=f"{page}?owner=me&state=open&period=this_month&sort=changed", button=_("See them"), urgency="soon",
            icon="measure",
        )  # fmt: skip
    stale = waiting.filter(updated_at__lt=as_of - STALE).filter(Q(expected_close__gte=month) | Q(expected_close=None))
    if count := stale.count():
        yield Need(
            title=ngettext("One open deal lies still", "%(n)d open deals lie still", count) % {"n": count},
            detail=_("Nothing about them has changed for a month."),
            url=f"{page}?owner=me&state=open&sort=changed", button=_("See them"), icon="measure",
        )  # fmt: skip


def _figures(found: QuerySet[Opportunity], as_of: datetime) -> Iterator[Figure]:
    page = reverse("pipeline:opportunities")
    waiting = sums(found.filter(state="open"))["open"]
    yield Figure(
        title=_("Open pipeline"), value=waiting.text or f"{waiting.count:,}",
        note=ngettext("one deal", "%(n)s deals", waiting.count) % {"n": f"{waiting.count:,}"},
        url=f"{page}?state=open",
    )  # fmt: skip
    quarter = sums(found.filter(_in_period("this_quarter")))
    won, lost = quarter["won"], quarter["lost"]
    if won.count + lost.count:
        rate = won.count / (won.count + lost.count)
        yield Figure(
            title=_("Won this quarter"), value=won.text or f"{won.count:,}",
            note=ngettext("one deal, %(rate)s of those closed", "%(n)s deals, %(rate)s of those closed", won.count)
            % {"n": f"{won.count:,}", "rate": f"{rate:.0%}"}
            if won.count
            else ngettext("the one deal that closed was lost", "all %(n)s that closed were lost", lost.count)
            % {"n": f"{lost.count:,}"},
            url=f"{page}?state=won&period=this_quarter",
        )  # fmt: skip


def _news(found: QuerySet[Opportunity], as_of: datetime) -> Iterator[Change]:
    week = found.exclude(state="open").filter(closed_at__gt=as_of - timedelta(days=7), closed_at__lte=as_of)
    rows = list(week.order_by("-closed_at")[:3])
    people = names([row.owner_id for row in rows if row.owner_id])
    for row in rows:
        said = _("%(deal)s was won") if row.state == "won" else _("%(deal)s was lost")
        yield Change(
            at=row.closed_at or as_of, what=said % {"deal": row.name}, by=owner_of(row, people), by_kind="human",
            moved=in_words(row.amount, row.currency), url=reverse("pipeline:opportunity", args=[row.ref]),
        )  # fmt: skip


def with_people(found: QuerySet[Opportunity], contact_id: UUID) -> QuerySet[Opportunity]:
    """Those of the deals in which this person takes part."""
    part = OpportunityPerson.objects.filter(opportunity=OuterRef("pk"), contact_id=contact_id)
    return found.filter(Exists(part))


DEALS_OF_PEOPLE = (
    "SELECT p.contact_id, o.state = 'won' AS won, o.amount, o.currency FROM opportunity_person p"
    " JOIN opportunity o ON o.id = p.opportunity_id"
)
"""SQL for the deals of people, whatever became of them."""
