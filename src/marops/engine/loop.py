"""The engine: turn after turn, move facts to the lake, take changed contacts through the stages, keep house.

An idle turn asks PostgreSQL one question. The parts of a turn stand alone: one that fails is reported and tried again
later, the others go on. SIGTERM ends a turn between two stages.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import connection

from marops.engine import backup, backups, inlets, tick
from marops.engine.aside import STAGE_FAILED
from marops.engine.hands import Hands
from marops.engine.tick import Told
from marops.kernel import audit, crash, erasures, facts, files, outages, ports
from marops.kernel.clock import local_date, now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.models import Problem, StageRun, Workspace
from marops.kernel.notices import raise_problem, settle
from marops.store.duckdb import QueryEngine
from marops.store.lake import CRASH_POINTS, SETTLED, LakeBusy, LakeError, LakeWriter, lake_writer

log = logging.getLogger("marops.engine")

CLOCK_BACK = problem(
    "clock-jumped-back",
    "The machine's clock has jumped back",
    status=503,
    remedy="Set the clock right: leads still come in, and scoring and routing go on once it has caught up. If the time"
    " it shows now is the right one, resolve the line in the problems inbox, and the engine takes it as it is.",
)
MOVE_ROWS = 5_000
MOVE_SECONDS = 5.0
CLOCK_TOLERANCE = timedelta(seconds=5)
CLOCK_NOTED = timedelta(seconds=30)
MAINTAIN_EVERY = timedelta(hours=6)
HOUSE_SECONDS = 3600.0
LATE_COMMIT = timedelta(minutes=2)
AWAY_SECONDS = 2.0
LONGEST_PAUSE = 60.0
CLOCK_KEY = "engine:clock"

crash.declare(*CRASH_POINTS, "day.after_fillers")

_PULSE = (
    "SELECT EXISTS (SELECT FROM touched WHERE tick IS NULL AND due_at <= %(as_of)s),"
    " array(SELECT lease_by || ' ' || extract(epoch FROM lease_until) FROM tick),"
    " (SELECT count(*) FROM (SELECT 1 FROM fact_inbox WHERE batch IS NULL LIMIT %(rows)s) waiting),"
    " EXISTS (SELECT FROM fact_inbox WHERE batch IS NOT NULL),"
    " EXISTS (SELECT FROM audit_row a WHERE a.at > %(sealed_to)s"
    "  AND NOT EXISTS (SELECT FROM audit_sealed s WHERE s.audit_id = a.id)),"
    " (SELECT last_at FROM stage_run WHERE stage = 'clock'),"
    " (SELECT checkpoint #>> '{}' FROM stage_run WHERE stage = 'day'),"
    " (SELECT zone FROM workspace LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the one question of an idle turn answers."""

    touched: bool
    ticks: Sequence[str]
    facts: int
    claimed: bool
    unsealed: bool
    clock: datetime | None
    day: str | None
    zone: str | None
    inlets_since: Sequence[datetime | None] = ()

    @property
    def incoming(self) -> dict[str, datetime]:
        """The inlets with something waiting, and since when."""
        names = (one.name for one in inlets.inlets())
        return {name: since for name, since in zip(names, self.inlets_since, strict=False) if since is not None}

    @property
    def orphans(self) -> bool:
        """Is there a tick that nobody has in hand?"""
        found = (one.rpartition(" ") for one in self.ticks)
        return any(tick.free(by, datetime.fromtimestamp(float(until), UTC)) for by, _, until in found)


