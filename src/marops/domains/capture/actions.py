"""Writes of an import: begin it, take in one batch, end it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.capture.models import IMPORT_NUMBERS, Batch, Import
from marops.domains.capture.permissions import IMPORT, right_for
from marops.domains.capture.plan import Plan
from marops.domains.capture.preparing import Prepared, PreparedTable
from marops.domains.capture.tables import importer
from marops.domains.consent.public import record_from_file
from marops.domains.contacts.public import CustomField, People, settle_people, write_people
from marops.kernel import crash
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.facts import fact_kind
from marops.kernel.ids import next_number
from marops.kernel.importers import Batch as IncomingRows
from marops.kernel.importers import Kept
from marops.kernel.models import File
from marops.kernel.permissions import require
from marops.kernel.workspace import SAMPLE, forbid_sample_mix, practising
from marops.store.bulk import stage

STARTED = fact_kind("import.started", "An import began")
FINISHED = fact_kind("import.finished", "An import ended")
COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "repeats", "consents")
WARNINGS_KEPT = 50_000

crash.declare("import.in_batch")


@action("import.begin", effect="create")
def begin_import(act: Act, *, actor: Actor, file: File, plan: Plan, practice: bool = False) -> Import:
    """Note the import and its plan, and make the custom fields it fills.

    Raises MaropsError `not-allowed`; `sample-present` while the sample company is in, `sample-absent` for practice
    without it.
    """
    require(actor, right_for(plan.table))
    with practising(practice):
        forbid_sample_mix()
    number = next_number(IMPORT_NUMBERS)
    run = Import.objects.create(
        number=number, file_id=file.id, file_name=plan.file_name, sha256=file.sha256, size=file.size,
        plan=plan.stored(), actor_kind=actor.kind, actor_id=actor.id, practice=practice,
    )  # fmt: skip
    _make_fields(actor, plan)
    act.fact(
        STARTED, subject=("import", number), source=_source(run),
        properties={"columns": len(plan.columns), "bytes": file.size},
    )  # fmt: skip
    act.changed(
        "import",
        run.id,
        after={"number": number, "sha256": file.sha256, "targets": sorted(map(str, plan.targets.values()))},
    )
    return run


def _source(run: Import) -> str | None:
    """What marks a fact as the sample's."""
    return SAMPLE if run.practice else None


