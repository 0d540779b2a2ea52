"""What providers of data were asked and what they answered: a cache that expires, and a ledger of what was spent."""

from typing import ClassVar

from django.db import models

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class ProviderKey(models.Model):
    """The key with which a provider is asked, encrypted; the rest of what is known of it is a definition."""

    provider = models.TextField(primary_key=True)
    secret = models.TextField()
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "enrichment_key"


class Answer(models.Model):
    """One call. While it is under way it counts as spent, so that a crash never spends twice what is allowed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    provider = models.TextField()
    definition = models.TextField()  # pinned
    asked = models.TextField()  # a keyed hash of what was sent
    contact_id = models.UUIDField(db_index=True)  # the first person it was asked for
    outcome = models.TextField(default="asking")  # asking, found, nothing, failed
    said = models.JSONField(default=dict)  # field → value
    why = models.TextField(default="", blank=True)
    cost = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "enrichment_answer"
        indexes: ClassVar = [
            models.Index(fields=["provider", "asked", "-at"], name="enrichment_answer_cache"),
            models.Index(fields=["provider", "-at"], name="enrichment_answer_spent"),
        ]
