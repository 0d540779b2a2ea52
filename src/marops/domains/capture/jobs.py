"""The import as a job: read the file, then batch after batch, each in a transaction of its own."""

import csv
import io
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from errno import ENOSPC
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count

from marops.domains.capture.actions import (
    COUNTS,
    Taken,
    end_import,
    note_state,
    summed,
    take_batch,
    take_rows,
    try_batch,
    try_rows,
)
from marops.domains.capture.findings import words
from marops.domains.capture.models import Batch, Finding, Import
from marops.domains.capture.permissions import IMPORT
from marops.domains.capture.plan import Plan, restored
from marops.domains.capture.preparing import Preparation, Prepared, PreparedTable, TablePreparation, ahead
from marops.domains.capture.preparing.rows import Rows
from marops.domains.capture.reading import open_table
from marops.domains.capture.reading.source import REFUSED_COLUMNS
from marops.domains.capture.tables import importer
from marops.domains.contacts.public import known_rows
from marops.kernel import crash, files
from marops.kernel.actors import Actor
from marops.kernel.cells import harmless
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.jobs import JobRun, Progress, Step, job
from marops.kernel.models import File
from marops.kernel.workspace import practising
from marops.store.staging import Staging, StagingFull, sweep

FILE_GONE = problem(
    "import-file-gone",
    "The imported file is no longer there",
    status=410,
    remedy="What was imported so far is kept. Import the file again: rows that are in already are left as they are.",
)
NO_ROOM = problem(
    "import-no-room",
    "There is not enough room on the disk",
    status=507,
    remedy="What was imported so far is kept. Make room, then let the import go on.",
)
PROBE = 200_000
LEFTOVERS = timedelta(days=1)
_SHOWN = 200

crash.declare("import.after_reading", "import.after_batch", "import.before_end")


@job("leads.import", title="Import {name}", result_for=(IMPORT,))
def import_leads(run: JobRun) -> Iterator[Step]:
    """Take a file of leads in. Goes on after the last batch that was committed."""
    yield from _import(run)


@job("table.import", title="Import {name}")
def import_table(run: JobRun) -> Iterator[Step]:
    """Take a file of another table in: the same way, kept by whoever fills the port `importers`."""
    yield from _import(run)


def _import(run: JobRun) -> Iterator[Step]:
    one = Import.objects.get(id=UUID(run.arguments["import"]))
    plan = restored(one.plan, one.file_name)
    started = time.monotonic()
    before = float(run.result.get("seconds", 0))
    note_state(
        actor=run.actor, run_id=one.id, state=Import.State.RUNNING,
        values={"job_id": run.job.id, "started_at": one.started_at or now()},
    )  # fmt: skip
    sweep(config().home / "tmp", older_than=(now() - LEFTOVERS).timestamp())
    try:
        with Staging(config().home / "tmp") as staging:
            preparation = _preparation(staging, plan, one.sha256)
            try:
                yield from _read(preparation, one, plan)
                crash.point("import.after_reading")
                for progress in _batches(run.actor, one, plan, preparation):
                    run.result["seconds"] = round(before + time.monotonic() - started, 3)
                    yield progress
                if plan.table and (after := importer(plan.table).after):
                    after()
                crash.point("import.before_end")
                run.result |= _end(run.actor, one, preparation, before + time.monotonic() - started)
            finally:
                preparation.close()
    except GeneratorExit:
        note_state(actor=run.actor, run_id=one.id, state=Import.State.STOPPED, values={"counts": summed(one)})
        raise
    except BaseException as error:
        note_state(actor=run.actor, run_id=one.id, state=Import.State.FAILED, values={"counts": summed(one)})
        if _is_full(error):
            raise MaropsError(NO_ROOM, type(error).__name__) from error
        raise


def _preparation(staging: Staging, plan: Plan, sha256: str) -> Preparation | TablePreparation:
    kind = TablePreparation if plan.table else Preparation
    return kind(staging, plan, file_key=f"file:{sha256[:16]}")


def _is_full(error: BaseException) -> bool:
    """Is the disk full: ours, the scratch database's or the server's?"""
    server = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, StagingFull) or getattr(error, "errno", None) == ENOSPC or server == "53100"


def _read(preparation: Preparation | TablePreparation, one: Import, plan: Plan) -> Iterator[Step]:
    done = Batch.objects.filter(run=one).count()
    row = File.objects.filter(id=one.file_id).first() if one.file_id else None
    if row is None or not files.path_of(row).exists():
        raise MaropsError(FILE_GONE)
    for rows in preparation.load(open_table(files.path_of(row), plan.options)):
        yield Progress(0, None, f"Reading: {rows:,} rows"), {"batches": done}
    # Long files take a while here: each step gives a sign of life, and a chance to stop.
    for _ in chain([None], preparation.sort_out(), mark_known(preparation)):
        yield Progress(0, preparation.rows, "Finding out who is who"), {"batches": done}


