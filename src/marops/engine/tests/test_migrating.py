import pytest
from django.db import connections, migrations, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from marops.engine.migrating import WholeExecutor


class Killed(BaseException):
    """What a signal does between two statements."""


class _Halfway(migrations.Migration):
    # A foreign key is put off to the end, so the note would come after the commit.
    operations = [  # noqa: RUF012  # as migrations are written
        migrations.CreateModel("Above", [("id", models.AutoField(primary_key=True))]),
        migrations.CreateModel(
            "Below",
            [("id", models.AutoField(primary_key=True)), ("above", models.ForeignKey("trial.Above", models.CASCADE))],
        ),
    ]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_killed_before_it_is_noted_a_migration_never_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connections["owner"]

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(WholeExecutor, "record_migration", killed)
    with pytest.raises(Killed):
        WholeExecutor(connection).apply_migration(ProjectState(), _Halfway("0001_halfway", "trial"))
    assert not {"trial_above", "trial_below"} & set(connection.introspection.table_names())
    assert ("trial", "0001_halfway") not in MigrationRecorder(connection).applied_migrations()
