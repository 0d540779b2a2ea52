"""What other domains may use of the register."""

from marops.domains.register.actions import (
    BILLED,
    TASK_FINISHED,
    USED,
    ensure_campaign,
    ensure_channel,
    ensure_platform,
    ensure_queue,
    ensure_source,
    ensure_unit,
    fallback_queue,
    merge_entries,
)
from marops.domains.register.models import BusinessUnit, Campaign, Channel, OtherName, Platform, Queue, Source
from marops.domains.register.queries import campaigns, find_entry, platforms, queue_names
from marops.domains.register.rules import folded

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
    "ensure_campaign",
    "ensure_channel",
    "ensure_platform",
    "ensure_queue",
    "ensure_source",
    "ensure_unit",
    "fallback_queue",
    "find_entry",
    "folded",
    "merge_entries",
    "platforms",
    "queue_names",
]
