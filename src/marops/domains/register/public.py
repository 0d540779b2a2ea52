"""What other domains may use of the register."""

from marops.domains.register.actions import (
    BILLED,
    TASK_FINISHED,
    USED,
    change_queue,
    ensure_campaign,
    ensure_channel,
    ensure_platform,
    ensure_queue,
    ensure_source,
    ensure_unit,
    fallback_queue,
    make_queue,
    merge_entries,
)
from marops.domains.register.models import BusinessUnit, Campaign, Channel, OtherName, Platform, Queue, Source
from marops.domains.register.queries import campaigns, find_entry, platforms, queue_names
from marops.domains.register.rules import folded, slug_of

__all__ = [
    "BILLED",
    "TASK_FINISHED",
    "USED",
    "BusinessUnit",
    "Campaign",
    "Channel",
    "OtherName",
    "Platform",
    "Queue",
    "Source",
    "campaigns",
    "change_queue",
    "ensure_campaign",
    "ensure_channel",
    "ensure_platform",
    "ensure_queue",
    "ensure_source",
    "ensure_unit",
    "fallback_queue",
    "find_entry",
    "folded",
    "make_queue",
    "merge_entries",
    "platforms",
    "queue_names",
    "slug_of",
]
