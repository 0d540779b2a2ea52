"""Reads of growth plans: one's own, those one may see, and what came of somebody's decisions."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.team import ports
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import GrowthGoal, GrowthPlan, Person
from marops.domains.team.permissions import Policy
from marops.domains.team.ports import Came
from marops.kernel.actors import Actor
from marops.kernel.definitions import kinds
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.workspace import today

Told = dict[str, Any]
SOON = timedelta(days=14)


def own_plan(policy: Policy) -> GrowthPlan | None:
    """The reader's own plan."""
    return _plans().filter(person_id=policy.me).first() if policy.me else None


def plan_of(policy: Policy, person: Person) -> GrowthPlan:
    """Somebody's plan, for those who may see it. Raises `not-found`, whether there is none or it is not shared: that
    somebody has a plan is theirs to tell too.
    """
    plan: GrowthPlan | None = _plans().filter(person=person).first()
    if plan is None or not policy.sees_plan(plan):
        raise MaropsError(NOT_FOUND, "No plan is shared with you here.")
    return plan


def shared_with(policy: Policy) -> list[GrowthPlan]:
    """The plans of others that this reader may see."""
    if policy.me is None:
        return []
    plans = _plans().exclude(seen_by=GrowthPlan.SeenBy.NOBODY).exclude(person_id=policy.me)
    return [one for one in plans.order_by("person__name") if policy.sees_plan(one)]


def asks_me(policy: Policy) -> list[GrowthPlan]:
    """Plans whose owners ask the reader to be their mentor."""
    return list(_plans().filter(mentor_id=policy.me, mentor_agreed_at=None)) if policy.me else []


def mentored(policy: Policy) -> list[GrowthPlan]:
    """Plans whose mentor the reader is."""
    return list(_plans().filter(mentor_id=policy.me).exclude(mentor_agreed_at=None)) if policy.me else []


def _plans() -> Any:
    return GrowthPlan.objects.select_related("person", "mentor").prefetch_related("goals", "moves", "reviews__beside")


def goal_words(goal: GrowthGoal) -> str:
    """A goal in words: its role, and what was said of it."""
    title = catalogue().title(goal.role) if goal.role else ""
    return ": ".join(part for part in (title, goal.says) if part)


def told_plan(plan: GrowthPlan) -> Told:
    """A plan as a document, whole: for its owner's export, and for those who may see it."""
    skill = catalogue().skill_name
    goals = sorted(plan.goals.all(), key=lambda one: (one.state != "open", one.by is None, one.by, one.created_at))
    moves = sorted(plan.moves.all(), key=lambda one: (one.done_on is not None, one.by is None, one.by, one.created_at))
    reviews = sorted(plan.reviews.all(), key=lambda one: one.on, reverse=True)
    return {
        "person": plan.person.name,
        "aim": plan.aim,
        "mentor": plan.mentor.name if plan.mentor else None,
        "mentor_agreed": plan.mentor_agreed_at is not None,
        "seen_by": plan.seen_by,
        "goals": [
            {"id": str(one.id), "role": one.role or None, "words": goal_words(one), "says": one.says, "by": one.by,
             "state": one.state} for one in goals
        ],
        "moves": [
            {"id": str(one.id), "says": one.says, "skill": one.skill or None,
             "skill_name": skill(one.skill) if one.skill else "", "by": one.by, "done_on": one.done_on,
             "goal": str(one.goal_id) if one.goal_id else None} for one in moves
        ],
        "reviews": [
            {"id": str(one.id), "on": one.on, "beside": one.beside.name if one.beside else None, "says": one.says}
            for one in reviews
        ],
    }  # fmt: skip


def as_markdown(told: Told) -> str:
    """A plan as a text that any editor reads."""
    lines = [f"# {_('Growth plan')}: {told['person']}", ""]
    lines += [told["aim"], ""] if told["aim"] else []
    if told["mentor"]:
        lines += [f"{_('Mentor')}: {told['mentor']}", ""]
    for heading, rows in (
        (_("Goals"), [_ticked(one["words"], one["by"], one["state"] == "reached") for one in told["goals"]]),
        (_("Moves"), [_ticked(one["says"], one["by"], bool(one["done_on"]), one["skill_name"])
                      for one in told["moves"]]),
    ):  # fmt: skip
        if rows:
            lines += [f"## {heading}", "", *rows, ""]
    if told["reviews"]:
        lines += [f"## {_('Reviews')}", ""]
    for one in told["reviews"]:
        beside = f" ({_('with')} {one['beside']})" if one["beside"] else ""
        lines += [f"### {one['on']}{beside}", "", one["says"], ""]
    return "\n".join(lines)


def _ticked(words: str, by: Any, done: bool, note: str = "") -> str:
    notes = ", ".join(part for part in (note, f"{_('by')} {by}" if by else "") if part)
    return f"- [{'x' if done else ' '}] {words}" + (f" ({notes})" if notes else "")


def portfolio(account_id: UUID | None, actor: Actor) -> list[Came]:
    """Decisions and recommendations of a person and what came of them, the newest first; out of what Marops holds."""
    if account_id is None:
        return []
    found = [one for part in ports.grown for one in part.value(account_id, actor)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def put_in_force(account_id: UUID, actor: Actor) -> Iterable[Came]:
    """What somebody wrote and was put in force, and whether it still is: fills the port `grown`."""
    if not may(actor, "team.view"):
        return
    rows = Definition.objects.filter(author=str(account_id), starter=False).exclude(valid_from=None)
    for one in rows.order_by("-valid_from")[:100]:
        kind = str(kinds()[one.kind].title) if one.kind in kinds() else one.kind
        label = _("%(kind)s “%(title)s”, version %(n)s") % {
            "kind": kind, "title": one.document.get("title") or one.slug, "n": one.version,
        }  # fmt: skip
        url = reverse("definition", args=[one.kind, one.slug, one.version])
        if one.valid_from:
            yield Came(label, url, one.valid_from, _outcome(one))


def _outcome(one: Definition) -> str:
    if one.state == Definition.State.ACTIVE:
        return _("in force since then")
    if one.retired_at and one.valid_from:
        days = (one.retired_at - one.valid_from).days
        return _("was in force for %(n)s days") % {"n": days}
    return ""


def open_moves(told: Told) -> Sequence[Told]:
    """The moves that are to be done, the first due first."""
    return [one for one in told["moves"] if one["done_on"] is None]


def is_late(move: Told) -> bool:
    """Its day has passed."""
    return bool(move["by"] and move["done_on"] is None and move["by"] < today())
