"""What other domains may use of routing."""

from marops.domains.routing.actions import assign_lead
from marops.domains.routing.models import Assignment
from marops.domains.routing.queries import Lead, LeadFilter, LeadPage, lead_page, lead_story, visible
from marops.domains.routing.rules import Route
from marops.domains.routing.story import routing

__all__ = [
    "Assignment",
    "Lead",
    "LeadFilter",
    "LeadPage",
    "Route",
    "assign_lead",
    "lead_page",
    "lead_story",
    "routing",
    "visible",
]
