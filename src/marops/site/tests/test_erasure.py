import json
import signal
import subprocess
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from tests.nursery import start

from marops.domains.capture.intake.calls import read
from marops.domains.capture.intake.keeping import INTAKE, Call, keep_events
from marops.domains.capture.public import plan_import, result_of, start_import
from marops.domains.capture.stages import intake
from marops.domains.consent.models import Entry, Proof, State
from marops.domains.consent.public import may, start_erasing
from marops.domains.consent.queries import proving
from marops.domains.contacts.actions import keep_day
from marops.domains.contacts.models import QualityDay
from marops.domains.contacts.public import Company, Contact, CustomField
from marops.domains.register.models import Campaign
from marops.kernel import crash, erasures, files, personal, ports
from marops.kernel.actions import actions
from marops.kernel.actors import SETUP
from marops.kernel.audit import seal, verify
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.jobs import run_here
from marops.kernel.models import AuditRow, Comment, ErasedValue, File, Job, MetricReading, Notice
from marops.kernel.notices import raise_problem
from marops.store.lake import lake_writer
from marops.store.postgres.binaries import find_binaries
from marops.store.proof import find_value

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

# Strings that stand nowhere else on earth.
EMAIL, NAME, PHONE = "quetzalina.xyloporth@zymurgy-quay.example", "Quetzalina Xyloporth", "+442079461357"
RARE = ("quetzalina", "xyloporth", "2079461357", "7946 1357", "bumfuzzl")
CSV = (
    "First name,Last name,Email,Phone,Company,Remark,Consent\n"
    "QUETZALINA,Xyloporth,Quetzalina.Xyloporth@Zymurgy-Quay.example,+44 (0)20 7946 1357,Jabberquist Ltd,"
    "likes bumfuzzling,yes\n"
    "Otto,Other,otto@others.example,030 123456,Others Ltd,nothing,yes\n"
    "Xyloporth,,not-an-address-of-quetzalina,,,,\n"
)


@pytest.fixture(autouse=True)
def _no_log():
    yield
    (config().home / personal.LOG_NAME).unlink(missing_ok=True)


@pytest.fixture
def bring(tmp_path):
    def one(content, name="leads.csv"):
        path = tmp_path / name
        path.write_text(content)
        return result_of(run_here(start_import(path, plan_import(path), actor=SETUP).id))

    return one


@pytest.fixture
def quetzalina(bring, engine, run_stages):
    """Somebody of whom every kind of place holds something."""
    bring(CSV, "quetzalina.csv")
    one = Contact.objects.get(email__icontains="quetzalina.x")
    run_stages()
    Comment.objects.create(object_type="contact", object_id=str(one.id), author=new_id(), text="a remark", at=now())
    Comment.objects.create(object_type="company", object_id="x", author=new_id(), text=f"Ask {NAME.upper()}", at=now())
    Notice.objects.create(account_id=new_id(), text=f"{EMAIL} wrote", at=now())
    raise_problem("x:1", "A lead could not be scored", detail=f"{PHONE} is no number")
    with lake_writer(engine.dsn, engine.lake, temp_dir=engine.temp, wait=10) as writer:
        writer.move()
        writer.maintain()
    return one


def _erase(*contacts):
    return run_here(start_erasing([one.id for one in contacts], actor=SETUP).id)


def _dump(server):
    """The whole database as text, statistics and all; without what people were erased for: their hashes."""
    with psycopg.connect(server, autocommit=True) as reader:
        samples = reader.execute("SELECT tablename, attname, pg_stats::text FROM pg_stats").fetchall()
    dump = subprocess.run(
        [find_binaries().program("pg_dump"), "--dbname", server, "--inserts", "--statistics"],
        capture_output=True, check=True,
    )  # fmt: skip
    return dump.stdout.decode() + "\n".join(f"{one} statistics" for one in samples)


def _in_folders():
    """Every file of the workspace outside PostgreSQL's own, with its bytes."""
    for path in config().home.rglob("*"):
        if path.is_file() and path.relative_to(config().home).parts[0] != "postgres":
            yield path, path.read_bytes().lower()


