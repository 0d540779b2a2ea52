"""Pages of leads: the list, one lead's story, why it is as it is, and handing it over."""

from functools import cached_property
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.capture.public import IMPORT
from marops.domains.contacts.public import contact_fields, sources
from marops.domains.routing.actions import assign_lead
from marops.domains.routing.forms import HandOverForm, target_of
from marops.domains.routing.permissions import ASSIGN, VIEW
from marops.domains.routing.queries import (
    COUNTED,
    Lead,
    LeadFilter,
    LeadPage,
    lead_counts,
    lead_of,
    lead_page,
    lead_story,
    reaches,
)
from marops.domains.routing.rules import headline
from marops.kernel import ports
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import Scope, grants, may

PER_PAGE = 50
_SORT = "score"
_STAGE_KINDS = {"mql": "info", "sal": "info", "sql": "info", "opportunity": "info", "customer": "good"}


class _Counted(Paginator):  # type: ignore[type-arg]  # Django's own cannot be subscripted when it runs
    """Pages of a list whose rows the database has already cut out; beyond 10,000 it stops counting."""

    def __init__(self, found: LeadPage) -> None:
        super().__init__(found.items, found.limit)
        self._found = found

    @cached_property
    def count(self) -> int:
        return min(self._found.total, COUNTED)

    def here(self) -> "Page[Lead]":
        """The page that was fetched."""
        return Page(self._found.items, self._found.offset // self._found.limit + 1, self)


@require_GET
@needs(VIEW)
def leads(request: HttpRequest) -> HttpResponse:
    """Who is where: the list, filtered and sorted by its address."""
    actor, given = actor_of(request), request.GET
    narrowed = LeadFilter(
        words=given.get("q", ""),
        stage=given.get("stage", ""),
        grade=given.get("grade", ""),
        owner=given.get("owner", ""),
        source=given.get("source", ""),
        sort=given.get("sort", f"-{_SORT}"),
    )
    page = max(1, int(given.get("page", "1") or 1)) if given.get("page", "1").isdecimal() else 1
    found = lead_page(actor, narrowed, limit=PER_PAGE, offset=(min(page, COUNTED // PER_PAGE) - 1) * PER_PAGE)
    if page > 1 and not found.items:
        query = given.copy()
        query["page"] = str(max(1, -(-min(found.total, COUNTED) // PER_PAGE)))
        return redirect(f"{request.path}?{query.urlencode()}")
    context = {
        "page": _Counted(found).here(),
        "rows": _labelled(found.items),
        "filters": _filters(),
        "sort": f"-{_SORT}",
        "said": _said(found),
        "answer": _answer(lead_counts(actor)),
        "sees_all": grants(actor).scope(VIEW) is Scope.ALL,
        "narrowed": any((narrowed.words, narrowed.stage, narrowed.grade, narrowed.owner, narrowed.source)),
        "found": found,
        "import_url": reverse("capture:new") if may(actor, IMPORT) else "",
    }
    return render(request, "routing/leads.html", context)


def _labelled(items: list[Lead]) -> list[dict[str, Any]]:
    stages = dict(_choices("stage.name"))
    return [
        {
            "lead": one,
            "stage": stages.get(one.stage or "", one.stage),
            "kind": _STAGE_KINDS.get(one.stage or "", "draft"),
            "source": sources.label(one.source) if one.source else "",
        }
        for one in items
    ]


def _answer(counts: dict[str, Any]) -> str:
    words = _("%(mql)s of %(all)s leads are MQLs.") % {"mql": f"{counts['mql']:,}", "all": f"{counts['all']:,}"}
    if counts["waiting"]:
        words += " " + _("%(waiting)s wait without an owner.") % {"waiting": f"{counts['waiting']:,}"}
    return words


def _said(found: LeadPage) -> str:
    if found.total > COUNTED:
        return _("more than %(count)s leads") % {"count": f"{COUNTED:,}"}
    return ngettext("%(count)s lead", "%(count)s leads", found.total) % {"count": f"{found.total:,}"}


def _filters() -> list[dict[str, Any]]:
    return [
        {"key": "stage", "label": _("Stage"), "options": _choices("stage.name")},
        {"key": "grade", "label": _("Grade"), "options": _choices("score.grade")[:4]},
        {"key": "owner", "label": _("Owner"), "options": _choices("owner.queue")},
        {"key": "source", "label": _("Source"), "options": sorted(sources.labels().items(), key=lambda one: one[1])},
    ]


def _choices(name: str) -> list[tuple[str, str]]:
    found = REGISTRY.find_field(name)
    return [(one.value, one.label or one.value) for one in found.known_choices()] if found else []


@require_GET
@needs(VIEW)
def lead(request: HttpRequest, ref: str) -> HttpResponse:
    """One lead's whole story."""
    actor = actor_of(request)
    contact = lead_of(actor, ref)
    if ref != contact.ref:
        return redirect("routing:lead", ref=contact.ref, permanent=False)
    story = lead_story(contact.id, actor)
    context = {
        "contact": contact,
        "story": story,
        "ref": contact.ref if story["contact"]["name"] != contact.ref else "",
        "headline": headline(story),
        **_known(story["contact"]["fields"]),
        "kind": _STAGE_KINDS.get(story["stage"].get("name") or "", "draft"),
        "path": _path(story["stage"]),
        "days": _days(story["timeline"], contact.ref),
        "fit": _rows(story["score"], "fit"),
        "engagement": _rows(story["score"], "engagement"),
        "may_assign": may(actor, ASSIGN) and reaches(actor, contact.id, ASSIGN),
    }
    return render(request, "routing/lead.html", context)


def _known(fields: dict[str, str]) -> dict[str, dict[str, str]]:
    """What everybody wants to know of a person first; the fields that only this workspace has are folded away."""
    usual = {one.label for one in contact_fields()}
    first = {label: value for label, value in fields.items() if label in usual}
    return {"who": first, "more": {label: value for label, value in fields.items() if label not in usual}}


def _rows(score: dict[str, Any], part: str) -> list[dict[str, Any]]:
    return [
        {"label": one["label"], "value": one["points"]} for one in score.get("contributions", []) if one["part"] == part
    ]


def _path(stage: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages up to where sales closes; the ways out of the path are shown only when the lead took one."""
    steps = [one for one in stage["path"] if one["now"] or one["name"] not in ("recycled", "disqualified")]
    now = next((number for number, one in enumerate(steps) if one["now"]), -1)
    since = parse_datetime(stage["since"]) if stage.get("since") else None
    return [
        {
            "name": one["label"],
            "state": "now" if number == now else "done" if number < now else "next",
            "note": date_format(timezone.localtime(since), "j M, H:i") if number == now and since else "",
        }
        for number, one in enumerate(steps)
    ]


_KINDS = {"human": "human", "ai": "ai", "system": "auto"}
_REASONS = {"lead.scored": "score", "lead.stage_changed": "stage", "lead.routed": "owner"}


def _days(entries: list[dict[str, Any]], ref: str) -> list[dict[str, Any]]:
    zone = timezone.get_current_timezone()
    told = []
    for entry in entries:
        at = parse_datetime(entry["at"])
        if at is None:
            continue
        section = _REASONS.get(entry["kind"])
        told.append(
            {
                "at": at,
                "day": timezone.localtime(at, zone).date(),
                "kind": _KINDS.get(entry["actor"], "auto"),
                "what": entry["says"],
                "text": "",
                "because_url": reverse("routing:because", args=[ref, section]) if section else "",
                "big": entry["kind"] in ("lead.created", "lead.routed"),
            }
        )
    grouped = groupby(told, key=lambda one: one["day"])
    return [{"label": _day_label(day, zone), "entries": list(group)} for day, group in grouped]


def _day_label(day: Any, zone: Any) -> str:
    today = timezone.localtime(now(), zone if isinstance(zone, ZoneInfo) else None).date()
    words = date_format(day, "D j M Y")
    return _("Today, %(day)s") % {"day": words} if day == today else words


_SECTIONS = {"score": "score", "owner": "routing", "stage": "stage", "quality": "quality"}


@require_GET
@needs(VIEW)
def because(request: HttpRequest, ref: str, section: str) -> HttpResponse:
    """Why the score, the stage, the owner or the quality is what it is; shown in the drawer or as a page."""
    actor = actor_of(request)
    contact = lead_of(actor, ref)
    if section not in _SECTIONS:
        raise MaropsError(NOT_FOUND, f"There is no reason to give for {section!r}.")
    told = ports.story[_SECTIONS[section]](contact.id, actor)
    known = ports.story["contact"](contact.id, actor)["fields"]
    context = {"contact": contact, "told": told, "fields": _known(known)["who"]}
    if section == "score":
        context |= {"fit": _rows(told, "fit"), "engagement": _rows(told, "engagement")}
    return render(request, f"routing/because_{section}.html", context)


@require_http_methods(["GET", "POST"])
@needs(ASSIGN)
def hand_over(request: HttpRequest, ref: str) -> HttpResponse:
    """Hand a lead to a queue or a person."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, ASSIGN)
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        queue, owner_id = target_of(form.cleaned_data["to"])
        assign_lead(
            actor=actor, contact_id=contact.id, queue=queue, owner_id=owner_id, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("%(lead)s was handed over.") % {"lead": contact.ref})
        return redirect("routing:lead", ref=contact.ref)
    context = {"contact": contact, "form": form, "name": contact.full_name or contact.ref}
    return render(request, "routing/hand_over.html", context, status=422 if form.is_bound else 200)
