"""What becomes of shared growth plans when people change: they were shared with somebody, not with a place."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.team.models import GrowthPlan, Person
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.notices import tell
from marops.kernel.workspace import today

WITH_MANAGER = (GrowthPlan.SeenBy.MANAGER, GrowthPlan.SeenBy.BOTH)


def tell_of_managers(act: Act, person_ids: Collection[UUID]) -> None:
    """These have other managers: they hear who sees what of them now, and who shares a plan, that the new one does not
    see it yet. So nobody makes themselves a manager unnoticed.
    """
    shared = dict(
        GrowthPlan.objects.filter(person_id__in=person_ids, seen_by__in=WITH_MANAGER)
        .values_list("person_id", "manager_id")
    )  # fmt: skip
    people = Person.objects.filter(id__in=person_ids).exclude(account_id=None).exclude(manager=None)
    for one in people.select_related("manager"):
        if one.account_id is None or one.manager is None or str(one.account_id) == act.actor.id:
            continue
        words = _("%(name)s is your manager now: they see your levels and what speaks for them.")
        if shared.get(one.id, one.manager_id) != one.manager_id:
            words = _(
                "%(name)s is your manager now: they see your levels, and your growth plan once you share it anew."
            )
        tell(one.account_id, words % {"name": one.manager.name}, url="/growth" if one.id in shared else one_page(one))


def one_page(one: Person) -> str:
    """Where somebody's own page stands."""
    return reverse("team:person", args=[one.ref])


def end_mentorships(act: Act, mentors: Q) -> None:
    """Whoever left is nobody's mentor; the owners of the plans are told."""
    plans = GrowthPlan.objects.filter(mentor__in=Person.objects.filter(mentors)).select_related("person", "mentor")
    for plan in plans:
        if plan.mentor and plan.person.account_id:
            words = _("%(name)s does not work here any more and is your mentor no longer.") % {"name": plan.mentor.name}
            tell(plan.person.account_id, words, url="/growth")
    plans.update(mentor=None, mentor_agreed_at=None)


def left_before(day: date) -> Q:
    """Those whose last day is over."""
    return Q(left__lt=day)


@action("person.turn", effect="note")
def turn_leavers(act: Act, *, actor: Actor, as_of: datetime) -> int:
    """A new day: whoever had their last one yesterday does not work here any more."""
    over = left_before(today(as_of))
    end_mentorships(act, over)
    return Person.objects.filter(over, active=True).update(active=False)