def test_U9_an_erased_person_is_nowhere(quetzalina, engine, server):
    before = _dump(server).lower()
    assert all(rare in before for rare in RARE if " " not in rare), "the test must have something to find"
    job = _erase(quetzalina)
    after = _dump(server).lower().split("\n")
    found = {rare: [line for line in after if rare in line][:3] for rare in RARE}
    assert {rare: lines for rare, lines in found.items() if lines} == {}
    for path, content in _in_folders():
        assert not [rare for rare in RARE if rare.encode() in content], path
    assert find_value(engine.dsn, engine.lake, EMAIL) == []
    # The lake keeps nothing under her id either.
    assert find_value(engine.dsn, engine.lake, str(quetzalina.id)) == []
    assert job.result["people"] == 1
    assert not File.objects.exists()
    assert job.result["facts"] > 0
    proof = Proof.objects.get()
    assert proof.ref == job.result["proof"]
    assert (proof.found, proof.report["after"], proof.report["others"]) == (0, {}, [])
    assert {"table contact", "table contact_identity", "uploads, exports and refused rows"} <= set(
        proof.report["before"]
    )
    assert {"files of the lake", "table lake.ducklake_file_column_stats"} <= set(proof.report["looked"])
    assert proof.report["places"] > len(connection.introspection.table_names())
    assert not [rare for rare in RARE if rare in json.dumps(proof.report).lower()]
    # What it looks for it would have found, in whichever place.
    Campaign.objects.create(name=f"For {EMAIL.title()}", slug="x")
    (config().home / "logs").mkdir(exist_ok=True)
    log = config().home / "logs" / "x.log"
    log.write_text(f"sent to {EMAIL}")
    assert set(proving.search([EMAIL]).found) == {"table campaign", "logs"}
    log.unlink()
    assert set(ErasedValue.objects.values_list("kind", flat=True)) == {"email", "phone"}


def test_U9_others_are_left_as_they_were(quetzalina):
    otto = Contact.objects.get(email="otto@others.example")
    before = (vars(otto).copy(), State.objects.filter(contact=otto).count(), otto.identities.count())
    yesterday = now() - timedelta(days=1)
    keep_day(actor=SETUP, as_of=now())
    level = MetricReading.objects.create(metric="quality.score", version=1, grain="day", period=yesterday.date(),
                                         value=80, n=2, closed=False, computed_at=yesterday)  # fmt: skip
    sums = list(QualityDay.objects.values())
    assert sums
    _erase(quetzalina)
    assert list(QualityDay.objects.values()) == sums  # what was summed up names nobody
    assert MetricReading.objects.get(id=level.id).n == 2
    after = Contact.objects.get(id=otto.id)
    before[0].pop("_state")
    assert {name: value for name, value in vars(after).items() if name != "_state"} == before[0]
    assert (State.objects.filter(contact=otto).count(), otto.identities.count()) == before[1:]


def test_the_trail_stays_whole_and_says_that_somebody_was_erased(quetzalina):
    seal(now())
    _erase(quetzalina)
    seal(now())
    assert verify().findings == ()
    row = AuditRow.objects.get(action="contact.erase")
    assert row.counts["erased"] == 1
    assert actions()["contact.erase"].right == "contacts.erase"


@pytest.mark.parametrize("spelled", [pytest.param(EMAIL, marks=pytest.mark.slow), EMAIL.upper()])
def test_U10_somebody_erased_comes_back_unsubscribed(quetzalina, bring, spelled):
    _erase(quetzalina)
    bring(f"Name,Email,Phone,Consent\nSomebody New,{spelled},+442079461357,yes\nElse,else@others.example,,yes\n")
    again = Contact.objects.get(full_name="Somebody New")
    assert again.id != quetzalina.id
    assert dict(State.objects.filter(contact=again).values_list("channel", "state")) == {
        "email": "unsubscribed", "phone": "unsubscribed", "sms": "unsubscribed",
    }  # fmt: skip
    assert {may(again.id, "email", one, now()).code for one in ("marketing", "newsletter", "events")} == {"refused"}
    assert set(Entry.objects.filter(contact=again, basis="erased").values_list("state", flat=True)) == {"unsubscribed"}
    assert not Entry.objects.filter(contact__full_name="Else", basis="erased").exists()


