"""Writes of the register."""

from marops.domains.register.models import Queue
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor

FALLBACK = "unassigned-leads"


def fallback_queue() -> Queue:
    """The queue for leads that no rule claims, made when it is first needed; called inside an action."""
    queue, _ = Queue.objects.get_or_create(
        fallback=True,
        defaults={
            "slug": FALLBACK,
            "name": "Unassigned leads",
            "purpose": "Leads that no rule claims wait here for an administrator.",
        },
    )
    return queue


@action("queue.ensure", effect="create", right="routing.change")
def ensure_queue(act: Act, *, actor: Actor, slug: str, name: str, purpose: str = "") -> Queue:
    """The queue of this short name, made if it did not exist."""
    queue, made = Queue.objects.get_or_create(slug=slug, defaults={"name": name, "purpose": purpose})
    if made:
        act.changed("queue", slug, after={"name": name, "purpose": purpose})
    return queue
