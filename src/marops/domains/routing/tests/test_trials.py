import json
from datetime import timedelta

import pytest

from marops.domains.accounts.models import AccountRole
from marops.domains.routing.models import Assignment, PoolDeal, PoolSeat
from marops.domains.routing.public import Route, assign_lead, dispose_lead, read_route, try_route
from marops.domains.routing.tests.routingground import (
    around_the_clock,
    company,
    in_force,
    leads,
    owners,
    pool_route,
    seller,
)
from marops.domains.team.public import add_absence
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import find
from marops.kernel.errors import MaropsError
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _ground(starters):
    around_the_clock()


def _document(*people, **values):
    members = [{"person": one.ref, "weight": weight} for weight, one in enumerate(people, start=1)]
    north = {"field": "contact.country", "is": "NO"}
    rule = {"name": "north", "label": "North", "when": north, "pool": {"members": members, **values}}
    return {"title": "Tried", "rules": [rule]}


def _tried(document, **values):
    since = now() - timedelta(days=1)
    return try_route(Route.model_validate(document), "main", since, now(), actor=SETUP, **values)


@pytest.mark.parametrize("as_now", [False, True])
def test_a_trial_answers_what_a_real_pass_then_does(run_stages, as_now):
    ada, bo, cy = seller("Ada"), seller("Bo"), seller("Cy")
    if as_now:
        add_absence(actor=SETUP, person_id=cy.id, starts=now(), ends=now() + timedelta(days=1))
    limits = {"open": 9} if as_now else {}
    nordvik = company("Nordvik")
    found = [*leads(20, country="NO"), *leads(4, country="NO", company=nordvik), *leads(3, country="ES")]
    document = _document(ada, bo, cy, **limits)
    trial = _tried(document, as_now=as_now)
    assert not Assignment.objects.exists()
    in_force("route", "main", document)
    run_stages()
    names = {one.account_id: one.name for one in (ada, bo, cy)} | {"unassigned-leads": "Unassigned leads"}
    real = [names[owner] for owner in owners(found)]
    tried = {one.contact_id: one.after for one in trial.items}  # by the starters everybody would go to the fallback
    assert [tried.get(one.id, "Unassigned leads") for one in found] == real
    waiting = real.count("Unassigned leads")
    assert (trial.leads, trial.moved, trial.unmatched) == (27, 27 - waiting, waiting)


