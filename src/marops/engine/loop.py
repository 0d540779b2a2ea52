"""The engine: turn after turn, move facts to the lake, take changed contacts through the stages, keep house.

An idle turn asks PostgreSQL one question. SIGTERM ends it between batches.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import OperationalError, close_old_connections, connection

from marops.engine import tick
from marops.engine.tick import Told
from marops.kernel import audit, crash, facts, ports
from marops.kernel.clock import local_date, now
from marops.kernel.errors import MaropsError, problem
from marops.kernel.models import StageRun
from marops.kernel.notices import raise_problem, settle
from marops.kernel.workspace import workspace
from marops.store.duckdb import QueryEngine
from marops.store.lake import SETTLED, LakeBusy, LakeWriter, ensure_lake, lake_writer

log = logging.getLogger("marops.engine")

CLOCK_BACK = problem(
    "clock-jumped-back",
    "The machine's clock has jumped back",
    status=503,
    remedy="Set the clock right. Leads still come in; scoring and routing go on once the clock has caught up.",
)
MOVE_ROWS = 5_000
MOVE_SECONDS = 5.0
CLOCK_TOLERANCE = timedelta(seconds=5)
MAINTAIN_EVERY = timedelta(hours=6)

_PULSE = (
    "SELECT EXISTS (SELECT FROM touched WHERE tick IS NULL AND due_at <= %(as_of)s),"
    " EXISTS (SELECT FROM tick WHERE lease_until < %(as_of)s),"
    " (SELECT count(*) FROM (SELECT 1 FROM fact_inbox WHERE batch IS NULL LIMIT %(rows)s) waiting),"
    " EXISTS (SELECT FROM fact_inbox WHERE batch IS NOT NULL),"
    " EXISTS (SELECT FROM audit_row a WHERE NOT EXISTS (SELECT FROM audit_sealed s WHERE s.audit_id = a.id)"
    "  AND a.at > %(as_of)s::timestamptz - interval '1 hour')"
)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the one question of an idle turn answers."""

    touched: bool
    orphans: bool
    facts: int
    claimed: bool
    unsealed: bool


