"""What imports contribute when people are erased."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from marops.kernel import files, personal, ports


def fill() -> None:
    """Fill the port `erase`, and register where an import keeps free text."""
    # First: which imports a person came with stands in the person's own row.
    ports.erase.fill("import_run", _forget_files, order=10)
    personal.place("intake_event", "payload", "row", "an event that waits to be taken in")
    personal.place("import_run", "file_name", "blank", "the name of an imported file")
    personal.place("import_finding", "detail", "blank", "what was found about a row", key="run_id")
    personal.place("import_run", "report", "tell", "the report of an import quotes the person:")
    personal.place("import_run", "plan", "tell", "the plan of an import quotes the person:")


def _forget_files(contact_ids: Sequence[UUID]) -> int:
    """Delete the uploads and the refused rows of every import that these people came with, and the name of a file that
    was named after one of them.
    """
    ids = {"ids": list(contact_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_FILES, ids)
        gone = files.remove([file_id for (file_id,) in cursor.fetchall()])
        cursor.execute(_NAMED_AFTER, ids)
        cursor.execute(_NO_NAME, [[run_id for (run_id,) in cursor.fetchall()]])
    return gone


_CAME_WITH = """
WITH came_with AS (
    SELECT DISTINCT c.given_name, c.family_name, (p.value ->> 0)::bigint AS number
    FROM contact c, jsonb_each(c.provenance) p
    WHERE c.id = ANY(%(ids)s) AND jsonb_typeof(p.value) = 'array' AND jsonb_typeof(p.value -> 0) = 'number'
)
"""
_FILES = f"""
{_CAME_WITH}
SELECT DISTINCT f.id FROM file f JOIN import_run r ON f.id IN (r.file_id, r.rejects_id) JOIN came_with USING (number)
"""
_NAMED_AFTER = f"""
{_CAME_WITH}
SELECT DISTINCT r.id FROM import_run r JOIN came_with w USING (number)
CROSS JOIN LATERAL (VALUES (w.given_name), (w.family_name)) n (name)
WHERE length(n.name) > 2 AND strpos(lower(r.file_name), lower(n.name)) > 0
"""
_NO_NAME = """
WITH run AS (UPDATE import_run SET file_name = '' WHERE id = ANY(%s) RETURNING id::text)
UPDATE job SET title = '', arguments = arguments - 'name' FROM run WHERE arguments ->> 'import' = run.id
"""
