from datetime import UTC, datetime

import pytest

from marops.domains.capture.models import Finding
from marops.domains.capture.public import as_map, plan_import, result_of, start_import, try_import
from marops.domains.contacts.public import Contact, Identity
from marops.domains.routing.models import LeadDisposition
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import run_here
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leads():
    people = [Contact.objects.create(number=n, full_name=f"Lead {n}", email=f"l{n}@x.de") for n in (11, 12, 13)]
    for one in people:
        Identity.objects.create(contact=one, kind="email", value=one.email)
    Identity.objects.create(contact=people[2], kind="external", system="crm", value="P-13")
    return people


@pytest.fixture
def bring(tmp_path):
    count = iter(range(1000))

    def one(text, mapping=None, actor=SETUP):
        path = tmp_path / f"words-{next(count)}.csv"
        path.write_text(text)
        plan = plan_import(path, as_map({"columns": mapping or {}}), table="dispositions")
        return result_of(run_here(start_import(path, plan, actor=actor).id))

    return one


def counts(result):
    return (result.created, result.updated, result.unchanged, result.rejected)


def stands():
    return {
        one.contact.number: (one.state, one.reason, one.at.date().isoformat())
        for one in LeadDisposition.objects.select_related("contact")
    }


FILE = (
    "Lead,Disposition,Reason,Date,Sales rep,Note\n"
    "L-11,Accepted,,2026-03-01 10:00,,\nL-11,in progress,,2026-03-02 09:00,Selma Yildiz,called twice\n"
    "l12@x.de,Rejected,No budget,2026-03-03,nobody at all,\nP-13,won,,2026-03-04,,\n"
)


def test_a_file_of_words_is_kept_under_any_reference(bring, leads, cast):
    result = bring(FILE)
    assert counts(result) == (0, 4, 0, 0)
    assert stands() == {
        11: ("working", None, "2026-03-02"),
        12: ("rejected", "no_budget", "2026-03-03"),
        13: ("won", None, "2026-03-04"),
    }  # fmt: skip
    kept = LeadDisposition.objects.get(contact=leads[0])
    assert (kept.note, kept.by) == ("called twice", str(cast.selma.id))
    facts = FactInbox.objects.filter(kind__startswith="lead.").order_by("occurred_at")
    assert [one.kind for one in facts] == ["lead.accepted", "lead.worked", "lead.rejected", "lead.won"]
    assert {(one.row, one.code) for one in Finding.objects.all()} == {(4, "word-by-unknown")}


def test_the_same_file_again_changes_nothing(bring, leads):
    bring(FILE)
    before, facts = stands(), FactInbox.objects.filter(kind__startswith="lead.").count()
    assert counts(bring(FILE)) == (0, 0, 4, 0)
    assert (stands(), FactInbox.objects.filter(kind__startswith="lead.").count()) == (before, facts)


def test_without_times_the_last_word_about_a_lead_counts(bring, leads):
    text = "E-mail,Disposition\nl11@x.de,accepted\nl11@x.de,working\nl12@x.de,accepted\n"
    assert counts(bring(text)) == (0, 2, 1, 0)
    assert counts(bring(text)) == (0, 0, 3, 0)
    assert stands()[11][0] == "working"


def test_times_are_read_in_the_zone_of_the_file(leads, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("Lead,Disposition,Date\nL-11,accepted,2026-03-01 10:00\nL-12,accepted,2026-03-01T10:00:00Z\n")
    plan = plan_import(path, as_map({"columns": {}, "zone": "Asia/Tokyo"}), table="dispositions")
    run_here(start_import(path, plan, actor=SETUP).id)
    told = {one.contact.number: one.at for one in LeadDisposition.objects.select_related("contact")}
    assert told == {11: datetime(2026, 3, 1, 1, tzinfo=UTC), 12: datetime(2026, 3, 1, 10, tzinfo=UTC)}


def test_refused_words_name_row_and_column(bring, leads):
    Identity.objects.create(contact=leads[0], kind="external", system="erp", value="7")
    Identity.objects.create(contact=leads[1], kind="external", system="shop", value="7")
    result = bring(
        "Lead,Disposition,Reason,Date\nL-99,accepted,,2026-01-01\n7,accepted,,2026-01-01\nL-11,perhaps,,2026-01-01\n"
        "L-11,lost,,2026-01-01\nL-11,won,No need,2026-01-01\nL-11,won,,2199-01-01\nL-11,,,2026-01-01\nL-11,won,,soon\n"
        "L-12,won,,2026-01-01\nL-12,accepted,,2026-02-01\n"
    )
    assert counts(result) == (0, 1, 0, 9)
    found = {(one.row, one.field, one.code) for one in Finding.objects.filter(level="reject")}
    assert found == {
        (2, "Lead", "word-unknown"), (3, "Lead", "word-ambiguous"), (4, "Disposition", "word-word"),
        (5, "Reason", "word-reason"), (6, "Reason", "word-no-reason"), (7, "Date", "word-future"),
        (8, "Disposition", "value-missing"), (9, "Date", "unreadable-date"), (11, "Disposition", "word-move"),
    }  # fmt: skip
    assert all(one["message"] and one["remedy"] for one in result.findings if one["level"] == "reject")


def test_a_seller_reaches_their_own_leads_alone(bring, leads, cast):
    result = bring("Lead,Disposition\nL-11,accepted\n", actor=cast.actor("selma"))
    assert counts(result) == (0, 0, 0, 1)
    with pytest.raises(MaropsError, match=r"leads\.dispose"):
        bring("Lead,Disposition\nL-11,accepted\n", actor=cast.actor("lena"))


def test_a_trial_keeps_nothing(leads, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text(FILE)
    plan = plan_import(path, table="")
    assert plan.table == "dispositions"
    assert counts(try_import(path, plan, actor=SETUP)) == (0, 4, 0, 0)
    assert not LeadDisposition.objects.exists()
