"""Loading and removing the sample company in tests, and counting what is there."""

from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.apps import apps
from django.db import connection

from marops.kernel import actors, jobs, ports
from marops.kernel.actors import Actor
from marops.kernel.definitions import plant_starters
from marops.sample import jobs as sample_jobs
from marops.sample.generate import Company, Recipe

CLI = Actor("system", "cli")
TODAY = date(2026, 11, 20)
# What is kept about the sample on purpose: that it was here. And what the engine and the lake note about themselves.
KEPT = {
    "audit_row", "audit_payload", "audit_seal", "audit_sealed", "ai_tally", "job", "stage_run", "django_migrations",
    "django_content_type", "auth_permission", "fact_key",
}  # fmt: skip


def plant():
    plant_starters(actor=actors.SETUP, starters=[one for filler in ports.starters for one in filler.value])


@contextmanager
def company(tmp_path: Path, *, leads=1_500, seed=1, today=TODAY, zone="Europe/Berlin"):
    with Company(Recipe(leads, seed, today, zone), tmp_path) as made:
        made.build()
        yield made


def load(*, leads=None, size="small", seed=1, monkeypatch=None):
    if leads:
        monkeypatch.setitem(sample_jobs.SIZES, size, leads)
    job = sample_jobs.start_sample(actor=CLI, size=size, seed=seed, here=True)
    return jobs.run_here(job.id)


def remove():
    job = sample_jobs.start_removal(actor=CLI, here=True)
    jobs.run_here(job.id)
    job.refresh_from_db()
    return job


def counts():
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.managed} - KEPT
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


def definitions_in_force():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, slug, version, document::text FROM definition WHERE state = 'active' ORDER BY 1, 2"
        )
        return cursor.fetchall()
