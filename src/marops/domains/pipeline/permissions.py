"""Who may see, change and bring in opportunities, and which ones."""

from django.db.models import QuerySet

from marops.domains.accounts.public import scope_rule
from marops.domains.pipeline.models import Opportunity
from marops.kernel.actors import Actor
from marops.kernel.permissions import grants, require, right

VIEW = right("opportunities.view", "See opportunities", scoped=True)
CHANGE = right("opportunities.change", "Change opportunities", scoped=True)
IMPORT = right("opportunities.import", "Bring opportunities in from files")


def visible(actor: Actor, needed: str = VIEW) -> QuerySet[Opportunity]:
    """The deals that this right of the actor reaches: all, or those of certain owners.

    Raises MaropsError `not-allowed` without the right.
    """
    rule = scope_rule(require(actor, needed), grants(actor))
    if rule.get("everyone"):
        return Opportunity.objects.all()
    return Opportunity.objects.filter(owner_id__in=rule.get("in", ()))
