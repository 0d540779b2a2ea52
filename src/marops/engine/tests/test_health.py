import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from marops.engine import health, surroundings
from marops.engine.session import Session
from marops.engine.surroundings import Check
from marops.engine.tests.engineground import Ground
from marops.kernel import audit, leases, ports
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox, Job, StageRun, Touched
from marops.kernel.notices import raise_problem
from marops.kernel.workspace import set_up_workspace
from marops.store.lake import lake_writer

LONG_AGO = timedelta(hours=2)


@pytest.fixture(autouse=True)
def _no_other_checks() -> Iterator[None]:
    kept, ports.doctor._fillers = ports.doctor._fillers, {}
    yield
    ports.doctor._fillers = kept


@pytest.fixture
def session(ground: Ground) -> Session:
    return Session(config(), fresh=False)


def checks(session: Session) -> dict[str, Check]:
    return {check.name: check for check in health.examine(session)}


def bad(session: Session) -> dict[str, Check]:
    return {name: check for name, check in checks(session).items() if not check.ok}


def only(session: Session, name: str) -> Check:
    """The one thing that is found, with what to do."""
    found = bad(session)
    assert set(found) == {name}
    assert found[name].remedy
    return found[name]


def fact(at=None) -> FactInbox:
    return FactInbox.objects.create(
        kind="x.y", occurred_at=at or now(), recorded_at=at or now(), actor_type="human", actor_id="h"
    )


def job(**values: object) -> Job:
    return Job.objects.create(number=1, kind="x", actor_id="h", **values)


def test_a_healthy_installation_has_nothing_to_say(session: Session):
    assert set(checks(session)) == {"database", "lake", "mover", "engine", "jobs", "problems", "audit trail"}
    assert bad(session) == {}


def test_facts_that_nobody_moves(session: Session):
    fact()
    assert bad(session) == {}
    fact(now() - LONG_AGO)
    assert "2 facts wait for the lake, the oldest since" in only(session, "mover").found


def test_a_failed_stage(session: Session):
    StageRun.objects.create(stage="score", failed_at=now())
    assert "failed: score" in only(session, "engine").found


def test_changes_that_no_engine_looks_at(session: Session):
    Touched.objects.create(contact_id=new_id(), due_at=now() + LONG_AGO)
    assert bad(session) == {}
    Touched.objects.create(contact_id=new_id(), due_at=now() - LONG_AGO)
    assert "1 changes wait, the oldest since" in only(session, "engine").found


def test_a_job_whose_worker_is_dead(session: Session):
    place = leases.holder().partition(":")[0]
    one = job(state="running", lease_by=f"{place}:999999999:x.1", lease_until=now() + timedelta(seconds=30))
    assert only(session, "jobs").found == "1 running, 1 abandoned: J-1"
    Job.objects.filter(id=one.id).update(lease_by=leases.holder())
    assert bad(session) == {}
    Job.objects.filter(id=one.id).update(lease_by="elsewhere:1:x.1", lease_until=now() - LONG_AGO)
    assert only(session, "jobs").found == "1 running, 1 abandoned: J-1"


def test_a_job_that_no_worker_takes(session: Session):
    job(state="waiting", created_at=now() - LONG_AGO)
    assert "J-1 waits since" in only(session, "jobs").found


def test_an_open_problem(session: Session):
    raise_problem("x", "Something")
    assert only(session, "problems").found == "1 open"


def test_a_tampered_audit_trail(session: Session, server: str):
    set_up_workspace(actor=ENGINE, name="Acme")
    audit.seal(now())
    assert bad(session) == {}
    with psycopg.connect(server, autocommit=True) as superuser:
        superuser.execute("ALTER TABLE audit_row DISABLE TRIGGER ALL")
        superuser.execute("UPDATE audit_row SET actor_id = 'nobody'")
        superuser.execute("ALTER TABLE audit_row ENABLE TRIGGER ALL")
    assert "changed, removed or added" in only(session, "audit trail").found


def test_missing_files_of_the_lake(session: Session, ground: Ground, tmp_path: Path):
    fact()
    with lake_writer(session.dsn, session.lake, temp_dir=session.temp, wait=10) as writer:
        writer.move()
        writer.maintain()
        files = [Path(one.path) for one in writer.files()]
    assert files
    moved = tmp_path / files[-1].name
    shutil.move(files[-1], moved)
    try:
        assert f"1 of {len(files)} files are missing" in only(session, "lake").found
    finally:
        shutil.move(moved, files[-1])
    assert bad(session) == {}


def test_a_lake_that_cannot_be_opened(session: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Session, "dsn", "host=/nowhere dbname=marops")
    assert "could not open the database" in only(session, "lake").found


def test_an_old_database(session: Session, monkeypatch: pytest.MonkeyPatch):
    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *_: object):
            return None

        def execute(self, *_: object):
            return None

        def fetchone(self):
            return "14.2", "marops_app", 1024**2

    monkeypatch.setattr(health, "connection", SimpleNamespace(cursor=Cursor))
    check = health._database(session)
    assert not check.ok
    assert "PostgreSQL 14.2" in check.found


def test_a_domain_may_add_checks_of_its_own(session: Session):
    ports.doctor.fill("mail", lambda: [Check("mail", False, "no server", "Set MAROPS_MAIL_URL.")])
    assert only(session, "mail").found == "no server"


def test_little_room_on_the_disk(monkeypatch: pytest.MonkeyPatch):
    assert all(check.ok for check in surroundings.examine_closed())
    monkeypatch.setattr(surroundings, "LOW_DISK", 10**18)
    (low,) = [check for check in surroundings.examine_closed() if not check.ok]
    assert low.name == "disk"
    assert "GiB free" in low.found


def test_a_folder_that_may_not_be_written_to(monkeypatch: pytest.MonkeyPatch):
    # Not even root may make files there.
    elsewhere = replace(config(), home=Path("/proc/sys/kernel/marops-data"))
    monkeypatch.setattr(surroundings, "config", lambda: elsewhere)
    (folder,) = [check for check in surroundings.examine_closed() if check.name == "workspace folder"]
    assert not folder.ok
    assert "/proc/sys/kernel/marops-data" in folder.found
