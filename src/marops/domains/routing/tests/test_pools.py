import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from marops.domains.register.public import ensure_queue
from marops.domains.routing.models import Assignment, PoolDeal, PoolSeat
from marops.domains.routing.public import assign_lead, dispose_lead, lead_story
from marops.domains.routing.rules import Route
from marops.domains.routing.tests.routingground import (
    around_the_clock,
    company,
    in_force,
    leads,
    owners,
    phone,
    pool_route,
    seller,
)
from marops.domains.team.public import add_absence, change_person
from marops.engine import tick
from marops.engine.tick import Told
from marops.kernel import facts
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import checked
from marops.kernel.errors import MaropsError
from marops.kernel.models import FactInbox, Problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _ground(starters):
    around_the_clock()


def test_R1_leads_are_dealt_by_weight_over_batches_never_a_lead_off(run_stages):
    people = [seller(name) for name in ("Ada", "Bo", "Cy")]
    pool_route(*people, weights=[1, 2, 3])
    everybody = []
    for batch in (1, 7, 100, 13, 250, 1, 1):
        everybody += leads(batch)
        run_stages()
        counts = Counter(owners(everybody))
        total = len(everybody)
        assert all(
            abs(counts[one.account_id] - total * w / 6) < 1.001 for one, w in zip(people, (1, 2, 3), strict=True)
        )


def test_R1_the_one_who_waited_longest_is_next(run_stages):
    people = [seller(name) for name in ("Ada", "Bo", "Cy")]
    pool_route(*people)
    first = leads(4)
    run_stages()
    second = leads(2)
    run_stages()
    wanted = [people[n].account_id for n in (0, 1, 2, 0, 1, 2)]
    assert owners([*first, *second]) == wanted


