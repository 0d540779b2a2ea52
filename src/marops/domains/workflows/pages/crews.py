"""Pages of crews: who is in them, what they can do, when they work. Each form saves a new version."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import FIELD_CLASSES, actor_of, needs, roles_in_force
from marops.domains.team.public import calendars as team_calendars
from marops.domains.team.public import hours_in_words, main_roles, people
from marops.domains.workflows import actions
from marops.domains.workflows.pages.starting import CREW
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.rules.crew import Crew, CrewCalendar, Member
from marops.domains.workflows.sheets.crew_forms import (
    CrewCalendarForm,
    CrewForm,
    MemberForm,
    TeamForm,
    calendar_values,
    complain,
)
from marops.domains.workflows.sheets.edits import new_id
from marops.domains.workflows.sheets.opened import free_slug, newest_of, workflows
from marops.kernel import definitions
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.forms import posted
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.methods.worktime import WEEKDAYS

PAY = FIELD_CLASSES["pay"]
Plain = dict[str, Any]


@require_GET
@needs(VIEW)
def crews(request: HttpRequest) -> HttpResponse:
    """All crews: how many people, and which workflows they do."""
    rows = [
        {"row": one, "crew": (crew := definitions.load(one)), "people": _heads(crew), "does": _does(one.slug)}
        for one in definitions.active("crew")
    ]
    context = {"rows": rows, "may_change": may(actor_of(request), CHANGE)}
    return render(request, "workflows/crews.html", context)


def _heads(crew: Crew) -> int:
    return sum(one.amount for one in crew.people)


def _does(slug: str) -> list[dict[str, str]]:
    return [
        {"title": one.document["title"], "url": reverse("workflows:workflow", args=[one.slug])}
        for one in workflows()
        if one.document.get("crew") == slug
    ]


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """Make a crew, of nobody at first."""
    form = CrewForm(posted(request), calendars=())
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        slug = free_slug("crew", new_id(given["title"], (), "crew"))
        document = {**CREW, **given}
        if _kept(request, slug, document, _("Made"), form, {"/currency": "currency", "/zone": "zone"}):
            return redirect("workflows:crew", slug=slug)
    context = {"form": form, "heading": _("New crew"), "back_url": reverse("workflows:crews")}
    return render(request, "workflows/crew_form.html", context, status=422 if form.is_bound else 200)


def _found(slug: str) -> tuple[Definition, Crew]:
    row = next((one for one in definitions.active("crew") if one.slug == slug), None)
    if row is None:
        raise MaropsError(NOT_FOUND, _("There is no crew %(name)r.") % {"name": slug})
    return row, definitions.load(row)


def _kept(
    request: HttpRequest, slug: str, document: Mapping[str, Any], reason: str, form: Any, fields: Mapping[str, str]
) -> bool:
    """Save a version of the crew; False where it cannot be, which the form then says."""
    before = newest_of("crew", slug)
    try:
        row = actions.keep(actor=actor_of(request), kind="crew", slug=slug, document=document, reason=reason)
    except MaropsError as error:
        complain(form, error, fields)
        return False
    undo = f"undo:{reverse('workflows:crew-undo', args=[slug])}" if before and before.pk != row.pk else ""
    messages.success(request, reason, extra_tags=undo)
    return True


@require_POST
@needs(CHANGE)
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the version before the present one in force again, as a new one. Raises MaropsError `conflict`."""
    found = definitions.versions("crew", slug)
    if len(found) < 2:
        raise MaropsError(CONFLICT, _("There is no version before this one."))
    said = _("Back to version %(version)s") % {"version": found[1].version}
    actions.keep(actor=actor_of(request), kind="crew", slug=slug, document=found[1].document, reason=said)
    messages.success(request, said)
    return redirect("workflows:crew", slug=slug)


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def crew(request: HttpRequest, slug: str) -> HttpResponse:
    """One crew: its people, its calendars, what it does."""
    row, found = _found(slug)
    actor = actor_of(request)
    if request.method == "POST":
        return _act(request, row, found)
    does = _does(slug)
    context = {
        "row": row,
        "crew": found,
        "slug": slug,
        "people": [_person_row(found, one, pay=may(actor, PAY)) for one in found.people],
        "calendars": [_calendar_row(found, ident, one) for ident, one in found.calendars.items()],
        "does": does,
        "answer": _answer(found, does),
        "sees_pay": may(actor, PAY),
        "may_change": may(actor, CHANGE),
    }
    return render(request, "workflows/crew.html", context)


