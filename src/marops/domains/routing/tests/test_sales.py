from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from marops.domains.routing.actions import dispose_lead, dispose_many, hand_over_leads, take_next, touch_lead
from marops.domains.routing.models import Assignment, LeadDisposition
from marops.domains.routing.public import LeadFilter, assign_lead, lead_page, lead_story
from marops.domains.routing.tests.routingground import leads
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditRow, FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


def _kinds(contact):
    found = FactInbox.objects.filter(contact_id=contact.id).order_by("id").values_list("kind", flat=True)
    return [kind for kind in found if kind.startswith(("lead.", "sla."))]


@pytest.fixture
def lead(cast):
    (one,) = leads(1, touch=False)
    assign_lead(actor=SETUP, contact_id=one.id, owner_id=cast.selma.id)
    return one


def test_an_owner_accepts_works_and_wins_a_lead(cast, lead):
    selma = cast.actor("selma")
    touch_lead(actor=selma, contact_id=lead.id, channel="call", note="Rings back on Monday")
    for word in ("accepted", "working", "won"):
        dispose_lead(actor=selma, contact_id=lead.id, disposition=word)
    assert _kinds(lead)[1:] == ["lead.touched", "lead.accepted", "lead.worked", "lead.won"]
    row = LeadDisposition.objects.get(contact=lead)
    assert (row.state, row.reason, row.by) == ("won", None, str(cast.selma.id))
    touched = FactInbox.objects.get(kind="lead.touched")
    assert touched.properties == {"channel": "call", "by": str(cast.selma.id)}


def test_a_rejection_has_a_reason_that_the_fact_carries(cast, lead):
    selma = cast.actor("selma")
    dispose_lead(actor=selma, contact_id=lead.id, disposition="rejected", reason="too_early", note="Next year")
    assert FactInbox.objects.get(kind="lead.rejected").properties == {"reason": "too_early"}
    assert LeadDisposition.objects.get().note == "Next year"


@pytest.mark.parametrize(
    ("first", "then", "reason", "field"),
    [
        ("accepted", "accepted", "", "disposition"),
        ("won", "accepted", "", "disposition"),
        ("accepted", "rejected", "", "reason"),
        ("accepted", "rejected", "bored", "reason"),
        ("accepted", "working", "no_fit", "reason"),
        ("accepted", "sold", "", "disposition"),
    ],
)
def test_a_word_that_cannot_follow_is_refused(cast, lead, first, then, reason, field):
    selma = cast.actor("selma")
    dispose_lead(actor=selma, contact_id=lead.id, disposition=first)
    with pytest.raises(MaropsError) as refused:
        dispose_lead(actor=selma, contact_id=lead.id, disposition=then, reason=reason)
    assert [fault.field for fault in refused.value.errors] == [field]
    assert LeadDisposition.objects.get().state == first


def test_a_seller_answers_for_their_own_leads_only(cast, lead):
    (other,) = leads(1, touch=False)
    assign_lead(actor=SETUP, contact_id=other.id, owner_id=cast.marco.id)
    with pytest.raises(MaropsError) as refused:
        dispose_lead(actor=cast.actor("selma"), contact_id=other.id, disposition="accepted")
    assert refused.value.code == "not-found"
    with pytest.raises(MaropsError):
        touch_lead(actor=cast.actor("selma"), contact_id=other.id, channel="call")
    with pytest.raises(MaropsError) as refused:
        touch_lead(actor=cast.actor("priya"), contact_id=lead.id, channel="call")
    assert refused.value.code == "not-allowed"


def test_nothing_happened_in_the_future(cast, lead):
    with pytest.raises(MaropsError):
        touch_lead(actor=cast.actor("selma"), contact_id=lead.id, channel="call", at=now() + timedelta(hours=1))


def test_the_story_tells_what_stands_and_what_may_follow(cast, lead, engine):
    dispose_lead(actor=cast.actor("selma"), contact_id=lead.id, disposition="rejected", reason="no_fit")
    told = lead_story(lead.id, ENGINE)["routing"]["disposition"]
    assert (told["label"], told["reason_label"], told["next"]) == ("Rejected", "Does not fit", ["accepted", "working"])


def _rows(*rows):
    names = ("row", "contact_id", "disposition", "reason", "note", "at", "by")
    columns = {name: [row.get(name) for row in rows] for name in names}
    columns["at"] = pa.array(columns["at"], pa.timestamp("us", tz="UTC"))
    return pa.table({**columns, "row": pa.array(columns["row"], pa.int64())})


