"""Tables of the kernel: facts on their way to the lake, audit, definitions, jobs, notices and what hangs on objects."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class Workspace(models.Model):
    """The one workspace of this installation and what "today" and "money" mean in it."""

    id = models.BooleanField(primary_key=True, default=True, editable=False)
    name = models.TextField(default="My company")
    zone = models.TextField(default="UTC")
    first_weekday = models.SmallIntegerField(default=1)  # ISO: Monday is 1
    fiscal_month = models.SmallIntegerField(default=1)
    currency = models.CharField(max_length=3, default="EUR")
    country = models.CharField(max_length=2, default="", blank=True)
    emblems = models.BooleanField(default=True)
    sample = models.BooleanField(default=False, editable=False)  # the sample company is in; nothing real may come in
    started_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "workspace"
        constraints: ClassVar = [
            models.CheckConstraint(name="workspace_one", condition=Q(id=True)),
            models.CheckConstraint(name="workspace_month", condition=Q(fiscal_month__range=(1, 12))),
        ]


class FactInbox(models.Model):
    """A fact that has been committed and is not yet cleared after its move to the lake."""

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.TextField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    contact_id = models.UUIDField(null=True)
    subject_type = models.TextField(null=True)
    subject_id = models.TextField(null=True)
    actor_type = models.TextField()
    actor_id = models.TextField()
    campaign_id = models.UUIDField(null=True)
    source = models.TextField(null=True)
    key = models.TextField(null=True)
    definition = models.TextField(null=True)
    properties = models.JSONField(default=dict)
    # Work, as process mining wants it.
    case_id = models.TextField(null=True)
    case_class = models.TextField(null=True)
    activity = models.TextField(null=True)
    skill = models.TextField(null=True)
    touch = models.TextField(null=True)
    platform = models.TextField(null=True)
    enabled_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    paused = models.FloatField(null=True)
    batch_id = models.TextField(null=True)
    attempt = models.IntegerField(null=True)
    rework_of = models.TextField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    ai_use = models.TextField(null=True)
    policy_decision = models.TextField(null=True)
    involved = models.JSONField(null=True, db_column="objects")
    batch = models.UUIDField(null=True)

    class Meta:
        db_table = "fact_inbox"
        indexes: ClassVar = [
            models.Index("id", name="fact_inbox_unclaimed", condition=Q(batch__isnull=True)),
            models.Index("batch", name="fact_inbox_claimed", condition=Q(batch__isnull=False)),
            models.Index("contact_id", name="fact_inbox_contact", condition=Q(contact_id__isnull=False)),
        ]


class FactKey(models.Model):
    """A key already seen: the same event told twice is one fact."""

    key = models.TextField(primary_key=True)
    recorded_at = models.DateTimeField()
    forever = models.BooleanField(default=False)

    class Meta:
        db_table = "fact_key"
        indexes: ClassVar = [models.Index("recorded_at", name="fact_key_old", condition=Q(forever=False))]


class ContactAlias(models.Model):
    """That one id is now another person: a merge, a redirect, or a browser that became known."""

    alias_id = models.UUIDField(primary_key=True)
    contact_id = models.UUIDField(db_index=True)
    valid_from = models.DateTimeField()
    cause = models.TextField()

    class Meta:
        db_table = "contact_alias"


class ErasedContact(models.Model):
    """A person who was erased: the id alone, so that no old fact is shown again."""

    contact_id = models.UUIDField(primary_key=True)
    erased_at = models.DateTimeField()

    class Meta:
        db_table = "erased_contact"


class ErasedValue(models.Model):
    """An address or number of somebody who was erased, as a keyed hash alone, so that it is known when it comes again.

    See `kernel.erasures`.
    """

    hash = models.CharField(max_length=64, primary_key=True)
    kind = models.TextField()  # email, phone
    erased_at = models.DateTimeField()

    class Meta:
        db_table = "erased_value"


class Touched(models.Model):
    """A contact about which something changed: the engine's stages owe it a look."""

    id = models.UUIDField(primary_key=True, default=new_id)
    contact_id = models.UUIDField()
    tick = models.UUIDField(null=True)
    due_at = models.DateTimeField()

    class Meta:
        db_table = "touched"
        indexes: ClassVar = [
            models.Index("due_at", name="touched_waiting", condition=Q(tick__isnull=True)),
            models.Index("tick", "contact_id", name="touched_tick", condition=Q(tick__isnull=False)),
        ]