def mark_known(preparation: Preparation | TablePreparation) -> Iterator[None]:
    """Set aside the rows that were taken in before and whose person has not changed since."""
    if isinstance(preparation, TablePreparation):
        return  # whoever keeps such rows compares them
    for number in range(-(-(preparation.last - preparation.first + 1) // PROBE)):
        preparation.mark_unchanged(known_rows(preparation.probes(number, PROBE)))
        yield


def _batches(actor: Actor, one: Import, plan: Plan, preparation: Preparation | TablePreparation) -> Iterator[Step]:
    taken = set(Batch.objects.filter(run=one).values_list("number", flat=True))
    done = summed(one)["rows"]
    numbers = (n for n in range(preparation.batches) if n not in taken)
    for prepared in ahead(_prepared(preparation, numbers)):
        result = _take(actor, one, plan, prepared)
        crash.point("import.after_batch")
        done += result.counts["rows"]
        yield Progress(done, preparation.rows, "Importing"), {"batches": prepared.number + 1}


def _prepared(
    preparation: Preparation | TablePreparation, numbers: Iterable[int]
) -> Iterator[Prepared | PreparedTable]:
    for number in numbers:
        yield preparation.batch(number)


def _take(actor: Actor, one: Import, plan: Plan, prepared: Prepared | PreparedTable) -> Taken:
    with practising(one.practice):
        if isinstance(prepared, PreparedTable):
            return take_rows(actor=actor, run_id=one.id, number=one.number, plan=plan, prepared=prepared)
        return take_batch(
            actor=actor, run_id=one.id, number=one.number, zone=plan.zone, whole_names=plan.whole_names,
            prepared=prepared,
        )  # fmt: skip


# --- the end -------------------------------------------------------------------------------------------------------


def _end(actor: Actor, one: Import, preparation: Preparation | TablePreparation, seconds: float) -> dict[str, Any]:
    rejects = _write_rejects(actor, one, preparation)
    report = _report(one)
    ended = end_import(
        actor=actor, run=one, report=report | {"seconds": round(seconds, 3)}, choices=preparation.choices(),
        rejects_id=rejects.id if rejects else None,
    )  # fmt: skip
    return {
        "import": ended.ref,
        **{name: ended.counts[name] for name in COUNTS},
        "rejects_file": str(rejects.id) if rejects else None,
        "seconds": round(seconds, 3),
    }


def _report(one: Import) -> dict[str, Any]:
    """Findings by code, and the first of them: rows, fields and codes, no values."""
    found = Finding.objects.filter(run=one)
    counts = found.values("level", "code", "field").annotate(rows=Count("row")).order_by("-rows")
    return {
        "findings": [dict(item) | words(item["code"])._asdict() for item in counts],
        "warnings": [_finding(item) for item in found.filter(level="warn").order_by("row")[:_SHOWN]],
        "duplicates": [
            {"row": item.row, "replaced_by_row": int(item.detail)}
            for item in found.filter(level="repeat").order_by("row")[:_SHOWN]
        ],
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {"row": item.row, "field": item.field, "code": item.code, **words(item.code)._asdict()}


def _write_rejects(actor: Actor, one: Import, preparation: Preparation | TablePreparation) -> File | None:
    """The rejected rows with their reasons and their cells, as a file that may be corrected and imported again."""
    found = Finding.objects.filter(run=one, level="reject").order_by("row")
    if not found.exists():
        return None
    stem = Path(one.file_name).stem
    return files.keep(
        reject_lines(preparation, ((f.row, f.field, f.code, f.detail) for f in found.iterator(chunk_size=5000))),
        name=f"{stem}-rejects.csv", actor=actor, media_type="text/csv", about=("import", str(one.id)),
    )  # fmt: skip


def reject_lines(preparation: Rows, found: Iterator[tuple[int, str, str, str]]) -> Iterator[bytes]:
    """Lines of the file of rejected rows, in UTF-8 with its mark, so that spreadsheet programs read it right."""
    yield b"\xef\xbb\xbf" + _line([*REFUSED_COLUMNS, *preparation.headers])
    page: list[tuple[int, str, str, str]] = []
    for item in found:
        page.append(item)
        if len(page) == 5000:
            yield from _lines_of(preparation, page)
            page = []
    yield from _lines_of(preparation, page)


def _lines_of(preparation: Rows, page: list[tuple[int, str, str, str]]) -> Iterator[bytes]:
    cells = preparation.cells_of([row for row, _, _, _ in page])
    for row, field, code, detail in page:
        message, remedy = words(code)
        reason = f"{message} ({'row ' if detail.isdigit() else ''}{detail})" if detail else message
        yield _line([str(row), field, code, reason, remedy, *cells.get(row, ())])


def _line(cells: list[str | None]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell or "") for cell in cells])
    return out.getvalue().encode()


# --- a trial -------------------------------------------------------------------------------------------------------


def rehearse(
    path: Path, plan: Plan, actor: Actor, sha256: str, *, most: int | None = None
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What importing this file, or about its first `most` rows, would come to: counts and findings.

    Everything is done, and undone batch by batch.
    """
    totals = dict.fromkeys(COUNTS, 0)
    found: list[dict[str, Any]] = []
    with Staging(config().home / "tmp") as staging:
        preparation = _preparation(staging, plan, sha256)
        try:
            for _ in preparation.load(open_table(path, plan.options), most=most):
                pass
            for _ in chain(preparation.sort_out(), mark_known(preparation)):
                pass
            for prepared in ahead(_prepared(preparation, range(preparation.batches))):
                taken = _try(actor, plan, prepared)
                for name in COUNTS:
                    totals[name] += taken.counts[name]
                shown = prepared.findings.slice(0, max(0, _SHOWN - len(found))).to_pylist()
                found += [item | words(item["code"])._asdict() for item in shown]
        finally:
            preparation.close()
    return totals, found


def _try(actor: Actor, plan: Plan, prepared: Prepared | PreparedTable) -> Taken:
    if isinstance(prepared, PreparedTable):
        return try_rows(actor=actor, plan=plan, prepared=prepared)
    return try_batch(actor=actor, zone=plan.zone, whole_names=plan.whole_names, prepared=prepared)
