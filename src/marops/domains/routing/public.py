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
from marops.domains.routing.actions.tracing import complain
from marops.domains.routing.boards import Promises, away, promises, queues, route_as_json
from marops.domains.routing.models import Assignment, LeadDisposition, LeadSla
from marops.domains.routing.papers import complaint_pdf
from marops.domains.routing.queries import Lead, LeadFilter, LeadPage, lead_page, lead_story, open_leads, visible
from marops.domains.routing.queries.complaints import Asked as Complaint
from marops.domains.routing.queries.complaints import leads_named, seller_named
from marops.domains.routing.queries.followed import told_of
from marops.domains.routing.queries.tracing import Wanted
from marops.domains.routing.rules import Route
from marops.domains.routing.story import disposition as disposition_of
from marops.domains.routing.story import routing
from marops.domains.routing.story import sla as sla_of
from marops.domains.routing.trials import Trial, read_route
from marops.domains.routing.trials import simulate as try_route

__all__ = [
    "Assignment",
    "Complaint",
    "Disposed",
    "Lead",
    "LeadDisposition",
    "LeadFilter",
    "LeadPage",
    "LeadSla",
    "Promises",
    "Route",
    "Trial",
    "Wanted",
    "assign_lead",
    "away",
    "complain",
    "complaint_pdf",
    "dispose_lead",
    "dispose_many",
    "disposition_of",
    "hand_over_leads",
    "lead_page",
    "lead_story",
    "leads_named",
    "open_leads",
    "promises",
    "queues",
    "read_route",
    "route_as_json",
    "routing",
    "seller_named",
    "sla_of",
    "take_next",
    "told_of",
    "touch_lead",
    "try_route",
    "visible",
]
