"""Writes of growth plans. They are their owner's: nobody else writes in one, and no right opens it.

The trail says that a plan changed, never what stands in it: more people read the trail than may see the plan.
"""

from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.team.actions.records import fault, locked
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import GrowthGoal, GrowthMove, GrowthPlan, GrowthReview, Person
from marops.domains.team.permissions import VIEW, Policy
from marops.kernel import audit
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.notices import tell

MOST = 200
"""Goals, moves or reviews of one plan; a plan of more is none."""


def my_person(actor: Actor) -> UUID:
    """The person who acts. Raises MaropsError `not-allowed` for programs, AI and those who are not of the team."""
    me = Policy.of(actor).me
    if me is None:
        raise MaropsError(NOT_ALLOWED, "A growth plan belongs to somebody of the team, who writes it themselves.")
    return me


def _mine(act: Act) -> GrowthPlan:
    """The actor's own plan, made where there is none, held until the action ends."""
    person = locked(my_person(act.actor))
    plan, _made = GrowthPlan.objects.get_or_create(person=person, defaults={"created_at": act.at})
    act.changed("growth_plan", plan.id)
    return plan


@action("growth.set", effect="change", right=VIEW)
def set_plan(
    act: Act, *, actor: Actor, aim: str = "", mentor_id: UUID | None = None, seen_by: str = "nobody"
) -> GrowthPlan:
    """What one aims at, whom one asks to be a mentor, and who else sees the plan. A mentor who is asked anew says yes
    or no first.
    """
    plan = _mine(act)
    if seen_by not in GrowthPlan.SeenBy.values:
        raise fault("seen_by", _("Choose one of the ways to share it."))
    asked = mentor_id is not None and mentor_id != plan.mentor_id
    if mentor_id != plan.mentor_id:
        plan.mentor_agreed_at = None
    plan.aim, plan.seen_by, plan.mentor_id = aim, seen_by, _mentor(plan, mentor_id)
    plan.save(update_fields=["aim", "seen_by", "mentor", "mentor_agreed_at"])
    if asked:
        _ask(plan)
    return plan


def _mentor(plan: GrowthPlan, mentor_id: UUID | None) -> UUID | None:
    if mentor_id is None:
        return None
    if mentor_id == plan.person_id:
        raise fault("mentor_id", _("Somebody else is your mentor."))
    if not Person.objects.filter(id=mentor_id, active=True).exclude(account_id=None).exists():
        raise fault("mentor_id", _("A mentor works here and can sign in."))
    return mentor_id


def _ask(plan: GrowthPlan) -> None:
    if plan.mentor and (account := plan.mentor.account_id):
        words = _("%(name)s asks you to be their mentor.") % {"name": plan.person.name}
        tell(account, words, url="/growth#mentor")


@action("growth.mentor", effect="change", right=VIEW)
def answer_mentor(act: Act, *, actor: Actor, plan_id: UUID, agrees: bool) -> None:
    """Whoever was asked to be a mentor says yes, or no; a mentor who says no later is none from then on."""
    plan = GrowthPlan.objects.select_for_update().filter(id=plan_id, mentor_id=my_person(actor)).first()
    if plan is None:
        raise MaropsError(NOT_FOUND)
    plan.mentor_agreed_at = act.at if agrees else None
    if not agrees:
        plan.mentor_id = None
    plan.save(update_fields=["mentor", "mentor_agreed_at"])
    act.changed("growth_plan", plan.id)


@action("growth.goal", effect="create", right=VIEW)
def add_goal(act: Act, *, actor: Actor, role: str = "", says: str = "", by: date | None = None) -> GrowthGoal:
    """Where one wants to get: a role of the map, or something in words."""
    if not role and not says:
        raise fault("says", _("Choose a role, or say in words where you want to get."))
    if role and role not in catalogue().roles:
        raise fault("role", _("Choose a role of the career map."))
    plan = _mine(act)
    _room(plan.goals.count())
    return GrowthGoal.objects.create(plan=plan, role=role, says=says, by=by, created_at=act.at)


