"""Tables of the AI policy: what was decided ahead for each set of rules."""

from typing import ClassVar

from django.db import models

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class PolicyTable(models.Model):
    """All 142,560 decisions of one set of rules, found by what the rules say; versions with the same rules share it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    rules_sha256 = models.CharField(max_length=64, unique=True)
    allowed = models.BinaryField()  # eight decisions to a byte, in the fixed order of the combinations
    holds = models.BinaryField()  # where each rule holds: deflated, the rules in the order of `rules`
    rules = models.JSONField(default=list)
    seconds = models.FloatField(default=0)
    decided_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "policy_table"
        indexes: ClassVar = []


class AiSwitch(models.Model):
    """A kill switch: thrown, a use (or every use, where `use` is empty) does nothing more from that moment."""

    id = models.UUIDField(primary_key=True, default=new_id)
    use = models.TextField(blank=True, default="")
    why = models.TextField(blank=True, default="")
    thrown_by = models.TextField()
    thrown_at = models.DateTimeField()
    released_by = models.TextField(blank=True, default="")
    released_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ai_switch"
        constraints: ClassVar = [
            models.UniqueConstraint("use", condition=models.Q(released_at=None), name="ai_switch_thrown_once")
        ]


class AiAct(models.Model):
    """One thing an AI did or was refused. Written once; its digest stands in the audit trail's chain."""

    class Verdict(models.TextChoices):
        YES = "yes"
        WAITS = "waits"
        NO = "no"

    id = models.UUIDField(primary_key=True, default=new_id)
    at = models.DateTimeField()
    use = models.TextField()
    use_version = models.IntegerField(null=True)
    actor = models.TextField()
    on_behalf_of = models.TextField()
    action = models.TextField()  # the house's own, such as definition.draft
    term = models.TextField()  # the policy's word for it
    subject = models.TextField(blank=True, default="")
    verdict = models.TextField(choices=Verdict.choices)
    policy = models.TextField(blank=True, default="")
    rules = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    missing = models.JSONField(null=True)
    inputs_sha256 = models.CharField(max_length=64, blank=True, default="")
    outputs_sha256 = models.CharField(max_length=64, blank=True, default="")
    prompt = models.TextField(blank=True, default="")
    tokens = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)
    recipients = models.BigIntegerField(default=0)
    records = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    review_id = models.UUIDField(null=True)
    disclosure = models.TextField(blank=True, default="")

    class Meta:
        db_table = "ai_act"
        indexes: ClassVar = [models.Index("use", "at", name="ai_act_use"), models.Index("at", name="ai_act_at")]


class AiTally(models.Model):
    """How many acts were numbered so far: of all uses (`all`), and of each (`use:` and its name). None is skipped."""

    of = models.TextField(primary_key=True)
    acts = models.BigIntegerField()
    last = models.DateTimeField()  # when the newest was noted; the next one is not noted before it

    class Meta:
        db_table = "ai_tally"


class AiDraft(models.Model):
    """What an AI made and people have to read before it counts: a text, an act, a definition. Content never changes."""

    class Kind(models.TextChoices):
        DEFINITION = "definition"
        TEXT = "text"
        ACT = "act"

    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=new_id)
    at = models.DateTimeField()
    use = models.TextField()
    use_version = models.IntegerField(null=True)
    actor = models.TextField()  # the AI, or the person who changed what it wrote
    on_behalf_of = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    subject = models.TextField(blank=True, default="")
    title = models.TextField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    gates = models.JSONField(default=dict)  # needed, roles, disclosed; and the rules and reasons that ask for them
    asked = models.JSONField(default=dict)  # what the policy was asked, and how far it would reach
    prompt = models.TextField(blank=True, default="")
    state = models.TextField(choices=State.choices, default=State.WAITING)
    edited_from = models.UUIDField(null=True)
    review_id = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="")

    class Meta:
        db_table = "ai_draft"
        indexes: ClassVar = [
            models.Index("at", name="ai_draft_waiting", condition=models.Q(state="waiting")),
            models.Index("sha256", name="ai_draft_content"),
            models.Index("edited_from", name="ai_draft_edits", condition=models.Q(edited_from__isnull=False)),
        ]
