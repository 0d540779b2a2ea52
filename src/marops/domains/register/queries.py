"""Reads of the register."""

from marops.domains.register.models import Queue
from marops.kernel import memo


def queue_names() -> dict[str, str]:
    """Short name → name of every queue."""
    return memo.once("queues", lambda: dict(Queue.objects.order_by("name").values_list("slug", "name")))