def test_R2_who_is_away_gets_nothing_and_does_not_catch_up(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    absence = add_absence(actor=SETUP, person_id=bo.id, starts=now(), ends=now() + timedelta(days=1))
    away = leads(10)
    run_stages()
    assert set(owners(away)) == {ada.account_id}
    absence.delete()
    back = leads(10)
    run_stages()
    assert Counter(owners(back)) == {ada.account_id: 5, bo.account_id: 5}


def test_R2_people_at_work_come_first_and_the_others_only_without_them(run_stages):
    in_force("calendar", "never", {"title": "Never", "hours": {}})
    works, off = seller("Works"), seller("Off", calendar="never")
    pool_route(works, off, members=[{"open": 3}, {}])
    found = leads(5)
    run_stages()
    assert owners(found) == [works.account_id] * 3 + [off.account_id] * 2


def test_R2_a_pool_that_requires_hours_never_deals_to_somebody_off_work(run_stages):
    in_force("calendar", "never", {"title": "Never", "hours": {}})
    off = seller("Off", calendar="never")
    pool_route(off, pool={"hours": "require"})
    found = leads(1)
    run_stages()
    assert owners(found) == ["unassigned-leads"]
    told = lead_story(found[0].id, ENGINE)["routing"]
    assert told["why"] == "The rule “Everybody” matched, but nobody of its pool could take the lead."


def test_R2_capacity_full_then_the_next_then_the_fallback(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo, members=[{"open": 2}, {"per_day": 3}])
    found = leads(7)
    run_stages()
    counts = Counter(owners(found))
    assert counts == {ada.account_id: 2, bo.account_id: 3, "unassigned-leads": 2}
    more = leads(1)
    run_stages()
    assert owners(more) == ["unassigned-leads"]


def test_capacity_is_of_the_person_whatever_the_pool(run_stages):
    ada, bo = seller("Ada"), seller("Bo")

    def rule(name, country):
        members = [{"person": ada.ref, "open": 3}, {"person": bo.ref}]
        when = {"field": "contact.country", "is": country}
        return {"name": name, "label": name, "when": when, "pool": {"members": members}}

    in_force("route", "main", {"title": "Main", "rules": [rule("north", "NO"), rule("south", "ES")]})
    found = [*leads(6, country="NO"), *leads(6, country="ES")]
    run_stages()
    assert Counter(owners(found)) == {ada.account_id: 3, bo.account_id: 9}


def test_R3_an_owned_lead_stays_unless_the_rule_moves_it(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    found = leads(2)
    run_stages()
    pool_route(bo)
    facts.touch([one.id for one in found], now())
    run_stages()
    assert owners(found) == [ada.account_id] * 2
    assign_lead(actor=SETUP, contact_id=found[1].id, owner_id=ada.account_id, reason="Knows them")
    pool_route(bo, rule={"reassign": True})
    run_stages()
    assert owners(found) == [bo.account_id, ada.account_id]
    assert Assignment.objects.get(contact=found[1]).because["reason"] == "Knows them"


def test_R3_what_sales_has_in_work_or_won_stays_and_the_reason_says_so(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    found = leads(4)
    run_stages()
    for contact, word in zip(found, ("accepted", "won", "lost"), strict=False):
        dispose_lead(actor=SETUP, contact_id=contact.id, disposition=word, reason="no_fit" if word == "lost" else "")
    pinned = pool_route(bo, rule={"reassign": "always"}).pinned
    run_stages()
    assert owners(found) == [ada.account_id, ada.account_id, bo.account_id, bo.account_id]
    told = lead_story(found[0].id, ENGINE)["routing"]
    assert told["stays"] == {"rule": "everybody", "definition": pinned, "state": "accepted"}
    assert told["why"].endswith("of main@3 would have moved it; it stayed, for sales had it in work.")
    assert lead_story(found[1].id, ENGINE)["routing"]["why"].endswith("for sales had won it.")


def test_R3_a_lead_that_nobody_of_the_new_pool_can_take_keeps_its_owner(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada)
    found = leads(3)
    run_stages()
    pool_route(bo, members=[{"open": 1}], rule={"reassign": "always"})
    run_stages()
    assert owners(found) == [bo.account_id, ada.account_id, ada.account_id]


def test_R3_waiting_leads_follow_a_rule_that_takes_them(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    waiting = leads(2)
    run_stages()
    pool_route(ada, rule={"reassign": "waiting"})
    run_stages()
    assert owners(waiting) == [ada.account_id] * 2
    pool_route(bo, rule={"reassign": "waiting"})
    facts.touch([one.id for one in waiting], now())
    run_stages()
    assert owners(waiting) == [ada.account_id] * 2


def test_R4_a_new_lead_follows_the_owner_of_its_company(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    nordvik = company("Nordvik")
    first = leads(1, company=nordvik)
    run_stages()
    others = leads(3, company=nordvik)
    run_stages()
    assert set(owners([*first, *others])) == {ada.account_id}
    told = lead_story(others[0].id, ENGINE)["routing"]
    assert (told["cause"], told["why"]) == ("company", "Ada owns 1 lead of the same company.")


def test_R4_leads_of_one_company_that_come_together_get_one_owner(run_stages):
    people = [seller(name) for name in ("Ada", "Bo", "Cy")]
    pool_route(*people)
    nordvik, other = company("Nordvik"), company("Other")
    found = [one for _ in range(5) for one in (*leads(1, company=nordvik), *leads(1, company=other))]
    run_stages()
    assert len(set(owners(found[::2]))) == len(set(owners(found[1::2]))) == 1
    assert owners(found[:2]) == [people[0].account_id, people[1].account_id]


def test_R4_a_duplicate_by_phone_goes_to_the_same_owner(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    (first,) = leads(1)
    phone(first, "+4712345678")
    run_stages()
    (again,) = leads(1, touch=False)
    phone(again, "+4712345678")
    facts.touch([again.id], now())
    run_stages()
    assert owners([first, again]) == [ada.account_id] * 2
    assert lead_story(again.id, ENGINE)["routing"]["why"] == f"Ada owns {first.ref}, who has the same phone or mailbox."


def test_R4_a_chain_of_phone_and_company_that_comes_together_is_one(run_stages):
    people = [seller(name) for name in ("Ada", "Bo", "Cy")]
    pool_route(*people)
    nordvik = company("Nordvik")
    (one,), (two,), (three,) = leads(1), leads(1, company=nordvik), leads(1, company=nordvik)
    phone(one, "+4799")
    phone(three, "+4799")
    run_stages()
    assert set(owners([one, two, three])) == {people[0].account_id}


def test_R4_nobody_follows_an_owner_who_is_away(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    nordvik = company("Nordvik")
    leads(1, company=nordvik)
    run_stages()
    add_absence(actor=SETUP, person_id=ada.id, starts=now(), ends=now() + timedelta(days=1))
    later = leads(1, company=nordvik)
    run_stages()
    assert owners(later) == [bo.account_id]


def test_R4_a_switchboard_joins_nobody(run_stages):
    people = [seller(name) for name in ("Ada", "Bo")]
    pool_route(*people)
    found = leads(12)
    for one in found:
        phone(one, "+47000")
    run_stages()
    assert Counter(owners(found)) == {one.account_id: 6 for one in people}


def test_R5_the_fallback_raises_an_alarm_that_ends_when_nobody_waits(run_stages):
    ada = seller("Ada")
    pool_route(ada, when={"field": "contact.country", "is": "NO"})
    found = leads(3, country="ES")
    run_stages()
    assert owners(found) == ["unassigned-leads"] * 3
    alarm = Problem.objects.get(key="routing:fallback", resolved_at=None)
    assert "3 leads were claimed by no rule" in alarm.detail
    for one in found:
        assign_lead(actor=SETUP, contact_id=one.id, owner_id=ada.account_id)
    alarm.refresh_from_db()
    assert alarm.resolved_at is not None


def test_R5_who_waited_before_there_were_rules_is_counted_once_there_are(run_stages, starters):
    leads(4, country="ES")
    run_stages()
    assert not Problem.objects.filter(key="routing:fallback", resolved_at=None).exists()
    pool_route(seller("Ada"), when={"field": "contact.country", "is": "NO"})
    assert "4 leads were claimed by no rule" in Problem.objects.get(key="routing:fallback", resolved_at=None).detail


def test_R6_the_record_says_rule_candidates_and_turn_and_gives_the_same_answer_again(run_stages):
    ada, bo, cy = seller("Ada"), seller("Bo"), seller("Cy")
    add_absence(actor=SETUP, person_id=cy.id, starts=now(), ends=now() + timedelta(days=1))
    pinned = pool_route(ada, bo, cy, weights=[2, 1, 1]).pinned
    found = leads(20)
    run_stages()
    PoolSeat.objects.all().update(credit=123_456_789)  # what stands now is not what stood then
    for one in found:
        row = Assignment.objects.get(contact=one)
        told = lead_story(one.id, ENGINE)["routing"]
        chosen = [seat for seat in told["candidates"] if seat["chosen"]]
        assert [seat["ref"] for seat in chosen] == [next(p.ref for p in (ada, bo) if p.account_id == row.owner_id)]
        assert told["definition"] == pinned
        assert [seat["state"] for seat in told["candidates"]] == ["works", "works", "absent"]
    assert told["candidates"][2]["says"].startswith("away until ")
    assert PoolDeal.objects.count() == 1
    assert told["why"].startswith("The rule “Everybody” was the first that matched. Of its pool 2 of 3 could take it")
    fact = FactInbox.objects.filter(kind="lead.routed", contact_id=found[0].id).get()
    assert fact.properties == {"owner": str(ada.account_id), "rule": "everybody", "cause": "route"}


def test_R7_a_changed_weight_counts_from_the_next_lead_on(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    leads(10)
    run_stages()
    pool_route(ada, bo, weights=[3, 1])
    later = leads(40)
    run_stages()
    assert Counter(owners(later)) == {ada.account_id: 30, bo.account_id: 10}


def test_members_who_left_or_have_no_account_get_nothing(run_stages):
    ada, bo = seller("Ada"), seller("Bo")
    pool_route(ada, bo)
    change_person(actor=SETUP, person_id=bo.id, active=False)
    found = leads(4)
    run_stages()
    assert set(owners(found)) == {ada.account_id}


def test_a_route_that_names_nobody_is_refused():
    rule = {"name": "a", "label": "A", "when": {"everyone": True}, "pool": {"members": [{"person": "P-999"}]}}
    with pytest.raises(MaropsError) as refused:
        checked("route", {"title": "x", "rules": [rule]})
    assert [fault.pointer for fault in refused.value.errors] == ["/rules/0/pool/members/0/person"]


def test_an_old_route_is_still_read(run_stages):
    ensure_queue(actor=SETUP, slug="nordics", name="Nordics")
    rule = {"name": "n", "label": "N", "when": {"everyone": True}, "queue": "nordics"}
    old = Route.model_validate({"title": "Old", "rules": [rule]})
    assert (old.rules[0].queue, old.rules[0].reassign, old.sla) == ("nordics", "no", None)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "either a queue or a pool"),
        ({"queue": "a", "pool": {"members": [{"person": "P-1"}]}}, "either a queue or a pool"),
        ({"pool": {"members": [{"person": "P-1"}, {"person": "p-1"}]}}, "in this pool twice"),
        ({"queue": "a", "sla": {"first_touch": 60, "remind": 60}}, "before the clock starts"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule, said):
    with pytest.raises(ValueError, match=said):
        Route.model_validate({"title": "x", "rules": [{"name": "a", "label": "A", "when": {"everyone": True}} | rule]})


@pytest.mark.slow
def test_R1_two_workers_at_once_deal_as_one(engine):
    people = [seller(name) for name in ("Ada", "Bo", "Cy")]
    pool_route(*people, weights=[1, 2, 3], members=[{"open": 40}, {}, {}])
    everybody = leads(600)
    failures = []

    def work() -> None:
        told = Told()
        try:
            while tick.turn(engine.query, now(), told, batch=100):
                pass
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert not failures
    work()  # what one of them had in hand when the other found nothing due
    counts = Counter(owners(everybody))
    # Until Ada is full the shares are 1:2:3, and 2:3 among the others from then on.
    assert counts[people[0].account_id] == 40
    assert abs(counts[people[1].account_id] - (80 + 360 * 2 / 5)) <= 1.5
    assert PoolDeal.objects.count() >= 6
    turns = sorted(Assignment.objects.values_list("because__turn", flat=True))
    assert turns == list(range(1, 601))