class AuditRow(models.Model):
    """One act: who, what, on which object, when, and the digest of what changed. Never updated, never deleted."""

    id = models.UUIDField(primary_key=True, default=new_id)
    at = models.DateTimeField()
    action = models.TextField()
    effect = models.TextField()
    actor_kind = models.TextField()
    actor_id = models.TextField()
    on_behalf_of = models.TextField(null=True)
    ai_use = models.TextField(null=True)
    object_type = models.TextField(null=True)
    object_id = models.TextField(null=True)
    job_id = models.UUIDField(null=True)
    counts = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_row"
        indexes: ClassVar = [
            models.Index("object_type", "object_id", "at", name="audit_row_object"),
            models.Index("at", name="audit_row_at"),
            models.Index("actor_id", "at", name="audit_row_actor"),
        ]


class AuditPayload(models.Model):
    """Personal values before and after, salted; erasure deletes this row and leaves the digest."""

    audit_id = models.UUIDField(primary_key=True)
    salt = models.BinaryField(max_length=16)
    payload = models.JSONField()

    class Meta:
        db_table = "audit_payload"


class AuditSeal(models.Model):
    """A link of the chain over audit digests."""

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    rows = models.IntegerField()
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_seal"


class AuditSealed(models.Model):
    """Which seal covers which row; apart from the row, since audit rows are never updated."""

    audit_id = models.UUIDField(primary_key=True)
    seal = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "audit_sealed"


class Definition(models.Model):
    """One version of what people decided. Documents are never rewritten."""

    class State(models.TextChoices):
        DRAFT = "draft"
        REVIEW = "in_review"
        ACTIVE = "active"
        RETIRED = "retired"

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.TextField()
    slug = models.TextField()
    version = models.IntegerField()
    state = models.TextField(choices=State.choices, default=State.DRAFT)
    document = models.JSONField()
    schema_version = models.IntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    author = models.TextField()
    reason = models.TextField(default="", blank=True)
    starter = models.BooleanField(default=False)
    ai_use = models.TextField(default="", blank=True)  # the use of AI that wrote it, empty where a person did
    on_behalf_of = models.TextField(default="", blank=True)  # for whom an AI wrote it
    created_at = models.DateTimeField(default=now)
    valid_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "definition"
        constraints: ClassVar = [
            models.UniqueConstraint("kind", "slug", "version", name="definition_version"),
            models.UniqueConstraint("kind", "slug", condition=Q(state="active"), name="definition_one_active"),
        ]

    def __str__(self) -> str:
        return self.pinned

    @property
    def ref(self) -> str:
        """The name that follows the active version: `kind/slug`."""
        return f"{self.kind}/{self.slug}"

    @property
    def pinned(self) -> str:
        """The name of exactly this version: `kind/slug@version`."""
        return f"{self.kind}/{self.slug}@{self.version}"


class Review(models.Model):
    """A request to look before something acts: definitions, content, briefs and AI drafts share it."""

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        REJECTED = "rejected"
        VOID = "void"

    id = models.UUIDField(primary_key=True, default=new_id)
    subject_type = models.TextField()
    subject_id = models.TextField()
    content_sha256 = models.CharField(max_length=64)
    state = models.TextField(choices=State.choices, default=State.OPEN)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    needed = models.SmallIntegerField(default=1)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "review"
        indexes: ClassVar = [models.Index("subject_type", "subject_id", name="review_subject")]


