"""What other domains, connectors and the command line may use of capture."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from marops.domains.capture.actions import begin_import
from marops.domains.capture.intake.door import Door
from marops.domains.capture.intake.queries import faults as intake_faults
from marops.domains.capture.intake.queries import state as intake_state
from marops.domains.capture.jobs import rehearse
from marops.domains.capture.maps import Map, as_map, read_map
from marops.domains.capture.models import Finding, Import
from marops.domains.capture.permissions import IMPORT, SEND, may_import, right_for
from marops.domains.capture.plan import Plan, check_shape, make_plan
from marops.domains.capture.reading import Chunk, Options, RowFault, Source, open_table
from marops.domains.capture.shapes import Shape
from marops.domains.capture.tables import LEADS, targets_for, usable
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.jobs import start_job
from marops.kernel.models import File, Job
from marops.kernel.permissions import require
from marops.kernel.workspace import forbid_sample_mix, practising
from marops.store.archive import blocks_of

__all__ = [
    "IMPORT",
    "SEND",
    "WRITE_KEY_DAYS",
    "Chunk",
    "Door",
    "Finding",
    "Import",
    "ImportResult",
    "Map",
    "Options",
    "Plan",
    "RowFault",
    "Shape",
    "Source",
    "as_map",
    "check_shape",
    "check_start",
    "intake_faults",
    "intake_state",
    "may_import",
    "open_table",
    "plan_import",
    "read_map",
    "result_of",
    "start_import",
    "targets_for",
    "try_import",
    "usable",
    "write_rejects",
]

WRITE_KEY_DAYS = 365


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to. Rows = created + updated + unchanged + rejected.

    A row that a later row of the same person replaces counts among the unchanged, and stands in `duplicates`.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    rejects_file: str | None
    seconds: float
    ref: str | None = None
    dry_run: bool = False
    warnings: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The document that `marops import --json` prints."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "rejects_file": self.rejects_file,
            "seconds": self.seconds,
            "import": self.ref,
            "dry_run": self.dry_run,
            "warnings": self.warnings,
            "duplicates": self.duplicates,
            "findings": self.findings,
        }


def plan_import(path: Path, mapping: Map | None = None, *, name: str = "", table: str = LEADS) -> Plan:
    """How this file would be read and where its columns would go. Reads a part of the file, writes nothing.

    `table` says what its rows are: leads, opportunities, dispositions; empty: what its columns tell.
    """
    return make_plan(path, mapping, name=name, table=table)


def check_start(actor: Actor, table: str, *, practice: bool = False) -> None:
    """May this actor bring in such a table now? Asked before a file is looked at.

    Raises MaropsError `not-allowed`, `sample-present`, `sample-absent`.
    """
    require(actor, right_for(table))
    with practising(practice):
        forbid_sample_mix()


def start_import(path: Path, plan: Plan, *, actor: Actor, here: bool = False, practice: bool = False) -> Job:
    """Take a copy of the file and put its import in the queue for a worker; with `here`, keep it for `jobs.run_here`.

    As `practice` it belongs to the sample company and goes with it.
    Raises MaropsError `not-allowed`, `sample-present`, `sample-absent`, `import-wrong-shape`.
    """
    check_shape(plan, mapped=True)
    check_start(actor, plan.table, practice=practice)
    row = files.keep(blocks_of(path), name=plan.file_name, actor=actor)
    return start_kept(row, plan, actor=actor, here=here, practice=practice)


def start_kept(row: File, plan: Plan, *, actor: Actor, here: bool = False, practice: bool = False) -> Job:
    """The same for a file that is in the workspace already."""
    check_shape(plan, mapped=True)
    run = begin_import(actor=actor, file=row, plan=plan, practice=practice)
    kind = "table.import" if plan.table else "leads.import"
    return start_job(kind, {"import": str(run.id), "name": plan.file_name}, actor=actor, here=here)


def try_import(path: Path, plan: Plan, *, actor: Actor, most: int | None = None) -> ImportResult:
    """What importing, or importing about the first `most` rows, would come to. Nothing stays written."""
    import hashlib
    import time

    require(actor, right_for(plan.table))
    started = time.monotonic()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    counts, found = rehearse(path, plan, actor, sha256, most=most)
    return ImportResult(
        rows=counts["rows"],
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        rejected=counts["rejected"],
        rejects_file=None,
        seconds=round(time.monotonic() - started, 3),
        dry_run=True,
        warnings=[one for one in found if one["level"] != "repeat"],
        duplicates=[
            {"row": one["row"], "replaced_by_row": int(one["detail"])} for one in found if one["level"] == "repeat"
        ],
    )


def result_of(job: Job) -> ImportResult:
    """What the import of this job came to, or has come to so far."""
    from marops.domains.capture.actions import summed

    run = Import.objects.get(id=UUID(job.arguments["import"]))
    counts = run.counts if run.state == Import.State.DONE else summed(run)
    report = run.report
    return ImportResult(
        rows=counts.get("rows", 0),
        created=counts.get("created", 0),
        updated=counts.get("updated", 0),
        unchanged=counts.get("unchanged", 0),
        rejected=counts.get("rejected", 0),
        rejects_file=str(files.path_of(File.objects.get(id=run.rejects_id))) if run.rejects_id else None,
        seconds=float((job.result or {}).get("seconds", 0)),
        ref=run.ref,
        warnings=report.get("warnings", []),
        duplicates=report.get("duplicates", []),
        findings=report.get("findings", []),
    )


def write_rejects(job: Job, target: Path) -> Path | None:
    """Copy the file of rejected rows to `target`; None where no row was rejected."""
    run = Import.objects.get(id=UUID(job.arguments["import"]))
    if not run.rejects_id:
        return None
    shutil.copyfile(files.path_of(File.objects.get(id=run.rejects_id)), target)
    return target
