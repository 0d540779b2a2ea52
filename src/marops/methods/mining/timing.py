"""Everything about time that a log says: who works when, how long work takes, why it starts late, how cases come in."""

from dataclasses import replace

import numpy as np

from marops.methods.mining.arrivals import arrivals_of
from marops.methods.mining.calendars import Clock, People, clock_of, hours_a_week, people_of
from marops.methods.mining.calendars_found import CalendarRules, calendars_of, sightings
from marops.methods.mining.log import NOBODY, Floats, FoundAmount, Log, Timing, WeekHours
from marops.methods.mining.structure_order import FIRST, Positions, concurrency, predecessor
from marops.methods.mining.timing_amounts import fit
from marops.methods.mining.timing_batches import NONE, batches_of
from marops.methods.mining.timing_delay import delays_of
from marops.methods.mining.timing_effort import efforts_of
from marops.methods.mining.timing_free import Flags, free_time
from marops.methods.mining.timing_starts import enabled_of, shortened, starts_of
from marops.methods.mining.timing_work import worked_hours

HARDLY = 1 / 60
"""A minute on average is no time."""
_ROUND_THE_CLOCK = 0.95


def calibrate_timing(log: Log, before: Positions | None = None, rules: CalendarRules | None = None) -> Timing:
    """All that is found about time. `before`: the row that let each row begin, where that is known already.

    Raises ValueError for a log without rows.
    """
    if not len(log):
        raise ValueError("the log has no rows")
    rules = rules or CalendarRules()
    before = predecessor(log, concurrency(log)) if before is None else before
    enabled = enabled_of(log, before)
    started, estimated = starts_of(log, before, enabled)
    clock = clock_of(log.zero, log.zone, float(min(started.min(), enabled.min())) - 1, float(log.ended.max()) + 1)
    seen = sightings(clock, log.resource, log.started, log.ended, len(log.resources), rules.granule)
    calendars, pool = calendars_of(seen, rules)
    people = people_of(clock, calendars, pool)
    started = shortened(log, people, started, estimated)
    enabled = np.minimum(np.where((before == FIRST) & estimated, started, enabled), started)
    found = _found(log, people, clock, rules, enabled, started, estimated, _informative(log, before, estimated))
    notes = _notes(log, calendars, pool, estimated)
    return replace(found, calendars=calendars, pool=pool, notes=notes, outside=outside_of(log, before))


def outside_of(log: Log, before: Positions) -> dict[int, FoundAmount]:
    """Hours between the end of what came before and the moment at which the log says that work could begin.

    By activity, those included that could begin at once. Left out where the log does not say when work could begin, or
    where on the whole there is hardly anything between.
    """
    known = np.flatnonzero((before != FIRST) & np.isfinite(log.enabled))
    gap = np.maximum(log.enabled[known] - log.ended[before[known]], 0.0)
    found = {}
    for activity in np.unique(log.activity[known]):
        hours = gap[log.activity[known] == activity]
        if hours.mean() >= HARDLY:
            found[int(activity)] = fit(hours)
    return found


def _informative(log: Log, before: Positions, estimated: Flags) -> Flags:
    """Rows whose waiting was measured: the start is in the log, and what let them begin is known."""
    return np.asarray(~estimated & ((before != FIRST) | np.isfinite(log.enabled)))


def _found(
    log: Log,
    people: People,
    clock: Clock,
    rules: CalendarRules,
    enabled: Floats,
    started: Floats,
    estimated: Flags,
    informative: Flags,
) -> Timing:
    """The parts of the answer that build upon calendars."""
    worked = worked_hours(people, log.resource, started, log.ended)
    efforts = efforts_of(log, worked, estimated)
    free = free_time(people, len(log.resources), log.resource, started, log.ended)
    batch, batches = batches_of(log, people, free, enabled, started)
    ready = batch_ready(np.where(np.isin(log.activity, list(batches)), batch, NONE).astype(np.int32), enabled)
    delay, in_hours, delay_by = delays_of(log, people, free, efforts.able, informative, ready, started)
    return Timing(
        enabled=enabled,
        started=started,
        estimated=estimated,
        worked=worked,
        calendars=(),
        pool=WeekHours({}),
        effort=efforts.effort,
        repeat=efforts.repeat,
        speed=efforts.speed,
        able=efforts.able,
        delay=delay,
        delay_in_hours=in_hours,
        delay_by=delay_by,
        arrivals=arrivals_of(log, clock, np.minimum(enabled, started), rules),
        batch=batch,
        batches=batches,
    )


def batch_ready(batch: Positions | np.ndarray[tuple[int], np.dtype[np.int32]], enabled: Floats) -> Floats:
    """When the last piece of each row's batch could begin; of rows in none, when they themselves could."""
    found = enabled.copy()
    rows = np.flatnonzero(batch != NONE)
    if len(rows):
        latest = np.full(int(batch.max()) + 1, -np.inf)
        np.maximum.at(latest, batch[rows], enabled[rows])
        found[rows] = latest[batch[rows]]
    return found


def people_in(log: Log, timing: Timing) -> People:
    """The calendars that were found, laid over the time of the log."""
    begin = float(min(timing.started.min(), timing.enabled.min())) - 1
    clock = clock_of(log.zero, log.zone, begin, float(log.ended.max()) + 1)
    return people_of(clock, timing.calendars, timing.pool)


def _notes(log: Log, calendars: tuple[WeekHours, ...], pool: WeekHours, estimated: Flags) -> tuple[str, ...]:
    """What a reader of the answer has to know."""
    notes = []
    if estimated.any():
        notes.append(f"The log does not say when {int(estimated.sum())} of {len(log)} pieces of work began: estimated.")
    assumed = sum(one.origin == "assumed" for one in calendars)
    if assumed:
        notes.append(f"{assumed} of {len(calendars)} people were seen too rarely for hours of their own: everybody's.")
    if hours_a_week(pool.week) >= _ROUND_THE_CLOCK * 168:
        notes.append("Work goes on day and night in this log: it has no working hours.")
    if bool(np.all(log.resource == NOBODY)):
        notes.append("The log does not say who did the work.")
    return tuple(notes)