def _make_fields(actor: Actor, plan: Plan) -> None:
    wanted = [one for one in plan.columns if one.target.kind == "custom"]
    CustomField.objects.bulk_create(
        [
            CustomField(
                slug=one.target.name, label=one.name, entity=plan.table or "contact", type=one.target.detail or "text",
                made_by=actor.id,
            )
            for one in wanted
        ],
        ignore_conflicts=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """What one batch came to."""

    counts: Mapping[str, int]


class _Trial(Exception):
    """Carries the counts out of a transaction that must not stay."""

    def __init__(self, taken: Taken) -> None:
        super().__init__("a trial")
        self.taken = taken


@action("import.batch", effect="import", right=IMPORT)
def take_batch(
    act: Act, *, actor: Actor, run_id: UUID, number: int, zone: str, whole_names: bool, prepared: Prepared
) -> Taken:
    """Take in one batch, once: a batch that is there already is left alone, and its counts are answered again."""
    if known := _taken_before(run_id, prepared.number):
        return known
    forbid_sample_mix()
    taken = _take(act, prepared, number=number, zone=zone, whole_names=whole_names, run_id=run_id, trial=False)
    return _took(act, run_id, prepared.number, taken)


def _taken_before(run_id: UUID, number: int) -> Taken | None:
    known = Batch.objects.filter(run_id=run_id, number=number).values_list("counts", flat=True).first()
    return None if known is None else Taken(known)


def _took(act: Act, run_id: UUID, number: int, taken: Taken) -> Taken:
    Batch.objects.create(run_id=run_id, number=number, counts=dict(taken.counts), at=act.at)
    crash.point("import.in_batch")
    if any(taken.counts[name] for name in ("created", "updated", "consents")):
        act.count(**taken.counts)
    return taken


@action("import.rows", effect="import")
def take_rows(act: Act, *, actor: Actor, run_id: UUID, number: int, plan: Plan, prepared: PreparedTable) -> Taken:
    """Take in one batch of another table than leads, once, by whoever fills the port `importers`."""
    require(actor, right_for(plan.table))
    if known := _taken_before(run_id, prepared.number):
        return known
    taken = _take_rows(act, prepared, plan=plan, number=number, run_id=run_id)
    return _took(act, run_id, prepared.number, taken)


@action("import.rows_trial", effect="read")
def _try_rows(act: Act, *, actor: Actor, plan: Plan, prepared: PreparedTable) -> Taken:
    require(actor, right_for(plan.table))
    raise _Trial(_take_rows(act, prepared, plan=plan, number=0, run_id=None))


def try_rows(*, actor: Actor, plan: Plan, prepared: PreparedTable) -> Taken:
    """What taking in this batch would come to. Nothing is written."""
    try:
        return _try_rows(actor=actor, plan=plan, prepared=prepared)
    except _Trial as trial:
        return trial.taken


def _take_rows(act: Act, prepared: PreparedTable, *, plan: Plan, number: int, run_id: UUID | None) -> Taken:
    kept = Kept()
    if prepared.rows.num_rows:
        batch = IncomingRows(prepared.rows, prepared.keys, number, plan.zone, plan.currency, trial=run_id is None)
        kept = importer(plan.table).keep(act, batch)
    headings = {one.target.name: one.name for one in plan.columns if one.target.kind == "table"}
    more = [(row, headings.get(field, field), code, "reject", detail) for row, field, code, detail in kept.refused]
    more += [(row, headings.get(field, field), code, "warn", detail) for row, field, code, detail in kept.noticed]
    more += [(row, "", "repeat", "repeat", str(keep)) for row, keep in kept.repeats]
    if run_id is not None:
        _note(run_id, _together(prepared.findings, more))
    repeats = prepared.repeats + len(kept.repeats)
    return Taken(
        {
            "rows": prepared.read, "created": kept.created, "updated": kept.updated,
            "unchanged": kept.unchanged + repeats, "rejected": prepared.rejected + len(kept.refused),
            "repeats": repeats, "consents": 0,
        }
    )  # fmt: skip


@action("import.trial", effect="read", right=IMPORT)
def _try_batch(act: Act, *, actor: Actor, zone: str, whole_names: bool, prepared: Prepared) -> Taken:
    """The same, and then undo it: the counts leave as an exception, which rolls everything back."""
    raise _Trial(_take(act, prepared, number=0, zone=zone, whole_names=whole_names, run_id=None, trial=True))


def try_batch(*, actor: Actor, zone: str, whole_names: bool, prepared: Prepared) -> Taken:
    """What taking in this batch would come to. Nothing is written."""
    try:
        return _try_batch(actor=actor, zone=zone, whole_names=whole_names, prepared=prepared)
    except _Trial as trial:
        return trial.taken


def _take(
    act: Act, prepared: Prepared, *, number: int, zone: str, whole_names: bool, run_id: UUID | None, trial: bool
) -> Taken:
    people = People(prepared.rows, prepared.keys, number, zone, whole_names, keep_numbers=trial)
    created = updated = consents = 0
    unchanged, rejected, repeats = prepared.unchanged, prepared.rejected, prepared.repeats
    more: list[tuple[int, str, str, str, str]] = []
    if prepared.rows.num_rows:
        write_people(act, people)
        recorded = record_from_file(act, prepared.consents, import_number=number)
        written = settle_people(act, people)
        created, updated, consents = written.created, written.updated, recorded.entries
        unchanged += written.unchanged
        rejected += len(written.conflicts)
        repeats += len(written.repeats)
        more += [(row, "", "identity-conflict", "reject", refs) for row, refs in written.conflicts]
        more += [(row, "", "repeat", "repeat", str(keep)) for row, keep in written.repeats]
        more += [(row, channel, "consent-kept", "warn", "") for row, channel in recorded.refused]
    if run_id is not None:
        _note(run_id, _together(prepared.findings, more))
    return Taken(
        {
            "rows": prepared.read, "created": created, "updated": updated, "unchanged": unchanged + repeats,
            "rejected": rejected, "repeats": repeats, "consents": consents,
        }
    )  # fmt: skip


def _together(findings: pa.Table, more: list[tuple[int, str, str, str, str]]) -> pa.Table:
    if not more:
        return findings
    columns = zip(*more, strict=True)
    kinds = [pa.int64(), *[pa.string()] * 4]
    names = ["row", "field", "code", "level", "detail"]
    extra = pa.Table.from_arrays([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=names)
    return pa.concat_tables([findings.select(names).cast(extra.schema), extra])


def _note(run_id: UUID, findings: pa.Table) -> None:
    """Keep the findings. Rejections all of them; warnings as many as somebody may want to look at."""
    if not findings.num_rows:
        return
    with connection.cursor() as cursor:
        stage(cursor, "noted", findings)
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM import_finding WHERE run_id = %s AND level = 'warn' LIMIT %s) f",
                       [run_id, WARNINGS_KEPT])  # fmt: skip
        room = WARNINGS_KEPT - cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO import_finding (run_id, row, code, field, level, detail)"
            " SELECT %s, row, code, field, level, coalesce(detail, '') FROM noted WHERE level <> 'warn'"
            " UNION ALL (SELECT %s, row, code, field, level, coalesce(detail, '') FROM noted WHERE level = 'warn'"
            " ORDER BY row LIMIT %s) ON CONFLICT DO NOTHING",
            [run_id, run_id, max(0, room)],
        )


