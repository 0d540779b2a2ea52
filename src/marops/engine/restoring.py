"""The whole of a restore, in a process that has not opened any installation yet.

restored = restore_backup(Path("everything.zip"), Path("marops-data"))
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from marops.engine import restore
from marops.engine.backup import SECRET, outline
from marops.engine.restore import Restored, Say
from marops.engine.session import opened
from marops.kernel import crash
from marops.kernel.config import Config, config, read_config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.personal import LOG_NAME
from marops.store.archive import ArchiveBroken, ArchiveReader, opened_archive
from marops.store.embedded import EmbeddedServer, using_server

NO_FILE = problem(
    "backup-missing", "There is no such backup", status=404, remedy="Look at the name; `ls` shows what is in a folder."
)
NO_LOG = (
    "No erasures.log was found beside the backup or in the workspace: whoever was erased after it was made is back."
    " Name the log with --erasures."
)


def open_backup(path: Path) -> ArchiveReader:
    """A backup's file. Raises MaropsError `backup-missing`, `backup-broken`."""
    if not path.is_file():
        raise MaropsError(NO_FILE, str(path))
    try:
        return ArchiveReader(path)
    except ArchiveBroken as error:
        raise MaropsError(restore.BACKUP_BROKEN, str(error)) from None


def restore_backup(
    path: Path,
    home: Path,
    *,
    force: bool = False,
    keep_old: bool = False,
    logs: Sequence[Path] = (),
    say: Say = lambda _what, _done, _total: None,
) -> Restored:
    """Restore the backup at `path` into the workspace folder `home`; see `engine.restore`.

    `logs` are logs of erasures beside those that lie where logs lie. Raises MaropsError; then nothing was changed.
    """
    began = time.monotonic()
    archive = open_backup(path)
    found = read_config(os.environ, home=home)
    wanted = _logs(found, path, logs)
    try:
        restore.check_file(archive, say)
        with restore.building(found, archive, force=force, keep_old=keep_old) as built:
            restored = _build(archive, found, built, wanted, say)
    finally:
        archive.close()
    restored.home, restored.seconds = found.home, time.monotonic() - began
    return restored


def _logs(found: Config, path: Path, more: Sequence[Path]) -> list[Path]:
    """Every log of erasures there is: those named must exist, those in the usual places may."""
    usual = [found.home / LOG_NAME, found.backups / LOG_NAME, path.absolute().parent / LOG_NAME]
    usual += [Path(found.erasures_log)] if found.erasures_log else []
    return list(dict.fromkeys([*(one.absolute() for one in more), *(one for one in usual if one.exists())]))


def _build(archive: ArchiveReader, found: Config, built: Path, logs: list[Path], say: Say) -> Restored:
    """The workspace, complete, in its own folder; its database is stopped at the end."""
    restore.unpack_settings(archive, found, built)
    _become(found, built)
    restore.refuse_newer(archive)
    restored = Restored(built, archive.manifest)
    restore.unpack(archive, found, built, say)
    _warn_of_secret(archive, restored)
    if found.database_url:
        restored.tables = restore.load_tables(archive, config(), say)
    else:
        with using_server(built, fsync=found.fsync):
            restored.tables = restore.load_tables(archive, config(), say)
            # Opened while the server is held: the next users find it running.
            _finish(restored, logs, say)
        EmbeddedServer(built).stop()
        return restored
    _finish(restored, logs, say)
    return restored


def _become(found: Config, built: Path) -> None:
    """From here on, this process works in the folder that is built."""
    import django

    os.environ["MAROPS_HOME"] = str(built)
    os.environ["MAROPS_LAKE_PATH"] = str(restore.parts_of(found)[0].built)
    os.environ["MAROPS_ERASURES_LOG"] = str(built / LOG_NAME)
    os.environ["MAROPS_BACKUP_FOLDER"] = str(built / "backups")
    if found.database_url:
        os.environ["MAROPS_DATABASE_URL"] = found.database_url
    config.cache_clear()
    django.setup()


def _finish(restored: Restored, logs: list[Path], say: Say) -> None:
    """Bring the tables to this version, stop what ran, and erase again."""
    say("Bringing the tables to this version", 0, 1)
    with opened():
        restored.jobs_stopped = _stop_jobs()
        restored.logs = [str(one) for one in logs]
        if logs:
            say("Erasing again", 0, 1)
            restored.erased_again = _erase_again(logs)
        else:
            restored.warnings.append(NO_LOG)
        crash.point("restore.after_erasing")
        _note(restored)


def _stop_jobs() -> int:
    """What ran or waited when the backup was made does not go on by itself: a person resumes it."""
    from marops.kernel.clock import now
    from marops.kernel.models import Job

    return Job.objects.filter(state__in=["waiting", "running"]).update(
        state=Job.State.STOPPED, lease_by="", lease_until=None, ended_at=now()
    )


def _erase_again(logs: list[Path]) -> int:
    """Erase whom the logs name and the backup still has; answers how many people that were."""
    from marops.kernel import erasures
    from marops.kernel.actors import SETUP
    from marops.kernel.jobs import run_here, start_job
    from marops.kernel.models import ErasedContact, ErasedValue

    said = erasures.Log()
    for path in logs:
        said |= erasures.read(path)
    known = set(ErasedContact.objects.values_list("contact_id", flat=True))
    missing: list[UUID] = sorted(said.contacts - known)
    hashes = {digest: kind for digest, kind in said.values.items() if not ErasedValue.objects.filter(hash=digest)}
    if not missing and not hashes:
        return 0
    arguments = {"contacts": [str(one) for one in missing], "hashes": hashes, "count": len(missing)}
    job = run_here(start_job("contacts.erase", arguments, actor=SETUP, here=True).id)
    return int((job.result or {}).get("people", 0))


def _note(restored: Restored) -> None:
    from marops.engine.acts import note_restore
    from marops.kernel import erasures
    from marops.kernel.actors import SETUP

    erasures.note()
    note_restore(actor=SETUP, made_at=str(restored.manifest["made_at"]), erased=restored.erased_again)


def _warn_of_secret(archive: ArchiveReader, restored: Restored) -> None:
    kept = b"".join(archive.read(SECRET)).decode()
    if config().secret_key != kept:
        restored.warnings.append(
            "MAROPS_SECRET_KEY is not the secret of the backup: signed links and hashes of erased addresses will not"
            " be known again."
        )


def verify_backup(path: Path, say: Say = lambda _what, _done, _total: None) -> dict[str, Any]:
    """Compare every checksum of a backup; answers what it holds. Raises MaropsError."""
    archive = open_backup(path)
    try:
        restore.check_file(archive, say)
        manifest, checksum = archive.manifest, archive.checksum
    finally:
        archive.close()
    return {
        "file": str(path),
        "whole": True,
        "bytes": path.stat().st_size,
        "sha256": checksum,
        **outline(manifest),
    }


__all__ = ["Restored", "open_backup", "opened_archive", "restore_backup", "verify_backup"]