def test_a_trial_says_who_would_move_and_writes_nothing(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    found = leads(6, country="NO")
    other = leads(1, country="ES")
    run_stages()
    before = (PoolSeat.objects.count(), PoolDeal.objects.count(), FactInbox.objects.count())
    assign_lead(actor=SETUP, contact_id=found[0].id, owner_id=ada.account_id)
    trial = _tried(_document(ada, bo))
    assert (trial.leads, trial.by_hand, trial.unmatched) == (6, 1, 1)
    counts = {one.owner: (one.today, one.before, one.after) for one in trial.owners}
    assert counts["Ada"][:2] == (6, 6)
    assert counts["Unassigned leads"] == (0, 0, 1)
    assert sum(has for *_, has in counts.values()) == 6
    assert trial.rules == [("North", 5), ("no rule matched", 1)]
    told = json.loads(json.dumps(trial.as_json()))
    assert {"ref": other[0].ref, "from": "Ada", "to": "Unassigned leads"}.items() <= told["items"][-1].items()
    assert (PoolSeat.objects.count(), PoolDeal.objects.count(), FactInbox.objects.count() - 1) == before
    assert owners(found) == [ada.account_id] * 6


def test_a_trial_is_measured_by_the_version_in_force_run_the_same_way(run_stages):
    ada, bo, cy = seller("Ada"), seller("Bo"), seller("Cy")
    in_force("route", "main", _document(ada, bo))
    absence = add_absence(actor=SETUP, person_id=bo.id, starts=now(), ends=now() + timedelta(days=1))
    found = leads(6, country="NO")
    run_stages()
    absence.delete()  # Bo was away: shares alone give four of the six to Bo
    same = _tried(_document(ada, bo))
    assert (same.in_force, same.moved, same.elsewhere_today, same.baseline) == (True, 0, 4, "route/main@2")
    other = _tried(_document(ada, cy))
    assert (other.moved, other.turned, other.elsewhere_today) == (4, 0, 4)
    one = other.items[0]
    assert (one.before, one.after, one.today, one.reached) == ("Bo", "Cy", "Ada", True)
    assert {row.contact_id for row in other.items} < {row.id for row in found}


def test_a_trial_tells_turns_from_rules(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    in_force("route", "main", _document(ada, bo))
    leads(1, country="NO", city="Oslo")
    leads(5, country="NO")
    run_stages()
    document = _document(ada, bo)
    oslo = {"name": "oslo", "label": "Oslo", "when": {"field": "contact.city", "is": "Oslo"}}
    pool = {"pool": {"members": [{"person": ada.ref}]}}
    trial = _tried(document | {"rules": [oslo | pool, *document["rules"]]})
    assert trial.moved == trial.turned + 1
    assert [one.why for one in trial.items][:2] == ["the rule “Oslo”", "another turn of the same pool, “North”"]


def test_a_trial_foretells_what_reassign_moves_at_once(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    found = leads(3, country="NO")
    run_stages()
    dispose_lead(actor=SETUP, contact_id=found[0].id, disposition="working")
    assert _tried(_document(bo)).moves is None
    document = _document(bo)
    document["rules"][0] |= {"reassign": "always"}
    trial = try_route(Route.model_validate(document), "main", now(), now(), actor=SETUP)
    assert (trial.leads, trial.moves.leads, trial.moves.at_work) == (0, 2, 1)
    assert [(one.ref, one.before, one.after) for one in trial.moves.items] == [
        (one.ref, "Ada", "Bo") for one in found[1:]
    ]
    in_force("route", "main", document)
    run_stages()
    assert owners(found) == [ada.account_id, bo.account_id, bo.account_id]


def test_a_trial_does_not_follow_what_its_own_leads_have_now(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    leads(3, country="NO", company=company("Nordvik"))
    run_stages()
    trial = _tried(_document(bo))
    assert {one.after for one in trial.items} == {"Bo"}


def test_a_rule_about_facts_is_tried_too(run_stages):
    ada = seller("Ada")
    found = leads(2)
    run_stages()
    document = _document(ada)
    document["rules"][0]["when"] = {"did": "lead.scored", "at_least": 1}
    trial = _tried(document)
    assert (trial.leads, trial.unmatched) == (len(found), 0)


def test_rules_are_read_from_yaml_and_refused_with_every_fault():
    ada = seller("Ada")
    text = f"""
title: Main
rules:
- name: north
  label: North
  when: {{field: contact.country, in: [NO, SE]}}
  pool: {{members: [{{person: {ada.ref}, weight: 2}}]}}
"""
    assert read_route(text).rules[0].pool.members[0].weight == 2
    for bad in ("- a", "title: [", text.replace(ada.ref, "P-999"), text.replace("contact.country", "contact.nothing")):
        with pytest.raises(MaropsError):
            read_route(bad)


def test_the_pages_of_a_route_draft_try_and_activate(run_stages, cast):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo, weights=[1, 2], members=[{"open": 50}, {}])
    leads(9, country="NO")
    run_stages()
    client = cast.client("samuel")
    page = client.get("/routes/main").content.decode()
    assert "Everybody" in page
    assert "9 leads in 30 days, 0% of them to the fallback." in page
    assert "main@2" in client.get("/routes").content.decode()
    form = {
        "order-0": "1", "weight-0-0": "3", "open-0-0": "", "per_day-0-0": "", "weight-0-1": "0", "open-0-1": "",
        "per_day-0-1": "", "add-0": "", "other-0": "Nobody here", "reason": "Bo leaves",
    }  # fmt: skip
    cy, dora = seller("Cy"), seller("Dora")
    AccountRole.objects.create(account_id=dora.account_id, role="sales_owner")
    offered = client.get("/routes/main/edit").content.decode()
    assert (f'<option value="{dora.ref}">' in offered, f'<option value="{cy.ref}">' in offered) == (True, False)
    assert f"Cy ({cy.ref})" in offered
    assert "Nobody in the team is" in client.post("/routes/main/edit", form).content.decode()
    form |= {"other-0": f"Cy ({cy.ref})"}
    assert client.post("/routes/main/edit", form)["Location"] == "/routes/main/simulate"
    draft = find("route/main@3")
    members = draft.document["rules"][0]["pool"]["members"]
    assert [(one["person"], one["weight"], "open" in one) for one in members] == [
        (ada.ref, 3, False),
        (cy.ref, 1, False),
    ]
    tried = client.get("/routes/main/simulate").content.decode()
    assert "of 9 leads would be with somebody else than by the version in force; 0 with nobody." in tried
    assert "Bo" in tried
    assert client.post("/routes/main/3/activate").status_code == 409  # four eyes
    assert cast.client("hanna").post("/routes/main/3/activate").status_code == 302
    assert find("route/main").version == 3
    bad = {"text": "title: x\nrules:\n- {name: a, label: A}\n", "reason": ""}
    refused = client.post("/routes/main/text", bad)
    assert refused.status_code == 422
    assert "/rules/0/when" in refused.content.decode()


def test_a_pool_warns_of_a_calendar_without_hours_and_says_where_hours_do_not_count(starters, cast):
    in_force("calendar", "never", {"title": "Never", "hours": {}})
    off = seller("Off", calendar="never")
    pool_route(off)
    rule = cast.client("samuel").get("/api/v1/routes/main").json()["rules"][0]
    assert rule["warnings"] == [
        "Off gets leads only when nobody at work has room: the calendar “Never” has no working hours."
    ]
    assert "Working hours that never come" in cast.client("samuel").get("/routes/main").content.decode()
    pool_route(off, pool={"hours": "ignore"})
    rule = cast.client("samuel").get("/api/v1/routes/main").json()["rules"][0]
    assert (rule["warnings"], rule["people"][0]["state"]) == ([], "unasked")


def test_a_route_over_rest(run_stages, cast):
    ada = seller("Ada")
    pool_route(ada)
    leads(2)
    run_stages()
    client = cast.client("samuel")
    document = client.get("/api/v1/routes/main").json()
    assert (document["version"], document["rules"][0]["people"][0]["got"]) == ("route/main@2", 2)
    assert client.get("/api/v1/routes").json()["items"][0]["fallback_share"] == 0
    body = {"since": "2020-01-01", "document": document["document"]}
    tried = client.post("/api/v1/routes/main/simulate", body, content_type="application/json").json()
    assert (tried["leads"], tried["moved"]) == (2, 0)
    changed = document["document"] | {"title": "Other"}
    made = client.post("/api/v1/routes/main/drafts", {"document": changed}, content_type="application/json")
    assert (made.status_code, made.json()["version"]) == (201, "route/main@3")
    assert client.post("/api/v1/routes/main/3/activate").status_code == 409


def test_what_sales_says_on_pages_and_over_rest(run_stages, cast):
    (one, two) = leads(2)
    run_stages()
    client = cast.client("selma")
    assert "2 leads wait" in client.get("/queues/unassigned-leads").content.decode()
    assert client.post("/queues/unassigned-leads/take").status_code == 302
    taken = client.post("/api/v1/queues/unassigned-leads/take").json()["ref"]
    assert taken == two.ref
    page = client.get(f"/leads/{one.ref}/disposition").content.decode()
    assert "Accepted" in page
    assert client.post(f"/leads/{one.ref}/disposition", {"disposition": "rejected"}).status_code == 422
    said = {"disposition": "rejected", "reason": "no_fit", "note": "Too small"}
    assert client.post(f"/leads/{one.ref}/disposition", said).status_code == 302
    assert client.post(f"/leads/{one.ref}/touch", {"channel": "call"}).status_code == 302
    assert client.post(f"/leads/{one.ref}/touch", {"channel": "fax"}).status_code == 422
    body = {"disposition": "accepted"}
    told = client.post(f"/api/v1/leads/{two.ref}/disposition", body, content_type="application/json").json()
    assert (told["state"], told["next"]) == ("accepted", ["working", "rejected", "won", "lost"])
    again = client.post(f"/api/v1/leads/{two.ref}/disposition", body, content_type="application/json")
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "disposition")
    touched = client.post(f"/api/v1/leads/{two.ref}/touches", {"channel": "email"}, content_type="application/json")
    assert touched.json() == {"ref": two.ref, "sla": None}


def test_many_are_handed_over_on_the_page_and_over_rest(run_stages, cast):
    found = leads(3)
    run_stages()
    client = cast.client("hanna")
    assert found[0].ref in client.get("/hand-over?queue=unassigned-leads").content.decode()
    form = {"leads": [str(one.id) for one in found[:2]], "to": f"person:{cast.selma.id}", "reason": "Hers"}
    assert client.post("/hand-over?queue=unassigned-leads", form).status_code == 302
    assert owners(found) == [cast.selma.id, cast.selma.id, "unassigned-leads"]
    assert client.post("/hand-over?queue=unassigned-leads", form | {"leads": []}).status_code == 422
    body = {"leads": [found[2].ref], "to": f"person:{cast.selma.id}"}
    assert client.post("/api/v1/hand-overs", body, content_type="application/json").json() == {"handed_over": 1}
