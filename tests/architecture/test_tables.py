import subprocess
import sys

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from marops.kernel import ports

# Tables with a contact key that nobody merges or erases yet, and who will.
NOT_YET: dict[str, str] = {}
# Tables whose contact key needs no port, and why.
NEEDS_NONE = {
    "contact_alias": "is the record of merges",
    "erased_contact": "is the record of erasures; holds ids alone",
    "fact_inbox": "facts keep the id they were written with; the lake's own erasure covers them",
    "company_merge": "is about companies",
    "touched": "a queue of seconds, ids alone",
}


def _tables_with_a_contact():
    found = {"contact"} if any(model._meta.db_table == "contact" for model in apps.get_models()) else set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            target = getattr(field.remote_field, "model", None) if field.remote_field else None
            points = target is not None and getattr(target, "_meta", None) and target._meta.db_table == "contact"
            if points or field.column in ("contact_id", "winner_id", "loser_id"):
                found.add(model._meta.db_table)
    return found


@pytest.mark.parametrize("port", ["merge", "unmerge", "erase", "export"])
def test_every_table_with_a_contact_is_merged_and_erased(port):
    filled = {filler.name for filler in ports.PORTS[port]}
    open_ends = _tables_with_a_contact() - filled - set(NOT_YET) - set(NEEDS_NONE) - {"contact"}
    assert not open_ends, f"fill the port {port} under the table's name, or list with a reason: {sorted(open_ends)}"


def test_the_lists_are_not_stale():
    filled = {filler.name for filler in ports.merge} & {filler.name for filler in ports.erase}
    assert not filled & set(NOT_YET), "filled by now; take them off the list"
    tables = {model._meta.db_table for model in apps.get_models()}
    assert set(NEEDS_NONE) | set(NOT_YET) <= tables


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


@pytest.mark.django_db
def test_an_empty_database_got_every_table():
    wanted = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    assert wanted <= set(connection.introspection.table_names())


def test_settings_load_without_a_database_and_leave_nothing_behind(tmp_path):
    code = "import django; django.setup(); print('fine')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"DJANGO_SETTINGS_MODULE": "marops.site.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "fine\n", done.stderr
    assert not list(tmp_path.iterdir())
