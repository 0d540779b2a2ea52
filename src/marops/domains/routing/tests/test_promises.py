from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from marops.domains.register.public import ensure_queue
from marops.domains.routing.actions import assign_lead, dispose_lead, dispose_many, touch_lead
from marops.domains.routing.models import Assignment, LeadSla
from marops.domains.routing.public import lead_story
from marops.domains.routing.tests.routingground import in_force, leads, owners, pool_route, seller
from marops.domains.scoring.public import ContactStage
from marops.engine import tick
from marops.engine.tick import Told
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.models import FactInbox, Notice

pytestmark = pytest.mark.django_db(transaction=True)

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def berlin(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.fixture
def at(engine, monkeypatch, starters):
    """Lets the stages run at a moment; what is written then is written at that moment."""

    def run(text):
        moment = berlin(text)
        monkeypatch.setattr("marops.kernel.actions.now", lambda: moment)
        monkeypatch.setattr("marops.domains.routing.story.now", lambda: moment)
        told = Told()
        while tick.turn(engine.query, moment, told):
            pass
        return moment

    return run


def sellers(*names, **values):
    return [seller(name, zone="Europe/Berlin", **values) for name in names]


def promised(people, sla, **values):
    return pool_route(*people, pool={"hours": "ignore"}, rule={"sla": sla}, **values)


def clock(contact):
    return LeadSla.objects.get(contact_id=contact.id)


def told(contact):
    found = FactInbox.objects.filter(contact_id=contact.id, kind__startswith="sla.").order_by("occurred_at", "id")
    return list(found.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2027-01-15T10:00", "2027-01-15T12:00"),
        ("2027-01-15T16:30", "2027-01-18T10:30"),  # over a weekend
        ("2027-01-16T12:00", "2027-01-18T11:00"),  # from a Saturday
        ("2027-01-15T15:00", "2027-01-15T17:00"),  # up to the end of the day
        ("2027-03-26T16:00", "2027-03-30T10:00"),  # over Easter Monday and the change to summer time
        ("2027-10-29T16:00", "2027-11-01T10:00"),  # over the change back
    ],
)
def test_a_first_touch_is_due_in_the_owners_working_hours(at, started, due):
    in_force("calendar", "standard", {"title": "x", "hours": NINE_TO_FIVE, "holidays": ["2027-03-29"]})
    promised(sellers("Ada"), {"first_touch": 120})
    (lead,) = leads(1)
    at(started)
    assert clock(lead).due_at == berlin(due)


def test_each_owners_own_clock_counts(at):
    ada, bo = seller("Ada", zone="Europe/Berlin"), seller("Bo", zone="America/New_York")
    promised([ada, bo], {"first_touch": 60})
    found = leads(2)
    at("2027-01-15T10:00")
    due = {Assignment.objects.get(contact=one).owner_id: clock(one).due_at for one in found}
    assert due == {
        ada.account_id: berlin("2027-01-15T11:00"),
        bo.account_id: datetime(2027, 1, 15, 10, tzinfo=ZoneInfo("America/New_York")),
    }


def test_a_touch_in_time_keeps_the_promise(at):
    promised(sellers("Ada"), {"first_touch": 120, "remind": 30})
    (lead,) = leads(1)
    at("2027-01-15T16:30")
    at("2027-01-18T09:15")
    touch_lead(actor=SETUP, contact_id=lead.id, channel="call")
    at("2027-01-18T12:00")
    assert told(lead) == ["sla.met"]
    fact = FactInbox.objects.get(kind="sla.met")
    assert (fact.properties, fact.definition) == ({"clock": "first_touch", "minutes": 45}, "route/main@2")
    touch_lead(actor=SETUP, contact_id=lead.id, channel="email")
    assert told(lead) == ["sla.met"]
    assert lead_story(lead.id, ENGINE)["routing"]["sla"]["state"] == "met"


def test_any_disposition_is_a_first_touch(at):
    promised(sellers("Ada"), {"first_touch": 60})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    dispose_lead(actor=SETUP, contact_id=lead.id, disposition="accepted")
    assert (told(lead), clock(lead).minutes) == (["sla.met"], 0)


