"""What people ask of their data: deadlines, identity, what is done, and what the record keeps."""

import io
import json
import zipfile
from datetime import timedelta

import pytest

from marops.domains.consent.actions.requests import (
    Asking,
    answer_request,
    check_identity,
    lift_restriction,
    restrict,
    take_request,
)
from marops.domains.consent.answering import export_person, open_request, person_json
from marops.domains.consent.jobs import start_erasing
from marops.domains.consent.models import Proof, Request, Restriction
from marops.domains.consent.queries import proving
from marops.domains.consent.queries.may import may
from marops.domains.consent.queries.processing import as_markdown, processing
from marops.domains.consent.queries.requests import counts, requests
from marops.domains.contacts.models import Contact, Identity
from marops.kernel import files
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import run_here
from marops.kernel.models import ErasedValue, File
from marops.kernel.personal import LOG_NAME

pytestmark = pytest.mark.django_db(transaction=True)


def person(number, country=None, region=None, **more):
    one = Contact.objects.create(number=number, email=f"p{number}@firm.example", full_name=f"Person Nr{number}",
                                 search_text=f"person nr{number} p{number}@firm.example", country=country,
                                 region=region, **more)  # fmt: skip
    Identity.objects.create(contact=one, kind="email", value=one.email)
    return one


def ask(one, kind="access", **more):
    return take_request(actor=SETUP, contact_id=one.id, asking=Asking(kind, **more))


@pytest.mark.parametrize(("kind", "where", "days"), [
    ("access", ("DE", None), 30), ("access", ("US", "California"), 45), ("access", (None, None), 30),
    ("objection", ("CA", None), 10), ("erasure", ("JP", None), 30), ("portability", ("US", "TX"), 30),
])  # fmt: skip
def test_the_deadline_is_the_shortest_that_applies_from_the_day_it_came_in(kind, where, days):
    came = now() - timedelta(days=3)
    row = ask(person(1, *where), kind, received_at=came)
    assert (row.due_at - came).days == days


def test_nothing_is_handed_out_before_somebody_checked_who_asks():
    one = person(1)
    row = ask(one)
    for attempt in (
        lambda: answer_request(actor=SETUP, request_id=row.id, answer="sent"),
        lambda: export_person(actor=SETUP, request=row),
        lambda: restrict(actor=SETUP, contact_id=one.id, why="", request_id=row.id),
    ):
        with pytest.raises(MaropsError) as refused:
            attempt()
        assert refused.value.code == "identity-unchecked"
    assert not File.objects.exists()
    assert not Restriction.objects.exists()
    refusal = answer_request(actor=SETUP, request_id=row.id, answer="Did not say who they are.", refused=True)
    assert refusal.state == "refused"
    with pytest.raises(MaropsError):
        check_identity(actor=SETUP, request_id=row.id, how="passport")


def test_the_most_urgent_stands_first_and_late_ones_are_counted():
    first, second, third = (person(number, "DE") for number in (1, 2, 3))
    ask(first, received_at=now() - timedelta(days=5))
    late = ask(second, received_at=now() - timedelta(days=31))
    done = ask(third, received_at=now() - timedelta(days=60))
    answer_request(actor=SETUP, request_id=done.id, answer="no", refused=True)
    assert [one.subject for one in requests(SETUP)] == ["L-2", "L-1", "L-3"]
    assert counts(SETUP, now()) == {"open": 2, "late": 1, "soon": 0, "closed": 1, "on_time": 0}
    assert late.due_at < now()


def test_U9_access_is_one_archive_with_all_that_is_known(engine):
    one, other = person(1, "DE", job_title="Head of Quux"), person(2, "DE")
    request = open_request(actor=SETUP, contact_id=one.id, kind="access", identity="answered from the known mailbox")
    document, content, request = export_person(actor=SETUP, request=request)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        read = json.loads(archive.read("about-you.json"))
    assert read["who"]["ref"] == "L-1"
    assert read["tables"]["contact"][0]["job_title"] == "Head of Quux"
    assert {row["value"] for row in read["tables"]["contact_identity"]} == {"p1@firm.example"}
    assert "privacy.asked" in {event["what"] for event in read["events"]}
    assert {"newsletter", "service"} <= {cell["purpose"] for cell in read["consent"]["may_be_contacted"]}
    assert str(other.id) not in content.decode("latin-1")
    assert other.email not in json.dumps(document)
    assert (request.state, request.report["tables"]["contact"]) == ("done", 1)
    kept = File.objects.get(id=request.report["file"])
    assert files.path_of(kept).read_bytes() == content
    assert kept.expires_at is not None


def test_a_restriction_stops_contact_is_shown_and_can_be_ended():
    one = person(1, "US", "TX")
    assert may(one.id, "email", "newsletter", now()).allowed
    request = open_request(actor=SETUP, contact_id=one.id, kind="restriction", identity="known voice")
    restrict(actor=SETUP, contact_id=one.id, why="disputes the data", request_id=request.id)
    assert not may(one.id, "email", "newsletter", now()).allowed
    assert person_json(SETUP, one.id)["restricted_since"]
    assert Request.objects.get().state == "done"
    lift_restriction(actor=SETUP, contact_id=one.id, why="was right")
    assert may(one.id, "email", "newsletter", now()).allowed


def test_U9_an_erasure_that_was_asked_for_is_proven_and_its_request_names_nobody(engine):
    one = person(71, "DE")
    row = ask(one, "erasure", how="by e-mail", note="wants p71@firm.example gone")
    check_identity(actor=SETUP, request_id=row.id, how="answered from p71@firm.example")
    run_here(start_erasing([one.id], actor=SETUP, here=True, request_id=row.id).id)
    (config().home / LOG_NAME).unlink()
    row.refresh_from_db()
    assert (row.state, row.contact_id, row.note, row.identity_how, row.subject) == ("done", None, "", "", "L-71")
    proof = Proof.objects.get()
    assert row.report["proof"] == proof.ref
    assert (proof.report["after"], proof.found) == ({}, 0)
    assert proof.report["before"]["table privacy_request"] == 1
    assert proof.report["suppressed"] == ErasedValue.objects.count() == 1
    assert "p71@firm" not in json.dumps(proof.report)


def test_the_record_of_processing_tells_what_is_here(starters):
    person(1, "DE", source="trade_show")
    record = processing(now())
    assert [one["slug"] for one in record["purposes"]][:2] == ["marketing", "newsletter"]
    assert record["sources"] == ["trade_show"]
    assert "E-mail" in record["fields"]
    text = as_markdown(record)
    assert "trade_show" in text
    assert "keyed hashes" in text
    assert "p1@firm.example" not in text


def test_a_file_that_went_meanwhile_holds_nothing_and_one_that_cannot_be_read_counts(tmp_path):
    assert not proving._holds(tmp_path / "gone", ["ann@firm.example"])
    assert proving._holds(tmp_path, ["ann@firm.example"])  # a folder, where a file was looked for, cannot be read
