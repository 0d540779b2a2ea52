import json
from datetime import timedelta

import pytest
from django.db import connection

from marops.domains.capture.models import IntakeEvent, Trail
from marops.domains.consent.models import Entry, State
from marops.domains.contacts.models import Contact, ContactQuality, Identity
from marops.domains.register.public import fallback_queue
from marops.domains.routing.models import Assignment
from marops.domains.scoring.models import ContactScore, ContactStage
from marops.kernel import files, ports
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.models import Comment, File

TABLES = sorted({filler.name for filler in ports.merge})
# Of these, `_contact` puts something; the others have tests of their own beside their domain.
FILLED = {
    "assignment", "comment", "consent_entry", "consent_state", "contact_identity", "contact_quality", "contact_score",
    "contact_stage", "file", "lead_line",
}  # fmt: skip
ORDERS = [("expired", 0), ("granted", 1), ("denied", 2), ("unsubscribed", 3)]


def _contact(number, *, model="main", state="granted", owner=None, identity="", days=0):
    """A person of whom every table holds something."""
    at = now() - timedelta(days=days)
    one = Contact.objects.create(number=number, full_name=f"Person {number}", email=f"p{number}@x.example")
    Identity.objects.create(contact=one, kind="email", value=f"p{number}@x.example")
    Identity.objects.create(contact=one, kind="phone", value="+4930123456")  # a phone that both share
    if identity:
        Identity.objects.create(contact=one, kind="external", system="crm", value=identity)
    ContactQuality.objects.create(contact=one, score=80 + number, checked_at=at)
    ContactScore.objects.create(
        contact_id=one.id, model=model, fit="12.3400", engagement="0.0001", value="12.3401", grade="B",
        contributions={"title": 3.5}, definition="score/main@1", as_of=at,
    )  # fmt: skip
    ContactStage.objects.create(contact=one, stage="lead", since=at, definition="lifecycle/main@1")
    Assignment.objects.create(
        contact=one, queue=None if owner else fallback_queue(), owner_id=owner, definition="by hand", routed_at=at
    )
    entry = Entry.objects.create(
        contact=one, channel="email", state=state, actor_kind="human", actor_id="x", at=at, recorded_at=at
    )
    State.objects.create(contact=one, channel="email", state=state, entry_id=entry.id, at=at)
    IntakeEvent.objects.create(id=new_id(), call="page", received_at=at, occurred_at=at, done_at=at, contact_id=one.id)
    Trail.objects.create(visitor=str(number), contact_id=one.id, began_at=at)
    Comment.objects.create(object_type="contact", object_id=str(one.id), author=new_id(), text="hello", at=at)
    files.keep([b"x"], name="x", actor=SETUP, about=("contact", str(one.id)))
    return one


def _rows(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
        return sorted(row for (row,) in cursor.fetchall())


def _merge(winner, loser):
    records = {filler.name: filler.value(winner.id, loser.id) for filler in ports.merge}
    return json.loads(json.dumps(records))


def _unmerge(winner, loser, records):
    for filler in ports.unmerge:
        filler.value(winner.id, loser.id, records[filler.name])


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_M7_undoing_a_merge_gives_back_the_rows_of_every_table(table):
    winner, loser = _contact(1, days=3), _contact(2, model="other", owner=new_id(), identity="003X", state="denied")
    before = _rows(table)
    assert before or table not in FILLED
    records = _merge(winner, loser)
    assert table not in FILLED or _rows(table) != before
    _unmerge(winner, loser, records)
    assert _rows(table) == before


@pytest.mark.django_db
def test_M5_nothing_stays_with_the_loser():
    winner, loser = _contact(1), _contact(2, model="other", identity="003X")
    _merge(winner, loser)
    for table in set(TABLES) - {"lead_line"}:  # the line goes with the loser's own row
        assert not [row for row in _rows(table) if str(loser.id) in row], table
    assert {(one.kind, one.value) for one in Identity.objects.filter(contact=winner)} == {
        ("email", "p1@x.example"), ("email", "p2@x.example"), ("phone", "+4930123456"), ("external", "003X"),
    }  # fmt: skip
    assert Entry.objects.filter(contact=winner).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["expired", "granted", "denied", "unsubscribed"])
@pytest.mark.parametrize("second", ["expired", "granted", "denied", "unsubscribed"])
def test_M1_merged_people_keep_the_strictest_word(first, second):
    rank = dict(ORDERS)
    winner, loser = _contact(1, state=first), _contact(2, state=second)
    _merge(winner, loser)
    (kept,) = State.objects.filter(contact=winner, channel="email")
    assert kept.state == max(first, second, key=rank.__getitem__)


@pytest.mark.django_db
def test_what_changed_after_a_merge_survives_its_undoing():
    winner, loser = _contact(1), _contact(2)
    records = _merge(winner, loser)
    ContactStage.objects.filter(contact=winner).update(stage="customer")
    _unmerge(winner, loser, records)
    assert ContactStage.objects.get(contact=winner).stage == "customer"
    assert ContactStage.objects.get(contact=loser).stage == "lead"


@pytest.mark.django_db
def test_a_merge_with_somebody_of_whom_nothing_is_known_changes_nothing():
    winner = _contact(1)
    nobody = Contact.objects.create(number=2)
    before = {table: _rows(table) for table in TABLES}
    _unmerge(winner, nobody, _merge(winner, nobody))
    assert {table: _rows(table) for table in TABLES} == before


@pytest.mark.django_db(transaction=True)
def test_U9_erasing_leaves_no_row_of_the_erased_and_every_row_of_others():
    gone, other = _contact(1), _contact(2)
    (bytes_of_gone,) = [files.path_of(row) for row in File.objects.filter(object_id=str(gone.id))]
    kept = {name: [row for row in _rows(name) if str(other.id) in row] for name in TABLES}
    for filler in ports.erase:
        filler.value([gone.id])
    for table in [*TABLES, "contact"]:
        assert not [row for row in _rows(table) if str(gone.id) in row], table
    assert {name: _rows(name) for name in TABLES} == kept
    assert not bytes_of_gone.exists()


@pytest.mark.django_db
def test_U9_an_export_holds_every_row_of_the_person_and_none_of_others():
    one, other = _contact(1), _contact(2, identity="003X")
    for table in [*TABLES, "contact"]:
        rows = [json.loads(row) for row in _rows(table)]
        mine = [row for row in rows if str(one.id) in json.dumps(row)]
        told = ports.export[table]([one.id])
        assert len(told) == len(mine), table
        assert all(row.items() <= whole.items() for row, whole in zip(told, mine, strict=True)) or len(mine) > 1, table
        assert str(other.id) not in json.dumps(told), table
