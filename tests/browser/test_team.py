"""Pages of the team: nothing for axe to complain of, nothing wider than the screen, with people and without."""

from datetime import date

import pytest
from tests.browser.conftest import Visit, faults
from tests.cast import PEOPLE, Cast

from marops.domains.team.models import Assessment, Assignment, Person, RoleHeld, Shown, Vacancy
from marops.domains.team.tests.access_pictures import pictures_things

_LEVELS = {"mops_manager": {"managing-people": 3}, "mops_coordinator": {"organising-work": 2, "dashboards": 1}}


@pytest.fixture
def team(cast: Cast) -> dict[str, Person]:
    """Everybody of the cast who has a role of the team, under each other, with a little of everything."""
    people: dict[str, Person] = {}
    for number, (name, (full, role, boss, _unit)) in enumerate(PEOPLE.items(), start=8001):
        if role and role not in ("administrator", "sales_owner"):
            people[name] = Person.objects.create(
                number=number, name=full, account_id=cast.accounts[name].id, manager=people.get(boss)
            )
            RoleHeld.objects.create(person=people[name], role=role, starts=date(2025, 3, 1))
    for name, one in people.items():
        Shown.objects.create(person=one, what="skills")
        for skill, level in _LEVELS.get(PEOPLE[name][1], {"data-quality": 2, "lead-routing": 3}).items():
            Assessment.objects.create(person=one, skill=skill, level=level, by="self", made_by="test")
    Vacancy.objects.create(number=801, title="Campaigns", roles={"campaign_ops_manager": 1}, made_by="test")
    Assignment.objects.create(
        number=801, title="Clean the list", person=people["mina"], due=date(2026, 1, 9), hours=6, asked_by="test"
    )
    pictures_things(people["mina"])
    return people


@pytest.mark.slow
def test_pages_of_the_team_are_accessible_and_fit(visit: Visit, team: dict[str, Person]) -> None:
    page, mina = visit("/healthz", as_="hanna"), team["mina"].ref
    paths = [
        "/team", "/team/coverage", "/team/coverage?skill=lead-routing", "/team/who", "/team/house", "/team/people",
        f"/team/people/{mina}", f"/team/people/{mina}/skills", "/team/people/import", "/team/roles",
        "/team/roles/lead_db_admin", "/team/roles/marketing_manager", "/team/skills", "/team/chart?with=next-year",
        "/team/structures/next-year",
    ]  # fmt: skip
    found = faults(page, paths)
    assert not found, "\n\n".join(f"{path}\n{said}" for path, said in found.items())


@pytest.mark.slow
def test_pages_of_plans_and_careers_are_accessible_and_fit(visit: Visit, team: dict[str, Person]) -> None:
    page, mina = visit("/healthz", as_="hanna"), team["mina"].ref
    paths = [
        "/team/blueprint", "/team/assumptions", "/career", "/career?from=mops_coordinator&to=vp_mops",
        f"/career/{mina}?to=lead_db_admin", "/growth", "/team/growth", "/team/week", "/team/work/T-801",
        f"/team/talks/{team['dylan'].ref}", "/team/openings", "/team/openings/V-801",
        "/team/openings/V-801/interview", "/team/playbooks",
    ]  # fmt: skip
    found = faults(page, paths)
    assert not found, "\n\n".join(f"{path}\n{said}" for path, said in found.items())


@pytest.mark.slow
def test_a_team_of_nobody_says_how_to_begin(visit: Visit, cast: Cast) -> None:
    page = visit("/healthz", as_="hanna")
    assert not faults(page, ["/team", "/team/who", "/team/people", "/team/chart", "/team/week", "/career"])


def test_at_390_px_the_tab_one_is_on_is_in_sight(visit: Visit, cast: Cast) -> None:
    page = visit("/team/openings", as_="hanna", width=390)
    tab = page.locator(".tabs [aria-current]").bounding_box()
    assert tab
    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= 390