@action("import.end", effect="change")
def end_import(
    act: Act,
    *,
    actor: Actor,
    run: Import,
    report: Mapping[str, Any],
    choices: Mapping[str, list[str]],
    rejects_id: UUID | None,
) -> Import:
    """Close the import with its counts and its report. Ending it twice is ending it once."""
    run = Import.objects.select_for_update().get(id=run.id)
    require(actor, right_for(run.plan.get("table", "")))
    if run.state == Import.State.DONE:
        return run
    run.counts = summed(run)
    run.report, run.rejects_id, run.state, run.ended_at = dict(report), rejects_id, Import.State.DONE, act.at
    run.save()
    _add_choices(choices, run.plan.get("table") or "contact")
    act.fact(
        FINISHED, subject=("import", run.number), source=_source(run), properties=run.counts,
        key=f"import:{run.number}",
    )  # fmt: skip
    act.count(**run.counts)
    act.changed("import", run.id, after=run.counts)
    return run


def _add_choices(choices: Mapping[str, list[str]], entity: str) -> None:
    for field in CustomField.objects.filter(entity=entity, type="choice", slug__in=list(choices)):
        merged = list(dict.fromkeys([*field.choices, *choices[field.slug]]))[:200]
        if merged != field.choices:
            field.choices = merged
            field.save(update_fields=["choices"])


def summed(run: Import) -> dict[str, int]:
    """The counts of all batches taken so far."""
    totals = dict.fromkeys(COUNTS, 0)
    for counts in Batch.objects.filter(run=run).values_list("counts", flat=True):
        for name, number in counts.items():
            totals[name] += number
    return totals


@action("import.note", effect="change")
def note_state(act: Act, *, actor: Actor, run_id: UUID, state: str, values: Mapping[str, Any]) -> None:
    """How far an import is: its state and what else is known by now. Leaves no trace of its own in the audit."""
    run = Import.objects.filter(id=run_id)
    require(actor, right_for(run.values_list("plan__table", flat=True).first() or ""))
    run.exclude(state=Import.State.DONE).update(state=state, **values)
