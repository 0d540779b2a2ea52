"""Backups as people and the clock ask for them: jobs, the folder where they lie, how many are kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from marops.engine import backup
from marops.engine.permissions import BACK_UP
from marops.kernel import jobs
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.config import Config, config
from marops.kernel.errors import NOT_FOUND, MaropsError, problem
from marops.kernel.jobs import JobRun, Progress, Step
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.store.archive import ArchiveBroken, opened_archive

MAKE, TEST = "backup.make", "backup.test"
DAILY: Final = "daily"
EVERY: Final = timedelta(days=1)
TOLD_SECONDS: Final = 1.0

TEST_FAILED = problem(
    "backup-test-failed",
    "The backup could not be restored and compared",
    status=409,
    remedy="Make a new backup and test that one; keep this one, and older ones, until then.",
)
TARGET_TAKEN = problem(
    "backup-target-taken",
    "There is a file of this name already",
    status=409,
    remedy="Choose another name, or move the file away: backups are never overwritten.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder of backups, with what is known of it."""

    name: str
    bytes: int
    made_at: datetime
    sha256: str = ""
    version: str = ""
    contacts: int = 0
    rows: int = 0
    tested_at: datetime | None = None
    tested: str = ""  # "same", or what was wrong
    broken: str = ""

    @property
    def short(self) -> str:
        """The beginning of the checksum, enough to tell two apart."""
        return self.sha256[:12]

    @property
    def age(self) -> timedelta:
        """How old it is."""
        return now() - self.made_at

    def as_json(self) -> dict[str, Any]:
        """As REST and `marops backup list --json` print it."""
        return {
            "name": self.name,
            "bytes": self.bytes,
            "made_at": iso_utc(self.made_at),
            "sha256": self.sha256,
            "version": self.version,
            "contacts": self.contacts,
            "rows": self.rows,
            "tested_at": iso_utc(self.tested_at) if self.tested_at else None,
            "tested": self.tested,
            "broken": self.broken,
        }


def kept_backups(found: Config | None = None) -> list[Kept]:
    """The backups in the folder, the newest first. Only the end of each file is read."""
    folder = (found or config()).backups
    if not folder.is_dir():
        return []
    return sorted((_told(path) for path in folder.glob("*.zip")), key=lambda one: one.made_at, reverse=True)


def _told(path: Path) -> Kept:
    size, beside = path.stat().st_size, _beside(path)
    try:
        with opened_archive(path) as archive:
            told, checksum = backup.outline(archive.manifest), archive.checksum
    except (ArchiveBroken, KeyError, OSError) as error:
        return Kept(path.name, size, datetime.fromtimestamp(path.stat().st_mtime, now().tzinfo), broken=str(error))
    tested_at = beside.get("tested_at")
    return Kept(
        name=path.name, bytes=size, made_at=datetime.fromisoformat(told["made_at"]), sha256=checksum,
        version=told["version"], contacts=told["contacts"], rows=told["rows"],
        tested_at=datetime.fromisoformat(tested_at) if tested_at else None, tested=beside.get("tested", ""),
    )  # fmt: skip