class ReviewDecision(models.Model):
    """One reviewer's word on one content."""

    id = models.UUIDField(primary_key=True, default=new_id)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    reviewer = models.TextField()
    approved = models.BooleanField()
    own_work = models.BooleanField(default=False)  # self-approval, recorded as such
    comment = models.TextField(default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "review_decision"
        constraints: ClassVar = [models.UniqueConstraint("review", "reviewer", name="review_decision_once")]


class Job(models.Model):
    """Long work that a person asked for: claimed by one worker at a time, stoppable, resumable."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        STOPPED = "stopped"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    kind = models.TextField()
    title = models.TextField(default="", blank=True)
    arguments = models.JSONField(default=dict)
    state = models.TextField(choices=State.choices, default=State.WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    doing = models.TextField(default="", blank=True)
    checkpoint = models.JSONField(null=True)
    result = models.JSONField(null=True)
    problem = models.JSONField(null=True)
    stop_asked = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True)
    lease_by = models.TextField(default="", blank=True)
    attempts = models.IntegerField(default=0)
    actor_kind = models.TextField(default="human")
    actor_id = models.TextField()
    created_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "job"
        indexes: ClassVar = [
            models.Index("created_at", name="job_open", condition=Q(state__in=["waiting", "running"])),
            models.Index(fields=["-created_at"], name="job_recent"),
        ]

    @property
    def ref(self) -> str:
        """The reference people use: J-12."""
        return f"J-{self.number}"

    @property
    def share(self) -> float | None:
        """How far it is, 0 to 1; None while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None


class StageRun(models.Model):
    """What an engine stage did last, and the totals of its life."""

    stage = models.TextField(primary_key=True)
    last_at = models.DateTimeField(null=True)
    last_rows = models.BigIntegerField(default=0)
    last_seconds = models.FloatField(default=0)
    lag_seconds = models.FloatField(default=0)
    rows_total = models.BigIntegerField(default=0)
    checkpoint = models.JSONField(null=True)
    problem = models.JSONField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "stage_run"


class Problem(models.Model):
    """Something that failed and needs a person: what, why, and the remedy."""

    id = models.UUIDField(primary_key=True, default=new_id)
    key = models.TextField()  # the same trouble again counts up instead of filling the inbox
    title = models.TextField()
    detail = models.TextField(default="", blank=True)
    remedy = models.TextField(default="", blank=True)
    url = models.TextField(default="", blank=True)
    severity = models.TextField(default="warn")
    times = models.IntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.TextField(default="", blank=True)

    class Meta:
        db_table = "problem"
        constraints: ClassVar = [
            models.UniqueConstraint("key", condition=Q(resolved_at__isnull=True), name="problem_open_once")
        ]
        indexes: ClassVar = [models.Index(fields=["-last_at"], name="problem_recent")]


class Notice(models.Model):
    """A line to one person: your import is done, somebody asks for your review."""

    id = models.UUIDField(primary_key=True, default=new_id)
    account_id = models.UUIDField()
    text = models.TextField()
    url = models.TextField(default="", blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"
        indexes: ClassVar = [models.Index(fields=["account_id", "-at"], name="notice_person")]


class Comment(models.Model):
    """A remark on any object."""

    id = models.UUIDField(primary_key=True, default=new_id)
    object_type = models.TextField()
    object_id = models.TextField()
    author = models.UUIDField()
    text = models.TextField()
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "comment"
        indexes: ClassVar = [models.Index("object_type", "object_id", "at", name="comment_object")]


class File(models.Model):
    """A file that came in or goes out; its bytes lie in the workspace folder under its id."""

    id = models.UUIDField(primary_key=True, default=new_id)
    name = models.TextField()
    media_type = models.TextField(default="application/octet-stream")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    owner = models.TextField()
    object_type = models.TextField(default="", blank=True)
    object_id = models.TextField(default="", blank=True)
    personal = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "file"
        indexes: ClassVar = [models.Index("object_type", "object_id", name="file_object")]


class ShareLink(models.Model):
    """A frozen copy of a page for a named outsider; only the hash of the link is kept."""

    id = models.UUIDField(primary_key=True, default=new_id)
    token_sha256 = models.CharField(max_length=64, unique=True)
    recipient = models.TextField()
    title = models.TextField()
    object_type = models.TextField()
    object_id = models.TextField()
    html = models.TextField()
    created_by = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    opened = models.IntegerField(default=0)

    class Meta:
        db_table = "share_link"


class Tick(models.Model):
    """A set of changed contacts that one engine is taking through the stages. Its lease ends when the engine dies."""

    id = models.UUIDField(primary_key=True, default=new_id)
    as_of = models.DateTimeField()
    contacts = models.IntegerField(default=0)
    done = models.JSONField(default=list)  # names of the stages that have committed
    lease_until = models.DateTimeField()
    lease_by = models.TextField()

    class Meta:
        db_table = "tick"


class MetricReading(models.Model):
    """The figure of a metric for one period, kept so that pages need not count: `closed` when the period was over.

    `grain` is how long the period is, or `30d` for a span of so many days; `30d-` is the one before it.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    metric = models.TextField()
    version = models.IntegerField()
    grain = models.TextField()
    period = models.DateField()  # its first day in the workspace's zone
    by = models.TextField(default="", blank=True)  # the field that it is split by
    piece = models.TextField(default="", blank=True)
    value = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    low = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    high = models.DecimalField(max_digits=38, decimal_places=9, null=True)
    n = models.BigIntegerField()
    closed = models.BooleanField()
    computed_at = models.DateTimeField()

    class Meta:
        db_table = "metric_reading"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["metric", "version", "grain", "by", "period", "piece"], name="metric_reading_once"
            )
        ]
