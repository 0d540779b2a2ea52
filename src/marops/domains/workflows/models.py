"""Event logs: what was done, when, by whom, as it was read from a file; and what was found in them.

An event names nothing: it holds positions in the lists of names of its log, so that a million of them stay small, and
what people are called stands in one place.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

LOG_NUMBERS = "event_log_number"


class EventLog(models.Model):
    """One log. It can be used once its state is `ready`. `mapping` holds columns and settings, never values."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        STOPPED = "stopped"
        FAILED = "failed"
        READY = "ready"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    title = models.TextField()
    format = models.TextField()  # csv, sheet, parquet, xes, ocel, facts
    file_id = models.UUIDField(null=True)  # the copy in the workspace, kept for 30 days
    file_name = models.TextField(default="", blank=True)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    size = models.BigIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    zone = models.TextField(default="", blank=True)  # of times that carry none
    counts = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    sample = models.BooleanField(default=False)  # read off the work of the sample company; goes with it
    state = models.TextField(choices=State.choices, default=State.WAITING)
    job_id = models.UUIDField(null=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "event_log"
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="event_log_recent")]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """The reference people use: EL-3."""
        return f"EL-{self.number}"


class LogName(models.Model):
    """What a case, an activity, a person … of a log is called. `position` counts from 0 within its kind."""

    class Kind(models.TextChoices):
        CASE = "case"
        ACTIVITY = "activity"
        RESOURCE = "resource"
        CLASS = "class"
        PLATFORM = "platform"
        TOUCH = "touch"
        SKILL = "skill"
        ROLE = "role"

    pk = models.CompositePrimaryKey("log_id", "kind", "position")
    # Kept true by the acts that write and remove logs: a check for each of a million rows would cost more than they do.
    log = models.ForeignKey(EventLog, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    kind = models.TextField(choices=Kind.choices)
    position = models.IntegerField()
    name = models.TextField()

    class Meta:
        db_table = "log_name"

    def __str__(self) -> str:
        return f"{self.kind} {self.position}"


class LogEvent(models.Model):
    """One piece of work. Numbered by case, then by its start, or by its end where the log does not say when it began.

    `ended` is missing while the work goes on. `again`: the same piece of work as that of another case, which counts it;
    it stands here for the order of the steps. `row`: where it ends in the file.
    """

    pk = models.CompositePrimaryKey("log_id", "number")
    log = models.ForeignKey(EventLog, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    number = models.BigIntegerField()
    row = models.BigIntegerField()
    case_no = models.IntegerField()
    activity_no = models.IntegerField()
    class_no = models.IntegerField()
    resource_no = models.IntegerField(null=True)
    role_no = models.IntegerField(null=True)
    skill_no = models.IntegerField(null=True)
    platform_no = models.IntegerField(null=True)
    touch_no = models.IntegerField(null=True)
    enabled = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    cost = models.FloatField(null=True)
    attempt = models.IntegerField(null=True)
    again = models.BooleanField(default=False)

    class Meta:
        db_table = "log_event"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="log_event_has_a_time", condition=Q(started__isnull=False) | Q(ended__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return str(self.number)


class LogDiscovery(models.Model):
    """What was found in a log and became a workflow: how much of it the map keeps, and what had to be assumed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    log = models.ForeignKey(EventLog, on_delete=models.CASCADE, related_name="discoveries")
    workflow = models.TextField()  # its short name
    version = models.IntegerField()
    crew = models.TextField()
    noise = models.FloatField()
    found = models.JSONField(default=dict)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "log_discovery"
        indexes: ClassVar = [models.Index(fields=["workflow", "-at"], name="log_discovery_workflow")]

    def __str__(self) -> str:
        return f"{self.workflow}@{self.version}"


class Sketch(models.Model):
    """A workflow as somebody is drawing it, before it is saved: whole or not, and the way back.

    `base` is the version it began from. `past` and `ahead` hold what undo and redo go to, each with its words.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField()
    by = models.TextField()  # the actor; everybody has a sketch of their own
    base = models.IntegerField(default=0)
    document = models.JSONField()
    words = models.TextField(default="", blank=True)
    past = models.JSONField(default=list)
    ahead = models.JSONField(default=list)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "workflow_sketch"
        constraints: ClassVar = [models.UniqueConstraint("slug", "by", name="workflow_sketch_one_each")]

    def __str__(self) -> str:
        return self.slug


class WorkflowAnswer(models.Model):
    """What simulation said of a workflow, kept as it was said: a bottleneck, a comparison, promises, decisions.

    `asked` holds everything the answer depends on (versions, scenarios, seed, months); `digest` is that as a hash, so
    the same question is answered from here.
    """

    class Kind(models.TextChoices):
        BOTTLENECK = "bottleneck"
        COMPARISON = "comparison"
        PROMISES = "promises"
        DECISIONS = "decisions"
        FIT = "fit"

    id = models.UUIDField(primary_key=True, default=new_id)
    workflow = models.TextField()  # its short name
    kind = models.TextField(choices=Kind.choices)
    digest = models.CharField(max_length=64)
    asked = models.JSONField()
    answer = models.JSONField()
    seconds = models.FloatField(default=0)
    sample = models.BooleanField(default=False)
    actor_id = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "workflow_answer"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "kind", "digest"], name="workflow_answer_asked_once")
        ]
        indexes: ClassVar = [models.Index(fields=["workflow", "kind", "-at"], name="workflow_answer_latest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.workflow}"
