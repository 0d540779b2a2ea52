"""Deals, the people in them, by which ids they are known, and where each open one stood on each day."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

OPPORTUNITY_NUMBERS = "opportunity_number"


class Opportunity(models.Model):
    """A possible sale. Empty is NULL, never ''; the amount is in the deal's own currency."""

    class State(models.TextChoices):
        OPEN = "open"
        WON = "won"
        LOST = "lost"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    name = models.TextField()
    company = models.ForeignKey("contacts.Company", on_delete=models.SET_NULL, null=True, related_name="opportunities")
    company_name = models.TextField(null=True)  # as it came in
    owner_id = models.UUIDField(null=True)  # an account
    owner_name = models.TextField(null=True)  # as it came in; kept also where no account goes by it
    stage = models.TextField()  # a stage of the pipeline, or one that a file proposed
    stage_since = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.OPEN)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, null=True)
    opened_at = models.DateTimeField(null=True)
    expected_close = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(null=True)  # why it was won or lost
    source = models.TextField(null=True)
    product = models.TextField(null=True)
    custom = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)  # `*` and fields → [import, row, time]
    search_text = models.TextField(default="")  # folded
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "opportunity"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="opportunity_amount_currency", condition=Q(amount__isnull=True) | Q(currency__isnull=False)
            ),
            models.CheckConstraint(
                name="opportunity_open_is_not_closed", condition=~Q(state="open") | Q(closed_at__isnull=True)
            ),
        ]
        indexes: ClassVar = [
            models.Index("state", "stage", name="opportunity_state"),
            models.Index("owner_id", "state", name="opportunity_owner"),
            models.Index(fields=["-closed_at"], name="opportunity_closed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: D-12."""
        return f"D-{self.number}"


class OpportunityKey(models.Model):
    """An id by which a deal is known in another system."""

    pk = models.CompositePrimaryKey("system", "value")
    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="keys")
    system = models.TextField()
    value = models.TextField()

    class Meta:
        db_table = "opportunity_key"


class OpportunityPerson(models.Model):
    """Somebody who takes part in a deal, and as what; one of them is the one to talk to."""

    pk = models.CompositePrimaryKey("opportunity_id", "contact_id")
    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="people", db_index=False)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="deals")
    role = models.TextField(default="", blank=True)
    primary = models.BooleanField(default=False)

    class Meta:
        db_table = "opportunity_person"
        constraints: ClassVar = [
            models.UniqueConstraint("opportunity", condition=Q(primary=True), name="opportunity_one_primary")
        ]


class OpportunityMove(models.Model):
    """One passage of a deal from stage to stage; facts tell it too, this is what pages and durations are read from."""

    id = models.UUIDField(primary_key=True, default=new_id)
    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="moves", db_index=False)
    at = models.DateTimeField()
    from_stage = models.TextField(null=True)  # none: it came in like this
    to_stage = models.TextField()
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, null=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    import_number = models.BigIntegerField(null=True)

    class Meta:
        db_table = "opportunity_move"
        indexes: ClassVar = [models.Index("opportunity", "at", name="opportunity_move_at")]


class OpportunitySnapshot(models.Model):
    """Where an open deal stood on one day of the workspace. Never changed afterwards."""

    pk = models.CompositePrimaryKey("day", "opportunity_id")
    day = models.DateField()
    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="snapshots")
    stage = models.TextField()
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, null=True)
    owner_id = models.UUIDField(null=True)
    owner_name = models.TextField(null=True)
    expected_close = models.DateField(null=True)
    filled = models.BooleanField(default=False)  # made later than on its day, from what was known then

    class Meta:
        db_table = "opportunity_snapshot"


class PipelineStage(models.Model):
    """A stage as rows are joined with it: those of the pipeline in force, and those that files propose.

    Kept in step with the definition whenever a version comes into force. A stage that deals stand in never goes: it
    becomes a proposed one, and people decide.
    """

    name = models.TextField(primary_key=True)
    label = models.TextField()
    place = models.IntegerField(default=0)  # 1 is the first; 0 where it is only proposed
    probability = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    outcome = models.TextField(choices=Opportunity.State.choices, default=Opportunity.State.OPEN)
    proposed = models.BooleanField(default=True)
    import_number = models.BigIntegerField(null=True)  # which file proposed it
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "pipeline_stage"

    def __str__(self) -> str:
        return self.label
