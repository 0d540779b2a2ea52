"""Reads of the register."""

from marops.domains.register.models import Queue


def queue_names() -> dict[str, str]:
    """Short name → name of every queue."""
    return dict(Queue.objects.order_by("name").values_list("slug", "name"))
