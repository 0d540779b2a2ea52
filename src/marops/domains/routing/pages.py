"""Pages of leads: the list, one lead's story, why it is as it is, and handing it over."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.capture.public import IMPORT
from marops.domains.contacts.public import sources
from marops.domains.routing import telling
from marops.domains.routing.actions import assign_lead
from marops.domains.routing.forms import HandOverForm, target_of
from marops.domains.routing.models import Assignment, LeadLine
from marops.domains.routing.permissions import ASSIGN, DISPOSE, VIEW
from marops.domains.routing.queries import (
    COUNTED,
    OPEN,
    Lead,
    LeadFilter,
    LeadPage,
    beside,
    lead_counts,
    lead_of,
    lead_page,
    lead_story,
    reaches,
)
from marops.domains.routing.rules import STATES
from marops.domains.scoring.public import score_history
from marops.engine.behind import happened
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import Scope, grants, may

PER_PAGE = 50
_SORT = "score"
_SOURCES_KEPT = 60


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
        sla=given.get("sla", ""),
        disposition=given.get("disposition", ""),
        level=given.get("level", ""),
        imported=given.get("import", ""),
        happened=happened(given.dict()),
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
        "filters": [*_linked(narrowed), *_filters(given.get("owner", ""), narrowed.source)],
        "sort": f"-{_SORT}",
        "said": _said(found),
        "answer": _answer(lead_counts(actor)),
        "sees_all": grants(actor).scope(VIEW) is Scope.ALL,
        "narrowed": any(given.get(name) for name in ("q", *_NARROWS)),
        "views": _views(actor, given),
        "found": found,
        "import_url": reverse("capture:new") if may(actor, IMPORT) else "",
    }
    return render(request, "routing/leads.html", context)


_NARROWS = ("stage", "grade", "level", "owner", "source", "sla", "disposition", "import", "event", "from", "to")


def _views(actor: Actor, given: QueryDict) -> list[dict[str, Any]]:
    """Lists that many ask for, each an address: what is set beside its own filters is left as it is."""
    mine = [({"owner": actor.id}, _("Mine"))] if actor.kind == "human" and as_uuid(actor.id) else []
    offered: list[tuple[dict[str, str], Any]] = [
        ({}, _("All")),
        *mine,
        ({"sla": "open"}, _("Wait for a first touch")),
        ({"sla": "overdue"}, _("Overdue")),
        ({"stage": "mql"}, _("MQLs")),
        ({"disposition": "rejected"}, _("Rejected")),
        ({"owner": "unassigned-leads"}, _("Without an owner")),
    ]
    asked = {name: given[name] for name in _NARROWS if given.get(name)}
    return [
        {"label": label, "url": f"?{urlencode(query)}" if query else "?", "current": query == asked}
        for query, label in offered
    ]


def _labelled(items: list[Lead]) -> list[dict[str, Any]]:
    stages, more = dict(_choices("stage.name")), beside([one.id for one in items])
    return [
        {
            "lead": one,
            "stage": stages.get(one.stage or "", one.stage),
            "kind": telling.STAGE_KINDS.get(one.stage or "", "draft"),
            "source": sources.label(one.source) if one.source else "",
            "quality": more[one.id]["quality"],
            "said": STATES.get(more[one.id]["disposition"] or "", ""),
            **_promise(more[one.id]),
        }
        for one in items
    ]


def _promise(row: dict[str, Any]) -> dict[str, Any]:
    """The promise of a first touch in a cell: its moment while it runs, else how it ended."""
    if row["due_at"] is None or row["ended_at"]:
        return {"due": None, "promise": "", "promise_kind": ""}
    if row["met_at"]:
        return {
            "due": None, "promise": _("late") if row["missed_at"] else _("kept"),
            "promise_kind": "warn" if row["missed_at"] else "good",
        }  # fmt: skip
    late = row["missed_at"] or row["due_at"] <= now()
    return {"due": row["due_at"], "promise": "", "promise_kind": "late" if late else "runs"}


def _answer(counts: dict[str, Any]) -> str:
    words = _("%(mql)s of %(all)s leads are MQLs.") % {"mql": f"{counts['mql']:,}", "all": f"{counts['all']:,}"}
    if counts["waiting"]:
        words += " " + _("%(waiting)s wait without an owner.") % {"waiting": f"{counts['waiting']:,}"}
    return words


def _said(found: LeadPage) -> str:
    if found.total > COUNTED:
        said = _("more than %(count)s leads") % {"count": f"{COUNTED:,}"}
    else:
        said = ngettext("%(count)s lead", "%(count)s leads", found.total) % {"count": f"{found.total:,}"}
    return f"{said} ({found.figure_text})" if found.figure_text else said


def _linked(narrowed: LeadFilter) -> list[dict[str, Any]]:
    """What a link from elsewhere narrowed the list to, each in words."""
    found: list[dict[str, Any]] = []
    if narrowed.happened:
        words = narrowed.happened.words()
        found.append({"key": "event", "takes": ("from", "to"), "label": _("Leads that"), "said": words})
    if narrowed.imported:
        found.append({"key": "import", "label": _("Made or changed by import"), "said": narrowed.imported})
    return found


def _filters(owner: str, source: str) -> list[dict[str, Any]]:
    return [
        {"key": "stage", "label": _("Stage"), "options": _choices("stage.name")},
        {"key": "grade", "label": _("Grade"), "options": _choices("score.grade")[:4]},
        {"key": "level", "label": _("Engagement"), "options": [(one, one) for one in "1234"]},
        {"key": "owner", "label": _("Owner"), "options": [*_choices("owner.queue"), *_named(owner)]},
        {
            "key": "sla",
            "label": _("First touch"),
            "options": [
                ("open", _("waited for")),
                ("overdue", _("overdue")),
                ("met", _("made")),
                ("missed", _("missed once")),
            ],
        },
        {
            "key": "disposition",
            "label": _("Sales says"),
            "options": [(OPEN, _("Still open")), *_choices("disposition.state")],
        },
        {"key": "source", "label": _("Source"), "options": _sources(source)},
    ]


def _named(owner: str) -> list[tuple[str, str]]:
    """The account that the list is narrowed to, so that the filter tells its name."""
    account = as_uuid(owner) if owner else None
    return [(owner, name) for name in names([account]).values()] if account else []


def _sources(chosen: str) -> list[tuple[str, str]]:
    """Every source that we know by name or that leads came from, and the one that the list is narrowed to."""
    found = cache.get_or_set("lead_sources", _sources_in_use, _SOURCES_KEPT) or []
    told = {code: sources.label(code) for code in (*sources.labels(), *found, chosen) if code}
    return sorted(told.items(), key=lambda one: one[1])


def _sources_in_use() -> list[str | None]:
    return list(LeadLine.objects.values_list("source", flat=True).order_by("source").distinct())


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
    told, shown = story["routing"], request.GET.get("show", "")
    may_assign = may(actor, ASSIGN) and reaches(actor, contact.id, ASSIGN)
    may_dispose = may(actor, DISPOSE) and reaches(actor, contact.id, DISPOSE)
    mine = Assignment.objects.filter(contact_id=contact.id, owner_id=as_uuid(actor.id)).exists()
    context = {
        "contact": contact,
        "story": story,
        "ref": contact.ref if story["contact"]["name"] != contact.ref else "",
        "answer": telling.answer(story),
        **telling.known(story["contact"]),
        "origins": telling.origins(story["contact"], story.get("sources", {})),
        "oldest": telling.oldest(story["contact"]),
        "kind": telling.STAGE_KINDS.get(story["stage"].get("name") or "", "draft"),
        "path": telling.path(story["stage"], told.get("sla")),
        "tabs": telling.story_tabs(story["timeline"], shown),
        "days": telling.days(story["timeline"], contact.ref, shown),
        "fit": telling.rows(story["score"], "fit"),
        "engagement": telling.rows(story["score"], "engagement"),
        "cell": telling.cell_words(story["score"]),
        **telling.score_course(score_history(contact.id), story["score"]),
        "sla": telling.promise(told.get("sla")),
        "disposition": told.get("disposition"),
        "acts": telling.acts(
            told.get("disposition") or {"next": []}, mine=mine, may_dispose=may_dispose, may_assign=may_assign
        ),
    }  # fmt: skip
    return render(request, "routing/lead.html", context)


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
    who = telling.known(ports.story["contact"](contact.id, actor))["who"]
    context = {"contact": contact, "told": told, "fields": {one["label"]: one["value"] for one in who}}
    if section == "score":
        context |= {"fit": telling.rows(told, "fit"), "engagement": telling.rows(told, "engagement")}
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
