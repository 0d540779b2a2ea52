"""Writes of sales about leads: that something was done, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.routing import deadlines
from marops.domains.routing.models import LeadDisposition
from marops.domains.routing.permissions import DISPOSE
from marops.domains.routing.queries import reached_sql, reaches
from marops.domains.routing.rules import CHANNELS, FACT_OF, MOVES, REASONS, STATES, fault_of_move
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.ids import new_id
from marops.store.bulk import stage

TOUCHED = fact_kind("lead.touched", "Somebody of sales did something about the lead")
ACCEPTED = fact_kind("lead.accepted", "Sales accepted the lead")
REJECTED = fact_kind("lead.rejected", "Sales rejected the lead")
fact_kind("lead.worked", "Sales works on the lead")
WON = fact_kind("lead.won", "The lead was won")
LOST = fact_kind("lead.lost", "The lead was lost")

_MOST_ROUNDS = 50


@action("lead.touch", effect="change", right=DISPOSE)
def touch_lead(
    act: Act, *, actor: Actor, contact_id: UUID, channel: str, note: str = "", at: datetime | None = None
) -> None:
    """Somebody called, wrote, met or noted something: the first time ends the clock of the first touch.

    Raises MaropsError `not-found` for a lead that the actor's right does not reach, and `invalid`.
    """
    _need(actor, contact_id)
    if channel not in CHANNELS:
        fault = FieldError("channel", f"{channel!r} is no channel.", f"Use {', '.join(CHANNELS)}.", field="channel")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    moment = _moment(act, at)
    properties = {"channel": channel, "by": actor.id}
    act.fact(TOUCHED, contact_id=contact_id, properties=properties, occurred_at=moment)
    act.changed("contact", contact_id, after={"touched": channel, "note": note} if note else {"touched": channel})
    _stop_clock(act, contact_id, moment)


@action("lead.dispose", effect="change", right=DISPOSE, reversible=True)
def dispose_lead(
    act: Act,
    *,
    actor: Actor,
    contact_id: UUID,
    disposition: str,
    reason: str = "",
    note: str = "",
    at: datetime | None = None,
) -> LeadDisposition:
    """Say what became of a lead: accepted, working, rejected, won or lost; the last two but one with a reason.

    Raises MaropsError `not-found` for a lead that the actor's right does not reach, and `invalid` for a word that
    cannot follow the one that stands.
    """
    _need(actor, contact_id)
    row = LeadDisposition.objects.select_for_update().filter(contact_id=contact_id).first()
    state = row.state if row else "none"
    if fault := fault_of_move(state, disposition, reason):
        raise MaropsError(INVALID, fault.message, errors=[fault])
    moment = _moment(act, at)
    kept, _made = LeadDisposition.objects.update_or_create(
        contact_id=contact_id,
        defaults={"state": disposition, "reason": reason or None, "note": note, "at": moment, "by": actor.id},
    )
    act.fact(
        FACT_OF[disposition],
        contact_id=contact_id,
        properties={"reason": reason} if reason else {},
        occurred_at=moment,
    )
    act.changed(
        "contact", contact_id, before={"disposition": state}, after={"disposition": disposition, "reason": reason}
    )
    _stop_clock(act, contact_id, moment)
    return kept


def _need(actor: Actor, contact_id: UUID) -> None:
    if not reaches(actor, contact_id, DISPOSE):
        raise MaropsError(NOT_FOUND, "There is no such lead among those you answer for.")


def _moment(act: Act, at: datetime | None) -> datetime:
    """When it happened: not in the future, for a promise could be kept by it."""
    if at is not None and at > act.at:
        raise MaropsError(INVALID, errors=[FieldError("at", "This lies in the future.", field="at")])
    return at or act.at


def _stop_clock(act: Act, contact_id: UUID, at: datetime) -> None:
    with connection.cursor() as cursor:
        deadlines.stage_touches(cursor, {"contact_id": [contact_id], "at": [at], "fact_id": [new_id()]})
        deadlines.meet(act, cursor)


# --- Many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disposed:
    """What became of many: how many words were kept, how many stood already, and the refused rows with their reason."""

    kept: int = 0
    unchanged: int = 0
    refused: Sequence[FieldError] = field(default_factory=tuple)


@action("lead.dispose_many", effect="import", right=DISPOSE)
def dispose_many(act: Act, *, actor: Actor, rows: pa.Table) -> Disposed:
    """What became of many leads, from a file: one act, with every row that cannot be used named by its number.

    `rows` has the columns row (integer), contact_id (text, an id or null), disposition, reason, note (text) and at
    (timestamp in UTC or null), by (text or null: the actor). Words about one lead are taken in the order of `at`, then
    of the file; one that stands already with the same reason is unchanged, and so is one that is no younger than the
    word that stands: the same file again changes nothing.
    """
    disposed = write_dispositions(act, rows)
    act.count(disposed=disposed.kept, refused=len(disposed.refused))
    return disposed


def write_dispositions(act: Act, rows: pa.Table) -> Disposed:
    """The same inside a running act, for whoever brings such rows in; see `dispose_many`."""
    with connection.cursor() as cursor:
        _stage_words(cursor, act.actor, act.at, rows)
        _refuse_plainly(cursor, act.actor, act.at)
        kept, unchanged = 0, _pass_over_older(cursor)
        # One round for every word about the same lead; all leads at once in each.
        for turn in range(1, _MOST_ROUNDS + 1):
            cursor.execute("SELECT EXISTS (SELECT FROM staged_word WHERE turn >= %s AND fault IS NULL)", [turn])
            if not cursor.fetchone()[0]:
                break
            unchanged += _pass_over(cursor, turn)
            kept += _keep_turn(act, cursor, turn)
        _stop_clocks(act, cursor)
        refused = _refused(cursor)
    return Disposed(kept, unchanged, refused)


_WORDS = {
    "row": pa.int64(),
    "contact_id": pa.string(),
    "disposition": pa.string(),
    "reason": pa.string(),
    "note": pa.string(),
    "at": pa.timestamp("us", tz="UTC"),
    "by": pa.string(),
}


def _stage_words(cursor: Any, actor: Actor, at: datetime, rows: pa.Table) -> None:
    nothing = {name: pa.nulls(rows.num_rows, kind) for name, kind in _WORDS.items()}
    columns = {
        name: rows.column(name).cast(kind) if name in rows.column_names else nothing[name]
        for name, kind in _WORDS.items()
    }
    ids = pa.array([str(new_id()) for _ in range(2 * rows.num_rows)], pa.string())
    columns |= {"fact_id": ids.slice(0, rows.num_rows), "met_id": ids.slice(rows.num_rows)}
    stage(cursor, "staged_word", pa.table(columns), types={"contact_id": "uuid", "fact_id": "uuid", "met_id": "uuid"})
    cursor.execute("ALTER TABLE staged_word ADD turn bigint, ADD fault text, ADD stood text, ADD kept boolean")
    cursor.execute(
        "UPDATE staged_word SET at = coalesce(at, %s), by = coalesce(nullif(by, ''), %s), reason = nullif(reason, ''),"
        " disposition = lower(trim(disposition))",
        [at, actor.id],
    )


def _refuse_plainly(cursor: Any, actor: Actor, at: datetime) -> None:
    """What can be seen from a row alone; then the turns of those that are left."""
    within, params = reached_sql(actor, DISPOSE)
    tests: list[tuple[str, str, list[Any]]] = [
        ("unknown", f"w.contact_id IS NULL OR NOT w.contact_id IN ({within})", params),
        ("word", "coalesce(w.disposition, '') <> ALL(%s)", [list(FACT_OF)]),
        ("reason", "w.disposition IN ('rejected', 'lost') AND coalesce(w.reason, '') <> ALL(%s)", [list(REASONS)]),
        ("no-reason", "w.disposition NOT IN ('rejected', 'lost') AND w.reason IS NOT NULL", []),
        ("future", "w.at > %s", [at]),
    ]
    for code, test, given in tests:
        cursor.execute(f"UPDATE staged_word w SET fault = %s WHERE w.fault IS NULL AND ({test})", [code, *given])
    cursor.execute(
        "UPDATE staged_word w SET turn = t.turn FROM (SELECT row, row_number() OVER (PARTITION BY contact_id"
        " ORDER BY at, row) AS turn FROM staged_word WHERE fault IS NULL) t WHERE t.row = w.row"
    )
    cursor.execute("UPDATE staged_word SET fault = 'many' WHERE turn > %s", [_MOST_ROUNDS])


def _pass_over_older(cursor: Any) -> int:
    """Words that are no younger than the one that stood before this act say nothing new."""
    cursor.execute(
        "UPDATE staged_word w SET kept = false, turn = NULL FROM lead_disposition d"
        " WHERE d.contact_id = w.contact_id AND w.fault IS NULL AND w.at <= d.at"
    )
    return int(cursor.rowcount)


def _pass_over(cursor: Any, turn: int) -> int:
    """Words that stand already, and those that cannot follow the one that stands, leave their turn."""
    cursor.execute(
        "UPDATE staged_word w SET kept = false FROM lead_disposition d WHERE d.contact_id = w.contact_id"
        " AND w.turn = %s AND w.fault IS NULL AND d.state = w.disposition AND d.reason IS NOT DISTINCT FROM w.reason",
        [turn],
    )
    stood: int = cursor.rowcount
    moves = [(state, said) for state, allowed in MOVES.items() for said in allowed]
    cursor.execute(
        "UPDATE staged_word w SET fault = 'move', stood = s.state FROM"
        " (SELECT t.row, coalesce(d.state, 'none') AS state"
        " FROM staged_word t LEFT JOIN lead_disposition d ON d.contact_id = t.contact_id WHERE t.turn = %s) s"
        " WHERE s.row = w.row AND w.fault IS NULL AND w.kept IS NULL AND (s.state, w.disposition) NOT IN"
        " (SELECT * FROM unnest(%s::text[], %s::text[]))",
        [turn, [state for state, _ in moves], [said for _, said in moves]],
    )
    return stood


def _keep_turn(act: Act, cursor: Any, turn: int) -> int:
    cursor.execute("UPDATE staged_word SET kept = true WHERE turn = %s AND fault IS NULL AND kept IS NULL", [turn])
    these = "FROM staged_word w WHERE w.turn = %s AND w.kept"
    cursor.execute(
        "INSERT INTO lead_disposition (contact_id, state, reason, note, at, by)"
        f" SELECT w.contact_id, w.disposition, w.reason, coalesce(w.note, ''), w.at, w.by {these}"
        " ON CONFLICT (contact_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,"
        " note = excluded.note, at = excluded.at, by = excluded.by",
        [turn],
    )
    kept: int = cursor.rowcount
    kinds = " ".join(f"WHEN '{state}' THEN '{kind}'" for state, kind in FACT_OF.items())
    act.facts_from(
        f"SELECT w.fact_id AS id, CASE w.disposition {kinds} END AS kind, w.at AS occurred_at,"
        " %s::timestamptz AS recorded_at, w.contact_id, %s AS actor_type, w.by AS actor_id,"
        f" jsonb_strip_nulls(jsonb_build_object('reason', w.reason)) AS properties {these}",
        (act.at, act.actor.kind, turn),
    )
    return kept


def _stop_clocks(act: Act, cursor: Any) -> None:
    cursor.execute(
        "CREATE TEMP TABLE staged_met ON COMMIT DROP AS"
        " SELECT DISTINCT ON (contact_id) contact_id, at, met_id AS fact_id FROM staged_word"
        " WHERE kept ORDER BY contact_id, turn"
    )
    deadlines.meet(act, cursor)
    touch_from("SELECT contact_id FROM staged_met", act.at)


_FAULTS = {
    "unknown": ("There is no such lead among those you answer for.", "Check the reference."),
    "word": ("This is no disposition.", f"Use {', '.join(FACT_OF)}."),
    "reason": ("A rejected or lost lead needs a reason.", f"Use one of {', '.join(REASONS)}."),
    "no-reason": ("Only a rejected or lost lead has a reason.", "Leave it empty."),
    "future": ("This lies in the future.", "Check the date and its zone."),
    "many": ("There are too many words about this lead in one file.", "Keep the last ones."),
}


def _refused(cursor: Any) -> list[FieldError]:
    cursor.execute("SELECT row, fault, stood FROM staged_word WHERE fault IS NOT NULL ORDER BY row")
    return [_fault(row, fault, stood) for row, fault, stood in cursor.fetchall()]


def _fault(row: int, code: str, stood: str | None) -> FieldError:
    if code == "move":
        allowed = ", ".join(word for word in STATES if word in MOVES.get(stood or "none", ()))
        return FieldError(
            code, f"After “{STATES[stood or 'none']}” comes one of: {allowed}.", row=row, field="disposition"
        )
    message, remedy = _FAULTS[code]
    fields = {"unknown": "contact", "word": "disposition", "future": "at", "many": "contact"}
    return FieldError(code, message, remedy, row=row, field=fields.get(code, "reason"))
