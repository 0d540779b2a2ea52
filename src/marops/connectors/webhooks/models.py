"""Systems that want to be told, and what they were told or are still to be told."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

NUMBERS = "webhook_number"
EVERYTHING = "*"


class Endpoint(models.Model):
    """An address of another system, what it is told of, and how it fares. Its secret is kept encrypted."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    name = models.TextField()
    url = models.TextField()
    kinds = models.JSONField(default=list)
    secret = models.TextField()
    old_secret = models.TextField(
        default="", blank=True
    )  # signs too until `old_until`, so that a change needs no hurry
    old_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    stopped_because = models.TextField(default="", blank=True)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)
    last_success_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    lease_by = models.TextField(default="", blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_endpoint"

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: W-2."""
        return f"W-{self.number}"

    @property
    def state(self) -> str:
        """works, fails, paused or stopped."""
        if not self.active:
            return "stopped" if self.stopped_because else "paused"
        return "fails" if self.failing_since else "works"


class Delivery(models.Model):
    """One fact for one endpoint. A trigger on the inbox of facts makes the row in the fact's own transaction."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True)  # made of fact and endpoint: the same fact is never due twice
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    fact_id = models.UUIDField()
    kind = models.TextField()
    contact_id = models.UUIDField(null=True)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.WAITING, db_default="waiting")
    attempts = models.IntegerField(default=0, db_default=0)
    next_at = models.DateTimeField()
    tries = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_delivery"
        indexes: ClassVar = [
            models.Index(
                "endpoint", "created_at", "fact_id", name="webhook_delivery_waiting", condition=Q(state="waiting")
            ),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_delivery_log"),
            models.Index("contact_id", name="webhook_delivery_contact", condition=Q(contact_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """The `webhook-id`: of the fact, the same at every try and for everybody."""
        return f"msg_{self.fact_id.hex}"
