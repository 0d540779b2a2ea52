from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from django.db import connection

from marops.domains.contacts.public import Company, Contact, Identity
from marops.domains.pipeline.models import (
    Opportunity,
    OpportunityKey,
    OpportunityPerson,
    OpportunitySnapshot,
    PipelineStage,
)
from marops.domains.pipeline.public import (
    Part,
    change_opportunity,
    create_opportunity,
    keep_opportunities,
    move_opportunity,
    take_snapshots,
)
from marops.domains.pipeline.starter import STARTERS
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.definitions import plant_starters
from marops.kernel.errors import MaropsError
from marops.kernel.importers import Batch
from marops.kernel.models import FactInbox, Touched

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stages():
    plant_starters(actor=SETUP, starters=STARTERS)


@pytest.fixture
def ada():
    person = Contact.objects.create(number=41, full_name="Ada Lind", email="ada@lind.example")
    Identity.objects.create(contact=person, kind="email", value="ada@lind.example")
    Identity.objects.create(contact=person, kind="external", system="crm", value="P-9")
    return person


def batch(*rows, keys=(), **settings):
    names = {name: pa.array([row.get(name) for row in rows], pa.string()) for row in rows for name in row}
    numbers = pa.array(range(2, len(rows) + 2), pa.int64())
    pairs = list(keys) or [(number + 2, "crm", f"deal-{number}") for number in range(len(rows))]
    columns = list(zip(*pairs, strict=True))
    known = pa.table(
        {"row": pa.array(columns[0], pa.int64()), "system": pa.array(columns[1]), "value": pa.array(columns[2])}
    )
    return Batch(pa.table({"row": numbers, **names}), known, **{"import_number": 7, **settings})


def keep(*rows, **more):
    kept = keep_opportunities(actor=SETUP, batch=batch(*rows, **more))
    return kept.created, kept.updated, kept.unchanged


def facts(kind):
    return list(FactInbox.objects.filter(kind=f"opportunity.{kind}").order_by("occurred_at"))


ROW = {
    "name": "Fifty seats", "company": "Solheim Ltd", "company_key": "solheim", "owner": "Moses Frase",
    "stage": "Proposal/Price Quote", "amount": "1054.50", "opened_at": "2026-01-05", "close_date": "2026-12-31",
}  # fmt: skip


def test_a_deal_with_everything(ada):
    assert keep(ROW | {"people": "Ada <ADA@lind.example>; nobody@x.de", "person_role": "decides", "currency": "USD"},
                zone="Europe/Oslo") == (1, 0, 0)  # fmt: skip
    deal = Opportunity.objects.get()
    assert (deal.name, deal.company.name, deal.company_name) == ("Fifty seats", "Solheim Ltd", "Solheim Ltd")
    assert (deal.owner_id, deal.owner_name) == (None, "Moses Frase")
    assert (deal.stage, deal.state, deal.amount, deal.currency) == ("proposal", "open", Decimal("1054.5"), "USD")
    assert deal.opened_at == datetime(2026, 1, 4, 23, tzinfo=UTC)  # midnight in Oslo
    assert (deal.expected_close, deal.closed_at) == (date(2026, 12, 31), None)
    assert deal.provenance["*"][:2] == [7, 2]
    (part,) = deal.people.all()
    assert (part.contact_id, part.role, part.primary) == (ada.id, "decides", True)
    (fact,) = facts("created")
    assert (fact.contact_id, fact.subject_type, fact.subject_id) == (ada.id, "opportunity", str(deal.id))
    assert fact.properties == {"stage": "proposal", "amount": "1054.5", "currency": "USD", "import": 7}
    assert fact.occurred_at == deal.opened_at
    assert [row.contact_id for row in Touched.objects.all()] == [ada.id]


def test_the_same_rows_again_change_nothing(ada):
    row = ROW | {"people": "ada@lind.example"}
    keep(row)
    before = list(Opportunity.objects.values()), list(OpportunityPerson.objects.values()), FactInbox.objects.count()
    assert keep(row) == (0, 0, 1)
    assert before == (
        list(Opportunity.objects.values()), list(OpportunityPerson.objects.values()), FactInbox.objects.count(),
    )  # fmt: skip


def test_only_what_differs_is_changed_and_empty_cells_change_nothing():
    keep(ROW, ROW)
    assert keep(ROW | {"amount": "2000", "owner": None}, ROW) == (0, 1, 1)
    deal = Opportunity.objects.get(amount=2000)
    assert (deal.owner_name, deal.name, deal.provenance["last"][:2]) == ("Moses Frase", "Fifty seats", [7, 2])
    (fact,) = facts("changed")
    assert fact.properties["fields"] == ["amount"]


