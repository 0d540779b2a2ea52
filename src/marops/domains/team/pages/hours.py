"""Pages of working hours: who works when, who is away, and the calendars they follow."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import people as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.forms import (
    AbsenceForm,
    CalendarForm,
    NewPersonForm,
    PersonForm,
    calendar_values,
    days_as_span,
)
from marops.domains.team.models import Absence, Person
from marops.domains.team.permissions import MANAGE, VIEW, Policy
from marops.domains.team.queries import hours as queries
from marops.domains.team.queries.hours import Presence
from marops.domains.team.rules.calendars import WorkingCalendar, hours_in_words
from marops.kernel.clock import now
from marops.kernel.definitions import ACTIVATE, CHANGE, activate, draft, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may, require
from marops.kernel.workspace import zone

PER_PAGE = 100


@require_GET
@needs(VIEW)
def people(request: HttpRequest) -> HttpResponse:
    """Who works when, and who is away."""
    at, known, policy = now(), calendars(), Policy.of(actor_of(request))
    found = queries.presences(queries.people().filter(active=True), at)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "answer": _answer(found),
        "page": page,
        "rows": [_row(one, known) for one in page],
        "calendars": [_calendar_row(slug, one, found) for slug, one in known.items()],
        "manages": may(actor_of(request), MANAGE),
        "own": next((one.person for one in found if policy.is_self(one.person.id)), None),
    }
    return render(request, "team/hours.html", context)


def _answer(found: list[Presence]) -> str:
    if not found:
        return _("Nobody is in the team yet.")
    works, away, all_ = sum(one.works for one in found), sum(one.away_until is not None for one in found), len(found)
    words = ngettext(
        "%(works)s of %(all)s person is at work now.", "%(works)s of %(all)s people are at work now.", all_
    ) % {"works": f"{works:,}", "all": f"{all_:,}"}
    if away:
        words += " " + ngettext("%(away)s is away.", "%(away)s are away.", away) % {"away": f"{away:,}"}
    return words


def _row(one: Presence, known: dict[str, WorkingCalendar]) -> dict[str, Any]:
    slug = queries.clock_of(one.person, known).calendar
    return {
        "person": one.person,
        "role": catalogue().title(one.role) if one.role else "",
        "state": _state(one),
        "hours": hours_in_words(known[slug]),
        "calendar": slug,
        "zone": one.zone.key,
    }


def _state(one: Presence) -> tuple[str, str]:
    """In words and as the kind of pill: at work, off until, away until."""
    if one.away_until:
        return _("away until %(day)s") % {"day": _said(one.away_until, one.zone)}, "warn"
    if one.works:
        return _("at work"), "good"
    back = _("back %(when)s") % {"when": _said(one.next_at, one.zone)} if one.next_at else _("no working hours")
    return back, "draft"


def _said(moment: Any, zone_: ZoneInfo) -> str:
    return date_format(timezone.localtime(moment, zone_), "D j M, H:i")


def _calendar_row(slug: str, one: WorkingCalendar, found: list[Presence]) -> dict[str, Any]:
    followers = sum(1 for presence in found if presence.person.calendar == slug)
    return {
        "slug": slug,
        "title": one.title,
        "hours": hours_in_words(one),
        "free": len(one.holidays),
        "people": followers,
    }


@require_http_methods(["GET", "POST"])
@needs(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    """Take somebody into the team."""
    form = NewPersonForm(posted(request))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.add_person(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("%(name)s is in the team.") % {"name": row.name})
            return redirect("team:hours-of", ref=row.ref)
    return render(request, "team/hours_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def person(request: HttpRequest, ref: str) -> HttpResponse:
    """How one person works: hours, zone, manager, absences."""
    actor, row = actor_of(request), queries.find_person(ref)
    if request.method == "POST":
        require(actor, MANAGE)
    form = PersonForm(posted(request), initial=_as_it_is(row))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.change_person(actor=actor, person_id=row.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:hours-of", ref=row.ref)
    return _person_page(request, row, form, AbsenceForm())


def _person_page(request: HttpRequest, row: Person, form: PersonForm, absence: AbsenceForm) -> HttpResponse:
    presence = queries.presences([row], now())[0]
    actor, known = actor_of(request), calendars()
    policy = Policy.of(actor)
    own = policy.is_self(row.id)
    context = {
        "one": row,
        "row": _row(presence, known),
        "form": form,
        "absence_form": absence,
        "absences": [_absence(policy, one, presence.zone) for one in queries.absences(row, now())],
        "manages": may(actor, MANAGE),
        "own": own,
        "plans": own or may(actor, MANAGE),
    }
    return render(request, "team/hours_of.html", context, status=422 if form.is_bound or absence.is_bound else 200)


def _absence(policy: Policy, one: Absence, zone_: ZoneInfo) -> dict[str, Any]:
    starts, ends = timezone.localtime(one.starts, zone_), timezone.localtime(one.ends, zone_)
    if starts.time() == ends.time() == time.min:  # whole days, as the form plans them: the last one is included
        days = [date_format(day, "D j M Y") for day in (starts.date(), ends.date() - timedelta(days=1))]
    else:
        days = [_said(one.starts, zone_), _said(one.ends, zone_)]
    return {
        "id": one.id,
        "span": " – ".join(dict.fromkeys(days)),
        "reason": one.reason if policy.sees_why_away(one.person_id) else "",
    }


@require_POST
@needs(VIEW)
def absence_add(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody will be away."""
    actor, row = actor_of(request), queries.find_person(ref)
    actions.need_absences(actor, row)
    form = AbsenceForm(posted(request))
    if form.is_valid():
        zone_ = queries.presences([row], now())[0].zone
        starts, ends = days_as_span(form.cleaned_data["first"], form.cleaned_data["last"], zone_)
        reason = form.cleaned_data["reason"]
        with problems_on(form):
            actions.add_absence(actor=actor, person_id=row.id, starts=starts, ends=ends, reason=reason)
            messages.success(request, _("%(name)s is away then; no lead goes there meanwhile.") % {"name": row.name})
            return redirect("team:hours-of", ref=row.ref)
    return _person_page(request, row, PersonForm(initial=_as_it_is(row)), form)


