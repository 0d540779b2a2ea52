"""Careers and growth plans over REST. A plan is its owner's here too; no token of a program opens one."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions import growth as actions
from marops.domains.team.growth_forms import AdoptForm, GoalForm, GoalStateForm, PlanForm, ReviewForm
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import career as careers
from marops.domains.team.queries import growth as queries
from marops.domains.team.queries.career_told import career_json, map_json, told_way_between
from marops.domains.team.queries.hours import find_person
from marops.domains.team.rest.base import router
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Shown, Strict


class CareerOut(Shown):
    """Where somebody is and can go, as the reader may see it; nothing of their plan."""

    standing: dict[str, Any]
    next: list[dict[str, Any]]
    reachable: list[dict[str, Any]]
    target: str | None
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
    """open, reached or dropped."""

    state: str


class NewGrowthMove(Strict):
    """A small thing to do next; with a `role` it belongs to the goal of that role."""

    says: str
    skill: str = ""
    by: date | None = None
    role: str = ""


class GrowthMoveState(Strict):
    """The day on which it was done; null: it is open."""

    done_on: date | None


class NewGrowthReview(Strict):
    """A look back."""

    on: date
    says: str
    beside_id: str = ""


@router.get("/team/career", response=CareerMapOut)
def career_map(request: HttpRequest, given: Query[CareerWay]) -> dict[str, Any]:
    """The career map; with `?from=…&to=…` the way between two roles and what it takes."""
    require(actor_of(request), VIEW)
    if not given.from_ or not given.to:
        return map_json()
    careers.role_of(given.from_)
    careers.role_of(given.to)
    return told_way_between(given.from_, given.to)


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


@router.get("/team/growth/of/{ref}", response=GrowthPlanOut)
def plan_of(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Somebody's growth plan, for the mentor and the manager with whom it is shared."""
    actor = actor_of(request)
    require(actor, VIEW)
    return queries.told_plan(queries.plan_of(Policy.of(actor), find_person(ref)))


@router.put("/team/growth", response=GrowthPlanOut)
def set_plan(request: HttpRequest, body: SetGrowthPlan) -> dict[str, Any]:
    """Change what one aims at and who sees it; makes the plan where there is none."""
    actions.set_plan(actor=actor_of(request), **validated(PlanForm, body.dict()))
    return _own(request)


@router.delete("/team/growth", response={204: None})
def delete_plan(request: HttpRequest) -> Status[None]:
    """Delete one's whole plan, for good."""
    actions.delete_plan(actor=actor_of(request))
    return Status(204, None)


@router.post("/team/growth/goals", response={201: GrowthPlanOut})
def add_goal(request: HttpRequest, body: NewGrowthGoal) -> Status[dict[str, Any]]:
    """A goal more."""
    actions.add_goal(actor=actor_of(request), **validated(GoalForm, body.dict()))
    return Status(201, _own(request))


@router.put("/team/growth/goals/{ident}", response=GrowthPlanOut)
def set_goal(request: HttpRequest, ident: UUID, body: GrowthGoalState) -> dict[str, Any]:
    """A goal is open, reached or dropped."""
    actions.set_goal(actor=actor_of(request), goal_id=ident, **validated(GoalStateForm, body.dict()))
    return _own(request)


@router.delete("/team/growth/goals/{ident}", response={204: None})
def remove_goal(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a goal out."""
    actions.remove_goal(actor=actor_of(request), goal_id=ident)
    return Status(204, None)


@router.post("/team/growth/moves", response={201: GrowthPlanOut})
def add_move(request: HttpRequest, body: NewGrowthMove) -> Status[dict[str, Any]]:
    """A move more."""
    actions.add_move(actor=actor_of(request), **validated(AdoptForm, body.dict()))
    return Status(201, _own(request))


@router.put("/team/growth/moves/{ident}", response=GrowthPlanOut)
def set_move(request: HttpRequest, ident: UUID, body: GrowthMoveState) -> dict[str, Any]:
    """A move was done, or is open again."""
    actions.set_move(actor=actor_of(request), move_id=ident, done_on=body.done_on)
    return _own(request)


@router.delete("/team/growth/moves/{ident}", response={204: None})
def remove_move(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a move out."""
    actions.remove_move(actor=actor_of(request), move_id=ident)
    return Status(204, None)


@router.post("/team/growth/reviews", response={201: GrowthPlanOut})
def add_review(request: HttpRequest, body: NewGrowthReview) -> Status[dict[str, Any]]:
    """A review more."""
    actions.add_review(actor=actor_of(request), **validated(ReviewForm, body.dict()))
    return Status(201, _own(request))


@router.delete("/team/growth/reviews/{ident}", response={204: None})
def remove_review(request: HttpRequest, ident: UUID) -> Status[None]:
    """Take a review out."""
    actions.remove_review(actor=actor_of(request), review_id=ident)
    return Status(204, None)