def test_a_deal_that_is_won_says_so_at_the_day_of_the_file():
    keep(ROW)
    keep(ROW | {"stage": "Closed Won", "close_date": "2026-03-01"})
    deal = Opportunity.objects.get()
    assert (deal.stage, deal.state, deal.closed_at) == ("closed_won", "won", datetime(2026, 3, 1, tzinfo=UTC))
    assert deal.expected_close == date(2026, 12, 31)  # what was expected stays known
    (moved,), (won,) = facts("stage_changed"), facts("won")
    assert moved.properties == {
        "from": "proposal", "to": "closed_won", "amount": "1054.5", "currency": "EUR", "import": 7,
    }  # fmt: skip
    assert moved.occurred_at == won.occurred_at == deal.closed_at
    assert not facts("lost")


def test_a_deal_that_comes_in_closed_has_its_facts_at_its_days():
    keep(ROW | {"stage": "Lost", "close_date": "2026-02-02", "reason": "no budget"})
    (created,), (moved,), (lost,) = facts("created"), facts("stage_changed"), facts("lost")
    assert (created.occurred_at, moved.occurred_at) == (
        datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC),
    )  # fmt: skip
    assert moved.properties["to"] == "closed_lost"
    assert "from" not in moved.properties
    assert lost.properties["reason"] == "no budget"


def test_a_stage_nobody_defined_is_proposed_and_never_lost():
    keep(ROW | {"stage": "Legal review"}, ROW | {"stage": "Deal won – signed"}, ROW | {"stage": "legal  REVIEW"})
    assert set(Opportunity.objects.values_list("stage", "state")) == {
        ("legal_review", "open"), ("deal_won_signed", "won"),
    }  # fmt: skip
    proposed = PipelineStage.objects.filter(proposed=True).order_by("name")
    assert [(one.name, one.label, one.outcome) for one in proposed] == [
        ("deal_won_signed", "Deal won – signed", "won"), ("legal_review", "Legal review", "open"),
    ]  # fmt: skip


def test_the_files_own_words_decide_what_an_unknown_stage_means():
    keep(ROW | {"stage": "Phase 9", "is_closed": "true", "is_won": "true"})
    assert Opportunity.objects.get().state == "won"


def test_ids_that_name_two_deals_are_refused():
    keep(ROW, ROW)
    both = [(2, "crm", "deal-0"), (2, "crm", "deal-1")]
    kept = keep_opportunities(actor=SETUP, batch=batch(ROW, keys=both))
    refs = ", ".join(one.ref for one in Opportunity.objects.order_by("number"))
    assert kept.refused == [(2, "", "deals-disagree", refs)]
    assert (kept.created, kept.updated, kept.unchanged) == (0, 0, 0)


def test_two_rows_of_one_deal_are_one_and_the_last_counts():
    keep(ROW)
    kept = keep_opportunities(
        actor=SETUP,
        batch=batch(ROW | {"amount": "1"}, ROW | {"amount": "2"}, keys=[(2, "crm", "deal-0"), (3, "crm", "deal-0")]),
    )
    assert kept.repeats == [(2, 3)]
    assert Opportunity.objects.get().amount == 2


def test_companies_are_found_before_they_are_made():
    Company.objects.create(number=1, name="Solheim AS", name_key="solheim")
    keep(ROW, ROW | {"company": "Isdom", "company_key": "isdom"}, ROW | {"company": "ISDOM", "company_key": "isdom"})
    assert set(Company.objects.values_list("name", flat=True)) == {"Solheim AS", "Isdom"}
    assert Opportunity.objects.filter(company__name_key="isdom").count() == 2


def test_an_owner_is_the_account_of_that_name_or_address(cast):
    keep(ROW | {"owner": "selma yildiz"}, ROW | {"owner": "SELMA@northwind.example"}, ROW)
    assert list(Opportunity.objects.order_by("number").values_list("owner_id", flat=True)) == [
        cast.selma.id, cast.selma.id, None,
    ]  # fmt: skip


def test_a_hand_over_stands_while_the_file_says_what_it_said_before(cast):
    keep(ROW)
    change_opportunity(actor=SETUP, opportunity_id=Opportunity.objects.get().id, values={"owner_id": cast.selma.id})
    assert keep(ROW) == (0, 0, 1)
    assert Opportunity.objects.get().owner_id == cast.selma.id


def test_people_are_known_by_any_reference(ada):
    keep(*(ROW | {"people": ref} for ref in ("L-41", "P-9", str(ada.id), "ada@lind.example", "L-99")))
    assert OpportunityPerson.objects.filter(contact=ada, primary=True).count() == 4