def _beside(path: Path) -> dict[str, str]:
    """What tests of this very file found; it stands beside the file, for the file itself never changes."""
    try:
        return dict(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def path_of(name: str, found: Config | None = None) -> Path:
    """The backup of this name in the folder. Raises MaropsError `not-found`."""
    folder = (found or config()).backups
    if Path(name).name != name or not name.endswith(".zip") or not (folder / name).is_file():
        raise MaropsError(NOT_FOUND, "There is no backup of this name.")
    return folder / name


# --- making ---


def start_backup(*, actor: Actor, target: Path | None = None, word: str = "marops", here: bool = False) -> Job:
    """Put a backup in the queue, into the folder of backups unless `target` names a file.

    Raises MaropsError `not-allowed`, `backup-target-taken`.
    """
    require(actor, BACK_UP)
    if target is None:
        folder = config().backups
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = folder / f"{word}-{now():%Y-%m-%d-%H%M%S-%f}.zip"
    target = target.absolute()
    if target.exists():
        raise MaropsError(TARGET_TAKEN, str(target))
    return jobs.start_job(MAKE, {"target": str(target), "name": target.name}, actor=actor, here=here)


@jobs.job(MAKE, title="Backup {name}", result_for=(BACK_UP,))
def make(run: JobRun) -> Iterator[Step]:
    """Arguments: target. Result: what `marops backup --json` prints. Begins anew when it is resumed."""
    target = Path(run.arguments["target"])
    if target.exists():
        raise MaropsError(TARGET_TAKEN, str(target))
    made, told = backup.Made(target), 0.0
    for step in backup.make(config(), target, made):
        if time.monotonic() - told >= TOLD_SECONDS:
            told = time.monotonic()
            yield Progress(step.done, step.total or None, step.doing), {}
    run.result.update(made.as_json())
    _note_erasures()


def _note_erasures() -> None:
    """Beside the first backup of a folder there is no log of erasures yet."""
    from marops.kernel import erasures

    erasures.note()


# --- testing ---


def start_test(name: str, *, actor: Actor) -> Job:
    """Put in the queue: restore this backup elsewhere and compare. Raises MaropsError `not-allowed`, `not-found`."""
    require(actor, BACK_UP)
    return jobs.start_job(TEST, {"name": path_of(name).name}, actor=actor)


@jobs.job(TEST, title="Test of backup {name}", result_for=(BACK_UP,))
def test(run: JobRun) -> Iterator[Step]:
    """Arguments: name. Result: what `marops restore --json` prints. The copy is removed again."""
    path = path_of(run.arguments["name"])
    yield Progress(0, None, "Restoring elsewhere"), {}
    run.result.update(compare(path))
    if not run.result["same"]:
        raise MaropsError(TEST_FAILED, f"Other rows in: {', '.join(run.result['differs'])}")


def compare(path: Path) -> dict[str, Any]:
    """Restore a backup into a folder of its own, in a process of its own; answers how it compares, table by table.

    Raises MaropsError `backup-test-failed` with what the restore said.
    """
    roomy = config().home / "tmp"
    roomy.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="restore-test-", dir=roomy))
    command = [sys.executable, "-m", "marops", "restore", str(path), "--into", str(folder), "--json"]
    environment = {key: value for key, value in os.environ.items() if key not in _OURS}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "MAROPS_HOME": str(folder)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        told: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        said = "" if "same" in told else str(told.get("detail") or done.stderr[-500:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _note_test(path, said or ("same" if told["same"] else f"differs in {', '.join(told['differs'])}"))
    if said:
        raise MaropsError(TEST_FAILED, said)
    return told


_OURS: Final = frozenset(
    {"MAROPS_DATABASE_URL", "MAROPS_LAKE_PATH", "MAROPS_SECRET_KEY", "MAROPS_BACKUP_FOLDER", "MAROPS_KEPT"}
)


def _note_test(path: Path, said: str) -> None:
    if path.parent == config().backups:
        document = json.dumps({"tested_at": now().isoformat(), "tested": said})
        path.with_suffix(".json").write_text(document, encoding="utf-8")


# --- by the clock ---


def by_schedule() -> bool:
    """Start the daily backup when it is due, and let old ones go. Answers whether one was started.

    Only backups that this made are let go, and never the newest that is whole.
    """
    keep = config().backup_keep
    if keep <= 0:
        return False
    if Job.objects.filter(kind=MAKE, state__in=["waiting", "running"]).exists():
        return False
    daily = [one for one in kept_backups() if one.name.startswith(f"{DAILY}-") and not one.broken]
    for one in daily[keep:]:
        path = path_of(one.name)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink()
    if daily and daily[0].age < EVERY:
        return False
    start_backup(actor=ENGINE, word=DAILY)
    return True
