"""Somebody's first weeks, and the playbooks they follow."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import newcomers as actions
from marops.domains.team.catalogue import PLAYBOOK, catalogue, playbooks
from marops.domains.team.models import Onboarding, Person
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import newcomers as queries
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.work import OPEN, is_late, state_said
from marops.domains.team.rules.newcomers import phases_of
from marops.domains.team.rules.playbook import Playbook
from marops.domains.team.work_forms import OnboardingForm
from marops.kernel.definitions import ACTIVATE, CHANGE, activate, active, draft, find, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import DocumentForm, add_places, posted, problems_on
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import may, require
from marops.kernel.rules import write_yaml
from marops.kernel.workspace import today

DAYS_A_WEEK = 7


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def new(request: HttpRequest) -> HttpResponse:
    """Begin somebody's first weeks."""
    policy = Policy.of(actor_of(request))
    given: dict[str, Any] = {"starts": today(), "playbook": next(iter(playbooks()), "")}
    chosen = as_uuid(request.POST.get("person_id", ""))
    if "for" in request.GET:
        person = find_person(request.GET["for"])
        chosen = chosen or person.id
        given |= {"person_id": str(person.id), "starts": person.joined or today()}
    if row := queries.begun(policy, chosen):
        messages.info(request, _("%(name)s has first weeks already.") % {"name": row.person.name})
        return redirect("team:onboarding", ref=row.person.ref)
    form = OnboardingForm(posted(request), initial=given, newcomers=queries.newcomers_of(policy))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.start_onboarding(actor=actor_of(request), **form.cleaned_data)
            many = row.tasks.count()
            said = ngettext("%(n)s task for the first weeks.", "%(n)s tasks for the first weeks.", many) % {"n": many}
            messages.success(request, said)
            return redirect("team:onboarding", ref=row.person.ref)
    context = {"form": form, "tabs": tabs(request, "week")}
    return render(request, "team/onboarding_new.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def onboarding(request: HttpRequest, ref: str) -> HttpResponse:
    """One newcomer's way: phases, what is done, what comes next, and the mentor's hours."""
    policy = Policy.of(actor_of(request))
    row = queries.find_onboarding(policy, ref)
    book = queries.playbook_of(row)
    day = today()
    found = queries.phases(row, book)
    tasks = [one for phase in found for one, _task in phase.tasks]
    open_tasks = sorted((one for one in tasks if one.state in OPEN), key=lambda one: (one.due or day, one.number))
    week = (day - row.starts).days // DAYS_A_WEEK + 1
    own = policy.is_self(row.person_id)
    near = policy.gives_to(row.person_id) and not own
    context = {
        "row": row, "book": book, "tabs": tabs(request, "week"), "week": week, "near": near, "own": own,
        "answer": _answer(row, tasks, open_tasks, week, own), "phases": [_phase(policy, one, day) for one in found],
        "next": [_task(policy, one, None, day) for one in open_tasks[:4]],
        "hours": _hours(tasks), "mentors": _mentors(row) if near and row.ended_at is None else [],
        "mentor_hours": book.mentor.hours_per_week, "strip": _strip(found, row, day),
    }  # fmt: skip
    return render(request, "team/onboarding.html", context)


def _answer(row: Onboarding, tasks: list[Any], open_tasks: list[Any], week: int, own: bool) -> str:
    done = len(tasks) - len(open_tasks)
    words = {"name": row.person.name, "done": done, "of": len(tasks), "week": week}
    if row.ended_at is not None:
        over = _("Your first weeks are over: %(done)s of %(of)s tasks.") if own else \
            _("%(name)s's first weeks are over: %(done)s of %(of)s tasks.")  # fmt: skip
        return over % words
    if week < 1:
        begins = _("You begin on %(day)s.") if own else _("%(name)s begins on %(day)s.")
        return begins % (words | {"day": date_format(row.starts, "l j F Y")})
    there = _("You are in week %(week)s: %(done)s of %(of)s tasks are behind you.") if own else \
        _("%(name)s is in week %(week)s: %(done)s of %(of)s tasks are behind them.")  # fmt: skip
    said = there % words
    late = sum(1 for one in open_tasks if is_late(one, today()))
    if late:
        said += " " + ngettext("%(n)s is late.", "%(n)s are late.", late) % {"n": late}
    elif open_tasks and open_tasks[0].due:
        said += " " + _("Next by %(day)s.") % {"day": date_format(open_tasks[0].due, "l j F")}
    return said


def _phase(policy: Policy, one: queries.Phase, day: Any) -> dict[str, Any]:
    return {
        "part": one.part, "open": one.open, "of": len(one.tasks), "done": len(one.tasks) - one.open,
        "tasks": [_task(policy, row, task, day) for row, task in one.tasks],
    }  # fmt: skip


def _task(policy: Policy, row: Any, task: Any, day: Any) -> dict[str, Any]:
    words, kind = state_said(row, day)
    return {
        "one": row, "task": task, "state": words, "kind": kind, "late": is_late(row, day),
        "ends": policy.ends(row), "drops": policy.drops(row),
        "skill": catalogue().skill_name(task.skill) if task and task.skill else "", "open": row.state in OPEN,
        "why": row.why_dropped if policy.sees_why_declined(row) else "",
    }  # fmt: skip


def _hours(tasks: list[Any]) -> list[dict[str, Any]]:
    """Hours by person: what is done, what is left."""
    found: dict[Any, dict[str, Any]] = {}
    for one in tasks:
        if one.person is None or one.state == "dropped":
            continue
        mine = found.setdefault(one.person_id, {"person": one.person, "done": 0.0, "left": 0.0})
        mine["left" if one.state in OPEN else "done"] += float(one.hours or 0)
    return [{**one, "done": round(one["done"], 1), "left": round(one["left"], 1)} for one in found.values()]


def _strip(found: list[queries.Phase], row: Onboarding, day: Any) -> list[dict[str, Any]]:
    """The path of phases: done, now, next."""
    week = (day - row.starts).days // DAYS_A_WEEK + 1
    steps = []
    for one in found:
        state = "done" if one.part.last < week or row.ended_at else "now" if one.part.first <= max(week, 1) else "next"
        note = _("week %(first)s to %(last)s, %(done)s of %(of)s") % {
            "first": max(one.part.first, 1), "last": one.part.last, "done": len(one.tasks) - one.open,
            "of": len(one.tasks),
        }  # fmt: skip
        steps.append({"name": one.part.title, "note": note, "state": state})
    return steps


def _mentors(row: Onboarding) -> list[Person]:
    rows = Person.objects.filter(active=True).exclude(id__in=[row.person_id, row.mentor_id, row.person.manager_id])
    return list(rows.order_by("name")[:200])


@require_POST
@needs(VIEW)
def change(request: HttpRequest, ref: str) -> HttpResponse:
    """Another mentor, or the end of the first weeks."""
    actor = actor_of(request)
    row = queries.find_onboarding(Policy.of(actor), ref)
    if request.POST.get("to") == "end":
        actions.end_onboarding(actor=actor, onboarding_id=row.id)
        messages.success(request, _("%(name)s's first weeks are over.") % {"name": row.person.name})
    else:
        mentor = as_uuid(request.POST.get("mentor_id", ""))
        row = actions.change_mentor(actor=actor, onboarding_id=row.id, mentor_id=mentor)
        name = row.mentor.name if row.mentor else _("nobody")
        messages.success(request, _("The mentor is %(name)s.") % {"name": name})
    return redirect("team:onboarding", ref=row.person.ref)


@require_GET
@needs(VIEW)
def all_playbooks(request: HttpRequest) -> HttpResponse:
    """Every playbook in force."""
    rows = [{"slug": row.slug, "version": row.version, **_told(load(row))} for row in active(PLAYBOOK)]
    if not rows:
        rows = [{"slug": slug, "version": None, **_told(one)} for slug, one in playbooks().items()]
    context = {"rows": rows, "may_change": _may_change(request), "tabs": tabs(request, "week")}
    return render(request, "team/playbooks.html", context)


def _told(book: Playbook) -> dict[str, Any]:
    roles = [catalogue().title(role) for role in book.for_ if role != "any"]
    return {
        "title": book.title, "for": ", ".join(roles) or _("anybody"), "tasks": len(book.tasks),
        "weeks": max(one.ends_week for one in book.phases),
        "hours": round(sum(one.hours.usual for one in book.tasks if not one.roles and one.who == "newcomer")),
    }  # fmt: skip


def _may_change(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return may(actor, CHANGE) and may(actor, ACTIVATE)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def playbook(request: HttpRequest, slug: str) -> HttpResponse:
    """One playbook by phases; as text it can be changed, and a new version is in force at once."""
    book = playbooks().get(slug)
    changes = _may_change(request)
    if book is None and not changes:
        raise MaropsError(NOT_FOUND, f"There is no playbook {slug!r}.")
    if request.method == "POST":
        require(actor_of(request), CHANGE)
        require(actor_of(request), ACTIVATE)
    written = write_yaml(book.model_dump(mode="json", by_alias=True, exclude_defaults=True)) if book else ""
    form = DocumentForm(posted(request), initial={"text": written}) if changes else None
    if form is not None and form.is_bound and form.is_valid():
        try:
            kept = draft(actor=actor_of(request), kind=PLAYBOOK, slug=slugify(slug), document=form.cleaned_data["text"],
                         reason=form.cleaned_data["reason"])  # fmt: skip
            activate(actor=actor_of(request), ref=kept.pinned)
        except MaropsError as error:
            add_places(form, error)
        else:
            said = _("%(ref)s is in force. First weeks that have begun keep their version.")
            messages.success(request, said % {"ref": kept.pinned})
            return redirect("team:playbook", slug=slug)
    context = {
        "slug": slug, "book": book, "form": form, "tabs": tabs(request, "week"),
        "parts": list(_parts(book)) if book else [], "versions": versions(PLAYBOOK, slug),
        "for": _told(book)["for"] if book else "",
        "mentor_skill": catalogue().skill_name(book.mentor.skill) if book else "",
        "now": _pinned(slug), "history": reverse("team:playbooks"),
    }  # fmt: skip
    return render(request, "team/playbook.html", context, status=422 if form is not None and form.is_bound else 200)


def _pinned(slug: str) -> str:
    try:
        return find(f"{PLAYBOOK}/{slug}").pinned
    except MaropsError:
        return ""


def _parts(book: Playbook) -> Any:
    known = catalogue()
    for part in phases_of(book):
        tasks = [one for one in book.tasks if one.phase == part.id]
        yield {
            "part": part,
            "tasks": [
                {"one": one, "roles": ", ".join(known.title(role) for role in one.roles)}
                for one in sorted(tasks, key=lambda one: one.week)
            ],
        }
