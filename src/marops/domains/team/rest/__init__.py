"""The team over REST. Each module adds its addresses to `router`."""

from marops.domains.team.rest import blueprint, career, catalogue, coverage, hours, people, pictures, work
from marops.domains.team.rest.base import router

__all__ = ["blueprint", "career", "catalogue", "coverage", "hours", "people", "pictures", "router", "work"]
