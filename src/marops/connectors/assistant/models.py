"""Which AI helps here. There is one at most; its key is kept encrypted."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class Provider(models.Model):
    """A server that speaks `/v1/chat/completions`: where it stands, which model is asked, what that costs."""

    id = models.UUIDField(primary_key=True, default=new_id)
    only = models.BooleanField(default=True, unique=True)
    url = models.TextField()
    model = models.TextField()
    vendor = models.TextField()
    key = models.TextField(default="", blank=True)
    inside = models.BooleanField(default=False)  # a model of our own: it stands in the house's own network
    inside_why = models.TextField(default="", blank=True)  # or, on the open internet, why it is ours all the same
    price_in = models.DecimalField(max_digits=18, decimal_places=4, default=Decimal(0))  # for a million tokens read
    price_out = models.DecimalField(max_digits=18, decimal_places=4, default=Decimal(0))  # for a million written
    seconds = models.IntegerField(default=60)
    on = models.BooleanField(default=False)
    changed_by = models.TextField()
    changed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "ai_provider"
        constraints = [models.CheckConstraint(condition=Q(only=True), name="ai_provider_one")]  # noqa: RUF012

    def __str__(self) -> str:
        return f"{self.vendor}: {self.model}"
