"""Clocks of promises: when a first touch is due in the owner's working hours, and what a touch does to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from marops.domains.routing.rules import FIRST_TOUCH, Route, Sla
from marops.domains.team.public import Clock, calendars, clock_of, hours_of, people_by_account
from marops.kernel.actions import Act
from marops.kernel.facts import fact_kind, touch_from
from marops.methods import worktime
from marops.store.bulk import stage

REMINDED = fact_kind("sla.reminded", "The owner was reminded of a promise")
MISSED = fact_kind("sla.missed", "A promise was not kept in time")
ESCALATED = fact_kind("sla.escalated", "Somebody else heard of a missed promise")
MET = fact_kind("sla.met", "A promise was kept")

NOBODY = UUID(int=0)
"""Stands for a queue where an owner is asked for: queues keep the standard hours."""
_RUNS = "l.met_at IS NULL AND l.ended_at IS NULL"
_AHEAD = (
    "least(CASE WHEN l.reminded_at IS NULL AND l.due_at > %(at)s THEN l.remind_at END,"
    " CASE WHEN l.missed_at IS NULL THEN l.due_at END,"
    " CASE WHEN l.escalated_at IS NULL THEN l.escalate_at END, l.reassign_at)"
)


@dataclass(frozen=True, slots=True)
class Moments:
    """When a promise made now is due, and what happens around that."""

    due: datetime
    remind: datetime | None
    escalate: datetime | None
    reassign: datetime | None


def moments(sla: Sla, hours: worktime.Hours, start: datetime) -> Moments | None:
    """The moments of a promise in somebody's working hours; None for somebody who never works."""

    def after(minutes: int) -> datetime | None:
        return worktime.add(hours, start, timedelta(minutes=minutes))

    due = after(sla.first_touch)
    if due is None:
        return None
    return Moments(
        due,
        after(sla.first_touch - sla.remind) if sla.remind else None,
        after(sla.first_touch + sla.escalate.after) if sla.escalate else None,
        after(sla.first_touch + sla.reassign.after) if sla.reassign else None,
    )


def start(act: Act, cursor: Any, document: Route, definition: str, as_of: datetime, *, promised_by: str = "") -> int:
    """Start the clock of every lead of `staged` that was promised a first touch. Answers how many.

    A lead that sales has answered in this cycle is promised nothing: its first touch was made, and is not owed again.
    `definition` is what the assignments carry; `promised_by` is the route, where it was a person who assigned. All
    start at the same moment, so there are as many different deadlines as pairs of a rule and an owner, not as leads.
    """
    cursor.execute("SELECT DISTINCT rule, coalesce(owner_id, %s) FROM staged", [NOBODY])
    table = _clocks(document, cursor.fetchall(), as_of)
    if not table.num_rows:
        return 0
    stage(cursor, "staged_clock", table, types={"owner_id": "uuid"})
    cursor.execute(
        "INSERT INTO lead_sla (contact_id, clock, owner_id, calendar, zone, definition, rule, rounds, started_at,"
        " due_at, remind_at, escalate_at, reassign_at, next_at)"
        " SELECT a.contact_id, %s, a.owner_id, k.calendar, k.zone, %s, s.rule, 0, %s, k.due, k.remind, k.escalate,"
        " k.reassign, least(k.due, k.remind) FROM staged s"
        " JOIN assignment a ON a.contact_id = s.contact_id AND a.definition = %s AND a.routed_at = %s"
        " JOIN staged_clock k ON k.rule = coalesce(s.rule, '') AND k.owner_id = coalesce(s.owner_id, %s)"
        f" WHERE {_UNANSWERED}"
        f" ON CONFLICT (contact_id, clock) DO UPDATE SET {_AGAIN}",
        [FIRST_TOUCH, promised_by or definition, as_of, definition, as_of, NOBODY],
    )
    started: int = cursor.rowcount
    cursor.execute("DROP TABLE staged_clock")
    _call_again(cursor, "SELECT contact_id FROM staged", as_of)
    act.count(promised=started)
    return started


