"""Everything that is kept about somebody as one who works here, for that person to take along."""

from typing import Any

from django.db.models import Q

from marops.domains.accounts.public import Account
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assignment, GrowthPlan, Onboarding, OneToOne, Person, Topic
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.pay import pay_for
from marops.kernel.errors import NOT_ALLOWED, MaropsError


def everything(policy: Policy, person: Person) -> dict[str, Any]:
    """As plain values, ready for JSON. Only for the person; raises MaropsError `not-allowed` for everybody else."""
    if not policy.is_self(person.id):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves takes along everything that is kept about them.")
    known = Account.objects.filter(id=person.account_id) if person.account_id else Account.objects.none()
    account = known.values("name", "email", "zone", "unit").first()
    return {
        "person": _plain(person, "name email location zone calendar joined left weekly_hours leads_as active")
        | {"ref": person.ref, "manager": person.manager.name if person.manager else None},
        "account": account,
        "roles": [
            _plain(one, "role share starts ends elsewhere") | {"title": catalogue().title(one.role)}
            for one in person.roles.order_by("starts")
        ],
        "levels": [_plain(one, "skill level by note at") for one in person.assessments.order_by("at")],
        "evidence": [
            _plain(one, "skill kind says key url on valid_until at") for one in person.evidence.order_by("at")
        ],
        "pay": [
            {"from": str(one.starts), "amount": str(one.amount), "currency": one.currency}
            for one in pay_for(policy, [person.id]).get(person.id, [])
        ],
        "shows": sorted(person.shows.values_list("what", flat=True)),
        "absences": [_plain(one, "starts ends reason") for one in person.absences.order_by("starts")],
        "growth plan": _plan(GrowthPlan.objects.filter(person=person).first()),
        "work": [
            _plain(one, "title says due hours state ended_at")
            for one in Assignment.objects.filter(person=person).order_by("number")
        ],
        "first weeks": [
            _plain(one, "playbook starts ended_at") for one in Onboarding.objects.filter(person=person)
        ],
        "one to ones": [_talks(one, person) for one in OneToOne.objects.filter(Q(person=person) | Q(manager=person))],
    }  # fmt: skip


def _plain(row: Any, names: str) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names.split()}
    return {name: value if isinstance(value, bool | int | None) else str(value) for name, value in found.items()}


def _plan(plan: GrowthPlan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return _plain(plan, "aim seen_by") | {
        "mentor": plan.mentor.name if plan.mentor else None,
        "goals": [_plain(one, "role says by state") for one in plan.goals.order_by("created_at")],
        "moves": [_plain(one, "skill says by done_on") for one in plan.moves.order_by("created_at")],
        "reviews": [_plain(one, "on says") for one in plan.reviews.order_by("on")],
    }


def _talks(pair: OneToOne, person: Person) -> dict[str, Any]:
    """The talks of two; what the other one keeps to themselves stays theirs."""
    topics = Topic.objects.filter(one_to_one=pair).exclude(~Q(author=person), own=True)
    return {
        "with": pair.manager.name if pair.person_id == person.id else pair.person.name,
        "talks": [_plain(one, "on says") for one in pair.talks.order_by("on")],
        "topics": [_plain(one, "kind says own settled_on") for one in topics.order_by("at")],
    }
