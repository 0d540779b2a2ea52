"""Writes of growth plans. They are their owner's: nobody else writes in one, and no right opens it.

The trail says that a plan changed, never what stands in it: more people read the trail than may see the plan.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.team.actions.records import fault, locked
from marops.domains.team.actions.sharing import WITH_MANAGER
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import GrowthGoal, GrowthMove, GrowthPlan, GrowthReview, Person
from marops.domains.team.permissions import VIEW, Policy
from marops.kernel import audit
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.models import Notice
from marops.kernel.notices import tell
from marops.kernel.workspace import today

PARTS: Mapping[str, Any] = {"goals": GrowthGoal, "moves": GrowthMove, "reviews": GrowthReview}
WANTED_BACK = timedelta(hours=1)
"""So long what was taken out of a plan can be put back, at least; it goes with the next day."""
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
        _ask_no_more(act, plan)
    plan.aim, plan.seen_by, plan.mentor_id = aim, seen_by, _mentor(plan, mentor_id)
    plan.manager_id = plan.person.manager_id if seen_by in WITH_MANAGER else None
    plan.save(update_fields=["aim", "seen_by", "mentor", "mentor_agreed_at", "manager"])
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
        tell(account, words, url=_asking(plan))


def _asking(plan: GrowthPlan) -> str:
    return f"/growth?plan={plan.id}#mentor"


def _ask_no_more(act: Act, plan: GrowthPlan) -> None:
    """Nothing that was said of the plan stays where it was said."""
    Notice.objects.filter(url=_asking(plan)).delete()


@action("growth.mentor", effect="change", right=VIEW)
def answer_mentor(act: Act, *, actor: Actor, plan_id: UUID, agrees: bool) -> None:
    """Whoever was asked to be a mentor says yes, or no; a mentor who says no later is none from then on."""
    plan = GrowthPlan.objects.select_for_update().filter(id=plan_id, mentor_id=my_person(actor)).first()
    if plan is None:
        raise MaropsError(NOT_FOUND)
    plan.mentor_agreed_at = act.at if agrees else None
    _ask_no_more(act, plan)
    if not agrees:
        plan.mentor_id = None
    plan.save(update_fields=["mentor", "mentor_agreed_at"])
    act.changed("growth_plan", plan.id)


@action("growth.goal", effect="create", right=VIEW)
def add_goal(act: Act, *, actor: Actor, role: str = "", says: str = "", by: date | None = None) -> GrowthGoal:
    """Where one wants to get: a role of the map, or something in words."""
    _goal_says(role, says)
    plan = _mine(act)
    _room(plan.goals.count())
    made: GrowthGoal = GrowthGoal.objects.create(plan=plan, role=role, says=says, by=by, created_at=act.at)
    return made


def _goal_says(role: str, says: str) -> None:
    if not role and not says:
        raise fault("says", _("Choose a role, or say in words where you want to get."))
    if role and role not in catalogue().roles:
        raise fault("role", _("Choose a role of the career map."))


@action("growth.goal_state", effect="change", right=VIEW)
def set_goal(act: Act, *, actor: Actor, goal_id: UUID, state: str) -> None:
    """A goal is open, reached or dropped."""
    if state not in GrowthGoal.State.values:
        raise fault("state", _("A goal is open, reached or dropped."))
    _changed(_mine(act).goals.filter(id=goal_id).update(state=state))


@action("growth.goal_change", effect="change", right=VIEW)
def change_goal(
    act: Act, *, actor: Actor, goal_id: UUID, role: str = "", says: str = "", by: date | None = None
) -> None:
    """Other words, another role or another day."""
    _goal_says(role, says)
    _changed(_mine(act).goals.filter(id=goal_id).update(role=role, says=says, by=by))


@action("growth.goal_remove", effect="change", right=VIEW, reversible=True)
def remove_goal(act: Act, *, actor: Actor, goal_id: UUID) -> None:
    """It does not stand in the plan any more; its moves stay."""
    _changed(_mine(act).goals.filter(id=goal_id).update(taken_out_at=act.at))


@action("growth.move", effect="create", right=VIEW)
def add_move(
    act: Act, *, actor: Actor, says: str, skill: str = "", by: date | None = None, goal_id: UUID | None = None,
    role: str = "",
) -> GrowthMove:  # fmt: skip
    """A small thing to do next. With a `role` it belongs to the open goal of that role, made where there is none."""
    _move_says(says, skill)
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
    made: GrowthMove = GrowthMove.objects.create(plan=plan, goal=goal, skill=skill, says=says, by=by, created_at=act.at)
    return made


def _move_says(says: str, skill: str) -> None:
    if not says.strip():
        raise fault("says", _("Say what you want to do."))
    if skill and skill not in catalogue().skills:
        raise fault("skill", _("Choose a skill of the catalogue."))


def _goal_of(act: Act, plan: GrowthPlan, role: str) -> GrowthGoal:
    if role not in catalogue().roles:
        raise fault("role", _("Choose a role of the career map."))
    goal = plan.goals.filter(role=role, state=GrowthGoal.State.OPEN).first()
    return goal or GrowthGoal.objects.create(plan=plan, role=role, created_at=act.at)


@action("growth.move_done", effect="change", right=VIEW)
def set_move(act: Act, *, actor: Actor, move_id: UUID, done_on: date | None) -> None:
    """It was done on this day; without a day it is open again."""
    _changed(_mine(act).moves.filter(id=move_id).update(done_on=done_on))


@action("growth.move_change", effect="change", right=VIEW)
def change_move(act: Act, *, actor: Actor, move_id: UUID, says: str, skill: str = "", by: date | None = None) -> None:
    """Other words, another skill or another day."""
    _move_says(says, skill)
    _changed(_mine(act).moves.filter(id=move_id).update(says=says, skill=skill, by=by))


@action("growth.move_remove", effect="change", right=VIEW, reversible=True)
def remove_move(act: Act, *, actor: Actor, move_id: UUID) -> None:
    """It does not stand in the plan any more."""
    _changed(_mine(act).moves.filter(id=move_id).update(taken_out_at=act.at))


@action("growth.review", effect="create", right=VIEW)
def add_review(act: Act, *, actor: Actor, on: date, says: str, beside_id: UUID | None = None) -> GrowthReview:
    """A look back: when, with whom, what was said."""
    plan = _mine(act)
    _review_says(act, plan, on, says, beside_id)
    _room(plan.reviews.count())
    given: dict[str, Any] = {"on": on, "says": says, "beside_id": beside_id, "made_by": actor.id, "at": act.at}
    made: GrowthReview = GrowthReview.objects.create(plan=plan, **given)
    return made


def _review_says(act: Act, plan: GrowthPlan, on: date, says: str, beside_id: UUID | None) -> None:
    if not says.strip():
        raise fault("says", _("Say what you saw when you looked back."))
    if on > today(act.at):
        raise fault("on", _("A look back is of today or earlier."))
    if beside_id and (beside_id == plan.person_id or not Person.objects.filter(id=beside_id).exists()):
        raise fault("beside_id", _("Choose somebody else of the team."))


@action("growth.review_change", effect="change", right=VIEW)
def change_review(
    act: Act, *, actor: Actor, review_id: UUID, on: date, says: str, beside_id: UUID | None = None
) -> None:
    """Other words, another day or somebody else."""
    plan = _mine(act)
    _review_says(act, plan, on, says, beside_id)
    _changed(plan.reviews.filter(id=review_id).update(on=on, says=says, beside_id=beside_id))


@action("growth.review_remove", effect="change", right=VIEW, reversible=True)
def remove_review(act: Act, *, actor: Actor, review_id: UUID) -> None:
    """It does not stand in the plan any more."""
    _changed(_mine(act).reviews.filter(id=review_id).update(taken_out_at=act.at))


@action("growth.put_back", effect="change", right=VIEW)
def put_back(act: Act, *, actor: Actor, part: str, ident: UUID) -> None:
    """What was just taken out stands in the plan again. Raises MaropsError `not-found` once it is gone."""
    if part not in PARTS:
        raise MaropsError(NOT_FOUND)
    _changed(PARTS[part].every.filter(plan=_mine(act), id=ident).update(taken_out_at=None))


@action("growth.clear", effect="erase")
def clear(act: Act, *, actor: Actor, as_of: datetime) -> None:
    """What was taken out of plans goes for good once nobody wants it back."""
    for part in PARTS.values():
        act.count(cleared=part.every.filter(taken_out_at__lt=as_of - WANTED_BACK).delete()[0])


@action("growth.delete", effect="erase", right=VIEW)
def delete_plan(act: Act, *, actor: Actor) -> None:
    """The whole plan, gone for good: goals, moves, reviews, and what the trail kept beside its own digests."""
    person = locked(my_person(actor))
    plan = GrowthPlan.objects.filter(person=person).first()
    if plan is None:
        raise MaropsError(NOT_FOUND, "There is no plan to delete.")
    ident = plan.id
    _ask_no_more(act, plan)
    plan.delete()
    audit.forget([ident], object_type="growth_plan")
    act.changed("growth_plan", ident)


def _room(count: int) -> None:
    if count >= MOST:
        raise fault("says", _("There are %(n)s already. Remove some first.") % {"n": MOST})


def _changed(count: int) -> None:
    if not count:
        raise MaropsError(NOT_FOUND)
