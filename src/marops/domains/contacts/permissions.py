"""Who may see people."""

from django.db.models import QuerySet

from marops.domains.contacts.models import Contact
from marops.kernel.actors import Actor
from marops.kernel.permissions import Scope, grants, right

VIEW = right("leads.view", "See leads", scoped=True)
FIX = right("quality.fix", "Put faulty records right in bulk")


def visible(actor: Actor) -> QuerySet[Contact]:
    """The people this actor may see.

    Scopes narrower than all need to know who owns a lead, which only a higher domain knows (`routing.public.visible`):
    down here they see nobody.
    """
    return Contact.objects.all() if grants(actor).scope(VIEW) == Scope.ALL else Contact.objects.none()
