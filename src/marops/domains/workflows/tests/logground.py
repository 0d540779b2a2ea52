"""What tests of logs share: bringing a text in, and what stands in the tables."""

from django.db import connection

from marops.domains.workflows.models import EventLog
from marops.domains.workflows.public import as_given, plan_log, start_log
from marops.kernel.actors import SETUP
from marops.kernel.jobs import run_here


def bring(path, *, discover=False, **given):
    """Import a file and answer its log."""
    log, job = start_log(path, plan_log(path, as_given(given)), actor=SETUP, discover=discover)
    run_here(job.id)
    return EventLog.objects.get(id=log.id)


def written(folder, text, name="log.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows_of(log):
    """Case, activity, resource, enabled, started, ended; the row of the file; in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.name, a.name, r.name, e.enabled, e.started, e.ended, e.row FROM log_event e"
            " JOIN log_name c ON c.log_id = e.log_id AND c.kind = 'case' AND c.position = e.case_no"
            " JOIN log_name a ON a.log_id = e.log_id AND a.kind = 'activity' AND a.position = e.activity_no"
            " LEFT JOIN log_name r ON r.log_id = e.log_id AND r.kind = 'resource' AND r.position = e.resource_no"
            " WHERE e.log_id = %s ORDER BY e.number",
            [log.id],
        )
        return cursor.fetchall()
