"""Careers and growth plans over REST. A plan is its owner's here too, in their own session; no key opens one."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions import growth as actions
from marops.domains.team.growth_forms import AdoptForm, GoalForm, GoalStateForm, MoveForm, PlanForm, ReviewForm
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import career as careers
from marops.domains.team.queries import growth as queries
from marops.domains.team.queries.career_told import career_json, map_json, told_way_between
from marops.domains.team.queries.hours import find_person
from marops.domains.team.rest.base import router
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Shown, Strict, answered_once


class CareerOut(Shown):
    """Where somebody is and can go, as the reader may see it; moves are for `step`, the first role of the way."""

    answer: str
    standing: dict[str, Any]
    next: list[dict[str, Any]]
    reachable: list[dict[str, Any]]
    target: str | None
    step: str | None
    moves: list[dict[str, Any]]


class GrowthPlanOut(Shown):
    """A growth plan, whole."""

    person: str
    aim: str
    seen_by: str
    goals: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    reviews: list[dict[str, Any]]


class CareerMapOut(Shown):
    """The whole map, or with `from` and `to` the way between two roles."""


class CareerWay(Strict):
    """From which role to which; none of them: the whole map."""

    from_: str = Field("", alias="from")
    to: str = ""


class SetGrowthPlan(Strict):
    """What one aims at, who is asked to be a mentor, and who sees the plan: nobody, mentor, manager or both."""

    aim: str = ""
    mentor_id: str = ""
    seen_by: str = "nobody"


class NewGrowthGoal(Strict):
    """A role of the map, or something in words."""

    role: str = ""
    says: str = ""
    by: date | None = None


class GrowthGoalState(Strict):
    """How far a goal is (open, reached or dropped), or its role, words and day; what is left out stays."""

    state: str = ""
    role: str = ""
    says: str = ""
    by: date | None = None


class NewGrowthMove(Strict):
    """A small thing to do next; with a `role` it belongs to the goal of that role."""

    says: str
    skill: str = ""
    by: date | None = None
    role: str = ""


class GrowthMoveState(Strict):
    """The day on which it was done (null: it is open), or its words, skill and day; what is left out stays."""

    done_on: date | None = None
    says: str = ""
    skill: str = ""
    by: date | None = None


class NewGrowthReview(Strict):
    """A look back."""

    on: date
    says: str
    beside_id: str = ""


class ChangedGrowthReview(Strict):
    """A look back in other words; what is left out stays."""

    on: date | None = None
    says: str = ""
    beside_id: str = ""


@router.get("/team/career", response=CareerMapOut)
def career_map(request: HttpRequest, given: Query[CareerWay]) -> dict[str, Any]:
    """The career map; with `?from=…&to=…` the way between two roles and what it takes."""
    require(actor_of(request), VIEW)
    if not given.from_ or not given.to:
        return map_json()
    return told_way_between(careers.role_called(given.from_), careers.role_called(given.to))


@router.get("/team/career/{ref}", response=CareerOut)
def career_of(request: HttpRequest, ref: str, to: str = "") -> dict[str, Any]:
    """Where somebody can go, what it takes, and three next moves; as much of it as the reader may see."""
    actor = actor_of(request)
    require(actor, VIEW)
    return career_json(actor, ref, to)


@router.get("/team/growth", response=GrowthPlanOut)
def plan(request: HttpRequest) -> dict[str, Any]:
    """One's own growth plan."""
    actor = actor_of(request)
    require(actor, VIEW)
    return _own(request)