@dataclass
class Engine:
    """One engine process. Two on one database share the work."""

    dsn: str
    lake: Path
    temp: Path
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Told], None] = lambda _: None
    housework: Callable[[], None] = lambda: None
    hands: Hands = field(default_factory=Hands)
    _query: QueryEngine | None = None
    _moved_at: float = 0.0
    _house_at: float = 0.0
    _sealed_to: datetime | None = None
    _clock_behind: bool = False
    _pauses: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def query(self) -> QueryEngine:
        """The query engine, opened at the first need."""
        if self._query is None:
            self._query = QueryEngine.open(self.dsn, self.lake, mode="engine", temp_dir=self.temp)
        return self._query

    def close(self) -> None:
        """Let go of the query engine, and of whoever helps."""
        self.hands.end()
        if self._query is not None:
            self._query.close()
            self._query = None

    # --- Two ways to run ---

    def run_until_idle(self) -> Told:
        """Everything that is due now, then end: `marops run --once`. Contacts that another engine has in hand are
        waited for. Raises MaropsError `clock-jumped-back`, `stage-failed`.
        """
        told, failed = Told(), None
        pulse = self._pulse()
        began = self._moment(pulse)
        if began is None:
            raise _clock_back(now(), pulse.clock)
        while not self.stop.is_set():
            try:
                busy = self._stages(self._pulse(), told)
            except MaropsError as error:
                if error.code != STAGE_FAILED:
                    raise
                busy, failed = True, error  # what failed waits now; the rest still has its turn
            self.tell(told)
            if not busy and not tick.in_hand(began):
                break
            self.stop.wait(0.0 if busy else 0.2)
        if self._pulse().facts:
            self._move(told, force=True)
        self._keep_house(told)
        if failed:
            raise failed
        return told

    def lend_a_hand(self) -> None:
        """Take sets of contacts through the stages beside another engine, until none is due: `marops run --hand`."""
        while not self.stop.is_set() and self._stages(self._pulse(), Told()):
            pass

    def run_for_ever(self, seconds: float) -> None:
        """Turn after turn until `stop` is set. While PostgreSQL is away, wait for it."""
        away = False
        while not self.stop.is_set():
            try:
                busy = self.one_turn()
            except Exception as error:
                if not away:
                    log.warning("PostgreSQL is away (%s); the engine waits for it", type(error).__name__)
                away, busy = True, False
                connection.close()
                self.stop.wait(AWAY_SECONDS)
                continue
            if away:
                log.info("PostgreSQL is back")
                away = False
            self.stop.wait(0.0 if busy else seconds)

    def one_turn(self) -> bool:
        """One look at what is due. True when there may be more. Raises only when PostgreSQL is away."""
        told, pulse = Told(), self._pulse()
        self._part("mover", lambda: self._move_if_due(pulse, told))
        self._part("seal", lambda: self._seal_if_due(pulse, told))
        busy = self._part("stages", lambda: self._stages(pulse, told))
        self._part("house", lambda: self._keep_house_if_due(told))
        if told.contacts:
            log.info("turn: %s contacts, %s", told.contacts, told.stages)
        return busy

    def _part(self, name: str, work: Callable[[], bool | None]) -> bool:
        """Do one part of a turn. One that fails pauses, longer each time, and is reported from the second time on."""
        failures, not_before = self._pauses.get(name, (0, 0.0))
        if time.monotonic() < not_before:
            return False
        try:
            busy = bool(work())
        except Exception as error:
            if not outages.reachable():
                raise
            self._pauses[name] = failures + 1, time.monotonic() + min(2.0 ** min(failures, 10), LONGEST_PAUSE)
            self._report(name, error, failures + 1)
            return False
        if self._pauses.pop(name, None):
            settle(f"engine:{name}")
        return busy

    def _report(self, name: str, error: Exception, failures: int) -> None:
        known = isinstance(error, MaropsError | LakeError)
        log.error("%s failed: %s", name, error if known else f"{type(error).__name__} at {outages.places(error)}")
        if failures == 1 or (isinstance(error, MaropsError) and error.code == STAGE_FAILED):
            return  # may be over in a moment; or the inbox has its line already
        raise_problem(
            f"engine:{name}",
            f"The engine cannot do one of its parts: {_PARTS[name]}",
            detail=str(error) if known else type(error).__name__,
            remedy="The engine tries again by itself. If this line stays, run marops doctor and look at the log.",
            severity="bad",
        )

    # --- Time ---

    def _pulse(self) -> Pulse:
        as_of = now()
        with connection.cursor() as cursor:
            since = self._sealed_to or as_of - LATE_COMMIT
            pulse = f"{_PULSE}, {inlets.waiting_sql()}"
            cursor.execute(pulse, {"as_of": as_of, "rows": MOVE_ROWS, "sealed_to": since})
            return Pulse(*cursor.fetchone())

    def _moment(self, pulse: Pulse) -> datetime | None:
        """Now; None while the clock is behind what stages have already spoken for."""
        as_of = now()
        if pulse.clock and as_of < pulse.clock - CLOCK_TOLERANCE and not self._taken_as_it_is():
            if not self._clock_behind:
                self._say_clock_is_behind(_clock_back(as_of, pulse.clock))
            return None
        if self._clock_behind or pulse.clock is None or abs(as_of - pulse.clock) > CLOCK_NOTED:
            tick.note_stage("clock", 0, 0.0)
            settle(CLOCK_KEY)
            self._clock_behind = False
        return as_of

    def _say_clock_is_behind(self, error: MaropsError) -> None:
        log.error("stages wait: %s", error)
        raise_problem(CLOCK_KEY, error.kind.title, detail=str(error), remedy=error.remedy, severity="bad")
        self._clock_behind = True

    def _taken_as_it_is(self) -> bool:
        """Has somebody resolved the line about the clock: the time it shows is the right one?"""
        return self._clock_behind and not Problem.objects.filter(key=CLOCK_KEY, resolved_at__isnull=True).exists()

    def _day_turn(self, as_of: datetime, pulse: Pulse, told: Told) -> int:
        """When the workspace's day has changed: what ages is looked at again, by whoever filled the port.

        Answers how many contacts are due because of it.
        """
        today = local_date(as_of, pulse.zone or str(Workspace().zone)).isoformat()
        if pulse.day == today:
            return 0
        aged = 0
        for filler in ports.day_turns:
            if rows := filler.value(as_of):
                told.add(f"{filler.name} (new day)", rows)
                aged += rows
        crash.point("day.after_fillers")
        StageRun.objects.update_or_create(stage="day", defaults={"checkpoint": today, "last_at": as_of})
        return aged

    # --- The parts ---

    def _stages(self, pulse: Pulse, told: Told) -> bool:
        as_of = self._moment(pulse)
        if as_of is None:
            return False
        aged = self._day_turn(as_of, pulse, told)
        came_in = inlets.take_in(pulse.incoming, as_of, told, self.stop) if pulse.incoming else 0
        if not (pulse.touched or pulse.orphans or aged or came_in):
            return False
        self.hands.lend_if_crowded()
        return tick.turn(self.query, as_of, told, stop=self.stop)

    def _move_if_due(self, pulse: Pulse, told: Told) -> None:
        waited = time.monotonic() - self._moved_at
        full = pulse.facts >= MOVE_ROWS
        old = pulse.facts > 0 and waited >= MOVE_SECONDS
        settled = pulse.claimed and waited >= SETTLED.total_seconds() + 60
        if full or old or settled:
            self._move(told)

    def _move(self, told: Told, *, force: bool = False) -> None:
        """Carry facts from the inbox to the lake, unless another process is the lake's writer just now."""
        started = self._moved_at = time.monotonic()
        try:
            with self._writer(wait=10.0 if force else 0.0) as writer:
                _, oldest = writer.pending()
                moved = writer.move().rows
                while force and (more := writer.move().rows):
                    moved += more
        except LakeBusy:
            return
        if moved:
            told.add("move", moved)
            lag = (now() - oldest).total_seconds() if oldest else 0.0
            tick.note_stage("move", moved, time.monotonic() - started, lag=lag)

    def _writer(self, *, wait: float = 0.0) -> AbstractContextManager[LakeWriter]:
        return lake_writer(self.dsn, self.lake, temp_dir=self.temp, wait=wait, crash=crash.point)

    def _seal_if_due(self, pulse: Pulse, told: Told) -> None:
        """The pulse looks at the newest rows only; what commits later than those is found by the hourly housework."""
        as_of = now()
        if pulse.unsealed or self._sealed_to is None:
            self._seal(told, since=self._sealed_to)
        self._sealed_to = as_of - LATE_COMMIT

    def _seal(self, told: Told, *, since: datetime | None = None) -> None:
        started, rows = time.monotonic(), 0
        while sealed := audit.seal(now(), since=since):
            rows += sealed
            if sealed < audit.SEAL_BATCH:
                break  # that was the rest; to look again costs another pass
        if rows:
            told.add("seal", rows)
            tick.note_stage("seal", rows, time.monotonic() - started)

    def _keep_house_if_due(self, told: Told) -> None:
        if time.monotonic() - self._house_at >= HOUSE_SECONDS:
            self._house_at = time.monotonic()
            self._keep_house(told)

    def _keep_house(self, told: Told) -> None:
        """Seal what committed late, let go of what has run out (keys, files, sessions), tidy the lake now and then."""
        as_of = now()
        self._seal(told)
        facts.forget_old_keys(as_of)
        files.sweep(as_of)
        erasures.note()
        backup.sweep(config().home)
        backups.by_schedule()
        Session.objects.filter(expire_date__lt=as_of).delete()
        self.housework()
        last = StageRun.objects.filter(stage="maintain").values_list("last_at", flat=True).first()
        if last is None:
            tick.note_stage("maintain", 0, 0.0)
        elif abs(as_of - last) >= MAINTAIN_EVERY:
            self._maintain(told)

    def _maintain(self, told: Told) -> None:
        started = time.monotonic()
        with contextlib.suppress(LakeBusy), self._writer() as writer:
            writer.maintain()
            told.add("maintain", 1)
            tick.note_stage("maintain", 1, time.monotonic() - started)


def _clock_back(as_of: datetime, spoken_for: datetime | None) -> MaropsError:
    return MaropsError(
        CLOCK_BACK, f"It says {as_of:%Y-%m-%d %H:%M:%S}; stages have spoken for {spoken_for:%Y-%m-%d %H:%M:%S} UTC."
    )


_PARTS = {
    "mover": "moving facts to the lake",
    "seal": "sealing the audit trail",
    "stages": "taking changed leads through the stages",
    "house": "tidying up",
}
