"""What the sample company keeps about its own people: places, roles with shares and days, levels, pay, what they show.

Two things are true on purpose, for the pages to find: limits for AI and simulated work are beyond everybody, and a few
skills hang on one person (`HANGS_ON`).
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from marops.domains.team.public import (
    Assessment,
    Assignment,
    Evidence,
    Pay,
    Person,
    RoleHeld,
    Shown,
    Vacancy,
    catalogue,
    sealed_pay,
)
from marops.sample.generate import Recipe
from marops.sample.world import CURRENCY, MARKETERS, PEOPLE


@dataclass(frozen=True, slots=True)
class Kept:
    """One person. Days are counted back from the load; `roles`: role, share, from, until (None: still)."""

    place: str
    joined: int
    roles: tuple[tuple[str, str, int, int | None], ...]
    pay: int
    """Thousands a year, now."""
    strength: int = 0
    """Levels above or below what the role asks for."""
    shows: str = ""
    before: tuple[tuple[str, int, int], ...] = ()
    """Roles elsewhere: which, from, until."""
    more: Mapping[str, int] = field(default_factory=dict)
    """Levels that differ from what role and strength would give."""
    hours: str = ""
    leads_as: str = ""


_ALL: Final = "skills evidence path place"
TEAM: Final[Mapping[str, Kept]] = {
    "ines.aldana": Kept(
        "Berlin", 1600, (("vp_mops", "1", 1600, None),), 168, 0, _ALL,
        (("director_of_marketing_operations", 3100, 1600), ("mops_manager", 4600, 3100)),
        {"stack-strategy": 4, "process-simulation": 1}, leads_as="coach",
    ),
    "tobias.rehm": Kept(
        "Berlin", 2300,
        (("mops_manager", "1", 800, None), ("marketing_automation_manager", "1", 2300, 800)), 88, 0, _ALL,
        (("marketing_automation_specialist", 3300, 2300),),
        {"lead-lifecycle": 3, "process-simulation": 1, "working-with-ai": 2}, leads_as="coordinator",
    ),
    "saskia.odink": Kept(
        "Utrecht", 1450, (("martech_specialist", "1", 1450, None),), 64, 0, _ALL,
        (("it_support_for_marketing", 2500, 1450),), {"integrations": 4, "privacy-law": 1},
    ),
    "farid.benmoussa": Kept(
        "Lyon", 420, (("martech_specialist", "0.8", 420, None), ("mops_coordinator", "0.2", 420, None)), 53, -1,
        "skills path", (("mops_coordinator", 1150, 420),), {"integrations": 2, "stack-basics": 3},
    ),
    "lena.hartwig": Kept(
        "Hamburg", 1900,
        (("marketing_automation_manager", "1", 1100, None), ("email_marketing_specialist", "1", 1900, 1100)), 71, 0,
        _ALL, (("marketing_coordinator", 2600, 1900),),
        {"lead-scoring": 4, "email-compliance": 3, "deliverability": 3, "workflow-design": 3},
    ),
    "piotr.zawada": Kept(
        "Gdansk", 700, (("marketing_automation_manager", "1", 700, None),), 59, -1, "",
        (("marketing_automation_specialist", 1700, 700),), {"automation-platforms": 3, "lead-scoring": 2},
    ),
    "yuki.tamaki": Kept(
        "Berlin", 1250, (("marketing_data_analyst", "1", 1250, None),), 61, 0, "skills evidence",
        (), {"data-analysis": 4, "measuring-return": 3},
    ),
    "owen.tregarth": Kept(
        "Bristol", 510, (("marketing_data_analyst", "0.6", 510, None),), 36, 0, "skills place", (),
        {"measuring-return": 2, "dashboards": 4}, "24",
    ),
    "carla.montsant": Kept(
        "Barcelona", 1700, (("campaign_ops_manager", "0.7", 200, None), ("workflow_architect", "0.3", 200, None),
                            ("campaign_ops_manager", "1", 1700, 200)), 70, 0, _ALL,
        (("campaign_specialist", 2700, 1700),),
        {"workflow-design": 4, "process-simulation": 2, "ai-governance": 1, "working-with-ai": 2, "integrations": 1,
         "leading-change": 3, "automation-platforms": 2},
    ),
    "birgit.solheim": Kept(
        "Oslo", 930, (("campaign_ops_manager", "1", 930, None),), 68, 0, "skills",
        (("demand_generation_specialist", 1900, 930),), {"capacity-planning": 3},
    ),
    "dewi.anggara": Kept(
        "Rotterdam", 260, (("campaign_ops_manager", "1", 260, None),), 55, -1, "",
        (("marketing_coordinator", 1200, 260),), {},
    ),
    "noor.vandaele": Kept(
        "Ghent", 1350, (("email_marketing_specialist", "1", 1350, None),), 54, 0, _ALL, (), {"email-design": 4},
    ),
    "matteo.brusca": Kept(
        "Milan", 600, (("email_marketing_specialist", "1", 600, None),), 47, 0, "skills path",
        (("junior_digital_marketer", 1300, 600),), {"deliverability": 1, "privacy-law": 1},
    ),
    "hana.kolarik": Kept(
        "Brno", 180, (("email_marketing_specialist", "1", 180, None),), 41, -1, "skills", (), {"email-platforms": 2},
    ),
    "samuel.adjei": Kept(
        "Berlin", 2050, (("lead_db_admin", "1", 1300, None), ("mops_coordinator", "1", 2050, 1300)), 58, 0, _ALL, (),
        {"privacy-law": 4, "lead-routing": 4, "email-compliance": 3},
    ),
    "ruta.balsys": Kept(
        "Vilnius", 480, (("lead_db_admin", "1", 480, None),), 46, -1, "",
        (("crm_data_administrator", 1500, 480),), {"database-management": 3, "data-entry": 3, "privacy-law": 2},
    ),
    "milo.castellan": Kept(
        "Berlin", 330, (("mops_coordinator", "1", 330, None),), 38, 0, _ALL, (("marketing_coordinator", 700, 330),),
        {"data-entry": 3, "lead-routing": 2, "data-quality": 2, "privacy-law": 1, "data-analysis": 1},
    ),
    "aino.lehtola": Kept(
        "Tampere", 640, (("mops_coordinator", "0.5", 640, None), ("email_marketing_specialist", "0.5", 150, None)), 43,
        0, "skills evidence", (), {"email-platforms": 2, "email-design": 2, "quality-checks": 3},
    ),
    "joao.serrano": Kept(
        "Porto", 45, (("mops_coordinator", "1", 45, None),), 34, -1, "", (), {"dashboards": 0, "fault-finding": 0},
    ),
}  # fmt: skip
"""The team itself; sellers and the marketers around it are kept with one role, a place and no levels."""

HANGS_ON: Final = {"lead-scoring": "lena.hartwig", "privacy-law": "samuel.adjei", "integrations": "saskia.odink"}
"""Skills that one person alone has at level 3 or above."""
BEYOND: Final = ("ai-governance", "process-simulation")
"""Skills that nobody has at level 3 or above."""

_PLACES: Final = {
    "marit.ekholm": "Stockholm", "rahul.deshmane": "Berlin", "clemence.arnoult": "Paris", "ewan.strachan": "Berlin",
    "delphine.okoro": "Paris", "lukas.pranger": "Berlin", "henrike.daum": "Berlin",
}  # fmt: skip

_CERTIFICATES: Final = (
    ("saskia.odink", "stack-administration", "Kestrello CRM administrator, second grade", 640, 730),
    ("saskia.odink", "integrations", "Course in designing APIs, four days", 410, None),
    ("lena.hartwig", "automation-platforms", "Certified builder of the automation platform", 300, 365),
    ("noor.vandaele", "email-design", "Accessible e-mail, a course with examination", 500, None),
    ("samuel.adjei", "privacy-law", "Data protection practitioner", 820, 1095),
    ("yuki.tamaki", "analytics-tools", "Analytics platform, advanced", 390, 365),
    ("carla.montsant", "project-management", "Project management, foundation grade", 1500, None),
    ("aino.lehtola", "email-platforms", "E-mail platform, first grade", 120, 365),
)
"""Who, which skill, what, how many days before the load, and for how many days it is valid."""

_LINKS: Final = (
    ("marit.ekholm", "budgeting", "The budget of the year, with ranges and what would move them", "budget-with-ranges"),
    ("marit.ekholm", "business-case", "Why two trade shows were left out", "two-shows-less"),
    ("carla.montsant", "workflow-design", "The redesigned way of a webinar, on one page", "webinar-on-one-page"),
    ("yuki.tamaki", "measuring-return", "What trade shows brought, worked out twice", "trade-shows-twice"),
    ("lena.hartwig", "lead-scoring", "Why a click counts double: the note to sales", "why-a-click-counts-double"),
)

_VACANCIES: Final = (
    ("Workflow Architect", {"workflow_architect": 1.0}, {"ai-governance": 3}, "tobias.rehm", "Berlin", -60, "open",
     "Nobody can set limits for AI here, and legal review holds campaigns back."),
    ("E-mail specialist for France", {"email_marketing_specialist": 0.8, "mops_coordinator": 0.2},
     {"email-compliance": 3}, "tobias.rehm", "Lyon", -120, "planned",
     "French letters wait for two people who have enough to do."),
)  # fmt: skip

_WORK: Final = (
    ("tobias.rehm", "Agree on the plan of the next quarter with sales", 5, 6, "open"),
    ("tobias.rehm", "Look through the shares of everybody's week", 2, 3, "doing"),
    ("saskia.odink", "Renew the connection to the CRM before its key runs out", 3, 10, "doing"),
    ("saskia.odink", "Write down how a webhook is mended", 9, 6, "open"),
    ("farid.benmoussa", "Take the unused video tool out of service", 12, 8, "open"),
    ("lena.hartwig", "Check what the third score model does to trade show leads", -2, 12, "doing"),
    ("lena.hartwig", "Show Piotr how a score is checked", 4, 3, "open"),
    ("lena.hartwig", "Rebuild the welcome programme", 6, 26, "open"),
    ("piotr.zawada", "Untangle the two reminders before a webinar", 5, 14, "doing"),
    ("yuki.tamaki", "What paid search brought this year", 3, 16, "doing"),
    ("yuki.tamaki", "Figures for the board", 1, 8, "open"),
    ("owen.tregarth", "A chart of waiting times by step", 8, 9, "open"),
    ("carla.montsant", "Draw the way of a product launch anew", 7, 14, "doing"),
    ("carla.montsant", "Launch list of the spring campaign", 2, 6, "open"),
    ("birgit.solheim", "Dates of all webinars until summer", -1, 7, "doing"),
    ("birgit.solheim", "Briefing for the trade show in Oslo", 6, 9, "open"),
    ("dewi.anggara", "Learn the launch list by doing one", 10, 12, "doing"),
    ("noor.vandaele", "Templates that hold in dark mode", 4, 18, "doing"),
    ("matteo.brusca", "The November letter in three languages", 1, 11, "doing"),
    ("hana.kolarik", "Test list for letters on phones", 11, 8, "open"),
    ("samuel.adjei", "Answer two requests about kept data", 2, 5, "doing"),
    ("samuel.adjei", "Rules of routing for the Nordics", 3, 6, "open"),
    ("ruta.balsys", "Doubles of the old event list", 9, 20, "doing"),
    ("milo.castellan", "Import the visitors of the Berlin show", 1, 4, "open"),
    ("aino.lehtola", "Check links of all autumn letters", -4, 6, "done"),
    ("aino.lehtola", "Prepare the December letter", 6, 9, "open"),
    ("joao.serrano", "Find out who owns which list", 5, 6, "doing"),
)
"""Who, what, in how many days it is due, hours, how far it is."""


def write(recipe: Recipe, people: Mapping[str, Any], vacancy_base: int, work_base: int) -> None:
    """Write it all beside the people, whose ids by short name are given. Some hundred rows in ten statements."""
    day = recipe.today
    Person.objects.bulk_update(list(_details(people, day)), ["location", "joined", "weekly_hours", "leads_as"])
    RoleHeld.objects.bulk_create(_roles(recipe, people, day))
    Assessment.objects.bulk_create(_levels(recipe, people))
    Evidence.objects.bulk_create(_evidence(recipe, people, day))
    Pay.objects.bulk_create(_pay(recipe, people, day))
    Shown.objects.bulk_create(
        Shown(id=recipe.made_id("shown", f"{who} {what}"), person_id=people[who], what=what, at=recipe.before(100))
        for who, kept in TEAM.items() for what in kept.shows.split()
    )  # fmt: skip
    Vacancy.objects.bulk_create(
        Vacancy(
            id=recipe.made_id("vacancy", title), number=vacancy_base + place, title=title, roles=roles, skills=skills,
            manager_id=people[boss], location=where, starts=_ago(day, starts), state=state, because=because,
            sample=True, made_by="sample", created_at=recipe.before(30),
        )
        for place, (title, roles, skills, boss, where, starts, state, because) in enumerate(_VACANCIES, start=1)
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(
            id=recipe.made_id("work_on", title), number=work_base + place, title=title, person_id=people[who],
            asked_by=str(recipe.account_id("tobias.rehm")), due=day + timedelta(days=due), hours=Decimal(hours),
            state=state, sample=True, created_at=recipe.before(20),
            ended_at=recipe.before(5) if state == "done" else None,
        )
        for place, (who, title, due, hours, state) in enumerate(_WORK, start=1)
    )  # fmt: skip


def counts() -> tuple[int, int]:
    """How many vacancies and how many pieces of work there are."""
    return len(_VACANCIES), len(_WORK)


def _ago(day: date, days: int | None) -> date | None:
    return None if days is None else day - timedelta(days=days)


def _details(people: Mapping[str, Any], day: date) -> Iterator[Person]:
    for one in PEOPLE:
        kept = TEAM.get(one.slug)
        place = kept.place if kept else _PLACES.get(one.slug, one.zone.rpartition("/")[2].replace("_", " "))
        yield Person(
            id=people[one.slug], location=place, joined=_ago(day, kept.joined if kept else 900),
            weekly_hours=Decimal(kept.hours) if kept and kept.hours else None, leads_as=kept.leads_as if kept else "",
        )  # fmt: skip


def _roles(recipe: Recipe, people: Mapping[str, Any], day: date) -> Iterator[RoleHeld]:
    for one in PEOPLE:
        kept = TEAM.get(one.slug)
        held = kept.roles if kept else ((one.role, "1", 900, None),)
        for role, share, since, until in held:
            yield RoleHeld(
                id=recipe.made_id("role_held", f"{one.slug} {role} {since}"), person_id=people[one.slug], role=role,
                share=Decimal(share), starts=_ago(day, since), ends=_ago(day, until),
            )  # fmt: skip
        for role, since, until in kept.before if kept else ():
            yield RoleHeld(
                id=recipe.made_id("role_held", f"{one.slug} {role} elsewhere"), person_id=people[one.slug], role=role,
                starts=_ago(day, since), ends=_ago(day, until), elsewhere=True,
            )  # fmt: skip


def levels() -> Iterator[tuple[str, str, int, int | None]]:
    """Who, which skill, at which level they see themselves, and at which their manager does (None: not yet)."""
    roles = catalogue().roles
    for who, kept in TEAM.items():
        needs: dict[str, int] = {}
        for role, _share, _since, until in kept.roles:
            if until is None and role in roles:
                needs |= {skill: max(level, needs.get(skill, 0)) for skill, level in roles[role].needs.items()}
        for skill in sorted({*needs, *kept.more}):
            yield (who, skill, *_pair(who, skill, kept, needs))


def _pair(who: str, skill: str, kept: Kept, needs: Mapping[str, int]) -> tuple[int, int | None]:
    chance = random.Random(f"{who} {skill}")  # noqa: S311  # nothing secret: the same company every time
    if skill in kept.more:
        seen = kept.more[skill]
    else:
        seen = min(4, max(0, needs[skill] + kept.strength + chance.choice((-1, 0, 0, 0, 0))))
        if skill in HANGS_ON or skill in BEYOND:
            seen = min(seen, 2)
    own = min(4, max(0, seen + chance.choice((-1, 0, 0, 0, 0, 1))))
    if skill in BEYOND:
        own = min(own, 2)
    # Nobody stands above the VP, and the newest have not been looked at yet.
    return own, None if who in ("ines.aldana", "joao.serrano", "hana.kolarik") else seen


def _levels(recipe: Recipe, people: Mapping[str, Any]) -> Iterator[Assessment]:
    boss = {one.slug: one.manager for one in MARKETERS}
    for who, skill, own, seen in levels():
        yield Assessment(
            id=recipe.made_id("level", f"{who} {skill} self"), person_id=people[who], skill=skill, level=own, by="self",
            made_by=str(recipe.account_id(who)), at=recipe.before(40 if TEAM[who].joined > 60 else 6),
        )  # fmt: skip
        if seen is not None:
            yield Assessment(
                id=recipe.made_id("level", f"{who} {skill} manager"), person_id=people[who], skill=skill, level=seen,
                by="manager", made_by=str(recipe.account_id(boss[who])), at=recipe.before(26),
            )  # fmt: skip


def _evidence(recipe: Recipe, people: Mapping[str, Any], day: date) -> Iterator[Evidence]:
    for who, skill, says, since, valid in _CERTIFICATES:
        earned = day - timedelta(days=since)
        yield Evidence(
            id=recipe.made_id("evidence", says), person_id=people[who], skill=skill, kind="certificate", says=says,
            on=earned, valid_until=earned + timedelta(days=valid) if valid else None,
            made_by=str(recipe.account_id(who)), at=recipe.before(90),
        )  # fmt: skip
    for who, skill, says, name in _LINKS:
        yield Evidence(
            id=recipe.made_id("evidence", says), person_id=people[who], skill=skill, kind="link", says=says,
            url=f"https://pages.larkmoor.example/{name}", on=day - timedelta(days=70),
            made_by=str(recipe.account_id(who)), at=recipe.before(70),
        )  # fmt: skip


def _pay(recipe: Recipe, people: Mapping[str, Any], day: date) -> Iterator[Pay]:
    """What they earn now, and of those who were here then, what they earned a year ago."""
    for who, kept in TEAM.items():
        lines = [(400, Decimal(kept.pay * 960)), (35, Decimal(kept.pay * 1000))] if kept.joined > 400 \
            else [(kept.joined, Decimal(kept.pay * 1000))]  # fmt: skip
        for since, amount in lines:
            yield Pay(
                id=recipe.made_id("pay", f"{who} {since}"), person_id=people[who], starts=_ago(day, since) or day,
                sealed=sealed_pay(amount, CURRENCY), made_by=str(recipe.account_id("ines.aldana")),
                at=recipe.before(since),
            )  # fmt: skip
