"""A tick: some contacts changed; take exactly those through the stages, in order, and let go of them.

1. Claim: rows of `touched` get this tick's id, committed. A contact is in one tick at a time.
2. Each stage commits its own work, then the tick notes that it is done.
3. Release: the claimed rows are deleted.
A crash between any two leaves a tick whose lease runs out; the next engine goes on after the last stage noted.
"""

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction

from marops.kernel import crash, ports
from marops.kernel.clock import now
from marops.kernel.models import StageRun, Tick, Touched
from marops.kernel.notices import raise_problem, settle

if TYPE_CHECKING:
    from marops.store.duckdb import QueryEngine

BATCH = 100_000
LEASE = timedelta(minutes=10)
TRIES = 3
_CLAIM_LOCK = "marops.tick.claim"

crash.declare("tick.after_claim", "tick.after_stage", "tick.before_release")


@dataclass(frozen=True, slots=True)
class Run:
    """What a stage is given: which tick, the moment it speaks for, and the query engine."""

    tick: UUID
    as_of: datetime
    contacts: int
    engine: "QueryEngine"


@dataclass(frozen=True, slots=True)
class Stage:
    """One set operation over the tick's contacts. `run` answers how many rows it changed, and may run twice."""

    name: str
    says: str
    run: Callable[[Run], int]


@dataclass(slots=True)
class Told:
    """What one turn of the engine did, for the page and the command line."""

    contacts: int = 0
    stages: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, rows: int) -> None:
        """Count rows under a stage's name."""
        self.stages[name] = self.stages.get(name, 0) + rows


def stages() -> list[Stage]:
    """The registered stages, in order."""
    return [filler.value for filler in ports.stages]


def turn(engine: "QueryEngine", as_of: datetime, told: Told, *, batch: int = BATCH) -> bool:
    """Take one set of changed contacts through the stages. False when none was due."""
    tick = _resume(as_of) or _claim(as_of, batch)
    if tick is None:
        return False
    run = Run(tick.id, tick.as_of, tick.contacts, engine)
    told.contacts += tick.contacts
    for stage in stages():
        if stage.name not in tick.done:
            told.add(stage.name, _run_stage(stage, run))
            _note_done(tick, stage.name)
            crash.point("tick.after_stage")
    crash.point("tick.before_release")
    _release(tick)
    return True


def _claim(as_of: datetime, batch: int) -> Tick | None:
    tick = Tick(as_of=as_of, lease_until=now() + LEASE, lease_by=_me())
    with transaction.atomic(), connection.cursor() as cursor:
        # Claims wait for each other, so that no contact is in two ticks; a claim takes milliseconds.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_CLAIM_LOCK])
        cursor.execute(
            "UPDATE touched SET tick = %(tick)s WHERE tick IS NULL AND contact_id IN ("
            " SELECT DISTINCT contact_id FROM ("
            "  SELECT contact_id FROM touched t WHERE tick IS NULL AND due_at <= %(as_of)s AND NOT EXISTS ("
            "   SELECT FROM touched busy WHERE busy.contact_id = t.contact_id AND busy.tick IS NOT NULL)"
            "  ORDER BY due_at LIMIT %(batch)s) waiting) AND due_at <= %(as_of)s",
            {"tick": tick.id, "as_of": as_of, "batch": batch},
        )
        if not cursor.rowcount:
            return None
        cursor.execute("SELECT count(DISTINCT contact_id) FROM touched WHERE tick = %s", [tick.id])
        tick.contacts = cursor.fetchone()[0]
        tick.save(force_insert=True)
    crash.point("tick.after_claim")
    return tick


def _resume(as_of: datetime) -> Tick | None:
    """A tick whose engine died, taken over with what it had done."""
    with transaction.atomic():
        tick = Tick.objects.select_for_update(skip_locked=True).filter(lease_until__lt=now()).order_by("id").first()
        if tick:
            tick.lease_until, tick.lease_by = now() + LEASE, _me()
            tick.save(update_fields=["lease_until", "lease_by"])
        return tick


def release_own() -> None:
    """At start: ticks of an earlier process of this number on this machine are free at once."""
    host, _, _ = _me().rpartition(":")
    for tick in Tick.objects.filter(lease_by__startswith=f"{host}:"):
        pid = int(tick.lease_by.rpartition(":")[2])
        if pid == os.getpid() or not _alive(pid):
            Tick.objects.filter(id=tick.id, lease_by=tick.lease_by).update(lease_until=now() - timedelta(seconds=1))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _run_stage(stage: Stage, run: Run) -> int:
    """Run one stage, with what it took on record. A stage that fails is tried again, then left to people."""
    started = time.monotonic()
    for attempt in range(1, TRIES + 1):
        try:
            rows = stage.run(run)
        except Exception as error:
            if attempt < TRIES:
                continue
            _failed(stage, error)
            raise
        note_stage(stage.name, rows, time.monotonic() - started, run.as_of)
        settle(f"stage:{stage.name}")
        return rows
    raise AssertionError("unreachable")


def _failed(stage: Stage, error: Exception) -> None:
    StageRun.objects.update_or_create(
        stage=stage.name, defaults={"failed_at": now(), "problem": {"kind": type(error).__name__}}
    )
    raise_problem(
        f"stage:{stage.name}",
        f"The stage “{stage.says}” failed",
        detail=f"{type(error).__name__}. The contacts concerned wait; nothing was lost.",
        remedy="The engine tries again by itself. If this line stays, look at the engine's log.",
        severity="bad",
    )


def note_stage(name: str, rows: int, seconds: float, as_of: datetime) -> None:
    """Keep what a stage did last, and how far behind it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stage_run (stage, last_at, last_rows, last_seconds, lag_seconds, rows_total)"
            " VALUES (%(stage)s, %(at)s, %(rows)s, %(seconds)s, %(lag)s, %(rows)s)"
            " ON CONFLICT (stage) DO UPDATE SET last_at = excluded.last_at, last_rows = excluded.last_rows,"
            " last_seconds = excluded.last_seconds, lag_seconds = excluded.lag_seconds,"
            " rows_total = stage_run.rows_total + excluded.rows_total, problem = NULL, failed_at = NULL",
            {"stage": name, "at": now(), "rows": rows, "seconds": seconds, "lag": _lag(as_of)},
        )


def _lag(as_of: datetime) -> float:
    return max(0.0, (now() - as_of).total_seconds())


def _note_done(tick: Tick, stage: str) -> None:
    tick.done = [*tick.done, stage]
    Tick.objects.filter(id=tick.id).update(done=tick.done, lease_until=now() + LEASE)


def _release(tick: Tick) -> None:
    with transaction.atomic():
        Touched.objects.filter(tick=tick.id).delete()
        Tick.objects.filter(id=tick.id).delete()


def waiting(as_of: datetime) -> int:
    """How many touches are due and in no tick yet."""
    return Touched.objects.filter(tick__isnull=True, due_at__lte=as_of).count()


def stage_names() -> Sequence[str]:
    """Names of the stages over changed contacts, in order."""
    return [stage.name for stage in stages()]
