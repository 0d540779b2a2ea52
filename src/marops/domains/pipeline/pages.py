"""Pages of deals: the list with its picture, one deal, opening, changing and moving it."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.contacts.public import custom_fields
from marops.domains.pipeline.actions import change_opportunity, create_opportunity, move_opportunity
from marops.domains.pipeline.forms import DealForm, MoveForm, NewDealForm, as_given, source_label
from marops.domains.pipeline.models import Opportunity, OpportunityMove, PipelineStage
from marops.domains.pipeline.permissions import CHANGE, IMPORT, VIEW, visible
from marops.domains.pipeline.queries import (
    DealFilter,
    Piles,
    Sums,
    deals,
    find_opportunity,
    owner_of,
    owners,
    people_lines,
    people_of,
    picture,
    piles,
    stage_labels,
    years,
)
from marops.domains.pipeline.writing import pipeline
from marops.engine.behind import happened
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import CHANGE as DRAFT
from marops.kernel.definitions import draft
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.money import in_words, short
from marops.kernel.permissions import Scope, grants, may
from marops.kernel.workspace import today, zone

PER_PAGE = 50
COUNTED = 10_000
SHOWN_DAYS = 120
_KINDS = {"open": "info", "won": "good", "lost": "bad"}


def state_words() -> dict[str, str]:
    """States as people say them."""
    return {"open": _("open"), "won": _("won"), "lost": _("lost")}


@require_GET
@needs(VIEW)
def opportunities(request: HttpRequest) -> HttpResponse:
    """The pipeline: its answer, its picture, its deals; filtered and sorted by the address."""
    actor, given = actor_of(request), request.GET
    narrowed = DealFilter(
        words=given.get("q", ""), state=given.get("state", ""), stage=given.get("stage", ""),
        owner=given.get("owner", ""), company=given.get("company", ""), period=given.get("period", ""),
        sort=given.get("sort", "-newest"), happened=happened(given.dict()),
    )  # fmt: skip
    found = deals(actor, narrowed)
    piled = piles(found)
    totals = piled.states()
    paginator = Paginator(found.select_related("company"), PER_PAGE)
    paginator.count = min(sum(one.count for one in totals.values()), COUNTED)
    page = paginator.get_page(given.get("page"))
    context = {
        "page": page,
        "rows": _rows(list(page.object_list)),
        "totals": totals,
        "answer": _answer(totals),
        "under": _under(totals),
        "lines": _lines(request, piled) if not narrowed.stage else [],
        "proposed": PipelineStage.objects.filter(proposed=True).order_by("label") if may(actor, DRAFT) else [],
        "filters": [*_of_figure(narrowed), *_filters(actor)],
        "said": _said(totals),
        "sort": "-newest",
        "narrowed": narrowed.narrows,
        "sees_all": grants(actor).scope(VIEW) is Scope.ALL,
        "may_open": may(actor, CHANGE),
        "import_url": _import_url(actor),
    }
    return render(request, "pipeline/opportunities.html", context)


def _of_figure(narrowed: DealFilter) -> list[dict[str, Any]]:
    """What the link of a figure narrowed the list to, in words."""
    if not narrowed.happened:
        return []
    words = narrowed.happened.words("opportunity")
    return [{"key": "event", "takes": ("from", "to", "piece"), "label": _("Deals that"), "said": words}]


def _import_url(actor: Actor) -> str:
    try:
        return reverse("capture:new") if may(actor, IMPORT) else ""
    except NoReverseMatch:
        return ""


def _rows(found: list[Opportunity]) -> list[dict[str, Any]]:
    labels = stage_labels()
    people = names([one.owner_id for one in found if one.owner_id])
    return [
        {
            "deal": one,
            "stage": labels.get(one.stage, one.stage),
            "kind": _KINDS[one.state],
            "owner": owner_of(one, people),
            "amount": in_words(one.amount, one.currency),
            "close": one.closed_at or one.expected_close,
        }
        for one in found
    ]


def _answer(totals: Mapping[str, Sums]) -> str:
    waiting, won, lost = totals["open"], totals["won"], totals["lost"]
    if waiting.count:
        said = ngettext("One deal is open", "%(n)s deals are open", waiting.count) % {"n": f"{waiting.count:,}"}
        return _("%(said)s, worth %(sum)s.") % {"said": said, "sum": waiting.text} if waiting.amounts else f"{said}."
    if won.count + lost.count:
        rate = won.count / (won.count + lost.count)
        said = ngettext(
            "%(won)s of %(all)s deals was won (%(rate)s).", "%(won)s of %(all)s deals were won (%(rate)s).", won.count
        )
        return said % {
            "won": f"{won.count:,}", "all": f"{won.count + lost.count:,}", "rate": f"{rate:.0%}",
        }  # fmt: skip
    return _("No deal has all of this.")


def _under(totals: Mapping[str, Sums]) -> str:
    waiting, won, lost = totals["open"], totals["won"], totals["lost"]
    parts = []
    if waiting.count and waiting.without:
        parts.append(
            _("None of the open ones names an amount.")
            if waiting.without == waiting.count
            else ngettext("One of them names no amount.", "%(n)s of them name no amount.", waiting.without)
            % {"n": f"{waiting.without:,}"}
        )
    if waiting.count and won.count + lost.count:
        rate = f"{won.count / (won.count + lost.count):.0%}"
        worth = f" ({won.text})" if won.amounts else ""
        parts.append(
            _("%(won)s won%(worth)s, %(lost)s lost: %(rate)s of those closed.")
            % {"won": f"{won.count:,}", "worth": worth, "lost": f"{lost.count:,}", "rate": rate}
        )
    elif won.amounts and not waiting.count:
        parts.append(_("Together they brought %(sum)s.") % {"sum": won.text})
    return " ".join(parts)


def _said(totals: Mapping[str, Sums]) -> str:
    number = sum(one.count for one in totals.values())
    if number > COUNTED:
        return _("The first %(n)s of %(all)s deals") % {"n": f"{COUNTED:,}", "all": f"{number:,}"}
    return ngettext("%(n)s deal", "%(n)s deals", number) % {"n": f"{number:,}"}


def _lines(request: HttpRequest, piled: Piles) -> list[dict[str, Any]]:
    query = request.GET.copy()
    lines = []
    for one in picture(piled):
        query["stage"] = one.name
        query.pop("page", None)
        lines.append(
            {"line": one, "url": f"{request.path}?{query.urlencode()}", "width": f"{max(0.6, 100 * one.share):.1f}",
             "amount": one.sums.text if any(amount for _code, amount in one.sums.amounts) else "–"}
        )  # fmt: skip
    return lines


def _filters(actor: Actor) -> list[dict[str, Any]]:
    periods = [
        ("this_month", _("this month")), ("next_month", _("next month")), ("this_quarter", _("this quarter")),
        ("next_quarter", _("next quarter")), ("last_quarter", _("last quarter")), ("this_year", _("this year")),
        ("overdue", _("before today")),
    ]  # fmt: skip
    own = [("me", _("me"))] if actor.kind == "human" else []
    return [
        {"key": "state", "label": _("State"), "options": list(state_words().items())},
        {"key": "stage", "label": _("Stage"), "options": list(stage_labels().items())},
        {"key": "owner", "label": _("Owner"), "options": [*own, *owners(actor), ("nobody", _("nobody"))]},
        {"key": "company", "label": _("Company"), "options": None},
        {
            "key": "period",
            "label": _("Closed or expected"),
            "options": [*periods, *((str(year), str(year)) for year in years(actor))],
        },
    ]


# --- one deal ------------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def opportunity(request: HttpRequest, ref: str) -> HttpResponse:
    """One deal: where it stands, whom it is with, how it came here."""
    actor = actor_of(request)
    deal = find_opportunity(ref, actor)
    if ref != deal.ref:
        return redirect("pipeline:opportunity", ref=deal.ref)
    labels = stage_labels()
    moves = list(deal.moves.order_by("at", "id"))
    snapshots = list(deal.snapshots.order_by("-day")[:SHOWN_DAYS])[::-1]
    changes = visible(actor, CHANGE).filter(id=deal.id).exists() if may(actor, CHANGE) else False
    context = {
        "deal": deal,
        "state": state_words()[deal.state],
        "kind": _KINDS[deal.state],
        "owner": owner_of(deal),
        "answer": _headline(deal, labels),
        "path": _path(deal, moves, labels),
        "known": _known(deal, actor),
        "people": people_of(deal, actor),
        "days": _days(deal, moves, labels),
        "snapshots": [{"line": one, "stage": labels.get(one.stage, one.stage),
                       "amount": in_words(one.amount, one.currency)} for one in reversed(snapshots)],
        "amounts": _amounts(snapshots),
        "may_change": changes,
        "won": pipeline().first("won").name,
        "lost": pipeline().first("lost").name,
    }  # fmt: skip
    return render(request, "pipeline/opportunity.html", context)


def _headline(deal: Opportunity, labels: Mapping[str, str]) -> str:
    worth = in_words(deal.amount, deal.currency)
    stage = labels.get(deal.stage, deal.stage)
    if deal.state == Opportunity.State.OPEN:
        days = max(0, (now() - (deal.opened_at or deal.created_at)).days)
        stands = ngettext(
            "It stands in %(stage)s and is open for one day.", "It stands in %(stage)s and is open for %(days)s days.",
            days,
        ) % {"stage": stage, "days": f"{days:,}"}  # fmt: skip
        if deal.expected_close and worth:
            late = deal.expected_close < today()
            said = (
                _("%(worth)s, expected on %(day)s, which has passed.") if late else _("%(worth)s, expected on %(day)s.")
            )
            return said % {"worth": worth, "day": _day(deal.expected_close)} + f" {stands}"
        return f"{worth}. {stands}" if worth else stands
    won = deal.state == Opportunity.State.WON
    on = _(" on %(day)s") % {"day": _day(deal.closed_at)} if deal.closed_at else ""
    if deal.opened_at and deal.closed_at and deal.closed_at > deal.opened_at:
        days = (deal.closed_at - deal.opened_at).days
        on += ngettext(", a day after it was opened", ", %(days)s days after it was opened", days) % {
            "days": f"{days:,}"
        }
    said = _("Won%(on)s") if won else _("Lost%(on)s")
    return (said % {"on": on}) + (f": {worth}." if worth and won else ".")


def _day(moment: Any) -> str:
    local = moment.astimezone(zone()) if isinstance(moment, datetime) else moment
    return str(date_format(local, "j M Y"))


def _path(deal: Opportunity, moves: list[OpportunityMove], labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Where the deal was, with the day it came there; where it stands now."""
    steps = []
    if deal.opened_at and (not moves or moves[0].at > deal.opened_at):
        steps.append({"name": _("Opened"), "note": _day(deal.opened_at), "state": "done"})
    steps += [
        {"name": labels.get(move.to_stage, move.to_stage), "note": _day(move.at), "state": "done"} for move in moves
    ]
    if steps and moves and moves[-1].to_stage == deal.stage:
        steps[-1]["state"] = "now"
    else:
        steps.append({"name": labels.get(deal.stage, deal.stage), "note": _day(deal.stage_since), "state": "now"})
    if deal.state == Opportunity.State.OPEN and deal.expected_close:
        steps.append({"name": _("Close"), "note": _day(deal.expected_close), "state": "next"})
    return steps[-8:]


