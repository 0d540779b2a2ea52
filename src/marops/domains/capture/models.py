"""Imports: which file, how it was read, how far it is and what came of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

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
    practice = models.BooleanField(default=False)  # brought in beside the sample company; goes with it
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


class IntakeEvent(models.Model):
    """A call that a website or a program sent in. The row is the promise: it is committed before the answer 200.

    `payload` is the call as it came, and is emptied as soon as the engine has taken it in; what stays for 30 days is
    what happened to it, and the id, by which a repeat is known.
    """

    id = models.UUIDField(primary_key=True)  # of the key and the sender's own message id
    call = models.TextField()
    name = models.TextField(default="", blank=True)
    token_id = models.UUIDField(null=True)
    received_at = models.DateTimeField()
    place = models.IntegerField(default=0)  # in its batch: order is kept
    occurred_at = models.DateTimeField()
    payload = models.TextField(null=True)
    fate = models.TextField(default="", blank=True)
    done_at = models.DateTimeField(null=True)
    contact_id = models.UUIDField(null=True)

    class Meta:
        db_table = "intake_event"
        indexes: ClassVar = [
            models.Index("received_at", "place", name="intake_event_waiting", condition=Q(done_at__isnull=True)),
            models.Index(fields=["-received_at"], name="intake_event_recent"),
            models.Index("contact_id", name="intake_event_contact", condition=Q(contact_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.name}".strip()


class Trail(models.Model):
    """What one browser did from when it was first seen, or since somebody else used it, under an id of its own.

    Facts carry the trail's id; once its visitor says who they are, `contact_alias` leads that id to the person. Only
    trails are ever tied to people, never a person to another. `visitor` is a hash of the browser's own id.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    visitor = models.CharField(max_length=64)
    contact_id = models.UUIDField(null=True)
    began_at = models.DateTimeField()
    known_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "visitor_trail"
        constraints: ClassVar = [
            models.UniqueConstraint("visitor", name="visitor_trail_open", condition=Q(ended_at__isnull=True))
        ]
        indexes: ClassVar = [
            models.Index("contact_id", name="visitor_trail_contact", condition=Q(contact_id__isnull=False))
        ]

    def __str__(self) -> str:
        return str(self.id)
