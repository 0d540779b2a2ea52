import signal
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from marops.kernel import jobs, leases
from marops.kernel.actions import Act, action
from marops.kernel.actors import SETUP, Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import Progress
from marops.kernel.models import AuditRow, Job

HANNA = Actor("human", "hanna")


@action("test.step", effect="test")
def _step(act: Act, *, actor: Actor, number: int):
    act.changed("step", number)


@jobs.job("test.count", title="Count to {to}")
def _count(run):
    for number in range((run.checkpoint or {"at": 0})["at"], run.arguments["to"]):
        _step(actor=run.actor, number=number)
        run.result["counted"] = number + 1
        yield Progress(number + 1, run.arguments["to"], "counting"), {"at": number + 1}
        if run.arguments.get("fail_at") == number + 1:
            raise RuntimeError("a name that nobody may read: hanna@example.org")


def counted() -> list[int]:
    return sorted(int(one) for one in AuditRow.objects.filter(action="test.step").values_list("object_id", flat=True))


def started(to: int = 5, **arguments: object) -> Job:
    return jobs.start_job("test.count", {"to": to, **arguments}, actor=HANNA)


def claimed(**arguments: object) -> Job:
    one = jobs.claim(now(), job_id=started(**arguments).id)
    assert one is not None
    return one


@pytest.mark.django_db(transaction=True)
def test_a_job_runs_here_and_its_row_shows_how_far_it_is():
    seen = []
    done = jobs.run_here(started().id, watch=lambda one: seen.append((one.done, one.total, one.doing, one.state)))
    row = Job.objects.get()
    assert (row.state, row.title, row.done, row.total, row.share) == ("done", "Count to 5", 5, 5, 1.0)
    assert row.result == {"counted": 5}
    assert done.state == "done"
    assert seen[0] == (1, 5, "counting", "running")
    assert seen[-1] == (5, 5, "counting", "done")
    assert counted() == [0, 1, 2, 3, 4]
    assert row.ended_at is not None
    assert row.lease_until is None


@pytest.mark.django_db(transaction=True)
def test_a_job_stops_after_its_batch_and_goes_on_from_there():
    one = started()

    def stop_at_two(job: Job) -> None:
        if job.done == 2 and job.state == "running":
            jobs.ask_to_stop(job.id)

    jobs.run_here(one.id, watch=stop_at_two)
    row = Job.objects.get()
    assert (row.state, row.done, row.checkpoint) == ("stopped", 3, {"at": 3})
    assert jobs.claim(now()) is None
    jobs.resume(one.id)
    jobs.run_here(one.id)
    assert Job.objects.get().state == "done"
    assert counted() == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_a_waiting_job_stops_at_once_and_one_that_runs_cannot_be_resumed():
    one = started()
    jobs.ask_to_stop(one.id)
    assert Job.objects.get().state == "stopped"
    jobs.resume(one.id)
    jobs.claim(now())
    with pytest.raises(MaropsError, match="stopped or failed"):
        jobs.resume(one.id)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_asked_to_stop_while_its_worker_was_dead_does_nothing_more():
    one = claimed()
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    jobs.ask_to_stop(one.id)
    assert Job.objects.get().state == "running"
    again = jobs.claim(now())
    jobs.run(again)
    assert Job.objects.get().state == "stopped"
    assert counted() == []


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_keeps_what_it_did_and_says_so_without_personal_values():
    with pytest.raises(MaropsError, match="RuntimeError"):
        jobs.run_here(started(fail_at=2).id)
    row = Job.objects.get()
    assert (row.state, row.done, row.checkpoint) == ("failed", 2, {"at": 2})
    assert row.problem["type"].endswith("job-failed")
    assert any("_count" in place for place in row.problem["trace"])
    assert "hanna" not in str(row.problem)
    jobs.resume(row.id)
    assert jobs.run_here(row.id).state == "done"
    assert counted() == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_different_jobs_and_a_job_only_once():
    first, second = started(), started()
    assert {jobs.claim(now()).id, jobs.claim(now()).id} == {first.id, second.id}
    assert jobs.claim(now()) is None
    with pytest.raises(MaropsError, match="perhaps a worker has it"):
        jobs.run_here(first.id)


@pytest.mark.django_db(transaction=True)
def test_a_job_kept_for_here_is_not_taken_by_a_worker():
    one = jobs.start_job("test.count", {"to": 3}, actor=HANNA, here=True)
    assert jobs.claim(now()) is None
    assert jobs.run_here(one.id).done == 3
    assert counted() == [0, 1, 2]


@jobs.job("test.exact", title="Exactly once")
def _exact(run):
    from django.db import transaction

    for number in range((run.checkpoint or {"at": 0})["at"], 4):
        step = Progress(number + 1, 4), {"at": number + 1}
        with transaction.atomic():
            AuditRow.objects.create(
                at=now(), action="test.step", effect="t", actor_kind="x", actor_id="x", object_id=number, digest=b""
            )
            run.keep(*step)
        if run.arguments.get("fail_at") == number:
            raise RuntimeError
        yield step


