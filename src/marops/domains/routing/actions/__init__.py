"""Writes of routing: who has which lead, what sales says of it, and what becomes of promises."""

from marops.domains.routing.actions.owners import (
    ROUTED,
    assign_lead,
    hand_over_leads,
    mind_fallback,
    route_leads,
    take_next,
)
from marops.domains.routing.actions.promises import keep_deadlines
from marops.domains.routing.actions.sales import Disposed, dispose_lead, dispose_many, touch_lead, write_dispositions

__all__ = [
    "ROUTED",
    "Disposed",
    "assign_lead",
    "dispose_lead",
    "dispose_many",
    "hand_over_leads",
    "keep_deadlines",
    "mind_fallback",
    "route_leads",
    "take_next",
    "touch_lead",
    "write_dispositions",
]
