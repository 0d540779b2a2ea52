"""What other domains may use of routing."""

from marops.domains.routing.actions import assign_lead
from marops.domains.routing.models import Assignment
from marops.domains.routing.rules import Route
from marops.domains.routing.story import routing

__all__ = ["Assignment", "Route", "assign_lead", "routing"]
