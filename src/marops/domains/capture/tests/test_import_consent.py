import pytest
from django.db import connection

from marops.domains.capture.models import Import
from marops.domains.capture.tests.importground import codes, counts, everything
from marops.domains.consent.models import Entry, State
from marops.domains.consent.public import consent_of
from marops.domains.contacts.public import Contact
from marops.kernel.models import FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_flags_are_imported_as_what_they_are(bring):
    bring("Email,Do Not Email,Do Not Call\na@x.de,Yes,No\nb@x.de,No,true\nc@x.de,,perhaps\n")
    found = {
        Contact.objects.get(id=key).email: value
        for key, value in consent_of(Contact.objects.values_list("id", flat=True)).items()
    }
    assert found == {"a@x.de": {("email", "marketing"): "denied"}, "b@x.de": {("phone", "marketing"): "denied"}}
    assert ("consent-unclear") in {code for _, code, _ in codes("warn")}
    assert FactInbox.objects.filter(kind="consent.recorded").count() == 2
    entry = Entry.objects.get(channel="email")
    assert (entry.basis, entry.source, entry.import_number, entry.row) == (
        "file", "Do Not Email", Import.objects.get().number, 2,
    )  # fmt: skip


@pytest.mark.parametrize(("header", "cell", "state"), [
    ("Unsubscribed", "1", "unsubscribed"), ("Unsubscribed", "0", None), ("Newsletter", "yes", "granted"),
    ("Newsletter", "no", "denied"), ("Newsletter", "unsubscribed", "unsubscribed"),
    ("Email opt out", "opted out", "unsubscribed"),
    ("Email consent", "2024-01-02", "granted"),
])  # fmt: skip
def test_what_a_consent_column_says(bring, header, cell, state):
    bring(f"Email,{header}\na@x.de,{cell}\n", {header: "consent.email"})
    assert State.objects.values_list("state", flat=True).first() == state


def test_U7_a_file_never_turns_a_no_into_a_yes(bring):
    bring("Email,Unsubscribed\na@x.de,1\n")
    before = everything()
    result = bring("Email,Newsletter,City\na@x.de,yes,Bonn\n", {"Newsletter": "consent.email"})
    assert counts(result) == (0, 1, 0, 0)
    assert {one.state for one in State.objects.all()} == {"unsubscribed"}
    assert everything()["consent_entry"] == before["consent_entry"]
    assert codes("warn") == {(2, "consent-kept", "email")}


def test_U7_a_file_does_not_bring_back_a_yes_that_has_ended(bring):
    bring("Email,Newsletter\na@x.de,yes\n", {"Newsletter": "consent.email"})
    State.objects.update(state="expired")
    bring("Email,Newsletter,City\na@x.de,yes,Bonn\n", {"Newsletter": "consent.email"})
    assert State.objects.get().state == "expired"
    assert codes("warn") == {(2, "consent-kept", "email")}


def test_U7_a_no_to_everything_is_a_no_to_what_a_file_says(bring):
    bring("Email\na@x.de\n")
    State.objects.create(contact=Contact.objects.get(), channel="*", purpose="*", state="unsubscribed",
                         entry_id=Contact.objects.get().id, at=Contact.objects.get().created_at)  # fmt: skip
    bring("Email,Newsletter,City\na@x.de,yes,Bonn\n", {"Newsletter": "consent.email"})
    assert not Entry.objects.filter(state="granted").exists()
    assert codes("warn") == {(2, "consent-kept", "email")}


def test_U7_not_even_within_one_file(bring):
    bring("Email,Newsletter\na@x.de,no\na@x.de,yes\n", {"Newsletter": "consent.email"})
    assert State.objects.get().state == "denied"
    bring("Email,Do not email\nb@x.de,yes\nb@x.de,no\n")
    assert State.objects.get(contact__email="b@x.de").state == "denied"


def test_a_no_always_counts_and_a_stronger_no_is_noted(bring):
    bring("Email,Newsletter\na@x.de,yes\n", {"Newsletter": "consent.email"})
    assert State.objects.get().state == "granted"
    assert counts(bring("Email,Do not email\na@x.de,yes\n")) == (0, 1, 0, 0)
    bring("Email,Unsubscribed\na@x.de,yes\n")
    bring("Email,Do not email\na@x.de,yes\n")
    assert list(Entry.objects.order_by("at").values_list("state", flat=True)) == ["granted", "denied", "unsubscribed"]


def test_the_claim_predicate_lets_through_who_may_be_contacted_and_nobody_else(bring):
    from marops.kernel.gates import claims

    bring("Email,Newsletter\na@x.de,no\nb@x.de,yes\nc@x.de,\n", {"Newsletter": "consent.email"})
    (claim,) = [one for one in claims() if one.name == "consent"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT email FROM (SELECT id AS contact_id, email, 'email' AS channel, 'marketing' AS purpose,"
            f" created_at AS claimed_at FROM contact) c WHERE {claim.condition}"
        )
        assert cursor.fetchall() == [("b@x.de",)]
