"""Promises about identities that come in: normalised before they are compared, and one row for one address."""

import pytest

from marops.domains.capture.models import Finding
from marops.domains.capture.tests.importground import counts
from marops.domains.contacts.models import Contact, Identity
from marops.domains.contacts.public import emails, find_contact
from marops.kernel.actors import SETUP

pytestmark = pytest.mark.django_db(transaction=True)
NBSP, ZERO, BOM, DECOMPOSED = "\u00a0", "\u200b", "\ufeff", "Zoe\u0308"


def test_M6_addresses_are_compared_normalised_and_what_came_is_kept(bring):
    bring(f"Id,Email,Name\n1,ada@münchen.de,{DECOMPOSED}\n")
    again = bring(f"Email,City\n{NBSP}ADA@MÜNCHEN.de{ZERO},Bonn\n{BOM}ada@xn--mnchen-3ya.de,Kiel\n")
    one = Contact.objects.get()
    assert (one.email, one.city, counts(again)) == ("ada@xn--mnchen-3ya.de", "Kiel", (0, 1, 1, 0))
    assert one.full_name == "Zo\u00eb"
    assert one.originals["email"] == "ada@münchen.de"
    assert find_contact(f"Ada@München.DE{ZERO}", actor=SETUP).id == one.id


def test_M6_dots_and_tags_of_a_mailbox_are_not_folded(bring):
    bring("Email\njane.doe@gmail.com\njanedoe@gmail.com\njanedoe+news@gmail.com\n")
    assert sorted(Identity.objects.values_list("value", flat=True)) == [
        "jane.doe@gmail.com", "janedoe+news@gmail.com", "janedoe@gmail.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (f" {NBSP}Ann@X.de{ZERO} ", "ann@x.de"), ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("A.N.N+tag@GMail.com", "a.n.n+tag@gmail.com"), ("mailto:<ANN@x.de>", "ann@x.de"),
    ],
)  # fmt: skip
def test_M6_every_door_normalises_alike(raw, kept):
    assert emails.normalise(raw) == kept
    assert emails.normalise(kept) == kept


def test_M8_the_same_address_twice_in_a_batch_is_one_row_the_last_wins_and_both_are_reported(bring):
    told = bring("Email,Name,City,Phone\nann@x.de,Ann First,Bonn,+493012345678\n"
                 "bob@x.de,Bob,,\nANN@x.de ,Ann Last,,\n")  # fmt: skip
    one = Contact.objects.get(email="ann@x.de")
    # The last row wins wherever it says something; what it leaves empty stays as the row before said.
    assert (one.full_name, one.city, one.phone) == ("Ann Last", "Bonn", "+493012345678")
    assert (counts(told), Contact.objects.count()) == ((2, 0, 1, 0), 2)
    said = Finding.objects.get(code="repeat")
    assert (said.row, said.detail) == (2, "4")


def test_M8_it_holds_across_batches_and_for_people_who_are_known(bring):
    bring("Email,Name\nann@x.de,Ann Before\n")
    told = bring("Email,Name\nann@x.de,Ann One\nann@X.DE,Ann Two\nann@x.de,Ann Three\n")
    assert Contact.objects.get().full_name == "Ann Three"
    assert counts(told) == (0, 1, 2, 0)
    assert sorted(Finding.objects.filter(code="repeat").values_list("row", "detail")) == [(2, "4"), (3, "4")]
