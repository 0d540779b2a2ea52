"""What comes to people: notices to one person, and the inbox of problems that need somebody."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.models import Notice, Problem


def tell(account_id: UUID, text: str, *, url: str = "") -> None:
    """Leave a notice for one person."""
    Notice.objects.create(account_id=account_id, text=text, url=url, at=now())


def raise_problem(
    key: str, title: str, *, detail: str = "", remedy: str = "", url: str = "", severity: str = "warn"
) -> None:
    """Put a problem into the inbox; the same `key` again counts up instead of adding a line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO problem (id, key, title, detail, remedy, url, severity, times, first_at, last_at, resolved_by)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, %s, '')"
            " ON CONFLICT (key) WHERE resolved_at IS NULL DO UPDATE SET times = problem.times + 1,"
            " last_at = excluded.last_at, title = excluded.title, detail = excluded.detail, remedy = excluded.remedy",
            [new_id(), key, title, detail, remedy, url, severity, now(), now()],
        )


def settle(key: str, *, by: str = "engine", at: datetime | None = None) -> int:
    """The trouble named `key` is over. Answers how many open lines that closed."""
    return Problem.objects.filter(key=key, resolved_at__isnull=True).update(resolved_at=at or now(), resolved_by=by)
