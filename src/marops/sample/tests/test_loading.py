import signal
import tempfile
from pathlib import Path

import pytest
from django.db import connection
from tests.nursery import one_soon, start

from marops.domains.accounts.public import Account
from marops.domains.capture.public import plan_import, start_import
from marops.domains.contacts.public import Contact
from marops.domains.contacts.queries.quality import day_sql
from marops.domains.policy.public import check_bundle, evidence_here, page, register, trail, verify_here
from marops.domains.team.public import Person
from marops.kernel import jobs
from marops.kernel.definitions import activate, active, draft
from marops.kernel.errors import MaropsError
from marops.kernel.models import AuditRow, Definition, Job
from marops.kernel.notices import tell
from marops.kernel.workspace import forbid_sample_mix, sample_present
from marops.sample import jobs as sample_jobs
from marops.sample.models import SampleCompany
from marops.sample.tests.ground import CLI, counts, definitions_in_force, load, plant, remove

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def empty(engine):
    plant()
    engine.run_until_idle()
    return engine


def facts(engine):
    return engine.query.rows("SELECT count(*) AS n FROM lake.fact")[0]["n"]


def assert_ai_has_a_history():
    """A policy that was decided, as Cedar decides it, uses in every state, and a trail that holds."""
    told = page(CLI)
    assert (told["state"], told["combinations"]) == ("active", 142_560)
    uses = {one["use"]: one for one in register(CLI)}
    assert uses["advert-budgets"]["stopped"]["why"].startswith("Twice in a night")
    assert uses["event-voice"]["state"] == "draft"
    trails = {verdict: trail(CLI, {"verdict": verdict}, limit=200)["items"] for verdict in ("yes", "waits", "no")}
    assert all(trails.values())
    why = " ".join(reason for one in trails["no"] for reason in one["reasons"])
    for part in (
        "not in the register",
        "kill switch",
        "should have been looked at",
        "allows 5,000 of people",
        "agreed",
    ):
        assert part in why
    assert verify_here(CLI)["whole"]
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "evidence.zip"
        assert evidence_here(CLI, bundle)["counts"]["acts"] > 100
        assert check_bundle(bundle).findings == []


def test_it_comes_marked_and_goes_without_a_trace(empty, monkeypatch):
    before, in_force, known = counts(), definitions_in_force(), facts(empty)
    job = load(leads=1_500, monkeypatch=monkeypatch)
    assert (job.state, sample_present()) == (Job.State.DONE, True)
    assert Contact.objects.count() == 1_500
    assert Person.objects.filter(sample=True).count() == 40
    assert facts(empty) > 20_000
    assert_ai_has_a_history()
    empty.run_until_idle()
    tell(Account.objects.order_by("number")[0].id, "Something is due soon.")  # as the engine does at some hours
    done = remove()
    assert done.state == Job.State.DONE
    assert not sample_present()
    assert counts() == before
    assert definitions_in_force() == in_force
    assert facts(empty) == known
    assert AuditRow.objects.filter(action="sample.remove").exists()
    proof = verify_here(CLI)
    assert (proof["whole"], proof["acts"], proof["forgotten"] > 200) == (True, 0, True)


@pytest.mark.slow
def test_the_engine_agrees_with_the_history_that_came_in(empty, monkeypatch):
    load(leads=3_000, monkeypatch=monkeypatch)
    from marops.domains.routing.public import Assignment
    from marops.domains.scoring.public import ContactStage

    stages = dict(ContactStage.objects.values_list("contact_id", "stage"))
    owners = dict(Assignment.objects.values_list("contact_id", "owner_id"))
    empty.run_until_idle()
    moved = [one for one, stage in ContactStage.objects.values_list("contact_id", "stage") if stages[one] != stage]
    handed = [one for one, owner in Assignment.objects.values_list("contact_id", "owner_id") if owners[one] != owner]
    assert len(moved) <= len(stages) * 0.01
    assert len(handed) <= len(owners) * 0.01
    with connection.cursor() as cursor:  # what it says of yesterday against what the engine finds today
        cursor.execute(
            f"SELECT n.part, n.key, n.contacts, n.faulty, d.contacts, d.faulty, n.score - d.score FROM ({day_sql()}) n"
            " FULL JOIN (SELECT * FROM quality_day WHERE day = (SELECT max(day) FROM quality_day)) d USING (part, key)"
        )
        found = cursor.fetchall()
    assert {part for part, *_ in found} == {"all", "rule", "source", "import", "queue", "owner"}
    for _part, _key, contacts, faulty, had, were, by in found:
        assert contacts == had
        assert abs(faulty - were) <= 1 + contacts * 0.004
        assert abs(by or 0) < 0.1


@pytest.mark.slow
def test_nobody_of_it_can_sign_in_and_definitions_have_authors(empty, monkeypatch):
    load(leads=1_500, monkeypatch=monkeypatch)
    people = set(SampleCompany.objects.get().made["accounts"])
    for account in Account.objects.filter(id__in=people):
        assert not account.has_usable_password()
    versions = Definition.objects.filter(kind="score", slug="main").order_by("version")
    assert [one.state for one in versions] == ["retired", "retired", "active"]
    assert {one.author for one in versions[1:]} <= people
    assert versions[1].valid_from < versions[2].valid_from == versions[1].retired_at