# The first cycle has no beginning. Two questions, for one over both tables is not asked by their keys.
_UNANSWERED = " AND ".join(
    f"NOT EXISTS (SELECT FROM {table} w LEFT JOIN contact_stage g ON g.contact_id = w.contact_id"
    f" WHERE w.contact_id = s.contact_id AND w.{at} IS NOT NULL AND coalesce(w.{at} >= g.cycle_since, true))"
    for table, at in (("lead_disposition", "at"), ("lead_sla", "met_at"))
)
_SET_AGAIN = (
    "owner_id", "calendar", "zone", "definition", "rule", "started_at", "due_at", "remind_at", "escalate_at",
    "reassign_at", "next_at",
)  # fmt: skip
_AGAIN = (
    ", ".join(f"{name} = excluded.{name}" for name in _SET_AGAIN)
    + ", rounds = CASE WHEN lead_sla.missed_at IS NULL THEN 0 ELSE lead_sla.rounds + 1 END, reminded_at = NULL,"
    " missed_at = NULL, escalated_at = NULL, met_at = NULL, minutes = NULL, ended_at = NULL"
)


def _clocks(document: Route, pairs: Iterable[tuple[str | None, UUID]], as_of: datetime) -> pa.Table:
    """rule, owner, calendar, zone and the moments, for the pairs that a promise is made for."""
    wanted = [(rule, owner, sla) for rule, owner in pairs if (sla := _promise(document, rule, owner))]
    known, people = calendars(), people_by_account(owner for _, owner, _ in wanted)
    found: dict[tuple[Sla, Clock], Moments | None] = {}
    rows = []
    for rule, owner, sla in wanted:
        clock = clock_of(people.get(owner), known)
        if (sla, clock) not in found:
            found[sla, clock] = moments(sla, hours_of(clock, known), as_of)
        if when := found[sla, clock]:
            rows.append((rule or "", str(owner), clock, when))
    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "rule": pa.array([row[0] for row in rows], pa.string()),
            "owner_id": pa.array([row[1] for row in rows], pa.string()),
            "calendar": pa.array([row[2].calendar for row in rows], pa.string()),
            "zone": pa.array([row[2].zone for row in rows], pa.string()),
            **{
                name: pa.array([getattr(row[3], name) for row in rows], instant)
                for name in ("due", "remind", "escalate", "reassign")
            },
        }
    )


def _promise(document: Route, rule: str | None, owner: UUID) -> Sla | None:
    """What is promised: by the rule; for a person who follows another's lead without a rule, by the route."""
    return document.sla_of(rule) if rule else document.sla if owner != NOBODY else None


def _call_again(cursor: Any, contacts: str, after: datetime) -> None:
    """Ask the engine to look at these leads when the next of their moments comes; the moments are few."""
    cursor.execute(
        f"SELECT DISTINCT l.next_at FROM lead_sla l WHERE l.contact_id IN ({contacts}) AND {_RUNS} AND l.next_at > %s",
        [after],
    )
    for (moment,) in cursor.fetchall():
        touch_from(
            f"SELECT l.contact_id FROM lead_sla l WHERE l.contact_id IN ({contacts}) AND {_RUNS} AND l.next_at = %s",
            moment,
            [moment],
        )


def wind_on(act: Act, cursor: Any, contacts: str, as_of: datetime) -> None:
    """Note which moment of these clocks comes next, and have the engine look again then."""
    cursor.execute(
        f"UPDATE lead_sla l SET next_at = {_AHEAD} WHERE l.contact_id IN ({contacts}) AND {_RUNS}", {"at": as_of}
    )
    _call_again(cursor, contacts, as_of)


# --- A touch ----------------------------------------------------------------------------------------------------------

_POSITION = (
    "coalesce((SELECT r.before + extract(epoch FROM least({at}, r.ends) - r.begins) FROM staged_rung r"
    " WHERE r.calendar = l.calendar AND r.zone = l.zone AND r.begins <= {at} ORDER BY r.begins DESC LIMIT 1), 0)"
)


