from datetime import timedelta

import pytest
from tests.nursery import one_soon, start

from marops.domains.capture.models import Batch, Finding, Import
from marops.domains.capture.preparing import rows
from marops.domains.capture.public import plan_import, result_of, start_import, try_import
from marops.domains.capture.tests.importground import counts, everything, people_file
from marops.domains.consent.models import Entry, State
from marops.domains.contacts.public import Company, Contact, CustomField, Identity, find_contact, origins_of
from marops.kernel import crash
from marops.kernel.actors import SETUP, Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import ask_to_stop, resume, run_here
from marops.kernel.models import AuditRow, FactInbox, FactKey, File, Job, Touched

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(rows, "BATCH", 10)


def whole():
    """What must be the same however often a run broke off."""
    return {
        "people": sorted(Contact.objects.values_list("email", "full_name", "company__name")),
        "identities": sorted(Identity.objects.values_list("kind", "value", "contact__email")),
        "companies": sorted(Company.objects.values_list("name", "name_key")),
        "consents": sorted(Entry.objects.values_list("contact__email", "channel", "state")),
        "facts": sorted(FactInbox.objects.values_list("kind", flat=True)),
        "touched": Touched.objects.values("contact_id").distinct().count(),
        "findings": sorted(Finding.objects.values_list("row", "code")),
        "counts": Import.objects.get().counts,
    }


def test_a_stopped_import_keeps_what_is_done_and_goes_on(tmp_path, small_batches):
    path = people_file(tmp_path)
    job = start_import(path, plan_import(path), actor=SETUP)

    def stop_after_two(one):
        if Batch.objects.count() == 2:
            ask_to_stop(one.id)

    stopped = run_here(job.id, watch=stop_after_two)
    assert (stopped.state, Import.objects.get().state) == ("stopped", "stopped")
    assert Contact.objects.count() == Import.objects.get().counts["created"] > 0
    assert result_of(stopped).rows < 62
    done = run_here(resume(job.id).id)
    assert done.state == "done"
    assert counts(result_of(done)) == (60, 0, 1, 1)
    assert Contact.objects.get(email="p3@x.de").full_name == "Person three"


KILLED = """
from marops.domains.capture.preparing import rows
rows.BATCH = 10
from uuid import UUID
from marops.kernel.jobs import run_here
import sys
run_here(UUID(sys.argv[1]))
"""


def test_every_step_of_an_import_has_a_crash_point():
    assert crash.points("import.") == [
        "import.after_batch",
        "import.after_reading",
        "import.before_end",
        "import.in_batch",
    ]


@pytest.mark.parametrize(
    "point",
    one_soon(
        [*crash.points("import."), "job.after_claim", "job.after_checkpoint", "job.before_done"], "import.in_batch"
    ),
)
def test_an_import_killed_anywhere_loses_nothing_and_does_nothing_twice(tmp_path, small_batches, point):
    path = people_file(tmp_path)
    run_here(start_import(path, plan_import(path), actor=SETUP).id)
    expected = whole()
    _empty()
    job = start_import(path, plan_import(path), actor=SETUP)
    assert start(KILLED, str(job.id), MAROPS_CRASH=point).wait(120) == -9
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    run_here(job.id)
    assert whole() == expected


def _empty():
    for kind in (Contact, Company, Import, FactInbox, FactKey, Touched, Job, CustomField):
        kind.objects.all().delete()


def test_two_workers_cannot_take_one_batch_twice(tmp_path, small_batches):
    path = people_file(tmp_path, rows=5)
    job = start_import(path, plan_import(path), actor=SETUP)
    run_here(job.id)
    before = everything()
    Import.objects.update(state="running")
    Job.objects.update(state="waiting", checkpoint=None)
    run_here(job.id)
    assert everything() == before


def test_a_file_that_is_gone_is_told_and_the_import_marked(tmp_path):
    path = people_file(tmp_path)
    job = start_import(path, plan_import(path), actor=SETUP)
    File.objects.all().delete()
    with pytest.raises(MaropsError) as refusal:
        run_here(job.id)
    assert refusal.value.code == "import-file-gone"
    assert Import.objects.get().state == "failed"


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    from marops.store.staging import Staging, StagingFull

    def full(*_):
        raise StagingFull("no space left on device")

    path = people_file(tmp_path)
    job = start_import(path, plan_import(path), actor=SETUP)
    monkeypatch.setattr(Staging, "append", full)
    with pytest.raises(MaropsError) as refusal:
        run_here(job.id)
    assert refusal.value.code == "import-no-room"
    assert "kept" in refusal.value.remedy


def test_a_trial_counts_everything_and_writes_nothing(bring, tmp_path, small_batches):
    bring("Key,Email,Name\nK1,p1@x.de,Other\nK2,p2@x.de,Person 2\n", {"Key": "external:key"})
    before = everything(), FactInbox.objects.count(), AuditRow.objects.count(), Touched.objects.count()
    path = people_file(tmp_path)
    result = try_import(path, plan_import(path), actor=SETUP)
    assert (result.rows, counts(result)) == (62, (58, 2, 1, 1))
    assert result.dry_run
    assert (everything(), FactInbox.objects.count(), AuditRow.objects.count(), Touched.objects.count()) == before
    assert Import.objects.count() == 1
    highest = Contact.objects.latest("number").number
    bring("Email\nnew@x.de\n")
    assert Contact.objects.latest("number").number == highest + 1  # a trial uses up no numbers


def test_an_import_needs_its_right(tmp_path):
    path = people_file(tmp_path)
    with pytest.raises(MaropsError) as refusal:
        start_import(path, plan_import(path), actor=Actor("human", "00000000-0000-7000-8000-000000000000"))
    assert refusal.value.code == "not-allowed"
    assert not File.objects.exists()


def test_the_real_file_goes_in_whole_and_changes_nothing_the_second_time(shared_data):
    path = shared_data / "lead_scoring" / "x_education_leads_early.csv"
    first = result_of(run_here(start_import(path, plan_import(path), actor=SETUP).id))
    assert (first.rows, *counts(first)) == (6468, 6468, 0, 0, 0)
    lead = find_contact("571b5c8e-a5b2-4d57-8574-f2ffb06fdeff", actor=SETUP)
    assert (lead.source, lead.country, lead.visits, lead.seconds_on_site) == ("direct", "BD", 6, 1279)
    assert lead.originals == {"source": "Direct Traffic", "country": "Bangladesh"}
    assert (origins_of(lead)["country"].row, origins_of(lead)["custom.lead_origin"].row) == (2, 2)
    assert lead.custom["lead_origin"] == "Landing Page Submission"
    assert "Select" not in str(list(Contact.objects.values_list("custom", "city")))
    assert State.objects.filter(channel="email", state="denied").count() == 611
    assert State.objects.filter(channel="phone", state="denied").count() == 1
    before = everything()
    second = result_of(run_here(start_import(path, plan_import(path), actor=SETUP).id))
    assert (second.rows, *counts(second)) == (6468, 0, 0, 6468, 0)
    assert everything() == before


@pytest.mark.parametrize("name", ["dedup/fake_1000.csv", "dedup/febrl1.csv", "crm_pipeline/sales_pipeline.csv"])
def test_other_real_files_go_in_and_add_up(shared_data, name):
    path = shared_data / name
    result = result_of(run_here(start_import(path, plan_import(path), actor=SETUP).id))
    assert result.rows == sum(counts(result)) == len(path.read_text().strip().splitlines()) - 1
    again = result_of(run_here(start_import(path, plan_import(path), actor=SETUP).id))
    assert (again.created, again.updated) == (0, 0)
