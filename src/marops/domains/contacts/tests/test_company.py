import pytest

from marops.domains.contacts.public import Company, Contact
from marops.domains.contacts.queries.company import people_of, standing, timeline
from marops.domains.routing.public import assign_lead
from marops.kernel import facts, ports, shell
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nordvik(run_stages, starters):
    company = Company.objects.create(number=3, name="Nordvik", name_key="nordvik", country="NO")
    people = [
        Contact.objects.create(
            id=new_id(), number=number, company=company, full_name=name, company_name="Nordvik", seniority=seniority
        )
        for number, (name, seniority) in enumerate((("Ida Ek", "director"), ("Jon Ek", None), ("Kari Li", None)), 1)
    ]
    facts.touch([one.id for one in people], now())
    run_stages()
    return company, people


def test_people_stand_by_score_with_stage_owner_and_quality(nordvik):
    company, _ = nordvik
    people = people_of(company, ENGINE)
    assert people[0]["name"] == "Ida Ek"  # who decides has the best score
    stands = standing(people)
    assert sum(one["contacts"] for one in stands["stages"]) == 3
    assert stands["owners"] == [{"name": "Unassigned leads", "contacts": 3}]
    assert {one["rule"] for one in stands["faults"]} >= {"no-country", "unreachable"}
    assert 0 < stands["quality"] < 100


def test_a_reader_sees_those_in_reach_and_the_page_says_how_many_are_not(nordvik, cast):
    company, people = nordvik
    assign_lead(actor=ENGINE, contact_id=people[1].id, owner_id=cast.selma.id, reason="hers")
    assert [one["ref"] for one in people_of(company, cast.actor("selma"))] == ["L-2"]
    shown = cast.client("selma").get("/companies/O-3").content.decode()
    assert "Jon Ek" in shown
    assert "Ida Ek" not in shown
    assert "2 people here are not among the leads that you may see." in shown
    assert "Ida Ek" not in cast.client("lena").get("/companies/O-3").content.decode()


def test_what_befell_several_is_told_once(nordvik):
    company, _ = nordvik
    lines = timeline(people_of(company, ENGINE))
    (routed,) = [one for one in lines if one["kind"] == "lead.routed"]
    assert len(routed["others"]) == 2
    assert not [one for one in lines if one["kind"] == "lead.scored"]


def test_a_higher_domain_puts_its_section_on_the_page(nordvik, cast, monkeypatch):
    company, _ = nordvik
    monkeypatch.setattr(ports.company_story, "_fillers", {})
    section = shell.Section(
        "Deals", "One is open.", ("Deal", "Amount"), (shell.SectionRow(("A deal", "12,000"), "/x"),)
    )
    ports.company_story.fill("deals", lambda company_id, actor: section if company_id == company.id else None)
    shown = cast.client("hanna").get("/companies/O-3").content.decode()
    assert "One is open." in shown
    assert '<a href="/x">A deal</a>' in shown


def test_rest_says_how_the_people_of_a_company_stand(nordvik, cast):
    found = cast.client("hanna").get("/api/v1/companies/O-3").json()
    assert (found["people"], found["visible"], found["name"]) == (3, 3, "Nordvik")
    assert found["owners"] == [{"name": "Unassigned leads", "contacts": 3}]