@pytest.mark.django_db(transaction=True)
def test_a_batch_and_its_checkpoint_can_be_one():
    one = jobs.start_job("test.exact", {"fail_at": 1}, actor=HANNA)
    with pytest.raises(MaropsError):
        jobs.run_here(one.id)
    assert Job.objects.get().checkpoint == {"at": 2}
    jobs.resume(one.id)
    assert jobs.run_here(one.id).state == "done"
    assert counted() == [0, 1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_job_is_taken_over_when_its_lease_has_run_out():
    one = claimed()
    assert jobs.claim(now() + timedelta(seconds=59)) is None
    again = jobs.claim(now() + timedelta(seconds=61))
    assert again.id == one.id
    assert again.lease_by != one.lease_by


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_dead_process_of_this_machine_is_taken_over_at_once():
    one = claimed()
    place, _, _ = one.lease_by.partition(":")
    Job.objects.update(lease_by=f"{place}:999999999:abc.1")
    assert jobs.claim(now()).id == one.id
    Job.objects.update(lease_by="elsewhere/1234:999999999:abc.1")
    assert jobs.claim(now()) is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_job_commits_neither_work_nor_progress_nor_an_end():
    one = claimed()

    def lose(job: Job) -> None:
        if job.done == 2 and job.lease_by == one.lease_by:
            Job.objects.update(lease_by="somebody else", done=7)

    error = jobs.run(one, watch=lose)
    assert isinstance(error, MaropsError)
    assert error.code == leases.LOST
    row = Job.objects.get()
    assert (row.state, row.done, row.lease_by) == ("running", 7, "somebody else")
    assert counted() == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_a_job_over_while_an_action_of_it_is_open():
    one = claimed()
    lease = jobs._lease(one)
    opened, close, found = threading.Event(), threading.Event(), []

    def hold() -> None:
        from django.db import transaction

        with leases.held(lease), transaction.atomic():
            lease.lock()
            opened.set()
            close.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert opened.wait(10)
    late = now() + timedelta(hours=1)
    found.append(jobs.claim(late))
    jobs.ask_to_stop(one.id)  # a stop request is not held up
    assert lease.renew()
    close.set()
    thread.join()
    assert found == [None]
    assert jobs.claim(late).id == one.id


@pytest.mark.django_db(transaction=True)
def test_three_attempts_that_get_nowhere_end_in_failure():
    started()
    for _ in range(jobs.ATTEMPTS):
        one = jobs.claim(now() + timedelta(hours=1))
        Job.objects.update(lease_until=now() - timedelta(seconds=1))
    one = jobs.claim(now())
    error = jobs.run(one)
    assert isinstance(error, MaropsError)
    assert "3 times in a row" in str(error)
    assert Job.objects.get().state == "failed"
    jobs.resume(one.id)
    assert jobs.run_here(one.id).state == "done"


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_kept_up_while_a_step_takes_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    one = claimed()
    Job.objects.update(lease_until=now() + timedelta(seconds=1))
    with leases.held(jobs._lease(one)):
        time.sleep(0.3)
    assert Job.objects.get().lease_until > now() + timedelta(seconds=50)


@pytest.mark.django_db(transaction=True)
def test_an_ended_job_is_not_renewed():
    one = claimed()
    jobs.run(one)
    assert not jobs._lease(one).renew()


@pytest.mark.django_db(transaction=True)
def test_leaving_puts_the_job_back_with_its_checkpoint_and_no_broken_attempt():
    one = claimed()
    assert jobs.run(one, leave=lambda: one.done >= 2) is None
    row = Job.objects.get()
    assert (row.state, row.done, row.attempts, row.lease_by, row.ended_at) == ("waiting", 2, 0, "", None)
    jobs.run_here(one.id)
    assert counted() == [0, 1, 2, 3, 4]


@pytest.fixture
def hears_ctrl_c():
    """A shell starts what runs behind it deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_stops_the_job_and_keeps_what_was_committed(hears_ctrl_c):
    one = started()

    def press(job: Job) -> None:
        if job.done == 2 and job.state == "running":
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        jobs.run_here(one.id, watch=press)
    row = Job.objects.get()
    assert (row.state, row.done) == ("stopped", 2)
    jobs.resume(one.id)
    jobs.run_here(one.id)
    assert counted() == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_puts_the_job_back_and_the_attempt_counts(server: str):
    import psycopg

    one = claimed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def cut(job: Job) -> None:
        if job.done == 2 and job.state == "running":
            with psycopg.connect(server, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])

    error = jobs.run(one, watch=cut)
    assert isinstance(error, OperationalError)
    row = Job.objects.get()
    assert (row.state, row.done, row.attempts) == ("waiting", 2, 1)
    jobs.run_here(one.id)
    assert counted() == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_a_kind_that_is_not_known_here_is_refused_in_words():
    Job.objects.create(number=1, kind="from.tomorrow", actor_kind="system", actor_id=SETUP.id)
    with pytest.raises(MaropsError, match=r"J-1 is of the kind from\.tomorrow"):
        jobs.run_here(Job.objects.get().id)
    assert Job.objects.get().state == "failed"


def test_a_holder_is_told_from_its_namesakes():
    mine = leases.holder()
    place, pid, run = mine.split(":")
    assert leases.holder() != mine
    assert not leases.gone(mine)
    assert leases.gone(f"{place}:{pid}:another.1")
    assert leases.gone(f"{place}:999999999:{run}")
    assert not leases.gone(f"elsewhere/1:999999999:{run}")
    assert not leases.gone("")
    assert not leases.gone(f"{place}:1:abc.1")