def _known(deal: Opportunity, actor: Actor) -> list[Any]:
    own = {one.slug: one.label for one in custom_fields("opportunities")}
    company: Any = (_("Company"), deal.company_name)
    if deal.company and may(actor, "leads.view"):
        company = {
            "label": _("Company"),
            "value": deal.company.name,
            "url": reverse("contacts:company", args=[deal.company.ref]),
        }
    rows: list[Any] = [
        company,
        (_("Amount"), in_words(deal.amount, deal.currency)),
        (_("Product"), deal.product),
        (_("Source"), source_label(deal.source or "")),
        (_("Opened"), _day(deal.opened_at) if deal.opened_at else None),
        (_("Expected close"), _day(deal.expected_close) if deal.expected_close else None),
        (_("Closed"), _day(deal.closed_at) if deal.closed_at else None),
        (_("Why"), deal.reason),
        *((own.get(slug, slug), str(value)) for slug, value in deal.custom.items()),
        *((_("Id in %(system)s") % {"system": one.system}, one.value) for one in deal.keys.order_by("system")
          if not one.system.startswith("file:") and one.system != "said"),
        (_("Came in with"), _came(deal)),
    ]  # fmt: skip
    return [row for row in rows if isinstance(row, dict) or row[1]]


def _came(deal: Opportunity) -> str | None:
    first = deal.provenance.get("*")
    return _("import I-%(number)s, row %(row)s") % {"number": first[0], "row": first[1]} if first else None


