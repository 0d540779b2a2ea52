"""People as those who work here, and when they are away."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

STANDARD = "standard"


class Person(models.Model):
    """Somebody of the team. Most have an account and can own leads; an agency's people may have none."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    account_id = models.UUIDField(null=True, unique=True)
    name = models.TextField()
    role = models.TextField(default="", blank=True)  # the short name of a role, as in the access roles
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    zone = models.TextField(default="", blank=True)  # empty: the calendar's, else the workspace's
    calendar = models.TextField(default=STANDARD)  # the short name of a definition of kind `calendar`
    active = models.BooleanField(default=True)
    sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "person"
        constraints: ClassVar = [
            models.CheckConstraint(name="person_not_own_manager", condition=~Q(manager=F("id"))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: P-3."""
        return f"P-{self.number}"


class Absence(models.Model):
    """That somebody is away from one moment to another, the last one not included."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "absence"
        constraints: ClassVar = [models.CheckConstraint(name="absence_ends_later", condition=Q(ends__gt=F("starts")))]
        indexes: ClassVar = [models.Index("person", "ends", name="absence_person")]
