"""The team over REST. Each module adds its addresses to `router`."""

from marops.domains.team.rest import career, coverage, hours, people, pictures, work
from marops.domains.team.rest.base import router

__all__ = ["career", "coverage", "hours", "people", "pictures", "router", "work"]
