"""Names and owners that facts and routes point to."""

from typing import ClassVar

from django.db import models

from marops.kernel.clock import now
from marops.kernel.ids import new_id


class Queue(models.Model):
    """A place where leads wait for somebody: a team's pool, or the fallback for what nobody claims."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    purpose = models.TextField(default="", blank=True)
    owner_id = models.UUIDField(null=True)  # an account; nobody: the administrators
    fallback = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "queue"
        constraints: ClassVar = [
            models.UniqueConstraint("fallback", condition=models.Q(fallback=True), name="queue_one_fallback")
        ]