def test_many_words_are_one_act_in_the_order_of_their_time_and_name_what_they_refuse(cast):
    one, two, three = leads(3, touch=False)
    day = datetime(2026, 5, 4, tzinfo=UTC)
    rows = _rows(
        {"row": 2, "contact_id": str(one.id), "disposition": "won", "at": day + timedelta(days=9), "by": "crm"},
        {"row": 3, "contact_id": str(one.id), "disposition": "Accepted", "at": day},
        {"row": 4, "contact_id": str(two.id), "disposition": "rejected", "reason": "no_budget", "at": day},
        {"row": 5, "contact_id": str(two.id), "disposition": "won", "at": now()},
        {"row": 6, "contact_id": str(three.id), "disposition": "rejected"},
        {"row": 7, "contact_id": None, "disposition": "accepted"},
        {"row": 8, "contact_id": str(three.id), "disposition": "sold"},
        {"row": 9, "contact_id": str(three.id), "disposition": "accepted", "at": now() + timedelta(days=1)},
    )
    done = dispose_many(actor=SETUP, rows=rows)
    assert (done.kept, done.unchanged) == (3, 0)
    assert {fault.row: fault.code for fault in done.refused} == {
        5: "move", 6: "reason", 7: "unknown", 8: "word", 9: "future",
    }  # fmt: skip
    assert set(_kinds(one)) == {"lead.won", "lead.accepted"}
    row = LeadDisposition.objects.get(contact=one)
    assert (row.state, row.at, row.by) == ("won", day + timedelta(days=9), "crm")
    assert AuditRow.objects.filter(action="lead.dispose_many").count() == 1
    again = dispose_many(actor=SETUP, rows=rows.slice(2, 1))
    assert (again.kept, again.unchanged, list(again.refused)) == (0, 1, [])


def test_a_sellers_file_reaches_their_own_leads_only(cast, lead):
    (other,) = leads(1, touch=False)
    rows = _rows(
        {"row": 1, "contact_id": str(lead.id), "disposition": "accepted"},
        {"row": 2, "contact_id": str(other.id), "disposition": "accepted"},
    )
    done = dispose_many(actor=cast.actor("selma"), rows=rows)
    assert (done.kept, [fault.code for fault in done.refused]) == (1, ["unknown"])


def test_many_leads_are_handed_over_at_once_within_what_the_right_reaches(cast, engine):
    found = leads(5, touch=False)
    moved = hand_over_leads(
        actor=cast.actor("hanna"), contact_ids=[one.id for one in found], owner_id=cast.selma.id, reason="Leave",
        absence=True,
    )  # fmt: skip
    assert moved == 5
    assert FactInbox.objects.filter(kind="lead.routed").first().properties == {
        "owner": str(cast.selma.id), "by_hand": True, "cause": "absence",
    }  # fmt: skip
    # Dylan may hand over what his reporting line owns, and nobody of it owns these.
    assert hand_over_leads(actor=cast.actor("dylan"), contact_ids=[found[0].id], owner_id=cast.mina.id) == 0
    told = lead_story(found[0].id, ENGINE)["routing"]["why"]
    assert told == "Handed over because the owner was away: Leave."


def test_an_owner_who_cannot_be_is_refused(cast, lead):
    for target in ({}, {"queue": "nowhere"}, {"owner_id": lead.id}):
        with pytest.raises(MaropsError):
            assign_lead(actor=SETUP, contact_id=lead.id, **target)


def test_a_seller_takes_the_lead_that_waited_longest(cast, run_stages, starters):
    first, second = *leads(1), *leads(1, touch=False)
    run_stages()
    taken = take_next(actor=cast.actor("selma"), queue="unassigned-leads")
    assert taken == first.id
    assert Assignment.objects.get(contact=first).owner_id == cast.selma.id
    with pytest.raises(MaropsError) as refused:
        take_next(actor=cast.actor("selma"), queue="unassigned-leads")
    assert refused.value.code == "conflict"
    assert [one.ref for one in lead_page(cast.actor("selma"), LeadFilter()).items] == [first.ref]
    assert second


def test_queues_are_made_and_renamed_on_pages_and_over_rest(cast):
    client = cast.client("hanna")
    assert client.post("/queues/new", {"name": "Partner desk"})["Location"] == "/queues/partner-desk"
    for slug in ("partner-desk", "new", "Partner Desk"):
        assert client.post("/queues/new", {"name": "Other", "slug": slug}).status_code == 422
    said = {"name": "Partners", "purpose": "For Marco"}
    assert client.post("/queues/partner-desk/change", said).status_code == 302
    assert "For Marco" in client.get("/queues").content.decode()
    made = client.post("/api/v1/queues", {"name": "Events", "slug": "fairs"}, content_type="application/json")
    assert (made.status_code, made.json()["slug"], made.json()["leads"]) == (201, "fairs", 0)
    again = client.post("/api/v1/queues", {"name": "Events", "slug": "fairs"}, content_type="application/json")
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "slug")
    assert (
        client.put("/api/v1/queues/fairs", {"name": "Fairs"}, content_type="application/json").json()["name"] == "Fairs"
    )
    assert client.put("/api/v1/queues/none", {"name": "N"}, content_type="application/json").status_code == 404


def test_a_hand_over_to_nobody_says_how_to_name_somebody(cast, lead):
    body = {"to": "fairs"}
    refused = cast.client("hanna").post(f"/api/v1/leads/{lead.id}/owner", body, content_type="application/json").json()
    assert refused["errors"][0]["code"] == "invalid_choice"
    assert "No lead can go to “fairs”. Write queue:<short name>" in refused["errors"][0]["message"]
