import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from django.db import connection
from tests.nursery import one_soon, start
from tests.pace import room

from marops.domains.workflows import jobs
from marops.domains.workflows.models import EventLog, LogEvent, LogName
from marops.domains.workflows.public import plan_log, start_log
from marops.domains.workflows.tests.logground import bring, rows_of, written
from marops.kernel import crash
from marops.kernel.actors import SETUP, Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import ask_to_stop, resume, run_here
from marops.kernel.models import File, Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(tmp_path):
    lines = "".join(f"{n // 3},{'ABC'[n % 3]},2026-01-0{1 + n % 9}T08:00Z,Person {n % 4}\n" for n in range(60))
    return written(tmp_path, "case,activity,timestamp,resource\n" + lines)


def whole():
    """What must be the same however often a run broke off."""
    log = EventLog.objects.get()
    return log.state, log.counts, rows_of(log), LogName.objects.count()


KILLED = """
from marops.domains.workflows import jobs
jobs.BATCH, jobs.PAGE = 25, 20
from uuid import UUID
from marops.kernel.jobs import run_here
import sys
run_here(UUID(sys.argv[1]))
"""


def test_every_step_of_reading_has_a_crash_point():
    assert crash.points("log.") == [
        "log.after_batch", "log.after_names", "log.after_reading", "log.before_end", "log.in_batch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "point", one_soon([*crash.points("log."), "job.after_checkpoint", "job.before_done"], "job.after_checkpoint")
)
def test_a_run_killed_anywhere_loses_nothing_and_does_nothing_twice(path, monkeypatch, point):
    bring(path)
    expected = whole()
    for kind in (EventLog, LogEvent, LogName, Job):
        kind.objects.all().delete()
    _, job = start_log(path, plan_log(path), actor=SETUP, discover=False)
    assert start(KILLED, str(job.id), MAROPS_CRASH=point).wait(120) == -9
    assert EventLog.objects.get().state != "ready" or point == "job.before_done" or point == "job.after_checkpoint"
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    monkeypatch.setattr(jobs, "BATCH", 25)
    run_here(job.id)
    assert whole() == expected


def test_a_stopped_run_goes_on_where_it_stood(path, monkeypatch):
    bring(path)
    expected = whole()
    for kind in (EventLog, LogEvent, LogName, Job):
        kind.objects.all().delete()
    monkeypatch.setattr(jobs, "BATCH", 25)
    _, job = start_log(path, plan_log(path), actor=SETUP, discover=False)

    def stop_after_one(one):
        if LogEvent.objects.count() == 25:
            ask_to_stop(one.id)

    assert run_here(job.id, watch=stop_after_one).state == "stopped"
    assert EventLog.objects.get().state == "stopped"
    assert LogEvent.objects.count() == 50  # it stops after the batch in hand
    assert run_here(resume(job.id).id).state == "done"
    assert whole() == expected


def test_a_file_that_is_gone_is_told(path):
    _, job = start_log(path, plan_log(path), actor=SETUP, discover=False)
    File.objects.all().delete()
    with pytest.raises(MaropsError) as refusal:
        run_here(job.id)
    assert refusal.value.code == "log-file-gone"


def test_reading_a_log_needs_its_right(path):
    with pytest.raises(MaropsError) as refusal:
        start_log(path, plan_log(path), actor=Actor("human", "00000000-0000-7000-8000-000000000000"))
    assert refusal.value.code == "not-allowed"
    assert not File.objects.exists()


def test_erasing_somebody_reaches_their_name_in_a_log(tmp_path):
    from marops.kernel.actions import action
    from marops.kernel.personal import forget

    log = bring(written(tmp_path, "case,activity,timestamp,user\n1,Call,2026-01-01 10:00,Wilhelmina Orth\n" * 1))

    @action("test.forget", effect="erase")
    def erase(act, *, actor):
        return forget(["wilhelmina orth"])

    assert erase(actor=SETUP).rows == 1
    assert not LogName.objects.filter(name__icontains="orth").exists()
    assert log.counts["events"] == LogEvent.objects.count()


@pytest.mark.slow
def test_a_million_events_come_in_within_a_minute_in_bounded_memory(tmp_path):
    begin = datetime(2026, 1, 1)  # noqa: DTZ001  # a file's own time
    path = tmp_path / "large.csv"
    with path.open("w") as out:
        out.write("case_id,activity,resource,start_time,end_time\n")
        for n in range(1_000_000):
            at = begin + timedelta(seconds=20 * n)
            out.write(f"case-{n // 8},Step {n % 8},Person {n % 37},{at:%Y-%m-%d %H:%M:%S}Z,{at:%Y-%m-%d %H:%M}:59Z\n")
    program = (
        "import django, resource, sys, time; django.setup()\n"
        "from pathlib import Path\n"
        "from marops.domains.workflows.public import plan_log, start_log\n"
        "from marops.kernel.actors import SETUP\n"
        "from marops.kernel.jobs import run_here\n"
        "begun = time.monotonic(); path = Path(sys.argv[1])\n"
        "log, job = start_log(path, plan_log(path), actor=SETUP, discover=False, here=True)\n"
        "run_here(job.id)\n"
        "print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "marops.site.settings"}, check=True, capture_output=True,
    )  # fmt: skip
    seconds, megabytes = map(float, done.stdout.split())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT case_no) FROM log_event")
        assert cursor.fetchone() == (1_000_000, 125_000)
    assert seconds < room(60)
    assert megabytes < 1_200
