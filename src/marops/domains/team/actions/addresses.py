"""The address of somebody without an account becomes their account: proposed by Marops, said by a person."""

from uuid import UUID

from marops.domains.team.actions.records import locked
from marops.domains.team.models import Person
from marops.domains.team.permissions import MANAGE, Policy
from marops.domains.team.queries.addresses import need_linkable, proposals
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, MaropsError


@action("person.link", effect="change", right=MANAGE)
def link_account(act: Act, *, actor: Actor, person_id: UUID) -> Person:
    """Somebody is who has the account with their address: from now on the account's address counts.

    Raises MaropsError `conflict` where no free account has it, `not-allowed` for one's own account.
    """
    person, policy = locked(person_id), Policy.of(actor)
    found = next(iter(proposals(policy, person)), None)
    if found is None:
        raise MaropsError(CONFLICT, "No account without a person has the address that is kept of this person.")
    need_linkable(policy, found)
    person.account_id, person.email = found.account.id, ""
    person.save(update_fields=["account_id", "email"])
    act.changed("person", person.id, before={"account": None}, after={"account": str(found.account.id)})
    return person