def _answer(crew: Crew, does: list[dict[str, str]]) -> str:
    heads = _heads(crew)
    if not heads:
        return _("Nobody is in this crew yet.")
    said = ngettext("%(n)s person", "%(n)s people", heads) % {"n": heads}
    work = ngettext("%(n)s workflow", "%(n)s workflows", len(does)) % {"n": len(does)}
    skills = {skill for one in crew.people for skill in one.skills}
    told = {"people": said, "work": work, "skills": len(skills)}
    return _("%(people)s with %(skills)s skills do %(work)s.") % told


def _person_row(crew: Crew, one: Member, *, pay: bool) -> Plain:
    titles = {role.slug: role.title for role in roles_in_force().roles}
    slug = one.calendar or crew.calendar
    calendar = crew.calendars.get(slug)
    notes = [
        one.amount != 1 and _("%(n)s alike") % {"n": one.amount},
        one.starts and _("from %(day)s") % {"day": one.starts.isoformat()},
        one.ends and _("until %(day)s") % {"day": one.ends.isoformat()},
        one.ramp and _("learns for %(n)g months") % {"n": one.ramp.months},
        one.absences and ngettext("%(n)s absence", "%(n)s absences", len(one.absences)) % {"n": len(one.absences)},
    ]
    return {
        "one": one,
        "role": titles.get(one.role, one.role),
        "skills": [(skill, "" if round(speed, 2) == 1 else f"×{speed:.2f}") for skill, speed in one.skills.items()],
        "calendar": calendar.title or slug if calendar else slug,
        "share": one.share,
        "notes": [str(note) for note in notes if note],
        "cost": one.cost_per_hour if pay and one.cost_per_hour else None,
    }


def _calendar_row(crew: Crew, ident: str, one: CrewCalendar) -> Plain:
    follow = sum(1 for who in crew.people if (who.calendar or crew.calendar) == ident)
    return {
        "id": ident,
        "title": one.title or ident,
        "hours": hours_in_words(one) or _("no hours"),  # type: ignore[arg-type]  # it reads the hours alone
        "free": len(one.holidays),
        "people": follow,
        "usual": ident == crew.calendar,
    }


def _plain(row: Definition) -> Plain:
    return dict(row.document)