def test_reminder_miss_and_escalation_come_in_order_each_once(at):
    (boss,) = sellers("Boss")
    (ada,) = sellers("Ada", manager_id=boss.id)
    promised([ada], {"first_touch": 60, "remind": 20, "escalate": {"to": "manager", "after": 30}})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    assert told(lead) == []
    at("2027-01-15T10:40")
    assert told(lead) == ["sla.reminded"]
    at("2027-01-15T11:00")
    assert told(lead) == ["sla.reminded", "sla.missed"]
    at("2027-01-15T11:29")
    at("2027-01-15T11:30")
    at("2027-01-18T12:00")
    assert told(lead) == ["sla.reminded", "sla.missed", "sla.escalated"]
    assert FactInbox.objects.get(kind="sla.escalated").properties == {"to": str(boss.account_id)}
    assert [one.account_id for one in Notice.objects.order_by("at")] == [ada.account_id, boss.account_id]
    touch_lead(actor=SETUP, contact_id=lead.id, channel="call")
    assert told(lead)[-1] == "sla.escalated"
    assert lead_story(lead.id, ENGINE)["routing"]["sla"]["state"] == "late"


def test_an_engine_that_slept_says_the_miss_and_leaves_the_reminder_out(at):
    promised(sellers("Ada"), {"first_touch": 60, "remind": 20})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    at("2027-01-20T10:00")
    assert told(lead) == ["sla.missed"]
    assert FactInbox.objects.get(kind="sla.missed").occurred_at == berlin("2027-01-15T11:00")


def test_a_late_touch_before_the_engine_looked_is_one_miss(at, monkeypatch):
    promised(sellers("Ada"), {"first_touch": 60})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    monkeypatch.setattr("marops.kernel.actions.now", lambda: berlin("2027-01-15T11:30"))
    touch_lead(actor=SETUP, contact_id=lead.id, channel="call")
    at("2027-01-15T12:00")
    assert told(lead) == ["sla.missed"]
    assert clock(lead).minutes == 90


def test_a_lead_that_nobody_touched_goes_on_to_the_next_of_the_pool(at):
    ada, bo = sellers("Ada", "Bo")
    promised([ada, bo], {"first_touch": 60, "reassign": {"after": 15}})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    at("2027-01-15T11:00")
    assert owners([lead]) == [ada.account_id]
    at("2027-01-15T11:15")
    assert owners([lead]) == [bo.account_id]
    assert clock(lead).due_at == berlin("2027-01-15T12:15")
    fact = FactInbox.objects.filter(kind="lead.routed").order_by("occurred_at").last()
    assert fact.properties == {"owner": str(bo.account_id), "rule": "everybody", "cause": "sla"}
    why = lead_story(lead.id, ENGINE)["routing"]["why"]
    assert why == "Ada did not touch the lead in the time promised, so it went on."


def test_a_lead_goes_on_three_times_at_most(at):
    promised(sellers("Ada", "Bo"), {"first_touch": 60, "reassign": {"after": 0}})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    for day in range(18, 23):
        at(f"2027-01-{day}T12:00")
    routed = FactInbox.objects.filter(kind="lead.routed").count()
    assert (routed, clock(lead).rounds) == (4, 3)
    assert told(lead).count("sla.missed") == 4


def test_what_a_person_handed_over_does_not_go_on(at):
    ada, bo = sellers("Ada", "Bo")
    promised([ada, bo], {"first_touch": 60, "reassign": {"after": 0}})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    assign_lead(actor=SETUP, contact_id=lead.id, owner_id=ada.account_id, reason="Knows them")
    at("2027-01-18T12:00")
    assert owners([lead]) == [ada.account_id]
    assert told(lead) == ["sla.missed"]