@action("growth.goal_state", effect="change", right=VIEW)
def set_goal(act: Act, *, actor: Actor, goal_id: UUID, state: str) -> None:
    """A goal is open, reached or dropped."""
    if state not in GrowthGoal.State.values:
        raise fault("state", _("A goal is open, reached or dropped."))
    _changed(_mine(act).goals.filter(id=goal_id).update(state=state))


@action("growth.goal_remove", effect="change", right=VIEW)
def remove_goal(act: Act, *, actor: Actor, goal_id: UUID) -> None:
    """It does not stand in the plan any more; its moves stay."""
    _changed(_mine(act).goals.filter(id=goal_id).delete()[0])


@action("growth.move", effect="create", right=VIEW)
def add_move(
    act: Act, *, actor: Actor, says: str, skill: str = "", by: date | None = None, goal_id: UUID | None = None,
    role: str = "",
) -> GrowthMove:  # fmt: skip
    """A small thing to do next. With a `role` it belongs to the open goal of that role, made where there is none."""
    if not says.strip():
        raise fault("says", _("Say what you want to do."))
    if skill and skill not in catalogue().skills:
        raise fault("skill", _("Choose a skill of the catalogue."))
    plan = _mine(act)
    goal = plan.goals.filter(id=goal_id).first() if goal_id else None
    if goal_id and goal is None:
        raise MaropsError(NOT_FOUND)
    if role and goal is None:
        goal = _goal_of(act, plan, role)
    known = plan.moves.filter(says=says, done_on=None).first()
    if known:
        return known
    _room(plan.moves.count())
    return GrowthMove.objects.create(plan=plan, goal=goal, skill=skill, says=says, by=by, created_at=act.at)


def _goal_of(act: Act, plan: GrowthPlan, role: str) -> GrowthGoal:
    if role not in catalogue().roles:
        raise fault("role", _("Choose a role of the career map."))
    goal = plan.goals.filter(role=role, state=GrowthGoal.State.OPEN).first()
    return goal or GrowthGoal.objects.create(plan=plan, role=role, created_at=act.at)


@action("growth.move_done", effect="change", right=VIEW)
def set_move(act: Act, *, actor: Actor, move_id: UUID, done_on: date | None) -> None:
    """It was done on this day; without a day it is open again."""
    _changed(_mine(act).moves.filter(id=move_id).update(done_on=done_on))


@action("growth.move_remove", effect="change", right=VIEW)
def remove_move(act: Act, *, actor: Actor, move_id: UUID) -> None:
    """It does not stand in the plan any more."""
    _changed(_mine(act).moves.filter(id=move_id).delete()[0])


@action("growth.review", effect="create", right=VIEW)
def add_review(act: Act, *, actor: Actor, on: date, says: str, beside_id: UUID | None = None) -> GrowthReview:
    """A look back: when, with whom, what was said."""
    if not says.strip():
        raise fault("says", _("Say what you saw when you looked back."))
    if beside_id and not Person.objects.filter(id=beside_id).exists():
        raise fault("beside_id", _("Choose somebody of the team."))
    plan = _mine(act)
    _room(plan.reviews.count())
    given: dict[str, Any] = {"on": on, "says": says, "beside_id": beside_id, "made_by": actor.id, "at": act.at}
    return GrowthReview.objects.create(plan=plan, **given)


@action("growth.review_remove", effect="change", right=VIEW)
def remove_review(act: Act, *, actor: Actor, review_id: UUID) -> None:
    """It does not stand in the plan any more."""
    _changed(_mine(act).reviews.filter(id=review_id).delete()[0])


@action("growth.delete", effect="erase", right=VIEW)
def delete_plan(act: Act, *, actor: Actor) -> None:
    """The whole plan, gone for good: goals, moves, reviews, and what the trail kept beside its own digests."""
    person = locked(my_person(actor))
    plan = GrowthPlan.objects.filter(person=person).first()
    if plan is None:
        raise MaropsError(NOT_FOUND, "There is no plan to delete.")
    ident = plan.id
    plan.delete()
    audit.forget([ident], object_type="growth_plan")
    act.changed("growth_plan", ident)


def _room(count: int) -> None:
    if count >= MOST:
        raise fault("says", _("There are %(n)s already. Remove some first.") % {"n": MOST})


def _changed(count: int) -> None:
    if not count:
        raise MaropsError(NOT_FOUND)