@pytest.mark.slow
def test_it_never_comes_beside_real_data_and_nothing_real_comes_beside_it(empty, monkeypatch):
    Contact.objects.create(number=1, full_name="Somebody real")
    with pytest.raises(MaropsError) as refused:
        load(leads=1_500, monkeypatch=monkeypatch)
    assert refused.value.code == "sample-not-empty"
    assert not sample_present()
    Contact.objects.all().delete()
    load(leads=1_500, monkeypatch=monkeypatch)
    with pytest.raises(MaropsError) as refused:
        forbid_sample_mix()
    assert refused.value.code == "sample-present"
    with pytest.raises(MaropsError) as refused:
        load(leads=1_500, monkeypatch=monkeypatch)
    assert refused.value.code == "conflict"


@pytest.mark.slow
def test_a_file_of_practice_comes_in_and_goes_with_the_sample(empty, monkeypatch, tmp_path):
    before, known = counts(), facts(empty)
    load(leads=1_500, monkeypatch=monkeypatch)
    file = tmp_path / "booth.csv"
    file.write_text("E-mail,Name,Badge\nnora@harbour.example,Nora Lund,green\n,Nobody,\n")
    plan = plan_import(file)
    with pytest.raises(MaropsError) as refused:
        start_import(file, plan, actor=CLI)
    assert refused.value.code == "sample-present"
    done = jobs.run_here(start_import(file, plan, actor=CLI, here=True, practice=True).id)
    assert done.state == Job.State.DONE
    assert Contact.objects.filter(email="nora@harbour.example").exists()
    empty.run_until_idle()
    remove()
    after = counts()
    after["file"] = before["file"]  # the file itself is kept for its 30 days
    assert {table: (rows, after[table]) for table, rows in before.items() if after[table] != rows} == {}
    assert facts(empty) == known


@pytest.mark.slow
def test_what_was_put_in_force_on_the_sample_is_kept_but_retired(empty, monkeypatch):
    in_force = definitions_in_force()
    load(leads=1_500, monkeypatch=monkeypatch)
    document = active("score")[0].document | {"title": "Tried on the sample"}
    rule = Definition.objects.get(kind="quality", slug="no-country", state="active").document | {"title": "Tried"}
    meant = [("score", "main", document), ("quality", "no-country", rule), ("quality", "of-our-own", rule)]
    tried = [draft(actor=CLI, kind=kind, slug=slug, document=one, reason="a trial") for kind, slug, one in meant]
    for row in tried:
        activate(actor=CLI, ref=row.pinned)
    remove()
    assert definitions_in_force() == in_force
    assert {Definition.objects.get(id=row.id).state for row in tried} == {"retired"}


@pytest.mark.slow
def test_a_stopped_load_goes_on_or_goes_away(empty, monkeypatch):
    before = counts()
    monkeypatch.setitem(sample_jobs.SIZES, "small", 1_500)
    job = sample_jobs.start_sample(actor=CLI, here=True)

    def stop_in_the_middle(running):
        if running.doing == "Bringing in what happened":
            jobs.ask_to_stop(running.id)

    jobs.run_here(job.id, watch=stop_in_the_middle)
    assert Job.objects.get(id=job.id).state == Job.State.STOPPED
    assert SampleCompany.objects.get().state == SampleCompany.State.LOADING
    half = facts(empty)
    jobs.resume(job.id)
    jobs.run_here(job.id)
    whole = facts(empty)
    assert SampleCompany.objects.get().state == SampleCompany.State.PRESENT
    assert 0 < half < whole == len(empty.query.rows("SELECT DISTINCT id FROM lake.fact"))
    remove()
    assert counts() == before


_LOADER = """
from marops.kernel import jobs
from marops.sample import jobs as sample_jobs
from marops.kernel.actors import Actor
sample_jobs.SIZES["small"] = 1_500
job = sample_jobs.start_sample(actor=Actor("system", "cli"), here=True)
jobs.run_here(job.id)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", one_soon(["sample.after_begin", "sample.after_batch", "sample.after_facts"], "sample.after_batch")
)
def test_killed_in_the_middle_it_goes_on_and_nothing_comes_twice(empty, point, monkeypatch, tmp_path):
    before, known = counts(), facts(empty)
    assert start(_LOADER, MAROPS_CRASH=point).wait(120) == -signal.SIGKILL
    job = Job.objects.get(kind="sample.load")
    monkeypatch.setitem(sample_jobs.SIZES, "small", 1_500)
    jobs.run_here(job.id)
    assert Contact.objects.count() == 1_500
    assert facts(empty) == len(empty.query.rows("SELECT DISTINCT id FROM lake.fact"))
    remove()
    assert counts() == before
    assert facts(empty) == known
