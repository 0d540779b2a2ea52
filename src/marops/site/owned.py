"""What the site's own parts say of what a role answers for: its metrics and its desk."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.accounts.public import Account
from marops.domains.team.public import Answerable
from marops.kernel.actors import Actor
from marops.kernel.ids import as_uuid
from marops.kernel.metrics import METRICS
from marops.kernel.permissions import may
from marops.site.desks import own_seat
from marops.site.desks.roles import ROLES
from marops.site.permissions import SEE_DESKS, SEE_METRICS


def answered_for(role: str, actor: Actor) -> Sequence[Answerable]:
    """The metrics that a role owns, and the desk that is made for it."""
    found = []
    if may(actor, SEE_METRICS):
        owned = [one for one in METRICS.all().values() if one.owner == role]
        found = [Answerable(_("Metrics"), str(one.label), reverse("metric", args=[one.name])) for one in owned]
    if role in ROLES:
        found.append(_desk(role, actor))
    return found


def _desk(role: str, actor: Actor) -> Answerable:
    """The desk, linked for those who may open it: of every role, or because it is their own."""
    if may(actor, SEE_DESKS):
        return Answerable(_("Desk"), _("The desk of this role"), reverse("desk-of", args=[role]))
    mine = as_uuid(actor.id) if actor.kind == "human" else None
    me = Account.objects.filter(id=mine).first() if mine else None
    if me and own_seat(me, actor).role == role:
        return Answerable(_("Desk"), _("Your desk"), reverse("desk"))
    return Answerable(_("Desk"), _("The desk of this role"), "")
