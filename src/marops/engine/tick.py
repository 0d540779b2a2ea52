"""A tick: some contacts changed; take exactly those through the stages, in order, and let go of them.

1. Claim: rows of `touched` get this tick's id, committed. A contact is in one tick at a time.
2. Each stage commits its own work, then the tick notes that it is done.
3. Release: the claimed rows are deleted.
A crash between any two leaves a tick that the next engine finds: it goes on after the last stage noted. A stage may so
run twice for the same contacts; it writes only what differs, so the second run writes nothing. What happens when a
stage fails is told in `engine.aside`.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Min

from marops.engine import aside
from marops.kernel import crash, leases, outages, ports
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.leases import LEASE, LOST, Lease
from marops.kernel.models import Tick, Touched

if TYPE_CHECKING:
    from marops.store.duckdb import QueryEngine

log = logging.getLogger("marops.engine")

BATCH = 100_000
TRIES = 3
PAUSE_SECONDS = 0.5
_CLAIM_LOCK = "marops.tick.claim"
_NEVER = threading.Event()
_BUSY = "SELECT FROM touched busy WHERE busy.tick IS NOT NULL AND busy.contact_id = t.contact_id"
_OLDEST = "SELECT contact_id FROM touched WHERE tick IS NULL AND due_at <= %(as_of)s ORDER BY due_at LIMIT %(batch)s"
_OLDEST_FREE = (
    "SELECT contact_id FROM touched t WHERE tick IS NULL AND due_at <= %(as_of)s"
    f" AND NOT EXISTS ({_BUSY}) ORDER BY due_at LIMIT %(batch)s"
)
_CLAIM = (
    "WITH first AS MATERIALIZED ({first}), mine AS MATERIALIZED ("
    f" SELECT DISTINCT contact_id FROM first t WHERE NOT EXISTS ({_BUSY}))"
    " UPDATE touched SET tick = %(tick)s WHERE tick IS NULL AND due_at <= %(as_of)s"
    " AND contact_id IN (SELECT contact_id FROM mine)"
)

crash.declare("tick.after_claim", "tick.after_effects", "tick.after_stage", "tick.before_release")


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
    """What turns of the engine did, for the page and the command line."""

    contacts: int = 0
    aside: int = 0
    stages: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, rows: int) -> None:
        """Count rows under a stage's name."""
        self.stages[name] = self.stages.get(name, 0) + rows


def stages() -> list[Stage]:
    """The registered stages, in order."""
    return [filler.value for filler in ports.stages]


def turn(
    engine: "QueryEngine", as_of: datetime, told: Told, *, batch: int = BATCH, stop: threading.Event = _NEVER
) -> bool:
    """Take one set of changed contacts through the stages. False when none was due.

    Raises MaropsError `stage-failed` when a stage is broken as such; the set waits and is tried again.
    """
    tick = _resume() or _claim(as_of, batch)
    if tick is None:
        return False
    try:
        with leases.held(Lease("tick", tick.id, tick.lease_by)):
            _go(tick, engine, told, stop)
    except MaropsError as error:
        if error.code != LOST:
            raise
        log.warning("a tick was taken over by another engine")
    return True


def _go(tick: Tick, engine: "QueryEngine", told: Told, stop: threading.Event) -> None:
    run = Run(tick.id, tick.as_of, tick.contacts, engine)
    oldest = Touched.objects.filter(tick=tick.id).aggregate(at=Min("due_at"))["at"] or tick.as_of
    for stage in stages():
        if stage.name in tick.done:
            continue
        if stop.is_set():
            let_go(tick, now())
            return
        try:
            told.add(stage.name, _run_stage(stage, run, oldest, stop))
        except aside.Failed as failed:
            told.aside += aside.cope(tick, stage.name, stage.says, failed.error)
            return
        crash.point("tick.after_effects")
        _note_done(tick, stage.name)
        crash.point("tick.after_stage")
    crash.point("tick.before_release")
    _release(tick)
    told.contacts += tick.contacts


def _claim(as_of: datetime, batch: int) -> Tick | None:
    tick = Tick(as_of=as_of, lease_until=now() + LEASE, lease_by=leases.holder())
    with transaction.atomic(), connection.cursor() as cursor:
        # Claims wait for each other, so that no contact is in two ticks; a claim takes milliseconds.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_CLAIM_LOCK])
        # The table goes from empty to a million rows between two looks of the statistics. A plan that then compares
        # each row with each other takes minutes: hence no nested loops, and NOT EXISTS, which can be hashed.
        cursor.execute("SET LOCAL enable_nestloop = off")
        # Where all of the oldest are in other ticks, there may be others behind them.
        for first in (_OLDEST, _OLDEST_FREE):
            cursor.execute(_CLAIM.format(first=first), {"tick": tick.id, "as_of": as_of, "batch": batch})
            if cursor.rowcount:
                break
        else:
            return None
        tick.contacts = count(tick.id)
        tick.save(force_insert=True)
    crash.point("tick.after_claim")
    return tick


