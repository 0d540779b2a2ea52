"""What `marops doctor` sees once the installation is open: what was found and what to do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from marops.engine.session import Session
from marops.engine.surroundings import Check
from marops.kernel import audit, leases, ports
from marops.kernel.clock import now
from marops.kernel.models import FactInbox, Job, Problem, StageRun, Touched

LATE = timedelta(minutes=10)


def examine(session: Session) -> Iterator[Check]:
    """What can be seen once it is open."""
    yield _database(session)
    yield _lake(session)
    yield _facts()
    yield _stages()
    yield _jobs()
    yield _problems()
    yield _audit()
    for filler in ports.doctor:
        yield from filler.value()


def _database(session: Session) -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_user, pg_database_size(current_database())")
        version, role, size = cursor.fetchone()
    kind = "given by MAROPS_DATABASE_URL" if session.config.database_url else "embedded"
    ok = int(str(version).split(".", maxsplit=1)[0]) >= 15
    found = f"PostgreSQL {version}, {kind}, as {role}, {size / 1024**2:.0f} MiB"
    return Check("database", ok, found, "Marops needs PostgreSQL 15 or newer.")


def _lake(session: Session) -> Check:
    from marops.store.duckdb import QueryEngine, QueryError

    try:
        engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
        try:
            files = [row["data_file"] for row in engine.rows(_FILES)]
            if missing := [name for name in files if "://" not in name and not Path(name).exists()]:
                return _lake_with_holes(missing, len(files))
            counted: list[dict[str, Any]] = engine.rows("SELECT count(*) AS facts FROM facts")
        finally:
            engine.close()
    except (QueryError, OSError) as error:
        return Check("lake", False, str(error), getattr(error, "remedy", ""))
    return Check("lake", True, f"{counted[0]['facts']:,} facts, {len(files)} files in {session.lake}")


def _lake_with_holes(missing: list[str], files: int) -> Check:
    found = f"{len(missing)} of {files} files are missing, such as {missing[0]}"
    return Check("lake", False, found, "Put them back from a backup: until then what they held cannot be read.")


_FILES = "SELECT data_file FROM ducklake_list_files('lake', 'fact')"


def _facts() -> Check:
    waiting = FactInbox.objects.filter(batch__isnull=True)
    oldest = waiting.order_by("recorded_at").values_list("recorded_at", flat=True).first()
    found = f"{waiting.count():,} facts wait for the lake{_since(oldest)}"
    return Check("mover", not _late(oldest), found, "Start the engine (marops up, or marops run --once).")


def _stages() -> Check:
    failed = list(StageRun.objects.filter(failed_at__isnull=False).values_list("stage", flat=True))
    due = Touched.objects.filter(due_at__lte=now())
    oldest = due.order_by("due_at").values_list("due_at", flat=True).first()
    found = f"{due.count():,} changes wait{_since(oldest)}" + (f"; failed: {', '.join(failed)}" if failed else "")
    remedy = "Look at the problems inbox: it says which stage fails and why."
    if not failed:
        remedy = "Start the engine (marops up, or marops run --once)."
    return Check("engine", not failed and not _late(oldest), found, remedy)


def _late(oldest: datetime | None) -> bool:
    return oldest is not None and now() - oldest > LATE


def _since(oldest: datetime | None) -> str:
    return f", the oldest since {oldest:%Y-%m-%d %H:%M} UTC" if oldest and _late(oldest) else ""


def _jobs() -> Check:
    running = Job.objects.filter(state=Job.State.RUNNING)
    stuck = [job.ref for job in running if leases.gone(job.lease_by) or _late(job.lease_until)]
    oldest = Job.objects.filter(state=Job.State.WAITING).order_by("created_at").first()
    found = f"{len(running)} running, {len(stuck)} abandoned" + (f": {', '.join(stuck)}" if stuck else "")
    if oldest and _late(oldest.created_at):
        found += f"; {oldest.ref} waits since {oldest.created_at:%Y-%m-%d %H:%M} UTC"
    ok = not stuck and not (oldest and _late(oldest.created_at) and not running)
    return Check("jobs", ok, found, "Start the worker (marops up, or marops worker): it takes them.")


def _problems() -> Check:
    count = Problem.objects.filter(resolved_at__isnull=True).count()
    return Check("problems", not count, f"{count} open", "Open the problems inbox; each line says what to do.")


def _audit() -> Check:
    verdict = audit.verify()
    found = f"{verdict.rows:,} acts, {verdict.sealed:,} sealed"
    if verdict.findings:
        found = f"{verdict.findings[0].what} ({verdict.findings[0].where})"
    return Check("audit trail", not verdict.findings, found, "Restore from a backup, and find out who has access.")
