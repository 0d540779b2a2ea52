"""What `marops doctor` sees once the installation is open: what was found and what to do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection

from marops.engine.session import Session
from marops.engine.surroundings import Check
from marops.kernel import audit, ports
from marops.kernel.clock import now
from marops.kernel.models import FactInbox, Job, Problem, StageRun, Touched


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
    from marops.store.lake import ensure_lake

    try:
        ensure_lake(session.dsn, session.lake, temp_dir=session.temp)
        engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
        try:
            rows: list[dict[str, Any]] = engine.rows("SELECT count(*) AS facts FROM facts")
        finally:
            engine.close()
    except (QueryError, OSError) as error:
        return Check("lake", False, str(error), getattr(error, "remedy", ""))
    return Check("lake", True, f"{rows[0]['facts']:,} facts in {session.lake}")


def _facts() -> Check:
    waiting = FactInbox.objects.filter(batch__isnull=True)
    oldest = waiting.order_by("recorded_at").values_list("recorded_at", flat=True).first()
    late = oldest is not None and now() - oldest > timedelta(minutes=10)
    found = f"{waiting.count():,} facts wait for the lake"
    return Check("mover", not late, found, "Start the engine (marops up, or marops run --once).")


def _stages() -> Check:
    failed = list(StageRun.objects.filter(failed_at__isnull=False).values_list("stage", flat=True))
    waiting = Touched.objects.count()
    found = f"{waiting:,} changes wait" + (f"; failed: {', '.join(failed)}" if failed else "")
    return Check("engine", not failed, found, "Look at the problems inbox and the engine's log.")


def _jobs() -> Check:
    stuck = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now() - timedelta(minutes=10)).count()
    running = Job.objects.filter(state=Job.State.RUNNING).count()
    return Check("jobs", not stuck, f"{running} running, {stuck} abandoned", "Start the worker: it takes them over.")


def _problems() -> Check:
    count = Problem.objects.filter(resolved_at__isnull=True).count()
    return Check("problems", not count, f"{count} open", "Open the problems inbox; each line says what to do.")


def _audit() -> Check:
    verdict = audit.verify()
    found = f"{verdict.rows:,} acts, {verdict.sealed:,} sealed"
    if verdict.findings:
        found = f"{verdict.findings[0].what} ({verdict.findings[0].where})"
    return Check("audit trail", not verdict.findings, found, "Restore from a backup, and find out who has access.")
