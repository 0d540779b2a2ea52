"""A workspace of its own with many made-up leads, for the benchmarks that ask questions of them."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marops.engine.session import Session

_LEADS = """
INSERT INTO contact (id, number, full_name, email, email_domain, email_kind, email_role, job_title, seniority,
  company_name, country, source, employees, visits, seconds_on_site, custom, originals, provenance, search_text,
  created_at, updated_at)
SELECT (lpad(to_hex(1750000000000 + g), 12, '0') || '70008000' || lpad(to_hex(g), 12, '0'))::uuid, g,
  'Person ' || g, 'person' || g || '@company' || g % 50000 || '.example', 'company' || g % 50000 || '.example',
  (ARRAY['work','work','free','disposable'])[1 + g % 4], g % 97 = 0, 'Title ' || g % 300,
  (ARRAY['staff','manager','director','vp',NULL])[1 + g % 5], 'Company ' || g % 50000,
  (ARRAY['DE','NL','NO','SE','FR','ES','IT','US','GB','IN'])[1 + (g * 7) % 10],
  (ARRAY['organic_search','referral','event','paid_search','chat'])[1 + (g / 3) % 5], g % 900, g % 12, g % 2400,
  '{{}}', '{{}}', '{{}}', 'person ' || g || ' company ' || g % 50000,
  timestamptz '2026-01-01' + g * interval '20 seconds', timestamptz '2026-11-01'
FROM generate_series(1, {leads}) g
"""
_AROUND = """
INSERT INTO contact_score (model, contact_id, fit, engagement, value, grade, contributions, definition, as_of)
SELECT 'main', id, number % 50, (number * 13) % 50, number % 50 + (number * 13) % 50,
  (ARRAY['A','B','C','D'])[1 + number % 4], '{}', 'score/main@1', '2026-11-01' FROM contact;
INSERT INTO contact_stage (contact_id, stage, since, definition)
SELECT id, CASE WHEN number % 7 = 0 THEN 'mql' ELSE 'lead' END, created_at, 'lifecycle/main@1' FROM contact;
INSERT INTO queue (id, slug, name, purpose, fallback, created_at)
VALUES (gen_random_uuid(), 'unassigned-leads', 'Unassigned leads', '', true, '2026-11-01');
INSERT INTO assignment (contact_id, queue_id, definition, because, routed_at)
SELECT c.id, q.id, 'route/main@1', '{}', c.created_at FROM contact c, queue q;
"""
_FACTS = """
SELECT uuidv7() AS id,
  ['email.clicked', 'form.submitted', 'page.viewed', 'email.delivered'][1 + (hash(r) % 4)::INT] AS kind,
  TIMESTAMPTZ '2026-11-20 12:00:00+00' - to_seconds((hash(r + 1) % 31536000)::BIGINT) AS occurred_at,
  TIMESTAMPTZ '2026-11-20 12:00:00+00' AS recorded_at,
  (printf('%012x', 1750000000001 + hash(r + 2) % {leads}) || '70008000'
    || printf('%012x', 1 + hash(r + 2) % {leads}))::UUID AS contact_id,
  'system' AS actor_type, 'benchmark' AS actor_id, '{{"form": "demo"}}' AS properties
FROM range({first}, {last}) t(r)
"""


@contextmanager
def workspace(keep: str = "") -> Iterator["Session"]:
    """A workspace in a folder of its own, removed afterwards unless `keep` names one to use again."""
    home = Path(keep or tempfile.mkdtemp(prefix="marops-benchmark-"))
    os.environ |= {"MAROPS_HOME": str(home), "DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    from marops.engine.session import opened

    try:
        with opened(keep=True) as session:
            yield session
    finally:
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


def fill(session: "Session", *, leads: int, facts: int = 0) -> None:
    """Put leads, and facts about them, where there are none yet."""
    from django.db import connection, transaction

    from marops.engine.asking import query_engine
    from marops.store.lake import lake_writer

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM contact)")
        if not cursor.fetchone()[0]:
            cursor.execute(_LEADS.format(leads=leads))
            cursor.execute(_AROUND)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    if query_engine().rows("SELECT count(*) AS n FROM lake.fact")[0]["n"] >= facts:
        return
    with lake_writer(session.dsn, session.lake, temp_dir=session.temp, wait=30) as writer:
        for first in range(0, facts, 5_000_000):
            writer.bulk_load(_FACTS.format(leads=leads, first=first, last=min(first + 5_000_000, facts)))
        writer.maintain()  # as the engine does four times a day


def timed(ask: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of `times` runs, after one that does not count, the shortest first."""
    ask()
    found = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return sorted(found)


def told(what: str, seconds: float, limit: float, note: str = "") -> str:
    """One line of a report: the figure, its limit, and the ratio."""
    mark = "within" if seconds <= limit else "OVER"
    return f"{what:<58} {seconds:8.3f} s   limit {limit:.2f} s   {seconds / limit:5.2f} x   {mark} {note}".rstrip()
