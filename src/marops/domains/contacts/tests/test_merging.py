import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections
from tests.cast import Cast

from marops.domains.consent.models import Entry, State
from marops.domains.contacts.actions import merge_contacts, part_contacts
from marops.domains.contacts.models import Contact, Identity, Merge
from marops.domains.contacts.public import find_contact, merge_of, resolve_people
from marops.domains.contacts.rules.survival import taken
from marops.kernel import facts
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import Comment, ContactAlias, FactInbox

pytestmark = pytest.mark.django_db(transaction=True)


def person(number: int, **values: Any) -> Contact:
    one = Contact.objects.create(id=new_id(), number=number, **values)
    if one.email:
        Identity.objects.create(contact=one, kind="email", value=one.email)
    return one


def says(one: Contact, channel: str, state: str, at: Any = None) -> None:
    entry = Entry.objects.create(
        contact=one, channel=channel, state=state, actor_kind="system", actor_id="t", at=at or now()
    )
    State.objects.create(contact=one, channel=channel, state=state, entry_id=entry.id, at=entry.at)


def merge(one: Contact, other: Contact) -> Merge:
    return merge_contacts(actor=SETUP, winner_id=one.id, loser_id=other.id)


@pytest.fixture
def two(run_stages: Callable[[], Any], starters: Any) -> tuple[Contact, Contact]:
    """Two records of one person, each looked at by every stage of the engine."""
    one = person(1, given_name="Ann", family_name="Leeds", full_name="Ann Leeds", email="ann@firm.example", visits=3)
    other = person(2, full_name="A. Leeds", email="a.leeds@firm.example", phone="+4930123456", city="Rome",
                   street="Via Roma 1", visits=9, custom={"size": "L"}, country="IT")  # fmt: skip
    for each in (one, other):
        says(each, "email", "granted")
        Comment.objects.create(object_type="contact", object_id=str(each.id), author=new_id(), text="Hi", at=now())
    facts.touch([one.id, other.id], now())
    run_stages()
    return one, other


def document(one: UUID) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM contact c WHERE id = %s", [one])
        row = cursor.fetchone()
    return dict(json.loads(row[0])) if row else {}


