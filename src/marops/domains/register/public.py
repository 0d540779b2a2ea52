"""What other domains may use of the register."""

from marops.domains.register.actions import ensure_queue, fallback_queue
from marops.domains.register.models import Queue
from marops.domains.register.queries import queue_names

__all__ = ["Queue", "ensure_queue", "fallback_queue", "queue_names"]