@dataclass
class Engine:
    """One engine process. Two on one database share the work."""

    dsn: str
    lake: Path
    temp: Path
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Told], None] = lambda _: None
    _query: QueryEngine | None = None
    _moved_at: float = 0.0
    _kept_at: datetime | None = None

    @property
    def query(self) -> QueryEngine:
        """The query engine, opened at the first need."""
        if self._query is None:
            ensure_lake(self.dsn, self.lake, temp_dir=self.temp)
            self._query = QueryEngine.open(self.dsn, self.lake, mode="engine", temp_dir=self.temp)
        return self._query

    def run_until_idle(self) -> Told:
        """Everything that is due now, then end: `marops run --once`."""
        tick.release_own()
        told = Told()
        self._day_turn(told)
        while not self.stop.is_set():
            as_of = self._moment()
            busy = tick.turn(self.query, as_of, told)
            self._keep_house(as_of, told)
            self.tell(told)
            if not busy:
                break
        self._move(told, force=True)
        self._seal(told)
        return told

    def run_for_ever(self, seconds: float) -> None:
        """Turn after turn until `stop` is set; a turn that fails is reported and the next one comes later."""
        tick.release_own()
        failures = 0
        while not self.stop.is_set():
            try:
                busy = self.one_turn()
                failures = 0
            except Exception as error:
                failures += 1
                busy = False
                self._report(error, failures)
            close_old_connections()
            self.stop.wait(0.0 if busy else min(seconds * 2**failures, 60.0))

    def one_turn(self) -> bool:
        """One look at what is due. True when there may be more."""
        as_of, told = self._moment(), Told()
        self._day_turn(told)
        pulse = _pulse(as_of)
        self._move_if_due(pulse, told)
        busy = (pulse.touched or pulse.orphans) and tick.turn(self.query, as_of, told)
        if pulse.unsealed:
            self._seal(told)
        self._keep_house(as_of, told)
        if told.contacts:
            log.info("turn: %s contacts, %s", told.contacts, told.stages)
        return busy

    def _moment(self) -> datetime:
        """Now; MaropsError `clock-jumped-back` while the clock is behind what stages have already spoken for."""
        as_of = now()
        last = StageRun.objects.filter(stage="clock").values_list("last_at", flat=True).first()
        if last and as_of < last - CLOCK_TOLERANCE:
            raise MaropsError(
                CLOCK_BACK, f"It says {as_of:%Y-%m-%d %H:%M:%S}; stages have spoken for {last:%Y-%m-%d %H:%M:%S} UTC."
            )
        if last is None or as_of - last > timedelta(seconds=30):
            tick.note_stage("clock", 0, 0.0, as_of)
            settle("engine:clock")
        return as_of

    def _day_turn(self, told: Told) -> None:
        """When the workspace's day has changed: what ages is looked at again, by whoever filled the port."""
        as_of = now()
        today = tick_day(as_of)
        row = StageRun.objects.filter(stage="day").first()
        if row and row.checkpoint == today:
            return
        for filler in ports.day_turns:
            if rows := filler.value(as_of):
                told.add(f"{filler.name} (new day)", rows)
        StageRun.objects.update_or_create(stage="day", defaults={"checkpoint": today, "last_at": as_of})

    def _move_if_due(self, pulse: Pulse, told: Told) -> None:
        waited = time.monotonic() - self._moved_at
        full = pulse.facts >= MOVE_ROWS
        old = pulse.facts > 0 and waited >= MOVE_SECONDS
        settled = pulse.claimed and waited >= SETTLED.total_seconds() + 60
        if full or old or settled:
            self._move(told)

    def _move(self, told: Told, *, force: bool = False) -> None:
        """Carry facts from the inbox to the lake, unless another process is the lake's writer just now."""
        started, self._moved_at = time.monotonic(), time.monotonic()
        try:
            with self._writer(wait=10.0 if force else 0.0) as writer:
                moved = writer.move().rows
                while force and (more := writer.move().rows):
                    moved += more
        except LakeBusy:
            return
        if moved:
            told.add("move", moved)
            tick.note_stage("move", moved, time.monotonic() - started, now())

    def _writer(self, *, wait: float = 0.0) -> AbstractContextManager[LakeWriter]:
        return lake_writer(self.dsn, self.lake, temp_dir=self.temp, wait=wait, crash=crash.point)

    def _seal(self, told: Told) -> None:
        started, rows = time.monotonic(), 0
        while sealed := audit.seal(now()):
            rows += sealed
        if rows:
            told.add("seal", rows)
            tick.note_stage("seal", rows, time.monotonic() - started, now())

    def _keep_house(self, as_of: datetime, told: Told) -> None:
        """Every few hours: tidy the lake, forget old keys."""
        if self._kept_at and as_of - self._kept_at < MAINTAIN_EVERY:
            return
        first, self._kept_at = self._kept_at is None, as_of
        facts.forget_old_keys(as_of)
        if first:
            return
        try:
            with self._writer() as writer:
                _maintain(writer, told)
        except LakeBusy:
            self._kept_at = as_of - MAINTAIN_EVERY + timedelta(minutes=10)

    def _report(self, error: Exception, failures: int) -> None:
        log.error(
            "turn failed: %s", type(error).__name__, exc_info=failures == 1 and not isinstance(error, MaropsError)
        )
        if isinstance(error, OperationalError):
            connection.close()
            return  # the database itself is away; there is nowhere to write this down
        key = "engine:clock" if isinstance(error, MaropsError) and error.code == CLOCK_BACK else "engine:turn"
        text, remedy = (str(error), error.remedy) if isinstance(error, MaropsError) else (type(error).__name__, "")
        raise_problem(key, "The engine could not finish a turn", detail=text, remedy=remedy, severity="bad")

    def close(self) -> None:
        """Let go of the query engine."""
        if self._query is not None:
            self._query.close()
            self._query = None


def _maintain(writer: LakeWriter, told: Told) -> None:
    started = time.monotonic()
    writer.maintain()
    told.add("maintain", 1)
    tick.note_stage("maintain", 1, time.monotonic() - started, now())


def _pulse(as_of: datetime) -> Pulse:
    with connection.cursor() as cursor:
        cursor.execute(_PULSE, {"as_of": as_of, "rows": MOVE_ROWS})
        return Pulse(*cursor.fetchone())


def tick_day(as_of: datetime) -> str:
    """The workspace's calendar day of `as_of`, as a checkpoint."""
    return local_date(as_of, workspace().zone).isoformat()