def test_a_queue_takes_over_what_was_missed(at):
    ensure_queue(actor=SETUP, slug="desk", name="Desk")
    promised(sellers("Ada"), {"first_touch": 60, "escalate": {"to": "desk"}})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    at("2027-01-15T11:00")
    assert owners([lead]) == ["desk"]
    assert sorted(told(lead)) == ["sla.escalated", "sla.missed"]
    fact = FactInbox.objects.filter(kind="lead.routed").order_by("occurred_at").last()
    assert fact.properties == {"queue": "desk", "cause": "sla"}
    at("2027-01-18T12:00")
    assert lead_story(lead.id, ENGINE)["routing"]["sla"]["state"] == "ended"


def test_a_hand_over_keeps_the_clock_and_starts_one_where_none_ran(at):
    ada, bo = sellers("Ada", "Bo")
    promised(
        [ada, bo],
        {"first_touch": 60},
        route={"sla": {"first_touch": 480}},
        when={"field": "contact.country", "is": "NO"},
    )
    norway, spain = *leads(1, country="NO"), *leads(1, country="ES")
    at("2027-01-15T10:00")
    assert not LeadSla.objects.filter(contact=spain).exists()
    for one in (norway, spain):
        assign_lead(actor=SETUP, contact_id=one.id, owner_id=bo.account_id)
    assert (clock(norway).due_at, clock(norway).owner_id) == (berlin("2027-01-15T11:00"), bo.account_id)
    assert clock(spain).due_at == berlin("2027-01-18T10:00")
    at("2027-01-18T10:00")
    assert told(spain) == ["sla.missed"]


def test_a_lead_that_was_answered_is_promised_nothing_more_until_its_next_cycle(at):
    ada, bo = sellers("Ada", "Bo")
    promised([ada], {"first_touch": 60})
    touched, lost, back, silent = found = leads(4)
    at("2027-01-15T10:00")
    touch_lead(actor=SETUP, contact_id=touched.id, channel="call")
    for one in (lost, back):
        dispose_lead(actor=SETUP, contact_id=one.id, disposition="lost", reason="no_fit")
    ContactStage.objects.update_or_create(
        contact_id=back.id,
        defaults={
            "stage": "lead", "since": berlin("2027-01-18T09:00"), "definition": "by hand", "cycle": 2,
            "cycle_since": berlin("2027-01-18T09:00"),
        },
    )  # fmt: skip
    pool_route(bo, pool={"hours": "ignore"}, rule={"sla": {"first_touch": 60}, "reassign": "always"})
    at("2027-01-18T10:00")
    assert owners(found) == [bo.account_id] * 4
    assert [clock(one).met_at is None for one in found] == [False, False, True, True]
    assert clock(silent).due_at == clock(back).due_at == berlin("2027-01-18T11:00")


def test_a_file_of_dispositions_stops_the_clocks_with_their_working_minutes(at):
    promised(sellers("Ada"), {"first_touch": 120})
    found = leads(3)
    at("2027-01-15T16:30")
    at("2027-01-18T12:00")
    times = [berlin(text) for text in ("2027-01-15T16:45", "2027-01-18T09:10", "2027-01-18T11:00")]
    rows = pa.table(
        {
            "row": pa.array([1, 2, 3], pa.int64()),
            "contact_id": [str(one.id) for one in found],
            "disposition": ["accepted"] * 3,
            "at": pa.array([one.astimezone(ZoneInfo("UTC")) for one in times], pa.timestamp("us", tz="UTC")),
        }
    )
    assert dispose_many(actor=SETUP, rows=rows).kept == 3
    assert [clock(one).minutes for one in found] == [15, 40, 150]


def test_somebody_who_never_works_is_promised_nothing(at):
    in_force("calendar", "never", {"title": "Never", "hours": {}})
    promised(sellers("Ada", calendar="never"), {"first_touch": 60})
    (lead,) = leads(1)
    at("2027-01-15T10:00")
    assert not LeadSla.objects.exists()
    assert owners([lead])


def test_an_idle_stage_asks_one_question(at, engine, django_assert_num_queries):
    from marops.domains.routing.stages import deadlines
    from marops.engine.tick import Run
    from marops.kernel.ids import new_id

    with django_assert_num_queries(1):
        assert deadlines(Run(new_id(), berlin("2027-01-15T10:00") + timedelta(0), 0, engine.query)) == 0
