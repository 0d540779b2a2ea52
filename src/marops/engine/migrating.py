"""Bringing tables to this version so that no migration is ever half done.

Django notes that a migration ran after it was committed where it has statements put off to its end. Killed in between,
the next start would make the same tables again and fail. Here both are one transaction; PostgreSQL allows that.
"""

from contextlib import nullcontext
from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor


class WholeExecutor(MigrationExecutor):
    """Runs a migration and notes it in one transaction."""

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        """The state after it. A migration that asks for no transaction gets none."""
        whole = transaction.atomic(using=self.connection.alias) if migration.atomic else nullcontext()
        with whole:
            return super().apply_migration(state, migration, fake, fake_initial)


def bring_up_to_date(database: str) -> None:
    """Run what has not run yet. Killed at any moment, the next call goes on from the last whole migration."""
    migrate.MigrationExecutor = WholeExecutor  # type: ignore[attr-defined]  # it offers no other way
    call_command("migrate", database=database, verbosity=0, interactive=False)
