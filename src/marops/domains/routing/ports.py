"""What routing contributes to others: when people are merged or erased, and when dispositions come in from a file."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.utils.translation import gettext_lazy as _

from marops.domains.contacts.public import fold, resolve_people
from marops.domains.routing.actions import write_dispositions
from marops.domains.routing.permissions import DISPOSE
from marops.domains.routing.rules import REASONS, STATES
from marops.kernel import persons, ports
from marops.kernel.actions import Act
from marops.kernel.importers import Batch, Cell, Column, Importer, Kept
from marops.kernel.workspace import forbid_sample_mix
from marops.store.bulk import stage

# Makes the lines of some leads anew: no trigger sees that a score or a stage was taken away.
_LINE_AGAIN = """
UPDATE lead_line l SET fit = s.fit, engagement = s.engagement, value = s.value, grade = s.grade,
  level = s.level, mql = s.mql, stage = st.stage, cycle = st.cycle,
  since = st.since, queue = q.slug, owner_id = o.owner_id, routed_at = o.routed_at
FROM contact c
LEFT JOIN contact_score s ON s.contact_id = c.id AND s.model = 'main'
LEFT JOIN contact_stage st ON st.contact_id = c.id
LEFT JOIN assignment o ON o.contact_id = c.id LEFT JOIN queue q ON q.id = o.queue_id
WHERE l.contact_id = c.id AND c.id = ANY(%(ids)s)
"""


def fill() -> None:
    """Fill the ports `merge`, `unmerge` and `erase` for the tables of routing."""
    persons.fill("assignment", persons.rows("assignment"))
    persons.fill("lead_line", persons.derived("lead_line", refresh=_LINE_AGAIN), order=90)
    persons.fill("lead_sla", persons.rows("lead_sla", per=("clock",)))
    # What was said last of either is what stands.
    later = persons.rows("lead_disposition", takes_over="loser.at > winner.at")
    persons.fill("lead_disposition", later)
    ports.importers.fill("dispositions", IMPORTER, order=30)


# --- Dispositions from a file -----------------------------------------------------------------------------------------

_SAID = {
    "accepted": ("accept", "sal", "sales accepted", "qualified"),
    "working": ("work", "in progress", "contacted", "engaged", "attempting", "attempted to contact", "open"),
    "rejected": ("reject", "declined", "disqualified", "unqualified", "sales rejected"),
    "won": ("closed won", "converted", "customer"),
    "lost": ("closed lost",),
}
_WORDS = {fold(word): state for state, more in _SAID.items() for word in (state, STATES[state], *more)}
_REASONS = {fold(word): code for code, label in REASONS.items() for word in (code, label, code.replace("_", " "))}
_COLUMNS = {"contact": "lead", "disposition": "disposition", "reason": "reason", "at": "at"}


def keep_words(act: Act, batch: Batch) -> Kept:
    """Keep what a file says became of leads, inside the act that takes the batch in."""
    forbid_sample_mix()
    rows = batch.rows
    kept = Kept()
    if "at" not in rows.column_names:  # without times only the last word about a lead can be meant
        rows, kept.repeats = _last_words(rows)
    with connection.cursor() as cursor:
        found = _resolved(act, cursor, batch, rows)
    disposed = write_dispositions(act, found)
    kept.updated, kept.unchanged = disposed.kept, disposed.unchanged
    hits = dict(zip(found["row"].to_pylist(), found["hits"].to_pylist(), strict=True))
    for fault in disposed.refused:
        row = fault.row or 0
        code = "word-ambiguous" if fault.code == "unknown" and (hits.get(row) or 0) > 1 else f"word-{fault.code}"
        detail = fault.message if fault.code == "move" else ""
        kept.refused.append((row, _COLUMNS.get(fault.field, ""), code, detail))
    unknown = pc.and_(pc.is_valid(found["said_by"]), pc.is_null(found["by"]))
    kept.noticed = [(row, "by", "word-by-unknown", "") for row in found.filter(unknown)["row"].to_pylist()]
    return kept


def _last_words(rows: pa.Table) -> tuple[pa.Table, list[tuple[int, int]]]:
    told = list(zip(rows["row"].to_pylist(), rows["lead"].to_pylist(), strict=True))
    last = {lead: row for row, lead in told}
    repeats = [(row, last[lead]) for row, lead in told if last[lead] != row]
    return rows.filter(pc.is_in(rows["row"], pa.array(sorted(last.values()), pa.int64()))), repeats


def _resolved(act: Act, cursor: Any, batch: Batch, rows: pa.Table) -> pa.Table:
    """The rows with leads, accounts and times instead of what a file calls them."""
    names = ("lead", "disposition", "reason", "note", "at", "by")
    given = {name: rows[name] if name in rows.column_names else pa.nulls(rows.num_rows, pa.string()) for name in names}
    given["disposition"] = _mapped(given["disposition"], _WORDS)
    given["reason"] = _mapped(given["reason"], _REASONS)
    cursor.execute("SELECT set_config('TimeZone', %s, true)", [batch.zone])
    table = pa.table({"row": rows["row"], **given}).rename_columns(["row", "ref", *names[1:]])
    stage(cursor, "said_word", table, types={"at": "timestamptz"})
    # Django takes the clock of every time it reads for UTC, whatever the session's zone says.
    cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
    cursor.execute("ALTER TABLE said_word ADD contact_id uuid, ADD hits bigint")
    resolve_people(act, "said_word")
    cursor.execute(
        "SELECT s.row, s.contact_id::text, s.hits, s.disposition, s.reason, s.note, s.at, s.by, a.id::text"
        " FROM said_word s LEFT JOIN LATERAL (SELECT (array_agg(x.id))[1] AS id FROM account x"
        " WHERE lower(s.by) IN (lower(x.email), lower(x.name)) HAVING count(*) = 1) a ON TRUE ORDER BY s.row"
    )
    columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * 9
    kinds = [pa.int64(), pa.string(), pa.int64(), *[pa.string()] * 3, pa.timestamp("us", tz="UTC"), *[pa.string()] * 2]
    named = ["row", "contact_id", "hits", "disposition", "reason", "note", "at", "said_by", "by"]
    return pa.table({name: pa.array(c, k) for name, c, k in zip(named, columns, kinds, strict=True)})


def _mapped(column: Any, words: dict[str, str]) -> pa.Array:
    """Words as codes; a word that nobody knows stays, so that the row is refused by it."""
    return pa.array([None if one is None else words.get(fold(one), one) for one in column.to_pylist()], pa.string())


IMPORTER = Importer(
    name="dispositions",
    title=_("Dispositions"),
    right=DISPOSE,
    columns=(
        Column("lead", _("Lead (L-number, address or id)"), also=(
            "lead id", "lead ref", "lead number", "email", "e mail", "email address", "contact", "contact id", "person",
            "prospect id", "reference", "ref", "lead email", "contact email",
        ), required=True, strict=True),
        Column("disposition", _("Disposition"), also=(
            "lead disposition", "outcome", "sales disposition", "sales outcome", "result", "lead status", "status",
        ), required=True, strict=True),
        Column("reason", _("Reason"), also=("rejection reason", "lost reason", "reject reason", "disposition reason")),
        Column("note", _("Note"), Cell.LONG, ("notes", "comment", "comments", "remark")),
        Column("at", _("When"), Cell.MOMENT, (
            "date", "disposition date", "disposed at", "time", "timestamp", "when", "day", "status changed",
            "updated at",
        ), strict=True),
        Column("by", _("By whom"), also=("sales rep", "rep", "owner", "seller", "user", "disposed by", "sales agent")),
    ),
    keep=keep_words,
    telling=("disposition", "lead disposition", "sales disposition", "disposition reason", "rejection reason"),
    keyed=False,
    custom=False,
    identified_by=("lead", "disposition", "at"),
    findings={
        "word-unknown": (_("There is no such lead among those you answer for."), _("Check the reference.")),
        "word-ambiguous": (_("Several leads go by this reference."), _("Use the L-number of the one who is meant.")),
        "word-word": (_("This is no disposition."), _("Use accepted, working, rejected, won or lost.")),
        "word-reason": (
            _("A rejected or lost lead needs a reason."),
            _("Use no_need, no_budget, no_fit, wrong_person, not_reachable, too_early, duplicate or other."),
        ),
        "word-no-reason": (_("Only a rejected or lost lead has a reason."), _("Leave the cell empty.")),
        "word-future": (_("This lies in the future."), _("Check the date and its zone.")),
        "word-many": (_("There are too many words about this lead in one file."), _("Keep the last ones.")),
        "word-move": (_("This word cannot follow the one that stands."), _("Correct the word, or its time.")),
        "word-by-unknown": (_("No account goes by this name."), _("The word was kept as yours.")),
    },
)  # fmt: skip