def meet(act: Act, cursor: Any) -> int:
    """The leads of `staged_met` (contact_id, at, fact_id) were touched: their clocks stop. Answers how many did.

    In time it is a promise kept, with the working minutes that it took; late, one that was missed if nobody had said
    so yet.
    """
    if not _ladders(cursor):
        return 0
    cursor.execute("ALTER TABLE staged_met ADD late boolean")
    cursor.execute(
        "UPDATE staged_met m SET late = true FROM lead_sla l"
        f" WHERE l.contact_id = m.contact_id AND {_RUNS} AND l.missed_at IS NULL AND m.at > l.due_at"
    )
    before, after = _POSITION.format(at="l.started_at"), _POSITION.format(at="m.at")
    cursor.execute(
        f"UPDATE lead_sla l SET met_at = m.at, minutes = greatest(0, floor(({after} - {before}) / 60)),"
        " missed_at = coalesce(l.missed_at, CASE WHEN m.at > l.due_at THEN l.due_at END), next_at = NULL"
        f" FROM staged_met m WHERE m.contact_id = l.contact_id AND {_RUNS}"
    )
    met: int = cursor.rowcount
    cursor.execute("DROP TABLE staged_rung")
    _say_met(act)
    return met


def _ladders(cursor: Any) -> bool:
    """The working time of every calendar concerned, as rungs that a position can be read from."""
    cursor.execute(
        "SELECT l.calendar, l.zone, min(l.started_at), max(greatest(m.at, l.started_at)) FROM staged_met m"
        f" JOIN lead_sla l ON l.contact_id = m.contact_id AND {_RUNS} GROUP BY 1, 2"
    )
    found = cursor.fetchall()
    known = calendars()
    rungs = [
        (calendar, zone, rung)
        for calendar, zone, first, last in found
        for rung in worktime.ladder(hours_of(Clock(calendar, zone), known), first, last)
    ]
    instant = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "calendar": pa.array([one[0] for one in rungs], pa.string()),
            "zone": pa.array([one[1] for one in rungs], pa.string()),
            "begins": pa.array([one[2].begins for one in rungs], instant),
            "ends": pa.array([one[2].ends for one in rungs], instant),
            "before": pa.array([one[2].before.total_seconds() for one in rungs], pa.float64()),
        }
    )
    if found:
        stage(cursor, "staged_rung", table)
    return bool(found)


def _say_met(act: Act) -> None:
    """Facts of the clocks that these touches stopped: kept in time, or missed and not said yet."""
    act.facts_from(
        "SELECT m.fact_id AS id, CASE WHEN l.missed_at IS NULL THEN %s ELSE %s END AS kind,"
        " coalesce(l.missed_at, m.at) AS occurred_at, %s::timestamptz AS recorded_at, l.contact_id,"
        " %s AS actor_type, %s AS actor_id, l.definition, CASE WHEN l.missed_at IS NULL"
        " THEN jsonb_build_object('clock', l.clock, 'minutes', l.minutes)"
        " ELSE jsonb_build_object('clock', l.clock, 'due', l.due_at) END AS properties"
        # A miss that the engine has said is not said again.
        " FROM staged_met m JOIN lead_sla l ON l.contact_id = m.contact_id AND l.met_at = m.at"
        " WHERE l.missed_at IS NULL OR m.late",
        (MET, MISSED, act.at, act.actor.kind, act.actor.id),
    )


def stage_touches(cursor: Any, rows: Mapping[str, list[Any]]) -> None:
    """`staged_met` of contact ids, moments and fact ids."""
    table = pa.table(
        {
            "contact_id": pa.array([str(one) for one in rows["contact_id"]], pa.string()),
            "at": pa.array(rows["at"], pa.timestamp("us", tz="UTC")),
            "fact_id": pa.array([str(one) for one in rows["fact_id"]], pa.string()),
        }
    )
    stage(cursor, "staged_met", table, types={"contact_id": "uuid", "fact_id": "uuid"})