def _own(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of(request)
    actions.my_person(actor)
    found = queries.own_plan(Policy.of(actor))
    if found is None:
        raise MaropsError(NOT_FOUND, "You have no growth plan yet.")
    return queries.told_plan(found)


def _me(request: HttpRequest) -> UUID:
    return actions.my_person(actor_of(request))


def _as_it_is(request: HttpRequest, part: str, ident: UUID, given: dict[str, Any]) -> dict[str, Any]:
    """What stands in one's plan, with what was sent in its place."""
    plan = queries.own_plan(Policy.of(actor_of(request)))
    row = getattr(plan, part).filter(id=ident).first() if plan else None
    if row is None:
        raise MaropsError(NOT_FOUND)
    return {name: getattr(row, name) for name in _FIELDS[part]} | given


_FIELDS = {"goals": ("role", "says", "by"), "moves": ("says", "skill", "by"), "reviews": ("on", "says", "beside_id")}


@router.get("/team/growth/of/{ref}", response=GrowthPlanOut)
def plan_of(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Somebody's growth plan, for the mentor and the manager with whom it is shared."""
    actor = actor_of(request)
    require(actor, VIEW)
    return queries.told_plan(queries.plan_of(Policy.of(actor), find_person(ref)))


@router.put("/team/growth", response=GrowthPlanOut)
@answered_once
def set_plan(request: HttpRequest, body: SetGrowthPlan) -> dict[str, Any]:
    """Change what one aims at and who sees it; makes the plan where there is none."""
    actions.set_plan(actor=actor_of(request), **validated(PlanForm, body.dict(), me=_me(request)))
    return _own(request)


@router.delete("/team/growth", response={204: None})
def delete_plan(request: HttpRequest) -> Status[None]:
    """Delete one's whole plan, for good."""
    actions.delete_plan(actor=actor_of(request))
    return Status(204, None)


@router.post("/team/growth/goals", response={201: GrowthPlanOut})
@answered_once
def add_goal(request: HttpRequest, body: NewGrowthGoal) -> Status[dict[str, Any]]:
    """A goal more."""
    actions.add_goal(actor=actor_of(request), **validated(GoalForm, body.dict()))
    return Status(201, _own(request))


@router.put("/team/growth/goals/{ident}", response=GrowthPlanOut)
@answered_once
def set_goal(request: HttpRequest, ident: UUID, body: GrowthGoalState) -> dict[str, Any]:
    """A goal is open, reached or dropped, or is another one."""
    actor, given = actor_of(request), body.dict(exclude_unset=True)
    if "state" in given or not given:
        state = {"state": given.pop("state", "")}
        actions.set_goal(actor=actor, goal_id=ident, **validated(GoalStateForm, state))
    if given:
        actions.change_goal(
            actor=actor, goal_id=ident, **validated(GoalForm, _as_it_is(request, "goals", ident, given))
        )
    return _own(request)


@router.delete("/team/growth/goals/{ident}", response={204: None})
def remove_goal(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a goal out."""
    actions.remove_goal(actor=actor_of(request), goal_id=ident)
    return Status(204, None)


@router.post("/team/growth/moves", response={201: GrowthPlanOut})
@answered_once
def add_move(request: HttpRequest, body: NewGrowthMove) -> Status[dict[str, Any]]:
    """A move more."""
    actions.add_move(actor=actor_of(request), **validated(AdoptForm, body.dict()))
    return Status(201, _own(request))


@router.put("/team/growth/moves/{ident}", response=GrowthPlanOut)
@answered_once
def set_move(request: HttpRequest, ident: UUID, body: GrowthMoveState) -> dict[str, Any]:
    """A move was done, is open again, or is another one."""
    actor, given = actor_of(request), body.dict(exclude_unset=True)
    if "done_on" in given or not given:
        actions.set_move(actor=actor, move_id=ident, done_on=given.pop("done_on", None))
    if given:
        actions.change_move(
            actor=actor, move_id=ident, **validated(MoveForm, _as_it_is(request, "moves", ident, given))
        )
    return _own(request)


@router.delete("/team/growth/moves/{ident}", response={204: None})
def remove_move(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a move out."""
    actions.remove_move(actor=actor_of(request), move_id=ident)
    return Status(204, None)


@router.post("/team/growth/reviews", response={201: GrowthPlanOut})
@answered_once
def add_review(request: HttpRequest, body: NewGrowthReview) -> Status[dict[str, Any]]:
    """A review more."""
    actions.add_review(actor=actor_of(request), **validated(ReviewForm, body.dict(), me=_me(request)))
    return Status(201, _own(request))


@router.put("/team/growth/reviews/{ident}", response=GrowthPlanOut)
@answered_once
def set_review(request: HttpRequest, ident: UUID, body: ChangedGrowthReview) -> dict[str, Any]:
    """A review in other words."""
    data = _as_it_is(request, "reviews", ident, body.dict(exclude_unset=True))
    actions.change_review(actor=actor_of(request), review_id=ident, **validated(ReviewForm, data, me=_me(request)))
    return _own(request)


@router.delete("/team/growth/reviews/{ident}", response={204: None})
def remove_review(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a review out."""
    actions.remove_review(actor=actor_of(request), review_id=ident)
    return Status(204, None)
