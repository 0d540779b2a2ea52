"""Writes of the catalogue: a new version of a role or of the skills."""

from collections.abc import Mapping, Sequence
from typing import Any

from marops.domains.team.catalogue import ROLE, SKILLS
from marops.domains.team.queries.catalogue import role_enters, skills_enter
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import require


@action("role.keep", effect="draft", right=definitions.CHANGE, reversible=True)
def keep_role(
    act: Act, *, actor: Actor, slug: str, document: Mapping[str, Any], reason: str = "", hold: bool = False
) -> Definition:
    """A new version of a role as a draft; `hold`: in force at once, by those who may.

    Raises MaropsError `invalid` that names every fault, those of joining the rest of the catalogue among them.
    """
    row = definitions.keep(act, actor, ROLE, slug, document, reason)
    return _held(act, actor, row, role_enters(slug, definitions.load(row)), hold=hold)


@action("skills.keep", effect="draft", right=definitions.CHANGE, reversible=True)
def keep_skills(
    act: Act, *, actor: Actor, document: Mapping[str, Any], reason: str = "", hold: bool = False
) -> Definition:
    """A new version of the list of skills, as `keep_role` keeps a role."""
    row = definitions.keep(act, actor, SKILLS, "main", document, reason)
    return _held(act, actor, row, skills_enter("main", definitions.load(row)), hold=hold)


def _held(act: Act, actor: Actor, row: Definition, faults: Sequence[FieldError], *, hold: bool) -> Definition:
    if faults:
        raise MaropsError(INVALID, errors=faults)
    if hold and row.state != Definition.State.ACTIVE:
        require(actor, definitions.ACTIVATE)
        definitions.put_in_force(act, row)
    return row
