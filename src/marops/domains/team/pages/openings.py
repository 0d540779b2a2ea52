"""Openings: the list, each with its description and sheets, two beside each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import openings as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Vacancy
from marops.domains.team.pages.frame import tabs
from marops.domains.team.papers.opening import description_pdf, sheets_pdf
from marops.domains.team.permissions import MANAGE, PLAN, VIEW, Policy
from marops.domains.team.queries import openings as queries
from marops.domains.team.queries.coverage import team_of
from marops.domains.team.rules.description import HEADINGS, SECTIONS, digest_of, markdown, standalone
from marops.domains.team.work_forms import FillForm, OpeningForm
from marops.kernel.clock import now
from marops.kernel.errors import INVALID, NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may, require
from marops.kernel.workspace import today, workspace

LIVE = (Vacancy.State.OPEN, Vacancy.State.PLANNED)
_KINDS = {"open": "info", "planned": "draft", "filled": "good", "dropped": "draft"}


def _state(row: Vacancy) -> tuple[str, str]:
    words = {"open": _("open"), "planned": _("planned"), "filled": _("filled"), "dropped": _("dropped")}
    return words[row.state], _KINDS[row.state]


def _roles(row: Vacancy) -> str:
    known, shares = catalogue(), queries.shares_of(row)
    if len(shares) == 1 and next(iter(shares.values())) > 0.995:
        return known.title(next(iter(shares)))
    return ", ".join(f"{known.title(role)} {share:.0%}" for role, share in shares.items())


@require_GET
@needs(VIEW)
def openings(request: HttpRequest) -> HttpResponse:
    """Every place nobody has yet, with what it would cover; below, those that are filled or given up."""
    actor = actor_of(request)
    rows = [_row(actor, one) for one in queries.openings()]
    live = [one for one in rows if one["live"]]
    context = {
        "tabs": tabs(request, "openings"), "live": live, "past": [one for one in rows if not one["live"]],
        "answer": _answer(live), "plans": may(actor, PLAN), "compares": len(live) > 1, "hidden": team_of(actor).hidden,
    }  # fmt: skip
    return render(request, "team/openings.html", context)


def _row(actor: Any, row: Vacancy) -> dict[str, Any]:
    words, kind = _state(row)
    found = {"one": row, "state": words, "kind": kind, "roles": _roles(row), "live": row.state in LIVE}
    if row.state in LIVE:
        covers = queries.covers(actor, row)
        found |= {"gaps": covers.gaps, "seconds": covers.seconds}
    return found


def _answer(live: Sequence[Mapping[str, Any]]) -> str:
    if not live:
        return _("Nobody is being looked for.")
    said = ngettext("%(n)s place is looked for.", "%(n)s places are looked for.", len(live)) % {"n": len(live)}
    gaps = {name for one in live for name in one["gaps"]}
    if gaps:
        words = ngettext(
            "Filled, they would end %(n)s gap in the team.", "Filled, they would end %(n)s gaps in the team.", len(gaps)
        )
        said += " " + words % {"n": len(gaps)}
    return said


@require_GET
@needs(VIEW)
def opening(request: HttpRequest, ref: str) -> HttpResponse:
    """One place: its description, what it would cover, cost and change, and its sheets."""
    actor = actor_of(request)
    row = queries.find_opening(ref)
    plans = may(actor, PLAN)
    sections = queries.description_of(actor, row)
    covers = queries.covers(actor, row)
    words, kind = _state(row)
    answer = _covers(row, covers, team_of(actor).hidden) + _needed(actor, row, covers)
    context = {
        "tabs": tabs(request, "openings"), "one": row, "state": words, "kind": kind, "roles": _roles(row),
        "under": _under(row), "sections": sections, "plans": plans, "fills": plans and may(actor, MANAGE),
        "gaps": covers.gaps, "seconds": covers.seconds, "answer": answer,
        "cost": queries.cost(row) if plans else None, "effects": queries.effects(actor, row) if plans else [],
        "live": row.state in LIVE, "hidden": team_of(actor).hidden,
        "interview": queries.interview_of(actor, row) if Policy.of(actor).interviews(row) else None,
        "by_hand": sum(one.by_hand is not None for one in sections),
        "others": _others(row) if row.state in LIVE else [],
    }  # fmt: skip
    return render(request, "team/opening.html", context)


def _covers(row: Vacancy, found: queries.Covers, hidden: int) -> str:
    if row.state == Vacancy.State.FILLED:
        return _("%(name)s has this place.") % {"name": row.filled_by.name if row.filled_by else _("Somebody")}
    if row.state == Vacancy.State.DROPPED:
        return _("This place was given up.")
    gaps, seconds = len(found.gaps), len(found.seconds)
    if not gaps and hidden:
        # Nothing is said to be a gap while somebody's skills are not seen, nor that there is none.
        return ngettext(
            "Which gaps it would end cannot be told: %(n)s person does not show you their skills.",
            "Which gaps it would end cannot be told: %(n)s people do not show you their skills.", hidden,
        ) % {"n": hidden}  # fmt: skip
    if gaps:
        said = ngettext("It would end %(n)s gap", "It would end %(n)s gaps", gaps) % {"n": gaps}
    else:
        said = _("It would end no gap")
    if seconds:
        words = ngettext("and stand beside %(n)s skill that rests on one person",
                         "and stand beside %(n)s skills that rest on one person", seconds)  # fmt: skip
        said += " " + words % {"n": seconds}
    return said + "."


def _needed(actor: Any, row: Vacancy, found: queries.Covers) -> str:
    """Said where a place would end no gap and its work would fill less than half of it."""
    takes, week = queries.week_of(actor, row)
    if row.state not in LIVE or found.gaps or found.seconds or team_of(actor).hidden or takes >= week / 2:
        return ""
    said = _("By these numbers it is not needed: its work takes %(a)s of the %(b)s hours a week it would bring.")
    return " " + said % {"a": round(takes), "b": round(week)}


def _under(row: Vacancy) -> str:
    share = sum(queries.shares_of(row).values())
    parts = [
        _roles(row) if _roles(row) != row.title else "", row.location, "" if share > 0.995 else f"{share:.0%}",
        _("from %(day)s") % {"day": date_format(row.starts, "j F Y")} if row.starts else "",
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


def _others(row: Vacancy) -> list[Vacancy]:
    return [one for one in queries.openings() if one.id != row.id and one.state in LIVE]


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def new(request: HttpRequest) -> HttpResponse:
    """Another place."""
    given = {"roles": f"{catalogue().title(request.GET['role'])} 100 %"} if "role" in request.GET else {}
    form = OpeningForm(posted(request), initial=given | {"state": Vacancy.State.OPEN})
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.add_opening(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("%(title)s is %(ref)s.") % {"title": row.title, "ref": row.ref})
            return redirect("team:opening", ref=row.ref)
    return _form_page(request, form, None)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """What a place asks for."""
    row = queries.find_opening(ref)
    form = OpeningForm(posted(request), initial=_as_it_is(row))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            actions.change_opening(actor=actor_of(request), opening_id=row.id, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("team:opening", ref=row.ref)
    return _form_page(request, form, row)


def _as_it_is(row: Vacancy) -> dict[str, Any]:
    return {
        "title": row.title, "manager_id": row.manager_id, "location": row.location, "starts": row.starts,
        "because": row.because, "state": row.state,
        "roles": "\n".join(
            f"{catalogue().title(role)} {share:.0%}".replace("%", " %")
            for role, share in queries.shares_of(row).items()
        ),
        "skills": "\n".join(f"{catalogue().skill_name(skill)} {level}" for skill, level in row.skills.items()),
    }  # fmt: skip


def _form_page(request: HttpRequest, form: OpeningForm, row: Vacancy | None) -> HttpResponse:
    known = catalogue()
    context = {
        "form": form, "one": row, "tabs": tabs(request, "openings"),
        "roles": [role.title for role in known.inside.values()],
        "skills": sorted(skill.name for skill in known.skills.values()),
    }  # fmt: skip
    return render(request, "team/opening_form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def fill(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody has the place from a day on."""
    actor = actor_of(request)
    require(actor, MANAGE)
    row = queries.find_opening(ref)
    form = FillForm(posted(request), initial={"starts": row.starts if row.starts and row.starts > today() else today()})
    if form.is_bound and form.is_valid():
        with problems_on(form):
            row = actions.fill_opening(actor=actor, opening_id=row.id, **form.cleaned_data)
            name = row.filled_by.name if row.filled_by else ""
            messages.success(request, _("%(name)s has the place.") % {"name": name})
            return redirect("team:opening", ref=row.ref)
    context = {"form": form, "one": row, "tabs": tabs(request, "openings"), "roles": _roles(row)}
    return render(request, "team/opening_fill.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(PLAN)
def state(request: HttpRequest, ref: str) -> HttpResponse:
    """Give a place up, or open it."""
    row, to = queries.find_opening(ref), request.POST.get("to", "")
    if to == "drop":
        actions.drop_opening(actor=actor_of(request), opening_id=row.id, why=request.POST.get("why", ""))
        messages.success(request, _("%(title)s was given up.") % {"title": row.title})
    elif to == "open":
        actions.reopen_opening(actor=actor_of(request), opening_id=row.id)
        messages.success(request, _("%(title)s is open.") % {"title": row.title})
    else:
        raise MaropsError(INVALID, f"A place cannot be {to!r}.")
    return redirect("team:opening", ref=row.ref)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def words(request: HttpRequest, ref: str) -> HttpResponse:
    """The description's words by hand, section by section, beside what would be made today."""
    actor = actor_of(request)
    row = queries.find_opening(ref)
    made = {one.key: one for one in queries.description_of(actor, row)}
    if request.method == "POST":
        section = request.POST.get("section", "")
        text = "" if request.POST.get("to") == "made" else request.POST.get("text", "")
        if section == "pay":
            actions.show_pay(actor=actor, opening_id=row.id, text=text)
        else:
            kept = made[section].made if section in made else ()
            same = text.strip().splitlines() == list(kept)
            actions.word_section(actor=actor, opening_id=row.id, section=section, text="" if same else text,
                                 made=digest_of(kept))  # fmt: skip
        messages.success(request, _("Kept."))
        return redirect(f"{reverse('team:opening-words', args=[row.ref])}#{section}")
    pay = row.words.get(actions.PAY_SHOWN, {}).get("text", "")
    parts = [{"key": key, "heading": HEADINGS[key], "section": made.get(key)} for key in SECTIONS if key != "pay"]
    context = {"one": row, "parts": parts, "pay": pay, "tabs": tabs(request, "openings")}
    return render(request, "team/opening_words.html", context)


@require_GET
@needs(VIEW)
def description(request: HttpRequest, ref: str, form: str) -> HttpResponse:
    """The description to take along, as the world outside may read it: as a page, as Markdown, as PDF."""
    actor = actor_of(request)
    row = queries.find_opening(ref)
    sections = queries.description_of(actor, row, outside=True)
    if form == "md":
        answer = HttpResponse(markdown(row.title, _under(row), sections), content_type="text/markdown; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{row.ref}.md"'
        return answer
    if form == "html":
        answer = HttpResponse(standalone(row.title, _under(row), sections), content_type="text/html; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{row.ref}.html"'
        return answer
    if form != "pdf":
        raise MaropsError(NOT_FOUND, _("There is no description of this kind: html, md and pdf are there."))
    content = description_pdf(row.title, _under(row), sections, workspace().name, now())
    return _pdf(content, f"{row.ref}.pdf")


def _interviewed(request: HttpRequest, ref: str) -> Vacancy:
    """A place whose interview the reader holds: questions and what a good answer shows are not for who might apply."""
    row = queries.find_opening(ref)
    if not Policy.of(actor_of(request)).interviews(row):
        raise MaropsError(NOT_ALLOWED, _("Interview sheets are for who plans the team, and for who leads there."))
    return row


@require_GET
@needs(VIEW)
def interview(request: HttpRequest, ref: str) -> HttpResponse:
    """The interview's sheets, for the screen and for paper."""
    row = _interviewed(request, ref)
    context = {
        "one": row, "interview": queries.interview_of(actor_of(request), row), "tabs": tabs(request, "openings"),
    }  # fmt: skip
    return render(request, "team/opening_interview.html", context)


@require_GET
@needs(VIEW)
def interview_pdf(request: HttpRequest, ref: str) -> HttpResponse:
    """The same as a PDF with room to write."""
    row = _interviewed(request, ref)
    title = _("Interview: %(title)s") % {"title": row.title}
    found = queries.interview_of(actor_of(request), row)
    return _pdf(sheets_pdf(title, found, workspace().name, now(), _sheet_words()), f"{row.ref}-interview.pdf")


def _sheet_words() -> dict[str, str]:
    return {
        "rules": _("How it goes"), "asked": _("What is asked about"), "skill": _("Skill"), "wanted": _("wanted:"),
        "because": _("Why"), "left_out": _("Not asked for want of time:"), "interviewer": _("Interviewer"),
        "date": _("Date"), "ask": _("Questions"), "shows": _("What an answer shows"),
        "facts": _("What was said or shown: write this first"), "situation": _("Situation"), "own": _("Own part"),
        "result": _("Result"), "fits": _("Which sentence fits what you heard?"),
        "not_seen": _("not seen: we did not come to it, which is no 0"), "sure": _("How sure?"),
        "single": _("one example"), "several": _("several"), "tried": _("seen in work they tried"),
    }  # fmt: skip


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


@require_GET
@needs(PLAN)
def compare(request: HttpRequest) -> HttpResponse:
    """Two places beside each other: what each covers, costs and changes."""
    actor = actor_of(request)
    live = [one for one in queries.openings() if one.state in LIVE]
    refs = request.GET.getlist("with")[:2]
    chosen = [queries.find_opening(ref) for ref in refs] if len(refs) == 2 else live[:2]
    sides = []
    for row in chosen:
        covers = queries.covers(actor, row)
        sides.append({
            "one": row, "roles": _roles(row), "gaps": covers.gaps, "seconds": covers.seconds,
            "hours": covers.hours, "cost": queries.cost(row), "effects": queries.effects(actor, row),
        })  # fmt: skip
    context = {
        "tabs": tabs(request, "openings"), "sides": sides, "live": live, "answer": _better(sides),
        "hidden": team_of(actor).hidden, "chosen": [row.ref for row in chosen],
    }  # fmt: skip
    return render(request, "team/openings_compare.html", context)


def _better(sides: Sequence[Mapping[str, Any]]) -> str:
    """What differs, in words; no ranking of people, and none where the two are alike."""
    if len(sides) < 2:
        return _("It takes two openings to compare.")
    return " ".join(one for one in (_ended(*sides), _cost_beside(*sides)) if one)


def _ended(one: Mapping[str, Any], two: Mapping[str, Any]) -> str:
    if len(one["gaps"]) == len(two["gaps"]):
        if len(one["seconds"]) == len(two["seconds"]):
            return _("Both end as many gaps.")
        more, less = (one, two) if len(one["seconds"]) > len(two["seconds"]) else (two, one)
        return _("Both end as many gaps; %(more)s ends more reliance on one person (%(a)s against %(b)s).") % {
            "more": more["one"].title, "a": len(more["seconds"]), "b": len(less["seconds"]),
        }  # fmt: skip
    more, less = (one, two) if len(one["gaps"]) > len(two["gaps"]) else (two, one)
    a, b = len(more["gaps"]), len(less["gaps"])
    said = ngettext("%(more)s ends %(a)s gap", "%(more)s ends %(a)s gaps", a) % {"more": more["one"].title, "a": a}
    if not b:
        return _("%(said)s; %(less)s ends none.") % {"said": said, "less": less["one"].title}
    return _("%(said)s; %(less)s ends %(b)s.") % {"said": said, "less": less["one"].title, "b": b}


def _cost_beside(one: Mapping[str, Any], two: Mapping[str, Any]) -> str:
    """Which costs more, and by how many hours a month they differ."""
    dear, cheap = (one, two) if one["cost"].year[1] >= two["cost"].year[1] else (two, one)
    apart, unit = dear["cost"].year[1] - cheap["cost"].year[1], dear["cost"].currency
    hours = round(dear["hours"].usual) - round(cheap["hours"].usual)
    if not apart:
        return _("Both cost the same.")
    said = _("%(name)s costs about %(money)s %(unit)s more a year") % {
        "name": dear["one"].title, "money": f"{apart:,.0f}", "unit": unit}  # fmt: skip
    if not hours:
        return _("%(said)s and brings as many hours.") % {"said": said}
    much = _("%(n)s hours a month more") if hours > 0 else _("%(n)s hours a month less")
    return _("%(said)s and brings %(much)s.") % {"said": said, "much": much % {"n": abs(hours)}}