def _as_it_is(row: Person) -> dict[str, Any]:
    fields = ("name", "manager_id", "calendar", "zone", "active")
    return {name: getattr(row, name) for name in fields} | {"role": queries.main_roles([row.id]).get(row.id, "")}


@require_POST
@needs(VIEW)
def absence_remove(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """Somebody is not away after all."""
    row = Absence.objects.select_related("person").filter(id=absence_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    actions.remove_absence(actor=actor_of(request), absence_id=absence_id)
    messages.success(request, _("The absence was removed."))
    return redirect("team:hours-of", ref=row.person.ref)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One working calendar: its week and its free days; saving puts a new version in force."""
    actor = actor_of(request)
    known = calendars().get(slug)
    may_change = may(actor, CHANGE) and may(actor, ACTIVATE)
    if known is None and not (may_change and slug):
        raise MaropsError(NOT_FOUND, f"There is no calendar {slug!r}.")
    form = CalendarForm(posted(request), initial=calendar_values(known) if known else {})
    if form.is_bound and form.is_valid():
        with problems_on(form):
            kept = draft(actor=actor, kind="calendar", slug=slug, document=form.document())
            activate(actor=actor, ref=kept.pinned)
            messages.success(request, _("%(ref)s is in force.") % {"ref": kept.pinned})
            return redirect("team:calendar", slug=slug)
    context = {
        "slug": slug,
        "calendar": known,
        "hours": hours_in_words(known) if known else "",
        "zone": (known and known.zone) or zone().key,
        "form": form,
        "may_change": may_change,
        "versions": versions("calendar", slug),
    }
    return render(request, "team/calendar.html", context, status=422 if form.is_bound else 200)
