"""Pages of one's own growth plan, of plans that are shared with the reader, and of what came of decisions."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions import growth as actions
from marops.domains.team.catalogue import catalogue
from marops.domains.team.growth_forms import (
    AdoptForm,
    GoalForm,
    GoalStateForm,
    MentorForm,
    MoveForm,
    PlanForm,
    ReviewForm,
)
from marops.domains.team.models import Person
from marops.domains.team.pages.frame import tabs
from marops.domains.team.papers.growth import growth_pdf
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import growth as queries
from marops.domains.team.queries.hours import find_person
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.workspace import today

Context = dict[str, Any]
_KINDS = {"goals": GoalForm, "moves": MoveForm, "reviews": ReviewForm}


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def growth(request: HttpRequest) -> HttpResponse:
    """One's own plan; what was posted says what one aims at, and who sees it."""
    actor = actor_of(request)
    if request.method == "POST":
        actions.my_person(actor)
        form = PlanForm(posted(request), me=actions.my_person(actor))
        if form.is_valid():
            with problems_on(form):
                actions.set_plan(actor=actor, **form.cleaned_data)
                messages.success(request, _("Kept."))
                return redirect("team:growth")
        return _page(request, plan=form)
    return _page(request)


def _page(request: HttpRequest, **bound: Form) -> HttpResponse:
    actor = actor_of(request)
    policy = Policy.of(actor)
    me = Person.objects.filter(id=policy.me).first() if policy.me else None
    plan = queries.own_plan(policy)
    told = queries.told_plan(plan) if plan else None
    initial = {"aim": plan.aim, "mentor_id": plan.mentor_id, "seen_by": queries.still_shared(plan)} if plan else {}
    context = {
        "tabs": tabs(request, "career"), "me": me, "plan": plan, "told": told, "answer": _answer(told, me),
        "late": [one["id"] for one in told["moves"] if queries.is_late(one)] if told else [],
        "plan_form": bound.get("plan") or PlanForm(initial=initial, me=policy.me),
        "goal_form": bound.get("goals") or GoalForm(), "move_form": bound.get("moves") or MoveForm(),
        "review_form": bound.get("reviews") or ReviewForm(me=policy.me), "unfolded": next(iter(bound), ""),
        "asks": queries.asks_me(policy), "mentored": queries.mentored(policy),
        "shared": queries.shared_with(policy), "came": queries.portfolio(me.account_id, actor) if me else [],
        "career_url": reverse("team:career-of", args=[me.ref]) if me else "", "today": today(),
        "seen_words": queries.seen_words(plan),
    }  # fmt: skip
    return render(request, "team/growth.html", context, status=422 if bound else 200)


def _answer(told: Context | None, me: Person | None) -> str:
    if me is None:
        return _("You are not kept as somebody of the team, so you have no plan here.")
    if told is None:
        return _("You have no plan yet.")
    moves = queries.open_moves(told)
    if not moves:
        return _("No move is open: choose the next one.")
    words = ngettext("%(n)s move is open", "%(n)s moves are open", len(moves)) % {"n": len(moves)}
    due = next((one for one in moves if one["by"]), None)
    if due is None:
        return words + "."
    return _("%(moves)s, the next by %(day)s.") % {"moves": words, "day": f"{due['by']:%-d %b %Y}"}


@require_POST
@needs(VIEW)
def add(request: HttpRequest, part: str) -> HttpResponse:
    """A goal, a move or a review more."""
    actor = actor_of(request)
    actions.my_person(actor)
    if part not in _KINDS:
        raise MaropsError(NOT_FOUND)
    form = _form(part, posted(request), actor)
    if form.is_valid():
        do: Any = {"goals": actions.add_goal, "moves": actions.add_move, "reviews": actions.add_review}[part]
        with problems_on(form):
            do(actor=actor, **form.cleaned_data)
            messages.success(request, _("It stands in your plan.") + _past(form))
            return redirect(f"{reverse('team:growth')}#{part}")
    return _page(request, **{part: form})


def _form(part: str, data: Any, actor: Actor, **given: Any) -> Form:
    kind: Any = _KINDS[part]
    return kind(data, me=actions.my_person(actor), **given) if part == "reviews" else kind(data, **given)  # type: ignore[no-any-return]  # one of three


