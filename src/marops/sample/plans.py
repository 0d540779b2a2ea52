"""What the sample company plans: three growth plans, each shown to others, and the team of next year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from marops.domains.team.public import GrowthGoal, GrowthMove, GrowthPlan, GrowthReview, Person, Vacancy
from marops.sample.generate import Recipe
from marops.sample.team import TEAM
from marops.sample.world import MARKETERS


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan; days are counted from the load. `moves`: skill, what, due, when it was done (None: not yet)."""

    who: str
    aim: str
    seen_by: str
    role: str
    by: int
    moves: tuple[tuple[str, str, int, int | None], ...] = ()
    mentor: str = ""
    review: str = ""


PLANS: Final = (
    Plan(
        "milo.castellan", "I would like to make letters that people read to the end.", "both",
        "email_marketing_specialist", 330,
        (("email-platforms", "Build and test the December letter with Aino, and send it to the test list.", -12, -14),
         ("email-design", "Make one template that holds in dark mode, and have Noor look at it.", 25, None)),
        "noor.vandaele", "The December letter went out without a fault; the next step is a template of my own.",
    ),
    Plan("aino.lehtola", "Find out by spring whether I want to lead people.", "nobody", "", 150),
    Plan(
        "carla.montsant", "Answer for how all campaigns run, and not for each of them.", "manager",
        "director_of_campaign_operations", 1000,
        (("process-simulation", "Compare two ways of legal review before the next quarter is planned.", 40, None),),
    ),
)  # fmt: skip


def write(recipe: Recipe, people: Mapping[str, Any]) -> None:
    """Write them; the people, whose ids by short name are given, are there already."""
    for one in PLANS:  # three of them
        plan = GrowthPlan.objects.create(
            id=recipe.made_id("plan", one.who), person_id=people[one.who], aim=one.aim, seen_by=one.seen_by,
            mentor_id=people[one.mentor] if one.mentor else None,
            manager_id=_boss(people[one.who]) if one.seen_by in ("manager", "both") else None,
            mentor_agreed_at=recipe.before(60) if one.mentor else None, created_at=recipe.before(70),
        )  # fmt: skip
        goal = GrowthGoal.objects.create(
            id=recipe.made_id("goal", one.who), plan=plan, role=one.role, says="" if one.role else one.aim,
            by=_day(recipe.today, one.by), created_at=recipe.before(70),
        )  # fmt: skip
        GrowthMove.objects.bulk_create(
            GrowthMove(
                id=recipe.made_id("move", says), plan=plan, goal=goal, skill=skill, says=says,
                by=_day(recipe.today, due), done_on=None if done is None else _day(recipe.today, done),
                created_at=recipe.before(60),
            )
            for skill, says, due, done in one.moves
        )  # fmt: skip
        if one.review:
            GrowthReview.objects.create(
                id=recipe.made_id("review", one.who), plan=plan, on=_day(recipe.today, -10), says=one.review,
                beside_id=people[one.mentor] if one.mentor else None, made_by=str(recipe.account_id(one.who)),
                at=recipe.before(10),
            )  # fmt: skip


def _boss(person_id: Any) -> Any:
    return Person.objects.values_list("manager_id", flat=True).get(id=person_id)


def _day(today: date, days: int) -> date:
    return today + timedelta(days=days)


STRUCTURE: Final = "next-year"
_MANAGER: Final = "tobias.rehm"
_LEAD: Final = "birgit.solheim"
_MOVED: Final = ("noor.vandaele", "matteo.brusca", "hana.kolarik")


def structure(refs: Mapping[str, str], openings: Sequence[Vacancy], today: date) -> dict[str, Any]:
    """The team of next year as a document: its people and openings, one more seat for e-mail, and those who write
    letters under a lead of their own. `refs`: short name → reference.
    """
    boss = {one.slug: one.manager for one in MARKETERS}
    seats: list[dict[str, Any]] = []
    for who, kept in TEAM.items():
        above = _LEAD if who in _MOVED else boss[who]
        roles = {role: float(share) for role, share, _since, until in kept.roles if until is None}
        seats.append({
            "id": refs[who].lower(), "person": refs[who], "roles": roles,
            "manager": refs[above].lower() if above in TEAM else "",
            "leads_as": "player-coach" if who == _LEAD else kept.leads_as,
        })  # fmt: skip
    for one in openings:
        above = _LEAD if "email_marketing_specialist" in one.roles else _MANAGER
        seats.append({"id": one.ref.lower(), "vacancy": one.ref, "roles": one.roles, "manager": refs[above].lower()})
    seats.append({
        "id": "mail-north", "roles": {"email_marketing_specialist": 1.0}, "manager": refs[_LEAD].lower(),
        "location": "Oslo", "starts": _day(today, 120).isoformat(),
    })  # fmt: skip
    return {
        "title": "The team next year",
        "because": "Fifteen people under one manager are too many to talk with; letters get a lead of their own.",
        "seats": seats,
    }