def test_the_view_says_what_rules_ask(ada):
    keep(
        ROW | {"people": "L-41"}, ROW | {"people": "L-41", "stage": "Negotiation", "amount": "10"},
        ROW | {"people": "L-41", "stage": "Won"}, ROW | {"people": "L-41", "stage": "Lost", "currency": "USD"},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT open, won, lost, stage, amount, currency FROM contact_pipeline")
        assert cursor.fetchall() == [(2, 1, 1, "negotiation", Decimal("1064.5"), "EUR")]
        Opportunity.objects.filter(amount=10).update(currency="USD")
        cursor.execute("SELECT amount, currency FROM contact_pipeline")
        assert cursor.fetchall() == [(None, None)]  # nothing adds two currencies


def test_opened_changed_moved_and_lost_by_hand(cast, ada):
    selma = cast.actor("selma")
    deal = create_opportunity(
        actor=selma, name="Pilot", people=[Part(ada.id, "user")], keys=[("crm", "7")], values={"amount": Decimal(500)}
    )
    assert (deal.owner_id, deal.stage, deal.currency) == (cast.selma.id, "prospecting", "EUR")
    change_opportunity(actor=selma, opportunity_id=deal.id, values={"amount": Decimal(700)}, people=[])
    move_opportunity(actor=selma, opportunity_id=deal.id, stage="proposal")
    with pytest.raises(MaropsError, match="needs a reason"):
        move_opportunity(actor=selma, opportunity_id=deal.id, stage="closed_lost")
    move_opportunity(actor=selma, opportunity_id=deal.id, stage="closed_lost", reason="no budget")
    again = move_opportunity(actor=selma, opportunity_id=deal.id, stage="negotiation")
    assert (again.state, again.closed_at, again.reason) == ("open", None, None)
    assert [fact.properties["to"] for fact in facts("stage_changed")] == ["proposal", "closed_lost", "negotiation"]
    assert [fact.properties for fact in facts("lost")] == [
        {"reason": "no budget", "amount": "700", "currency": "EUR"},
    ]  # fmt: skip
    assert [fact.properties["fields"] for fact in facts("changed")] == [["amount", "people"]]
    with pytest.raises(MaropsError, match="known as"):
        create_opportunity(actor=selma, name="Twin", keys=[("crm", "7")])
    assert OpportunityKey.objects.count() == Opportunity.objects.count() == 1


def test_a_seller_changes_their_own_deals_alone(cast):
    deal = create_opportunity(actor=cast.actor("hanna"), name="Hanna's")
    with pytest.raises(MaropsError, match="no such deal"):
        move_opportunity(actor=cast.actor("selma"), opportunity_id=deal.id, stage="proposal")


def test_every_open_deal_has_a_line_for_every_day(monkeypatch):
    keep(ROW, ROW | {"amount": "5"}, ROW | {"stage": "Won"})
    today = datetime(2026, 6, 3, 9, tzinfo=UTC)
    Opportunity.objects.update(created_at=today, stage_since=today)
    assert take_snapshots(actor=ENGINE, as_of=today) == 2
    assert take_snapshots(actor=ENGINE, as_of=today + timedelta(hours=3)) == 0
    Opportunity.objects.filter(amount=5).update(amount=6)
    assert take_snapshots(actor=ENGINE, as_of=today + timedelta(days=1)) == 2
    lines = OpportunitySnapshot.objects.filter(opportunity__amount=6).order_by("day")
    assert [(one.day.day, one.amount, one.filled) for one in lines] == [(3, 5, False), (4, 6, False)]


def test_days_that_were_missed_are_filled_and_marked():
    keep(ROW, ROW)
    day = datetime(2026, 6, 3, 9, tzinfo=UTC)
    Opportunity.objects.update(created_at=day, stage_since=day)
    take_snapshots(actor=ENGINE, as_of=day)
    gone = Opportunity.objects.order_by("number").last()
    Opportunity.objects.filter(id=gone.id).update(state="won", closed_at=day + timedelta(days=2))
    take_snapshots(actor=ENGINE, as_of=day + timedelta(days=4))
    lines = OpportunitySnapshot.objects.order_by("day", "opportunity__number")
    assert [(one.day.day, one.filled) for one in lines if one.opportunity_id != gone.id] == [
        (3, False), (4, True), (5, True), (6, True), (7, False),
    ]  # fmt: skip
    assert [one.day.day for one in lines if one.opportunity_id == gone.id] == [3, 4]