def count(tick_id: UUID) -> int:
    """How many contacts a tick has."""
    found = Touched.objects.filter(tick=tick_id).aggregate(contacts=Count("contact_id", distinct=True))
    return int(found["contacts"])


def _resume() -> Tick | None:
    """A tick whose engine died, or that waited for another try: taken over with what it had done."""
    for tick in Tick.objects.order_by("id"):
        if free(tick.lease_by, tick.lease_until) and (taken := _take(tick.id, tick.lease_by)):
            return taken
    return None


def free(by: str, until: datetime) -> bool:
    """May an engine of this process take a tick with this lease? It works on one at a time, so its own are free."""
    return until <= now() or leases.mine(by) or leases.gone(by)


def _take(tick_id: UUID, by: str) -> Tick | None:
    with transaction.atomic():
        tick = Tick.objects.select_for_update(skip_locked=True).filter(id=tick_id, lease_by=by).first()
        if tick:
            tick.lease_until, tick.lease_by = now() + LEASE, leases.holder()
            tick.save(update_fields=["lease_until", "lease_by"])
        return tick


def let_go(tick: Tick, until: datetime) -> None:
    """Leave a tick for any engine to go on with, from `until` on. Raises `lease-lost`."""
    _write(tick, lease_until=until, lease_by="")


def _write(tick: Tick, **values: object) -> None:
    if not Tick.objects.filter(id=tick.id, lease_by=tick.lease_by).update(**values):
        raise MaropsError(LOST)


def _run_stage(stage: Stage, run: Run, oldest: datetime, stop: threading.Event) -> int:
    """Run one stage, with what it took on record. Raises `Failed` when it fails again and again."""
    started = time.monotonic()
    rows = _tried(stage, run, stop)
    done_at = now()
    note_stage(stage.name, rows, time.monotonic() - started, lag=(done_at - oldest).total_seconds())
    aside.works(stage.name)
    return rows


def _tried(stage: Stage, run: Run, stop: threading.Event) -> int:
    attempt = 0
    while True:
        attempt += 1
        try:
            return stage.run(run)
        except Exception as error:
            if not outages.reachable() or (isinstance(error, MaropsError) and error.code == LOST):
                raise  # nothing is wrong with the stage
            log.warning("stage %s failed: %s at %s", stage.name, type(error).__name__, outages.places(error))
            if attempt >= TRIES or isinstance(error, MaropsError):  # a refusal in words stays one
                raise aside.Failed(error) from error
        stop.wait(PAUSE_SECONDS * attempt)


def note_stage(name: str, rows: int, seconds: float, *, lag: float = 0.0) -> None:
    """Keep what a stage did last, and how long what it handled had waited."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stage_run (stage, last_at, last_rows, last_seconds, lag_seconds, rows_total)"
            " VALUES (%(stage)s, %(at)s, %(rows)s, %(seconds)s, %(lag)s, %(rows)s)"
            " ON CONFLICT (stage) DO UPDATE SET last_at = excluded.last_at, last_rows = excluded.last_rows,"
            " last_seconds = excluded.last_seconds, lag_seconds = excluded.lag_seconds,"
            " rows_total = stage_run.rows_total + excluded.rows_total, problem = NULL, failed_at = NULL",
            {"stage": name, "at": now(), "rows": rows, "seconds": seconds, "lag": max(0.0, lag)},
        )


def _note_done(tick: Tick, stage: str) -> None:
    tick.done = [*tick.done, stage]
    _write(tick, done=tick.done, lease_until=now() + LEASE)


def _release(tick: Tick) -> None:
    with transaction.atomic():
        if not Tick.objects.filter(id=tick.id, lease_by=tick.lease_by).delete()[0]:
            raise MaropsError(LOST)
        aside.settle_released(tick.id)
        Touched.objects.filter(tick=tick.id).delete()


def in_hand(due_by: datetime) -> bool:
    """Does another engine just now have contacts in hand that were due by this moment?"""
    held = [tick.id for tick in Tick.objects.exclude(lease_by="") if not free(tick.lease_by, tick.lease_until)]
    return bool(held) and Touched.objects.filter(tick__in=held, due_at__lte=due_by).exists()
