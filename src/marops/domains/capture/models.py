"""Imports: which file, how it was read, how far it is and what came of it."""

from typing import ClassVar

from django.db import models

from marops.kernel.clock import now
from marops.kernel.ids import new_id

IMPORT_NUMBERS = "import_number"


class Import(models.Model):
    """One file on its way in. `plan` holds columns and targets, never values."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        STOPPED = "stopped"
        FAILED = "failed"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    file_id = models.UUIDField(null=True)  # the copy in the workspace, kept for 30 days
    file_name = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    plan = models.JSONField(default=dict)
    state = models.TextField(choices=State.choices, default=State.WAITING)
    counts = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    rejects_id = models.UUIDField(null=True)  # the file of rejected rows
    job_id = models.UUIDField(null=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    created_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_run"
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="import_run_recent")]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """The reference people use: I-7."""
        return f"I-{self.number}"


class Batch(models.Model):
    """A part of a file that has been written, in the same transaction as its rows: it is never written again."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="batches", db_index=False)
    number = models.IntegerField()
    counts = models.JSONField(default=dict)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "import_batch"


class Finding(models.Model):
    """What was noticed about a row: why it was rejected, what could not be kept, whom it repeats. Holds no values."""

    class Level(models.TextChoices):
        REJECT = "reject"
        WARN = "warn"
        REPEAT = "repeat"

    pk = models.CompositePrimaryKey("run_id", "row", "code", "field")
    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="findings", db_index=False)
    row = models.BigIntegerField()
    code = models.TextField()
    field = models.TextField(default="")
    level = models.TextField(choices=Level.choices)
    detail = models.TextField(default="")

    class Meta:
        db_table = "import_finding"
        indexes: ClassVar = [models.Index("run", "level", "row", name="import_finding_level")]
