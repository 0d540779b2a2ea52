"""What other domains may use of routing."""

from marops.domains.routing.actions import (
    Disposed,
    assign_lead,
    dispose_lead,
    dispose_many,
    hand_over_leads,
    take_next,
    touch_lead,
)
from marops.domains.routing.models import Assignment, LeadDisposition, LeadSla
from marops.domains.routing.queries import Lead, LeadFilter, LeadPage, lead_page, lead_story, visible
from marops.domains.routing.rules import Route
from marops.domains.routing.story import routing

__all__ = [
    "Assignment",
    "Disposed",
    "Lead",
    "LeadDisposition",
    "LeadFilter",
    "LeadPage",
    "LeadSla",
    "Route",
    "assign_lead",
    "dispose_lead",
    "dispose_many",
    "hand_over_leads",
    "lead_page",
    "lead_story",
    "routing",
    "take_next",
    "touch_lead",
    "visible",
]
