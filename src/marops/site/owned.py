"""What the site's own parts say of what a role answers for: its metrics and its desk."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.team.public import Answerable
from marops.kernel.actors import Actor
from marops.kernel.metrics import METRICS
from marops.kernel.permissions import may
from marops.site.desks.roles import ROLES
from marops.site.permissions import SEE_DESKS, SEE_METRICS


def answered_for(role: str, actor: Actor) -> Sequence[Answerable]:
    """The metrics that a role owns, and the desk that is made for it."""
    found = []
    if may(actor, SEE_METRICS):
        owned = [one for one in METRICS.all().values() if one.owner == role]
        found = [Answerable(_("Metrics"), str(one.label), reverse("metric", args=[one.name])) for one in owned]
    if role in ROLES and may(actor, SEE_DESKS):
        found.append(Answerable(_("Desk"), _("The desk of this role"), reverse("desk-of", args=[role])))
    return found