def _past(form: Form) -> str:
    """A remark on a day that is over: it may be meant so."""
    by = form.cleaned_data.get("by")
    return " " + _("Its day has passed.") if by and by < today() else ""


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def edit(request: HttpRequest, part: str, ident: UUID) -> HttpResponse:
    """Other words or another day for a goal, a move or a review."""
    actor = actor_of(request)
    plan = queries.own_plan(Policy.of(actor))
    row = getattr(plan, part).filter(id=ident).first() if plan and part in _KINDS else None
    if row is None:
        raise MaropsError(NOT_FOUND)
    form = _form(part, posted(request), actor, initial={name: getattr(row, name) for name in _KINDS[part].base_fields})
    if form.is_bound and form.is_valid():
        do: Any = {"goals": actions.change_goal, "moves": actions.change_move, "reviews": actions.change_review}[part]
        with problems_on(form):
            do(actor=actor, **{f"{part[:-1]}_id": ident}, **form.cleaned_data)
            messages.success(request, _("Kept.") + _past(form))
            return redirect(f"{reverse('team:growth')}#{part}")
    heading = {"goals": _("Change the goal"), "moves": _("Change the move"), "reviews": _("Change the review")}[part]
    context = {"form": form, "heading": heading, "tabs": tabs(request, "career")}
    return render(request, "team/growth_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(VIEW)
def adopt(request: HttpRequest) -> HttpResponse:
    """A proposed move goes into one's plan."""
    actor = actor_of(request)
    actions.my_person(actor)
    form = AdoptForm(posted(request))
    if not form.is_valid():
        return _page(request, moves=form)
    actions.add_move(actor=actor, **form.cleaned_data)
    messages.success(request, _("It stands in your plan."))
    return redirect(f"{reverse('team:growth')}#moves")


@require_POST
@needs(VIEW)
def change(request: HttpRequest, part: str, ident: UUID, what: str) -> HttpResponse:
    """A move is done or open again, a goal reached or dropped, or one of them is taken out or put back."""
    actor = actor_of(request)
    actions.my_person(actor)
    if what == "back":
        actions.put_back(actor=actor, part=part, ident=ident)
    elif part == "moves" and what in ("done", "open"):
        actions.set_move(actor=actor, move_id=ident, done_on=today() if what == "done" else None)
    elif part == "moves" and what == "remove":
        actions.remove_move(actor=actor, move_id=ident)
    elif part == "goals" and what == "remove":
        actions.remove_goal(actor=actor, goal_id=ident)
    elif part == "goals" and GoalStateForm({"state": what}).is_valid():
        actions.set_goal(actor=actor, goal_id=ident, state=what)
    elif part == "reviews" and what == "remove":
        actions.remove_review(actor=actor, review_id=ident)
    else:
        raise MaropsError(NOT_FOUND)
    if what == "remove":
        undo = reverse("team:growth-change", args=[part, ident, "back"])
        messages.success(request, _("It is taken out."), extra_tags=f"undo:{undo}")
    return redirect(f"{reverse('team:growth')}#{part}")


@require_POST
@needs(VIEW)
def mentor(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Yes or no to being somebody's mentor."""
    form = MentorForm(posted(request))
    form.is_valid()
    agrees = bool(form.cleaned_data.get("agrees"))
    actions.answer_mentor(actor=actor_of(request), plan_id=plan_id, agrees=agrees)
    messages.success(request, _("You are their mentor now.") if agrees else _("You are not their mentor."))
    return redirect("team:growth")


@require_POST
@needs(VIEW)
def delete(request: HttpRequest) -> HttpResponse:
    """The whole plan goes, for good."""
    actions.delete_plan(actor=actor_of(request))
    messages.success(request, _("Your plan is deleted. Nothing of what stood in it is kept here."))
    return redirect("team:growth")


@require_GET
@needs(VIEW)
def export(request: HttpRequest, form: str) -> HttpResponse:
    """One's own plan as a file: `md`, `json` or `pdf`."""
    actor = actor_of(request)
    actions.my_person(actor)
    plan = queries.own_plan(Policy.of(actor))
    if plan is None or form not in ("md", "json", "pdf"):
        raise MaropsError(NOT_FOUND)
    content: str | bytes
    if form == "pdf":
        content, media = growth_pdf(plan, now()), "application/pdf"
    elif form == "json":
        told = queries.told_plan(plan)
        content, media = json.dumps(told, indent=2, ensure_ascii=False, default=str), "application/json"
    else:
        content, media = queries.as_markdown(plan), "text/markdown; charset=utf-8"
    answer = HttpResponse(content, content_type=media)
    answer["Content-Disposition"] = f'attachment; filename="growth-plan.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@needs(VIEW)
def growth_of(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody's plan, for the mentor and the manager with whom it is shared."""
    policy, person = Policy.of(actor_of(request)), find_person(ref)
    plan = queries.plan_of(policy, person)
    if policy.is_self(person.id):
        return redirect("team:growth")
    told = queries.told_plan(plan)
    title = catalogue().title
    context = {
        "tabs": tabs(request, "career"), "one": person, "told": told, "plan": plan,
        "late": [one["id"] for one in told["moves"] if queries.is_late(one)],
        "roles": [title(one["role"]) for one in told["goals"] if one["role"]],
        "moves_open": len(queries.open_moves(told)),
    }  # fmt: skip
    return render(request, "team/growth_of.html", context)
