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


class Channel(models.Model):
    """A way to reach people: e-mail, search, events. `slug` is what campaigns and sources name."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "channel"


class Source(models.Model):
    """Where leads come from; `slug` is the code that contacts carry."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="sources")
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "source"


class Campaign(models.Model):
    """Something that is made and run to win people: a webinar, a newsletter, an ad. Facts point to it by its id."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="campaigns")
    kind = models.TextField(default="", blank=True)  # the class of work it is: newsletter, webinar
    starts = models.DateField(null=True)
    ends = models.DateField(null=True)  # the first day on which it no longer runs
    budget = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, null=True)
    owner_id = models.UUIDField(null=True)  # an account
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "campaign"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="campaign_money", condition=models.Q(budget__isnull=True) | models.Q(currency__isnull=False)
            ),
            models.CheckConstraint(
                name="campaign_ends_later",
                condition=models.Q(starts__isnull=True)
                | models.Q(ends__isnull=True)
                | models.Q(ends__gte=models.F("starts")),
            ),
        ]


class Platform(models.Model):
    """Software that is paid for. What it cost and who used it are facts (`platform.billed`, `platform.used`)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    category = models.TextField(default="", blank=True)
    owner_role = models.TextField(default="", blank=True)  # the team role that answers for it
    cost = models.DecimalField(max_digits=18, decimal_places=4, null=True)  # a month
    currency = models.CharField(max_length=3, null=True)
    seats = models.IntegerField(null=True)  # paid for
    contract_ends = models.DateField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "platform"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="platform_money", condition=models.Q(cost__isnull=True) | models.Q(currency__isnull=False)
            )
        ]


class BusinessUnit(models.Model):
    """A part of the company with campaigns and people of its own; `slug` is what accounts name."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField(unique=True)
    name = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "business_unit"


class OtherName(models.Model):
    """Another spelling under which an entry of the register is known: "Web inar" for the channel "webinar"."""

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.TextField()  # channel, source, campaign, platform, unit
    folded = models.TextField()
    target_id = models.UUIDField()

    class Meta:
        db_table = "other_name"
        constraints: ClassVar = [models.UniqueConstraint("kind", "folded", name="other_name_once")]
        indexes: ClassVar = [models.Index("target_id", name="other_name_target")]
