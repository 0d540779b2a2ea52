import signal
import threading
import time

import pytest
from tests.nursery import Born, start

from marops.engine import worker
from marops.kernel import crash, jobs
from marops.kernel.actions import Act, action
from marops.kernel.actors import SETUP, Actor
from marops.kernel.ids import new_id
from marops.kernel.jobs import Progress
from marops.kernel.models import AuditRow, Job, Notice, Problem

HANNA = Actor("human", str(new_id()))


@action("test.worked", effect="test")
def _worked(act: Act, *, actor: Actor, number: int):
    act.changed("worked", number)


@jobs.job("test.work", title="Work to {to}")
def _work(run):
    """Batches whose effects and checkpoint are two transactions: what the checkpoint lacks is done again, unseen."""
    for number in range((run.checkpoint or {"at": 0})["at"], run.arguments["to"]):
        if not AuditRow.objects.filter(object_type="worked", object_id=str(number)).exists():
            _worked(actor=run.actor, number=number)
        time.sleep(run.arguments.get("seconds", 0.0))
        yield Progress(number + 1, run.arguments["to"]), {"at": number + 1}
    if run.arguments.get("fail"):
        raise ValueError("hanna@example.org")


def started(to: int = 5, *, actor: Actor = SETUP, **arguments: object) -> Job:
    return jobs.start_job("test.work", {"to": to, **arguments}, actor=actor)


def worked() -> list[int]:
    return sorted(int(one) for one in AuditRow.objects.filter(object_type="worked").values_list("object_id", flat=True))


def work_until(state: str, seconds: float = 20.0) -> Job:
    stop = threading.Event()
    thread = threading.Thread(target=_in_thread, args=(stop,))
    thread.start()
    try:
        deadline = time.monotonic() + seconds
        while Job.objects.get().state != state and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join(20)
    return Job.objects.get()


def _in_thread(stop: threading.Event) -> None:
    from django.db import connections

    try:
        worker.work(stop)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_what_waits_and_tells_its_author():
    one = started(actor=HANNA)
    assert work_until("done").done == 5
    assert Notice.objects.get().text == "Work to 5 is done."
    assert Notice.objects.get().url == f"/jobs/{one.ref}"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_breaks_off_stands_in_the_inbox_until_it_is_done():
    one = started(actor=HANNA, fail=True)
    work_until("failed")
    line = Problem.objects.get()
    assert line.title == "Work to 5 broke off"
    assert line.url == f"/jobs/{one.ref}"
    assert "hanna@" not in line.detail
    Job.objects.update(arguments={"to": 5})
    jobs.resume(one.id)
    work_until("done")
    assert Problem.objects.get().resolved_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_ends_puts_its_job_back():
    started(200, seconds=0.02)
    row = work_until("running")
    row = Job.objects.get()
    assert row.state == "waiting"
    assert row.problem is None
    assert row.attempts == 0
    assert row.done == len(worked()) > 0
    assert not Problem.objects.exists()


_PROGRAM = """
import signal, threading
from marops.engine import worker
from marops.engine.tests import test_worker
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
print("ready", flush=True)
worker.work(stop)
"""


def spawn(crash_at: str = "") -> Born:
    process = start(_PROGRAM, MAROPS_CRASH=crash_at)
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", crash.points("job."))
def test_a_worker_killed_anywhere_is_replaced_and_every_batch_counts_once(point: str):
    started()
    assert spawn(point).wait(60) == -signal.SIGKILL
    assert Job.objects.get().state == "running"
    assert work_until("done", 30).result == {}
    assert worked() == [0, 1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_job_that_kills_its_workers_three_times_fails_with_a_problem():
    started()
    for _ in range(jobs.ATTEMPTS):
        assert spawn("job.after_claim").wait(60) == -signal.SIGKILL
    row = work_until("failed")
    assert "3 times in a row" in row.problem["detail"]
    assert Problem.objects.get().title == "Work to 5 broke off"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sigterm_puts_the_job_in_hand_back_for_the_next_worker():
    started(30, seconds=0.1)
    process = spawn()
    while Job.objects.get().done < 2:
        time.sleep(0.05)
    process.terminate()
    assert process.wait(20) == 0
    row = Job.objects.get()
    assert (row.state, row.lease_by) == ("waiting", "")
    assert work_until("done", 30).done == 30
    assert worked() == list(range(30))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_jobs():
    workers = [spawn(), spawn()]
    for _ in range(8):
        started(5, seconds=0.1)
    deadline = time.monotonic() + 30
    while Job.objects.exclude(state="done").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    for one in workers:
        one.terminate()
        one.wait(20)
    assert set(Job.objects.values_list("state", "attempts")) == {("done", 1)}
    assert len({by.split(":")[1] for by in Job.objects.values_list("lease_by", flat=True)}) == 2
