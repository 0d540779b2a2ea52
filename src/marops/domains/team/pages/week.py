"""The week of the team, and work: whose it is, how far it is, what waits for somebody."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import work as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.models import Absence, Assignment, Onboarding, Person
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import PLAN, VIEW, Policy
from marops.domains.team.queries import week as weeks
from marops.domains.team.queries import work as queries
from marops.domains.team.queries.hours import absences_at, clock_of, find_person, main_roles
from marops.domains.team.rules.weeks import Week
from marops.domains.team.work_forms import ChangedWorkForm, MoveForm, WorkForm
from marops.kernel.clock import now
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.forms import add_problem, posted, problems_on
from marops.kernel.ids import as_uuid
from marops.kernel.workspace import today

PEOPLE_A_PAGE = 50
ROWS_A_BAND = 60
TARGETS = 10
"""So many people are offered for a piece of work, those with most room first."""
FULL = 62.0
"""Where a bar says that a week is full, of a width of 100."""
UNIT = FULL


@require_GET
@needs(VIEW)
def week(request: HttpRequest) -> HttpResponse:
    """Who has how much on, what is due, who is away, what waits for somebody."""
    policy, day = Policy.of(actor_of(request)), today()
    rows = weeks.rows(day=day)
    mine = [one for one in rows if policy.gives_to(one.person.id)]
    led = [one for one in rows if policy.is_self(one.person.id) or policy.leads(one.person.id)]
    scope = request.GET.get("of") or ("mine" if len(led) > 1 else "all")
    shown = [one for one in (led if scope == "mine" else rows) if one.counts]
    shown = sorted(shown, key=lambda one: (-one.worst, one.person.name))
    page = Paginator(shown, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    starts = weeks.starts_of(day)
    ids = {one.person.id for one in shown}
    soon = queries.open_work().filter(due__lte=starts[0] + timedelta(days=6), person__isnull=False)
    due = [one for one in queries.seen(policy, soon) if one.person_id in ids]
    free = queries.seen(policy, queries.open_work().filter(person=None))
    names = main_roles([one.person.id for one in page])
    away = _away(policy, ids, starts[0], starts[-1] + timedelta(days=6))
    context = {
        "tabs": tabs(request, "week"), "answer": _answer(shown, due, free, day), "page": page, "scope": scope,
        "filters": [{"key": "of", "label": _("Who"), "options": [("mine", _("My people")), ("all", _("The team"))]}],
        "has_people": len(led) > 1, "starts": _heads(starts, day), "part": round(100 * weeks.plannable()),
        "because_url": address("team:assumptions") if PLAN in policy.held else "",
        "people": [_row(one, names.get(one.person.id, "")) for one in page],
        "due": [_work(one, policy, day) for one in due[:ROWS_A_BAND]], "more_due": max(0, len(due) - ROWS_A_BAND),
        "free": [_work(one, policy, day) for one in free[:ROWS_A_BAND]],
        "away": away, "tells_why": any(one["reason"] for one in away), "targets": _targets(policy, rows),
        "newcomers": _newcomers(policy), "me": policy.me, "manages": len(mine) > 1 or len(led) > 1,
    }  # fmt: skip
    return render(request, "team/week.html", context)


def _answer(rows: Sequence[weeks.Row], due: Sequence[Assignment], free: Sequence[Assignment], day: date) -> str:
    if not rows:
        return _("Nobody holds a role of the team yet.")
    when = _("this week") if weeks.starts_of(day)[0] <= day else _("in the coming week")
    over = sorted((one for one in rows if one.plate.weeks[0].over >= 1), key=lambda one: -one.plate.weeks[0].over)
    if over:
        most = over[0].plate.weeks[0]
        said = ngettext(
            "%(name)s has %(load)s hours of work for %(open)s %(when)s.",
            "%(n)s people have more on %(when)s than fits; %(name)s most, with %(load)s hours for %(open)s.",
            len(over),
        ) % {
            "n": len(over),
            "when": when,
            "name": over[0].person.name,
            "load": round(most.load),
            "open": round(most.open),
        }
    else:
        said = _("Nobody has more on %(when)s than fits.") % {"when": when}
    late = sum(1 for one in due if queries.is_late(one, day))
    if late:
        said += " " + ngettext("%(n)s thing is late.", "%(n)s things are late.", late) % {"n": late}
    if free:
        said += " " + ngettext("%(n)s waits for somebody.", "%(n)s wait for somebody.", len(free)) % {"n": len(free)}
    return said


def _heads(starts: Sequence[date], day: date) -> list[dict[str, str]]:
    names = [_("This week") if one <= day else "" for one in starts]
    if not names[0]:
        names[0] = _("Next week")
    return [
        {"name": name or date_format(one, "j M"), "from": date_format(one, "j M")}
        for name, one in zip(names, starts, strict=True)
    ]


def _row(one: weeks.Row, role: str) -> dict[str, Any]:
    plate = one.plate
    notes = [
        ngettext("%(n)s thing due", "%(n)s things due", plate.dues) % {"n": plate.dues} if plate.dues else "",
        ngettext("%(n)s late", "%(n)s late", plate.late) % {"n": plate.late} if plate.late else "",
        ngettext("%(n)s without a day", "%(n)s without a day", plate.undated) % {"n": plate.undated}
        if plate.undated else "",
        ngettext("%(n)s without hours", "%(n)s without hours", plate.unsized) % {"n": plate.unsized}
        if plate.unsized else "",
    ]  # fmt: skip
    return {
        "person": one.person, "role": catalogue().title(role) if role else "",
        "notes": [note for note in notes if note],
        "weeks": [_cell(each) for each in plate.weeks],
    }  # fmt: skip


def _cell(one: Week) -> dict[str, Any]:
    """A bar: full at the line, what goes beyond it marked; its words say the same."""
    unit = UNIT / one.open if one.open > 0 else 0.0
    usual, more = (one.regular * unit, (one.due + one.beside) * unit) if unit else (0.0, UNIT if one.load else 0.0)
    scale = min(1.0, 100 / (usual + more)) if usual + more else 1.0
    usual, more = usual * scale, more * scale
    line = FULL * scale if usual + more > 99.9 else FULL
    parts = {"regular": one.regular, "due": one.due, "beside": one.beside}
    return {
        "usual": round(usual, 1), "more": round(more, 1), "line": round(line, 1),
        "over_at": round(max(line, 0), 1), "over": round(max(0.0, usual + more - line), 1),
        "load": round(one.load), "open": round(one.open), "is_over": one.over >= 1, "gone": one.open <= 0,
        "away": round(one.away), "title": _said(one, parts),
    }  # fmt: skip


def _said(one: Week, parts: Mapping[str, float]) -> str:
    if one.open <= 0:
        return _("away, %(load)s hours of work fall due") % {"load": round(one.load)} if one.due else _("away")
    return _(
        "%(load)s of %(open)s hours: %(regular)s usual work of their roles, %(due)s work that falls due, "
        "%(beside)s beside a newcomer; the calendar has %(calendar)s, away %(away)s"
    ) % {
        "load": round(one.load), "open": round(one.open), "calendar": round(one.calendar), "away": round(one.away),
        **{name: round(value) for name, value in parts.items()},
    }  # fmt: skip


def _work(one: Assignment, policy: Policy, day: date) -> dict[str, Any]:
    words, kind = queries.state_said(one, day)
    return {
        "one": one, "state": words, "kind": kind, "late": queries.is_late(one, day),
        "moves": policy.moves(one), "ends": policy.ends(one), "drops": policy.drops(one),
        "takes": policy.me is not None and one.person_id is None and one.onboarding_id is None,
        "of": one.onboarding.person.name if one.onboarding else "",
    }  # fmt: skip


def _away(policy: Policy, ids: set[UUID], first: date, last: date) -> list[dict[str, Any]]:
    spans = weeks.away_spans(ids, first, last)
    told = [one for one in spans if policy.sees_why_away(one)]
    reasons = list(Absence.objects.filter(person_id__in=told).exclude(reason="").order_by("starts"))
    people, known = Person.objects.in_bulk(list(spans)), calendars()
    found: list[dict[str, Any]] = []
    for person_id, kept in spans.items():
        zone = ZoneInfo(clock_of(people[person_id], known).zone)
        for start, end in kept:
            days = [start.astimezone(zone), (end - timedelta(microseconds=1)).astimezone(zone)]
            if days[1].date() < min(first, today()) or days[0].date() > last:
                continue
            said = " – ".join(dict.fromkeys(date_format(one, "D j M") for one in days))
            why = [
                one.reason for one in reasons if one.person_id == person_id and one.starts < end and one.ends > start
            ]
            found.append({"person": people[person_id], "span": said, "reason": ", ".join(why), "at": start})
    return sorted(found, key=lambda one: one["at"])[:ROWS_A_BAND]


def _targets(policy: Policy, rows: Sequence[weeks.Row]) -> list[dict[str, Any]]:
    """Whom work can be given to: those with most room in the next weeks first."""
    fit = [one for one in rows if policy.gives_to(one.person.id)]
    rooms = [(sum(each.open - each.load for each in one.plate.weeks[:2]), one.person) for one in fit]
    return [
        {"person": person, "said": _("%(n)s h free in two weeks") % {"n": round(room)}}
        for room, person in sorted(rooms, key=lambda one: -one[0])[:TARGETS]
    ]


def _newcomers(policy: Policy) -> list[dict[str, Any]]:
    running = Onboarding.objects.filter(ended_at=None).select_related("person", "mentor").order_by("starts")
    found = []
    for one in running:
        if policy.sees_onboarding(one):
            tasks = list(one.tasks.values_list("state", flat=True))
            done = sum(1 for state in tasks if state not in queries.OPEN)
            found.append({"one": one, "done": done, "of": len(tasks)})
    return found


@require_GET
@needs(VIEW)
def work(request: HttpRequest) -> HttpResponse:
    """What I have on: what is late and due first, then the rest, then what was finished lately."""
    actor, day = actor_of(request), today()
    policy = Policy.of(actor)
    me = Person.objects.filter(id=policy.me).first() if policy.me else None
    rows = list(queries.open_work([me.id])) if me else []
    done = queries.work().filter(person=me).exclude(state__in=queries.OPEN).order_by("-ended_at")[:20] if me else []
    asked = queries.open_work().filter(asked_by=actor.id)
    asked = asked.exclude(person=me) if me else asked
    free = list(queries.open_work().filter(person=None)[:ROWS_A_BAND])
    context = {
        "tabs": tabs(request, "week"), "me": me, "answer": _answer_of(rows, day),
        "rows": [_work(one, policy, day) for one in rows], "done": [_work(one, policy, day) for one in done],
        "asked": [_work(one, policy, day) for one in queries.seen(policy, asked[:ROWS_A_BAND])],
        "free": [_work(one, policy, day) for one in free],
    }  # fmt: skip
    return render(request, "team/work.html", context)


def _answer_of(rows: Sequence[Assignment], day: date) -> str:
    due = [one for one in rows if one.due and one.due <= day]
    if due:
        return ngettext("%(n)s thing is due.", "%(n)s things are due.", len(due)) % {"n": len(due)}
    for one in rows:
        if one.due:
            words = {"title": one.title, "day": date_format(one.due, "l j F")}
            return _("Nothing is due today. Next is “%(title)s” by %(day)s.") % words
    return _("Nothing is due.")


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def new(request: HttpRequest) -> HttpResponse:
    """A piece of work."""
    policy = Policy.of(actor_of(request))
    given = {
        name: request.GET[name] for name in ("person_id", "about", "title", "responsibility") if name in request.GET
    }
    if "to" in request.GET:
        given["person_id"] = str(find_person(request.GET["to"]).id)
    elif policy.me and "person_id" not in given:
        given["person_id"] = str(policy.me)
    form = WorkForm(posted(request), initial=given, choices=queries.team_choices(policy))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.add_work(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("“%(title)s” is %(ref)s.") % {"title": row.title, "ref": row.ref})
            return redirect("team:work" if row.person_id == policy.me else "team:week")
    context = {"form": form, "tabs": tabs(request, "week")}
    return render(request, "team/work_new.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def work_of(request: HttpRequest, ref: str) -> HttpResponse:
    """One piece of work: what it is about, how far it is, and what can be done with it."""
    actor = actor_of(request)
    policy = Policy.of(actor)
    row = queries.find_work(policy, ref)
    may_change = row.onboarding_id is None and policy.drops(row) and row.state in queries.OPEN
    form = ChangedWorkForm(posted(request), initial=_as_it_is(row)) if may_change or request.method == "POST" else None
    if form is not None and form.is_bound and form.is_valid():
        try:
            actions.change_work(actor=actor, work_id=row.id, **form.cleaned_data)
        except MaropsError as error:
            if not error.errors:
                raise
            add_problem(form, error)
        else:
            messages.success(request, _("Kept."))
            return redirect("team:work-of", ref=row.ref)
    details = policy.sees_details(row)
    why = row.why_dropped if policy.sees_why_declined(row) else ""
    context = {
        **_work(row, policy, today()), "form": form, "tabs": tabs(request, "week"), "details": details, "why": why,
        "about": queries.about(actor, row) if details else None, "open": row.state in queries.OPEN,
        "responsibility": queries.responsibility_said(row.responsibility), "targets": _targets_of(policy, row),
        "away": row.person_id is not None and bool(absences_at(now(), [row.person_id])), "me": policy.me,
    }  # fmt: skip
    return render(request, "team/work_of.html", context, status=422 if form is not None and form.is_bound else 200)


def _targets_of(policy: Policy, row: Assignment) -> list[tuple[str, str]]:
    return (
        [one for one in queries.team_choices(policy) if one[0] != str(row.person_id)][:200] if policy.moves(row) else []
    )


def _as_it_is(row: Assignment) -> dict[str, Any]:
    about = row.about_id if row.about_type == queries.LINK else f"{row.about_type}:{row.about_id}"
    return {
        "title": row.title, "says": row.says, "due": row.due, "hours": row.hours,
        "responsibility": row.responsibility, "about": about if row.about_type else "",
    }  # fmt: skip


@require_POST
@needs(VIEW)
def state(request: HttpRequest, ref: str) -> HttpResponse:
    """Begin, finish, drop, open again or take over a piece of work."""
    actor = actor_of(request)
    row = queries.find_work(Policy.of(actor), ref)
    to = request.POST.get("to", "")
    if to == "take":
        row = actions.take_work(actor=actor, work_id=row.id)
        words = _("“%(title)s” is yours.")
    elif to == "start":
        row = actions.start_work(actor=actor, work_id=row.id)
        words = _("“%(title)s” is under way.")
    elif to == "done":
        row = actions.finish_work(actor=actor, work_id=row.id)
        words = _("“%(title)s” is done.")
    elif to == "drop":
        row = actions.drop_work(actor=actor, work_id=row.id, why=request.POST.get("why", ""))
        words = _("“%(title)s” is dropped.")
    elif to == "open":
        row = actions.reopen_work(actor=actor, work_id=row.id)
        words = _("“%(title)s” is open again.")
    else:
        raise MaropsError(INVALID, f"Work cannot be {to!r}.")
    undo = f"undo:{reverse('team:work-undo', args=[row.ref])}" if to in ("done", "drop") else ""
    messages.success(request, words % {"title": row.title}, extra_tags=undo)
    return back(request, "team:work")


@require_POST
@needs(VIEW)
def undo(request: HttpRequest, ref: str) -> HttpResponse:
    """Open again what was just finished or dropped."""
    row = queries.find_work(Policy.of(actor_of(request)), ref)
    actions.reopen_work(actor=actor_of(request), work_id=row.id)
    messages.success(request, _("“%(title)s” is open again.") % {"title": row.title})
    return back(request, "team:work")


@require_POST
@needs(VIEW)
def give(request: HttpRequest, ref: str) -> HttpResponse:
    """Put a piece of work on somebody's plate, or back where it waits."""
    actor = actor_of(request)
    row = queries.find_work(Policy.of(actor), ref)
    target = as_uuid(request.POST.get("person_id", ""))
    row = actions.give_work(actor=actor, work_id=row.id, person_id=target)
    name = Person.objects.get(id=target).name if target else ""
    said = _("“%(title)s” went to %(name)s.") if name else _("“%(title)s” waits for somebody.")
    messages.success(request, said % {"title": row.title, "name": name})
    return back(request, "team:week")


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def move(request: HttpRequest) -> HttpResponse:
    """All open work of somebody who leaves or is away, to another."""
    actor = actor_of(request)
    policy = Policy.of(actor)
    given = {"source_id": str(find_person(request.GET["from"]).id)} if "from" in request.GET else {}
    form = MoveForm(posted(request), initial=given, choices=queries.team_choices(policy))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            made = actions.move_all_work(actor=actor, **form.cleaned_data)
            many = len(made.assignments)
            said = ngettext("%(n)s piece of work went to %(name)s.", "%(n)s pieces of work went to %(name)s.", many)
            name = made.target.name if made.target else _("nobody yet")
            undo_url = reverse("team:work-move-undo", args=[made.id])
            messages.success(request, said % {"n": many, "name": name}, extra_tags=f"undo:{undo_url}")
            return redirect("team:week")
    context = {"form": form, "tabs": tabs(request, "week")}
    return render(request, "team/work_move.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(VIEW)
def move_undo(request: HttpRequest, move_id: UUID) -> HttpResponse:
    """What was moved at once goes back."""
    many = actions.undo_move(actor=actor_of(request), move_id=move_id)
    said = ngettext("%(n)s piece of work went back.", "%(n)s pieces of work went back.", many) % {"n": many}
    messages.success(request, said)
    return redirect("team:week")


def address(name: str) -> str:
    """An address of ours, empty where this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def back(request: HttpRequest, name: str) -> HttpResponse:
    """To the page from which this was asked, where it is one of ours."""
    asked = request.POST.get("next", "")
    return redirect(asked if asked.startswith("/") and not asked.startswith(("//", "/\\")) else reverse(name))
