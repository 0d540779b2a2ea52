"""Who has which lead, how pools deal, which promises run and what became of leads; why is in facts and `because`."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from marops.kernel.ids import new_id


class Assignment(models.Model):
    """The owner of one lead: a person or a queue, by which rule of which version, decided on what."""

    # Triggers stand in for the two constraints: to check each row of a million costs as much as to write it.
    contact = models.OneToOneField(
        "contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    queue = models.ForeignKey(
        "register.Queue", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    owner_id = models.UUIDField(null=True)  # an account
    rule = models.TextField(null=True)  # name of the rule that matched; none: the fallback
    definition = models.TextField()
    because = models.JSONField(default=dict)
    routed_at = models.DateTimeField()

    class Meta:
        db_table = "assignment"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="assignment_one_owner", condition=Q(queue__isnull=False) ^ Q(owner_id__isnull=False)
            )
        ]
        indexes: ClassVar = [
            models.Index("queue", "contact", name="assignment_queue"),
            models.Index("owner_id", "contact", name="assignment_owner"),
        ]


class LeadLine(models.Model):
    """What the list of leads is filtered and sorted by, in one narrow row per lead.

    Kept by the database itself, in the transaction that changes a contact, a score, a stage or an owner (triggers in
    the migrations), so that it is never behind. A million leads are listed in milliseconds because of it; joined from
    their four tables it took seconds (docs/decisions/0050-lead-line.md). Nothing else writes it.
    """

    contact = models.OneToOneField(
        "contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )  # made and deleted with its contact by the triggers, so a constraint would only check them
    number = models.BigIntegerField()
    full_name = models.TextField()  # never empty: the address or the reference stands in for a missing name
    company_name = models.TextField(null=True)
    country = models.TextField(null=True)
    source = models.TextField(null=True)
    created_at = models.DateTimeField()
    fit = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    engagement = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    value = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    grade = models.TextField(null=True)
    level = models.SmallIntegerField(null=True)
    mql = models.BooleanField(null=True)
    stage = models.TextField(null=True)
    since = models.DateTimeField(null=True)
    cycle = models.SmallIntegerField(null=True)
    queue = models.TextField(null=True)
    owner_id = models.UUIDField(null=True)
    routed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lead_line"
        indexes: ClassVar = [
            models.Index(F("value").desc(nulls_last=True), F("contact").desc(), name="lead_line_value"),
            models.Index("number", "contact", name="lead_line_number"),
            models.Index("full_name", "contact", name="lead_line_name"),
            models.Index("owner_id", name="lead_line_owner", condition=Q(owner_id__isnull=False)),
        ]


class PoolSeat(models.Model):
    """The ledger of one member of one pool: what they are owed, in billionths of a lead, and their last turn.

    It belongs to the rule's name, not to a version of the route: a changed weight counts from the next lead on.
    """

    pk = models.CompositePrimaryKey("route", "rule", "person_id")
    route = models.TextField()
    rule = models.TextField()
    person = models.ForeignKey("team.Person", on_delete=models.CASCADE, related_name="+")
    credit = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)  # number of the pool's turn that this member had last
    taken = models.BigIntegerField(default=0)

    class Meta:
        db_table = "pool_seat"


class PoolDeal(models.Model):
    """One dealing of a pool: how everybody stood when it began. From this any of its turns can be worked out again."""

    id = models.UUIDField(primary_key=True, default=new_id)
    route = models.TextField()
    rule = models.TextField()
    definition = models.TextField()
    at = models.DateTimeField()
    turn = models.BigIntegerField()  # the number of the turn before its first
    dealt = models.IntegerField()
    seats = models.JSONField()  # everybody of the pool, those who could not take too, and why not

    class Meta:
        db_table = "pool_deal"
        indexes: ClassVar = [models.Index(fields=["route", "rule", "-at"], name="pool_deal_recent")]


class LeadSla(models.Model):
    """The clock of one promise about one lead. There is one row per clock; its history stands in the facts."""

    pk = models.CompositePrimaryKey("contact_id", "clock")
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+")
    clock = models.TextField()
    owner_id = models.UUIDField(null=True)
    calendar = models.TextField()
    zone = models.TextField()
    definition = models.TextField()
    rule = models.TextField(null=True)
    rounds = models.SmallIntegerField(default=0)  # how often the lead went on because nobody touched it
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    escalate_at = models.DateTimeField(null=True)
    reassign_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)  # the next of these that nobody has seen to
    reminded_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)  # the first touch, in time or late
    minutes = models.IntegerField(null=True)  # working minutes it took
    ended_at = models.DateTimeField(null=True)  # stopped without a touch

    class Meta:
        db_table = "lead_sla"
        indexes: ClassVar = [
            models.Index("owner_id", "due_at", name="lead_sla_open", condition=Q(met_at=None, ended_at=None)),
            models.Index("missed_at", name="lead_sla_missed", condition=Q(missed_at__isnull=False)),
        ]


class LeadDisposition(models.Model):
    """What sales last said became of a lead. No row: nothing yet."""

    contact = models.OneToOneField("contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+")
    state = models.TextField()
    reason = models.TextField(null=True)
    note = models.TextField(default="", blank=True)
    at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        db_table = "lead_disposition"
        indexes: ClassVar = [models.Index("state", "contact", name="lead_disposition_state")]


class Complaint(models.Model):
    """A complaint about leads and its answer as it was given, which no later fact changes. Holds nobody's data."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    said = models.TextField(default="")  # what sales said, in its words
    about = models.TextField(default="")  # about which leads, in words
    since = models.DateTimeField()
    until = models.DateTimeField()
    answer = models.JSONField()
    sha256 = models.TextField()  # of the answer
    at = models.DateTimeField()
    by = models.TextField()
    cause = models.TextField(default="")  # the cause whose remedy was drafted
    draft = models.TextField(default="")  # the version that was drafted: route/main@4

    class Meta:
        db_table = "complaint"

    @property
    def ref(self) -> str:
        """The reference people use: T-3."""
        return f"T-{self.number}"