def _days(deal: Opportunity, moves: list[OpportunityMove], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The passages as a timeline, the newest first."""
    people = names([one.actor_id for one in moves if one.actor_kind == "human"])
    told = [(one.at, _entry(one, labels, people)) for one in reversed(moves)]
    if deal.opened_at and (not moves or moves[0].at > deal.opened_at):
        told.append((deal.opened_at, {"at": _time(deal.opened_at), "kind": "auto", "what": _("Opened"), "text": ""}))
    return [
        {"label": label, "entries": [entry for _at, entry in group]}
        for label, group in groupby(told, key=lambda one: _day(one[0]))
    ]


def _time(moment: datetime) -> datetime | str:
    """The moment, or nothing where only its day is known: files give midnight then."""
    local = moment.astimezone(zone())
    return "" if (local.hour, local.minute, local.second) == (0, 0, 0) else moment


def _entry(move: OpportunityMove, labels: Mapping[str, str], people: Mapping[str, str]) -> dict[str, Any]:
    to = labels.get(move.to_stage, move.to_stage)
    before = labels.get(move.from_stage or "", move.from_stage)
    what = _("%(before)s → %(to)s") % {"before": before, "to": to} if before else to
    by = people.get(move.actor_id, "")
    came = _("by import I-%(n)s") % {"n": move.import_number} if move.import_number else by
    worth = short(move.amount, move.currency)
    return {
        "at": _time(move.at),
        "kind": "human" if move.actor_kind == "human" and not move.import_number else "auto",
        "what": what,
        "text": ", ".join(part for part in (worth, came) if part),
    }


def _amounts(snapshots: list[Any]) -> list[float]:
    """The amounts of the days, where they are worth a picture: several, in one currency."""
    values = [(one.amount, one.currency) for one in snapshots if one.amount is not None]
    if len(values) < 2 or len({currency for _amount, currency in values}) > 1:
        return []
    return [float(amount) for amount, _currency in values]


# --- writes --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """Open a deal."""
    form = NewDealForm(posted(request), initial={"people": request.GET.get("lead", "")})
    if form.is_bound and form.is_valid():
        values = form.values()
        with problems_on(form):
            deal = create_opportunity(
                actor=actor_of(request), name=values.pop("name"), stage=form.cleaned_data["stage"],
                people=form.cleaned_data["people"], values=values,
            )  # fmt: skip
            messages.success(request, _("%(name)s was opened as %(ref)s.") % {"name": deal.name, "ref": deal.ref})
            return redirect("pipeline:opportunity", ref=deal.ref)
    context = {
        "form": form, "title": _("New opportunity"), "act": _("Open it"),
        "answer": _("What might be sold, and to whom?"),
    }  # fmt: skip
    return render(request, "pipeline/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def change(request: HttpRequest, ref: str) -> HttpResponse:
    """Change what is known of a deal."""
    actor = actor_of(request)
    deal = find_opportunity(ref, actor, CHANGE)
    form = DealForm(posted(request), initial=as_given(deal, people_lines(deal, actor)))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            change_opportunity(
                actor=actor, opportunity_id=deal.id, values=form.values(), people=form.cleaned_data["people"]
            )
            messages.success(request, _("Saved."))
            return redirect("pipeline:opportunity", ref=deal.ref)
    context = {
        "form": form, "deal": deal, "title": _("Change %(name)s") % {"name": deal.name}, "act": _("Save"),
        "answer": _headline(deal, stage_labels()),
    }  # fmt: skip
    return render(request, "pipeline/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def move(request: HttpRequest, ref: str) -> HttpResponse:
    """Move a deal to another stage; win it, lose it, open it again."""
    actor = actor_of(request)
    deal = find_opportunity(ref, actor, CHANGE)
    form = MoveForm(posted(request), initial={"stage": request.GET.get("to", deal.stage)})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        with problems_on(form):
            moved = move_opportunity(
                actor=actor, opportunity_id=deal.id, stage=given["stage"], reason=given["reason"], at=form.at()
            )
            said = _("%(name)s stands in %(stage)s now.")
            messages.success(request, said % {"name": moved.name, "stage": stage_labels()[moved.stage]})
            return redirect("pipeline:opportunity", ref=deal.ref)
    context = {
        "form": form, "deal": deal, "title": _("Move %(name)s") % {"name": deal.name}, "act": _("Move it"),
        "answer": _("It stands in %(stage)s now.") % {"stage": stage_labels().get(deal.stage, deal.stage)},
        "sentence": _("Its people are looked at again: rules about deals may move a lead's stage. No e-mail goes out."),
    }  # fmt: skip
    return render(request, "pipeline/form.html", context, status=422 if form.errors else 200)


@require_POST
@needs(DRAFT)
def adopt(request: HttpRequest, name: str) -> HttpResponse:
    """Draft a pipeline that has a stage which files propose; whoever may activates it."""
    proposed = PipelineStage.objects.filter(name=name, proposed=True).first()
    if proposed is None:
        raise MaropsError(NOT_FOUND, "No file proposes such a stage.")
    document = pipeline().model_dump(mode="json")
    place = len([one for one in document["stages"] if one["outcome"] == "open"])
    stage = {"name": proposed.name, "label": proposed.label, "probability": "0.5", "outcome": proposed.outcome}
    if proposed.outcome != Opportunity.State.OPEN:
        stage["probability"], place = "1" if proposed.outcome == "won" else "0", len(document["stages"])
    document["stages"].insert(place, stage)
    made = draft(
        actor=actor_of(request), kind="pipeline", slug="main", document=document,
        reason=_("A file names the stage %(label)s.") % {"label": proposed.label},
    )  # fmt: skip
    messages.success(
        request, _("%(ref)s is a draft with this stage; put it in force under Definitions.") % {"ref": made.pinned}
    )
    return redirect("pipeline:opportunities")
