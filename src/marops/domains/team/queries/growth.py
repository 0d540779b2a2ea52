"""Reads of growth plans: one's own, those one may see, and what came of somebody's decisions."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
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


def role_goals(plan: GrowthPlan | None, besides: Collection[str] = ()) -> list[GrowthGoal]:
    """The open goals of a plan that name a role of the catalogue, the first due first; without the roles one has."""
    goals = [one for one in plan.goals.all() if one.state == GrowthGoal.State.OPEN] if plan else []
    named = [one for one in goals if one.role in catalogue().roles and one.role not in besides]
    return sorted(named, key=lambda one: (one.by is None, one.by, one.created_at))


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
             "goal": str(one.goal_id) if one.goal_id in {this.id for this in goals} else None} for one in moves
        ],
        "reviews": [
            {"id": str(one.id), "on": one.on, "beside": one.beside.name if one.beside else None, "says": one.says}
            for one in reviews
        ],
    }  # fmt: skip


def still_shared(plan: GrowthPlan) -> str:
    """As what sharing stands on the form: a new manager is chosen by hand, not by keeping something else."""
    if plan.manager_id is not None and plan.manager_id == plan.person.manager_id:
        return plan.seen_by
    seen = GrowthPlan.SeenBy
    narrower = {seen.BOTH.value: seen.MENTOR.value, seen.MANAGER.value: seen.NOBODY.value}
    return narrower.get(plan.seen_by, plan.seen_by)


def seen_words(plan: GrowthPlan | None) -> str:
    """Who sees a plan, said to its owner."""
    if plan is None or plan.seen_by == GrowthPlan.SeenBy.NOBODY:
        return _("Nobody but you sees this plan: no manager, no administrator, no AI.")
    who: list[str] = []
    later = ""
    if plan.seen_by in (GrowthPlan.SeenBy.MENTOR, GrowthPlan.SeenBy.BOTH):
        if plan.mentor is None:
            who.append(_("a mentor, once you have one"))
        else:
            yes = plan.mentor_agreed_at is not None
            who.append((_("%(name)s, your mentor") if yes else _("%(name)s, once they said yes"))
                       % {"name": plan.mentor.name})  # fmt: skip
    if plan.seen_by in (GrowthPlan.SeenBy.MANAGER, GrowthPlan.SeenBy.BOTH):
        boss = plan.person.manager
        if boss and boss.id == plan.manager_id:
            who.append(_("%(name)s, your manager") % {"name": boss.name})
        elif boss:
            words = _("%(name)s is your manager now and sees it once you choose so again.")
            later = " " + words % {"name": boss.name}
        else:
            later = " " + _("Once you have a manager, choose again to share it with them.")
    seen = _("Seen by you and by %(who)s. Nobody else.") % {"who": _(" and ").join(who)} if who else _(
        "Nobody but you sees this plan.")  # fmt: skip
    return seen + later


def as_markdown(plan: GrowthPlan) -> str:
    """A plan as a text that any editor reads, for its owner. Words stay words, whatever marks are in them."""
    told = told_plan(plan)
    lines = [f"# {_('Growth plan')}: {_marked(told['person'])}", ""]
    lines += [_marked(told["aim"]), ""] if told["aim"] else []
    if told["mentor"]:
        said = _("said yes") if told["mentor_agreed"] else _("was asked, has not answered")
        lines += [f"{_('Mentor')}: {_marked(told['mentor'])} ({said})", ""]
    lines += [_marked(seen_words(plan)), ""]
    dropped = {"dropped": _("given up")}
    for heading, rows in (
        (_("Goals"), [_ticked(one["words"], one["by"], one["state"] == "reached", dropped.get(one["state"], ""))
                      for one in told["goals"]]),
        (_("Moves"), [_ticked(one["says"], None if one["done_on"] else one["by"], bool(one["done_on"]),
                              one["skill_name"], one["done_on"]) for one in told["moves"]]),
    ):  # fmt: skip
        if rows:
            lines += [f"## {heading}", "", *rows, ""]
    if told["reviews"]:
        lines += [f"## {_('Reviews')}", ""]
    for one in told["reviews"]:
        beside = f" ({_('with %(name)s') % {'name': _marked(one['beside'])}})" if one["beside"] else ""
        lines += [f"### {_day(one['on'])}{beside}", "", _marked(one["says"]), ""]
    return "\n".join(lines)


def _ticked(words: str, by: date | None, done: bool, note: str = "", done_on: date | None = None) -> str:
    until = _("by %(day)s") % {"day": _day(by)} if by else ""
    over = _("done %(day)s") % {"day": _day(done_on)} if done_on else ""
    notes = ", ".join(part for part in (note, until, over) if part)
    return f"- [{'x' if done else ' '}] {_marked(words)}" + (f" ({notes})" if notes else "")


def _day(day: date) -> str:
    return date_format(day, "j M Y")


_MARKS = re.compile(r"([\\`*_\[\]<>#|~&]|^\s*[-+=](?=\s|[-=]|$)|^\s*\d+(?=[.)]))", re.MULTILINE)


def _marked(words: str) -> str:
    """Words as Markdown shows them: marks get a backslash, lines stay lines."""
    lines = _MARKS.sub(_escaped, words.replace("\r\n", "\n")).split("\n")
    return "  \n".join(line.strip() for line in lines)


def _escaped(found: re.Match[str]) -> str:
    mark = found[0].strip()
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"


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