def test_U10_somebody_erased_comes_back_unsubscribed_through_the_intake_too(quetzalina):
    _erase(quetzalina)
    call = {"userId": "u-1", "traits": {"email": EMAIL}}
    reading = read("identify", json.dumps(call).encode(), key=new_id(), at=now())
    keep_events(actor=INTAKE, calls=[Call(reading, new_id(), now())])
    intake(now())
    again = Contact.objects.get(email=EMAIL)
    assert dict(State.objects.filter(contact=again).values_list("channel", "state")) == {"email": "unsubscribed"}


def test_what_people_share_is_not_taken_from_the_others(bring, engine):
    bring("Name,Email,Phone\nAnna Smithson,anna@x.example,+442079461357\nBert Smithson,bert@x.example,+442079461357\n")
    Notice.objects.create(account_id=new_id(), text="Call +442079461357", at=now())
    anna, _bert = (Contact.objects.get(email=f"{name}@x.example") for name in ("anna", "bert"))
    _erase(anna)
    assert Notice.objects.count() == 1
    assert set(ErasedValue.objects.values_list("kind", flat=True)) == {"email"}
    bring("Name,Email,Phone\nCarla Smithson,carla@x.example,+442079461357\n")
    assert not State.objects.filter(contact__email="carla@x.example").exists()


def test_names_in_rules_and_of_companies_are_told_not_changed(quetzalina, engine):
    company = Company.objects.create(number=99, name=f"{NAME} Consulting")
    CustomField.objects.create(slug="x", label="x", type="choice", choices=["one", NAME], made_by="x")
    job = _erase(quetzalina)
    assert job.result["look_at"] == [f"a company bears the person's name: {company.id}"]
    assert CustomField.objects.get(slug="x").choices == ["one"]


def test_erasing_twice_and_erasing_nobody_is_no_fault(quetzalina):
    _erase(quetzalina)
    log = erasures.read(config().home / personal.LOG_NAME)
    assert _erase(quetzalina).result["people"] == 0
    assert erasures.read(config().home / personal.LOG_NAME) == log
    assert quetzalina.id in log.contacts
    assert len(log.values) == 2


def test_only_holders_of_the_right_erase(cast, engine):
    from marops.domains.consent.actions import erase_contacts

    with pytest.raises(MaropsError, match=r"contacts\.erase"):
        erase_contacts(actor=cast.actor("mina"), contact_ids=[new_id()])


def test_a_log_whose_last_line_was_cut_off_is_read_and_goes_on(tmp_path):
    path, one, two = tmp_path / "erasures.log", new_id(), new_id()
    line = '{"at": "x", "contacts": ["%s"], "values": [["email", "ab"]]}'
    path.write_text(line % one + "\n" + '{"at": "x", "cont')
    assert erasures.read(path) == erasures.Log(frozenset({one}), {"ab": "email"})
    erasures._append(path, {"contacts": [str(two)], "values": []})
    assert erasures.read(path).contacts == {one, two}
    path.write_text("nonsense\n" + line % one)
    with pytest.raises(MaropsError) as caught:
        erasures.read(path)
    assert caught.value.code == "erasures-log-unreadable"


_PROGRAM = """
import sys
from marops.kernel import jobs
from marops.kernel.clock import now
job = jobs.claim(now())
sys.exit(0 if job is None or jobs.run(job) is None else 3)
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", [*crash.points("erase."), *crash.points("eraser.")])
def test_an_erasure_killed_anywhere_is_finished_by_the_next_worker(quetzalina, engine, server, point):
    job = start_erasing([quetzalina.id], actor=SETUP)
    assert start(_PROGRAM, MAROPS_CRASH=point).wait(120) == -signal.SIGKILL
    Job.objects.filter(id=job.id).update(lease_until=now() - timedelta(minutes=5))
    assert start(_PROGRAM).wait(120) == 0
    assert Job.objects.get(id=job.id).state == "done"
    files.sweep(now() + timedelta(days=2))
    dump = _dump(server).lower()
    assert not [rare for rare in RARE[:2] if rare in dump]
    assert find_value(engine.dsn, engine.lake, str(quetzalina.id)) == []
    assert quetzalina.id in erasures.read(config().home / personal.LOG_NAME).contacts


def test_every_place_of_the_register_is_there(server):
    with psycopg.connect(server) as reader:
        columns = set(reader.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall())
    for one in personal.places():
        assert {(one.table, one.column), (one.table, one.key)} <= columns
    assert {filler.name for filler in ports.erase} <= {table for table, _ in columns}
