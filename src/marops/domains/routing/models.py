"""Who has which lead now; how it came about stands in the facts and in `because`."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


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