def _act(request: HttpRequest, row: Definition, found: Crew) -> HttpResponse:
    """Take somebody out, or a calendar that nobody follows."""
    verb, _colon, ident = request.POST.get("act", "").partition(":")
    document = _plain(row)
    actor: Actor = actor_of(request)
    if verb == "remove" and any(one.id == ident for one in found.people):
        name = next(one.name for one in found.people if one.id == ident)
        document["people"] = [one for one in document["people"] if one["id"] != ident]
        reason = _("Took %(name)s out") % {"name": name}
    elif verb == "remove-calendar" and ident in found.calendars:
        document["calendars"] = {key: one for key, one in document["calendars"].items() if key != ident}
        reason = _("Took the calendar %(name)s out") % {"name": found.calendars[ident].title or ident}
    else:
        raise MaropsError(NOT_FOUND)
    actions.keep(actor=actor, kind="crew", slug=row.slug, document=document, reason=reason)
    messages.success(request, reason, extra_tags=f"undo:{reverse('workflows:crew-undo', args=[row.slug])}")
    return redirect("workflows:crew", slug=row.slug)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """What the crew is called, its zone, currency and usual calendar."""
    row, found = _found(slug)
    names = ("title", "zone", "currency", "calendar")
    offered = [(ident, one.title or ident) for ident, one in found.calendars.items()]
    form = CrewForm(posted(request), calendars=offered, initial={name: getattr(found, name) for name in names})
    if form.is_bound and form.is_valid():
        document = {**_plain(row), **form.cleaned_data}
        reason = _("Changed the crew")
        if _kept(request, slug, document, reason, form, {f"/{name}": name for name in names}):
            return redirect("workflows:crew", slug=slug)
    context = {"form": form, "heading": found.title, "back_url": reverse("workflows:crew", args=[slug])}
    return render(request, "workflows/crew_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def member(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody of the crew (`?id=`), or somebody new."""
    row, found = _found(slug)
    ident = request.GET.get("id", "")
    place = next((number for number, one in enumerate(found.people) if one.id == ident), None)
    if ident and place is None:
        raise MaropsError(NOT_FOUND, _("Nobody called %(name)r is in this crew.") % {"name": ident})
    skills = sorted({skill for one in found.people for skill in one.skills} | _asked(slug))
    known = None if place is None else found.people[place]
    form = MemberForm(posted(request), crew=found, member=known, pay=may(actor_of(request), PAY), skills=skills)
    if form.is_bound and form.is_valid():
        made = form.document()
        made.setdefault("id", new_id(made["name"], [one.id for one in found.people], "person"))
        rows = list(row.document["people"])
        at = len(rows) if place is None else place
        document = {**row.document, "people": [*rows[:at], made, *rows[at + 1 :]]}
        said = _("Added %(name)s") if place is None else _("Changed %(name)s")
        if _kept(request, slug, document, said % {"name": made["name"]}, form, _places(at)):
            return redirect("workflows:crew", slug=slug)
    context = {
        "form": form,
        "heading": known.name if known else _("Somebody new"),
        "crew": found,
        "skills": skills,
        "back_url": reverse("workflows:crew", args=[slug]),
    }
    return render(request, "workflows/crew_person.html", context, status=422 if form.is_bound else 200)


def _asked(slug: str) -> set[str]:
    """The skills that the workflows of this crew ask for."""
    rows = [one for one in workflows() if one.document.get("crew") == slug]
    return {step["skill"] for one in rows for step in one.document["steps"] if step.get("skill")}


def _places(at: int) -> dict[str, str]:
    """Pointer → field of the form."""
    here = f"/people/{at}"
    told = ("name", "role", "calendar", "speed", "at_once", "amount", "share", "starts", "ends", "cost_per_hour")
    return {
        f"{here}/ramp/months": "ramp_months",
        f"{here}/ramp/first": "ramp_first",
        f"{here}/skills": "skill-0",
        f"{here}/absences": "away-0-from",
        **{f"{here}/{name}": name for name in told},
    }


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def from_team(request: HttpRequest, slug: str) -> HttpResponse:
    """Take people of the team into the crew, with their calendars."""
    row, found = _found(slug)
    known = {one.person for one in found.people}
    free = {one.ref: one for one in people().filter(active=True) if one.ref not in known}
    form = TeamForm(posted(request), offered=[(ref, one.name) for ref, one in free.items()])
    if form.is_bound and form.is_valid():
        chosen = [free[ref] for ref in form.cleaned_data["people"]]
        skills = [one.strip() for one in form.cleaned_data["skills"].split(",") if one.strip()]
        document = _joined(_plain(row), chosen, dict.fromkeys(skills, 1.0))
        said = _("Took in %(names)s") % {"names": ", ".join(one.name for one in chosen)}
        if _kept(request, slug, document, said, form, {}):
            return redirect("workflows:crew", slug=slug)
    context = {
        "form": form,
        "heading": _("From the team"),
        "back_url": reverse("workflows:crew", args=[slug]),
        "nobody": not free,
    }
    return render(request, "workflows/crew_form.html", context, status=422 if form.is_bound else 200)


def _joined(document: Plain, chosen: list[Any], skills: dict[str, float]) -> Plain:
    rows, calendars, known = list(document["people"]), dict(document["calendars"]), team_calendars()
    roles = main_roles([one.id for one in chosen])
    for person in chosen:
        ident = new_id(person.name, [one["id"] for one in rows], "person")
        rows.append(
            {
                "id": ident, "name": person.name, "person": person.ref, "role": roles.get(person.id, ""),
                "skills": skills,
                "calendar": person.calendar if person.calendar in known else "",
            }
        )  # fmt: skip
        if person.calendar in known and person.calendar not in calendars:
            one = known[person.calendar]
            calendars[person.calendar] = {
                "title": one.title,
                "hours": {day: [list(span) for span in spans] for day, spans in one.hours.items()},
                "holidays": [day.isoformat() for day in one.holidays],
            }
    return {**document, "people": rows, "calendars": calendars}


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """A calendar of the crew (`?id=`), or a new one."""
    row, found = _found(slug)
    ident = request.GET.get("id", "")
    if ident and ident not in found.calendars:
        raise MaropsError(NOT_FOUND, _("This crew has no calendar %(name)r.") % {"name": ident})
    known = found.calendars.get(ident)
    form = CrewCalendarForm(posted(request), initial=calendar_values(known) if known else None)
    if form.is_bound and form.is_valid():
        made = form.document()
        key = ident or new_id(made["title"], found.calendars, "calendar")
        document = {**row.document, "calendars": {**row.document["calendars"], key: made}}
        places = {f"/calendars/{key}/hours/{day}": day for day in WEEKDAYS} | {
            f"/calendars/{key}/holidays": "holidays", f"/calendars/{key}/title": "title",
        }  # fmt: skip
        if _kept(request, slug, document, _("Changed the calendar %(name)s") % {"name": made["title"]}, form, places):
            return redirect("workflows:crew", slug=slug)
    heading = (known.title or ident) if known else _("New calendar")
    context = {"form": form, "heading": heading, "back_url": reverse("workflows:crew", args=[slug])}
    return render(request, "workflows/crew_form.html", context, status=422 if form.is_bound else 200)
