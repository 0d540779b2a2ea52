"""Who has which lead now; how it came about stands in the facts and in `because`."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Assignment(models.Model):
    """The owner of one lead: a person or a queue, by which rule of which version, decided on what."""

    contact = models.OneToOneField("contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+")
    queue = models.ForeignKey("register.Queue", on_delete=models.PROTECT, null=True, related_name="+")
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