def places(of: UUID) -> Iterator[tuple[str, str]]:
    """Every table and column of the database where this id stands: by itself, or as a text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c JOIN"
            " information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = 'public'"
            " AND t.table_type = 'BASE TABLE' AND c.data_type IN ('uuid', 'text', 'character varying')"
        )
        for table, column, _kind in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" WHERE "{column}"::text = %s)', [str(of)])
            if cursor.fetchone()[0]:
                yield table, column


STAYS = {
    ("contact_alias", "alias_id"), ("contact_merge", "loser_id"),  # the records of merges
    ("fact_inbox", "contact_id"), ("fact_inbox", "subject_id"),  # facts keep the id they were written with
    ("audit_row", "object_id"), ("touched", "contact_id"),  # what was done to it was done to it; a queue of seconds
}  # fmt: skip


def test_nothing_points_to_the_record_that_went_in_any_table(two: tuple[Contact, Contact]) -> None:
    one, other = two
    before = set(places(other.id)) - STAYS
    assert {table for table, _ in before} >= {
        "contact",
        "contact_identity",
        "consent_entry",
        "consent_state",
        "comment",
    }
    merge(one, other)
    assert set(places(other.id)) - STAYS == set()


def test_the_record_that_stays_keeps_what_it_says_and_takes_what_it_lacks(two: tuple[Contact, Contact]) -> None:
    one, other = two
    done = merge(one, other)
    kept = Contact.objects.get()
    assert (kept.id, kept.number, kept.full_name, kept.email) == (one.id, 1, "Ann Leeds", "ann@firm.example")
    assert (kept.phone, kept.street, kept.city, kept.country, kept.visits) == (
        "+4930123456",
        "Via Roma 1",
        "Rome",
        "IT",
        9,
    )
    assert kept.custom == {"size": "L"}
    assert set(done.taken) >= {"phone", "street", "city", "country", "visits", "custom"}
    assert set(Identity.objects.filter(contact=kept).values_list("value", flat=True)) >= {
        "ann@firm.example", "a.leeds@firm.example"
    }  # fmt: skip
    assert FactInbox.objects.get(kind="contact.merged").contact_id == one.id


def test_what_belongs_together_is_taken_together() -> None:
    blank = dict.fromkeys(document_fields())
    one, other = blank | {"city": "Oslo", "company_name": "Fox"}, blank | {
        "city": "Rome", "street": "Via Roma 1", "postcode": "00100", "company_name": "Fox", "industry": "Toys",
        "visits": 2, "known_since": "2024-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert taken(one, other) == {"industry": "Toys", "visits": 2, "known_since": "2024-01-01T00:00:00+00:00"}
    assert taken(one | {"company_name": "Box"}, other).keys() == {"visits", "known_since"}


def document_fields() -> list[str]:
    return [one.column for one in Contact._meta.concrete_fields]


ORDER = ["unknown", "granted", "denied", "unsubscribed"]


@pytest.mark.parametrize("mine", ["granted", "denied", "unsubscribed"])
@pytest.mark.parametrize("theirs", ["granted", "denied", "unsubscribed"])
def test_the_stricter_word_of_both_holds(mine: str, theirs: str) -> None:
    one, other = person(1), person(2)
    says(one, "email", mine)
    says(other, "email", theirs)
    says(other, "phone", theirs)
    merge(one, other)
    words = {row.channel: row.state for row in State.objects.filter(contact=one)}
    assert words == {"email": max(mine, theirs, key=ORDER.index), "phone": theirs}
    assert Entry.objects.filter(contact=one).count() == 3, "the ledger keeps every word"


def test_every_name_of_the_record_that_went_leads_to_the_one_that_stayed(two: tuple[Contact, Contact]) -> None:
    one, other = two
    third = person(3, full_name="Leeds", email="leeds@home.example")
    merge(one, other)
    merge(third, one)  # a chain: 2 → 1 → 3
    for ref in ("L-1", "L-2", "l-2", str(other.id), "a.leeds@firm.example", str(one.id)):
        assert find_contact(ref, actor=SETUP).id == third.id, ref
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE asked (ref text, contact_id uuid, hits int)")
        cursor.executemany("INSERT INTO asked (ref) VALUES (%s)", [["L-2"], [str(other.id)], ["L-9"]])
        resolve_people(None, "asked")  # type: ignore[arg-type]  # it announces nothing
        cursor.execute("SELECT ref, contact_id FROM asked ORDER BY ref")
        found = dict(cursor.fetchall())
        cursor.execute("DROP TABLE asked")
    assert found == {"L-2": third.id, str(other.id): third.id, "L-9": None}


def test_taken_back_both_are_as_they_were_and_what_changed_since_stays(two: tuple[Contact, Contact]) -> None:
    one, other = two
    before = {each.id: document(each.id) for each in two}
    rows = {
        table: count(table)
        for table in ("contact_identity", "consent_entry", "consent_state", "comment", "contact_score")
    }
    done = merge(one, other)
    Contact.objects.filter(id=one.id).update(city="Milan")
    says(Contact.objects.get(id=one.id), "phone", "denied")
    part_contacts(actor=SETUP, merge_id=done.id)
    assert not ContactAlias.objects.exists()
    ours = {"updated_at", "seen_hash", "search_text"}
    after = {each.id: document(each.id) for each in two}
    assert {k: v for k, v in after[other.id].items() if k not in ours} == {
        k: v for k, v in before[other.id].items() if k not in ours
    }
    assert {k: v for k, v in after[one.id].items() if k not in ours} == {
        k: v for k, v in before[one.id].items() if k not in ours
    } | {"city": "Milan"}
    assert {table: count(table) for table in rows} == rows | {
        "consent_entry": rows["consent_entry"] + 1, "consent_state": rows["consent_state"] + 1,
    }  # fmt: skip
    assert State.objects.filter(contact=one, channel="phone").exists()
    with pytest.raises(MaropsError, match="taken back already"):
        part_contacts(actor=SETUP, merge_id=done.id)
    assert find_contact("L-2", actor=SETUP).id == other.id


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def test_a_merge_below_another_is_taken_back_after_it(two: tuple[Contact, Contact]) -> None:
    one, other = two
    third = person(3)
    first, second = merge(one, other), merge(third, one)
    with pytest.raises(MaropsError, match="L-1 has itself become part of L-3"):
        part_contacts(actor=SETUP, merge_id=first.id)
    part_contacts(actor=SETUP, merge_id=second.id)
    part_contacts(actor=SETUP, merge_id=first.id)
    assert set(Contact.objects.values_list("number", flat=True)) == {1, 2, 3}


@pytest.mark.parametrize(("winner", "loser", "code"), [(1, 1, "conflict"), (1, 9, "not-found"), (9, 1, "not-found")])
def test_what_cannot_be_one_is_refused(winner: int, loser: int, code: str) -> None:
    ids = {1: person(1).id, 9: new_id()}
    with pytest.raises(MaropsError) as refused:
        merge_contacts(actor=SETUP, winner_id=ids[winner], loser_id=ids[loser])
    assert refused.value.code == code
    assert Contact.objects.count() == 1


def test_three_in_a_ring_at_the_same_time_end_as_one_or_are_told(two: tuple[Contact, Contact]) -> None:
    people = [*two, person(3)]
    said: list[str] = []

    def join(winner: Contact, loser: Contact) -> None:
        try:
            merge(winner, loser)
            said.append("done")
        except MaropsError as error:
            said.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=join, args=(people[at], people[(at + 1) % 3])) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(said) == 3
    assert set(said) <= {"done", "not-found"}
    assert Contact.objects.count() == 3 - said.count("done")
    for one in people:
        assert Contact.objects.filter(id=find_contact(str(one.id), actor=SETUP).id).exists()


def test_over_rest_by_those_who_may(cast: Cast, two: tuple[Contact, Contact]) -> None:
    asked = {"gone": "L-2", "why": "Same phone"}
    post = lambda name, url, body: cast.client(name).post(url, body, content_type="application/json")  # noqa: E731
    assert post("lena", "/api/v1/leads/L-1/merge", asked).status_code == 403
    done = post("samuel", "/api/v1/leads/L-1/merge", asked).json()
    assert (done["kept"], done["gone"], done["why"]) == ("L-1", "L-2", "Same phone")
    assert "phone" in done["took"]
    assert cast.client("samuel").get("/api/v1/leads/L-2").json()["contact"]["ref"] == "L-1"
    assert [one["id"] for one in cast.client("hanna").get("/api/v1/merges").json()["items"]] == [done["id"]]
    assert merge_of(cast.actor("samuel"), "L-2").id == UUID(done["id"])
    assert post("samuel", "/api/v1/leads/L-2/unmerge", {}).json()["undone_at"]
    assert post("samuel", "/api/v1/leads/L-2/unmerge", {}).status_code == 404
    assert Contact.objects.count() == 2


def test_on_pages_side_by_side_then_one_then_two_again(cast: Cast, two: tuple[Contact, Contact]) -> None:
    samuel = cast.client("samuel")
    assert "No two records were merged yet" in samuel.get("/merges").content.decode()
    page = samuel.get("/merges/new?keep=L-1&gone=L-2").content.decode()
    assert "They differ in" in page
    assert "<b>Via Roma 1</b>" in page, "what is taken over stands out"
    missing = samuel.get("/merges/new?keep=L-1&gone=L-9")
    assert missing.status_code == 422
    assert "No lead answers to" in missing.content.decode()
    made = samuel.post("/merges/make", {"keep": "L-1", "gone": "L-2", "why": "Same phone"}, follow=True)
    assert made.redirect_chain[-1][0] == "/leads/L-1"
    assert "L-2 is L-1 from now on." in made.content.decode()
    done = Merge.objects.get()
    assert "Same phone" in samuel.get("/merges").content.decode()
    again = samuel.post("/merges/make", {"keep": "L-1", "gone": "L-2"})
    assert again.status_code == 422
    assert "Both are the same record" in again.content.decode()
    parted = samuel.post(f"/merges/{done.id}/part", follow=True).content.decode()
    assert "L-2 and L-1 are two records again." in parted
    assert "taken back" in parted
