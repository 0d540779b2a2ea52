import os
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest

from marops.engine import backups
from marops.engine.backups import by_schedule, kept_backups
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.jobs import claim, run
from marops.kernel.models import Job
from marops.store.archive import opened_archive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def folder(engine):
    yield config().backups
    shutil.rmtree(config().backups, ignore_errors=True)


def _work():
    job = claim(now())
    assert job is not None
    assert run(job) is None
    return job


def test_without_one_the_page_says_what_a_backup_is(cast):
    page = cast.client("ada").get("/backups").content.decode()
    assert "No backup yet" in page
    assert "lost for good" in page


def test_a_backup_is_made_by_a_click_and_shown(cast, folder):
    ada = cast.client("ada")
    assert ada.post("/backups/make").status_code == 302
    job = _work()
    assert job.title.startswith("Backup marops-")
    (one,) = kept_backups()
    assert (one.broken, one.tested) == ("", "")
    page = ada.get("/backups").content.decode()
    assert one.name in page
    assert one.sha256 in page
    assert "none was ever restored" in page
    listed = ada.get("/api/v1/backups").json()
    assert [line["sha256"] for line in listed["items"]] == [one.sha256]
    with opened_archive(folder / one.name) as archive:
        assert list(archive.verify())
    assert job.result["sha256"] == one.sha256
    assert folder.stat().st_mode & 0o077 == 0


def test_a_worker_knows_the_jobs():
    code = "import django; django.setup(); from marops.kernel.jobs import job_kinds; print(*job_kinds())"
    environment = dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert {"backup.make", "backup.test", "contacts.erase"} <= set(done.stdout.split())


def test_over_rest_a_backup_is_a_job(cast):
    answer = cast.client("ada").post("/api/v1/backups")
    assert answer.status_code == 202
    assert answer.json()["kind"] == "backup.make"


@pytest.mark.parametrize("name", ["../secret.key", "none.zip", "one.txt"])
def test_only_backups_of_the_folder_are_tested(cast, folder, name):
    folder.mkdir()
    (folder / "one.txt").write_text("x")
    assert cast.client("ada").post(f"/api/v1/backups/{name}/test").status_code == 404
    assert not Job.objects.exists()


def test_a_job_that_is_stopped_leaves_no_half_file(cast, folder, monkeypatch):
    monkeypatch.setattr(backups, "TOLD_SECONDS", 0.0)
    cast.client("ada").post("/backups/make")
    job = claim(now())
    Job.objects.filter(id=job.id).update(stop_asked=True)
    job.stop_asked = False  # it is asked while it runs
    assert run(job) is None
    assert Job.objects.get(id=job.id).state == "stopped"
    assert list(folder.iterdir()) == []


@pytest.fixture
def keep(monkeypatch):
    def set_to(number):
        monkeypatch.setenv("MAROPS_BACKUP_KEEP", str(number))
        config.cache_clear()

    yield set_to
    monkeypatch.undo()
    config.cache_clear()


def test_none_is_made_by_itself_unless_the_setting_says_so(keep):
    assert not by_schedule()
    keep(2)
    assert by_schedule()
    assert not by_schedule()  # it waits already
    _work()
    assert not by_schedule()  # it is fresh
    (one,) = kept_backups()
    assert one.name.startswith("daily-")


def test_old_daily_backups_go_and_those_of_people_stay(keep, folder, monkeypatch):
    keep(2)
    by_schedule()
    _work()
    (one,) = kept_backups()
    for number in range(3):
        shutil.copyfile(folder / one.name, folder / f"daily-2020-01-0{number}.zip")
    shutil.copyfile(folder / one.name, folder / "mine.zip")
    monkeypatch.setattr(backups, "EVERY", timedelta(seconds=-1))
    assert by_schedule()
    assert len(list(folder.glob("daily-*.zip"))) == 2
    assert (folder / "mine.zip").exists()
