"""Writes of blueprints: the assumptions that plans rest on."""

from collections.abc import Mapping
from typing import Any

from marops.domains.team.catalogue import ASSUMPTIONS
from marops.domains.team.permissions import PLAN
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.models import Definition


@action("assumptions.keep", effect="draft", right=PLAN, reversible=True)
def keep_assumptions(act: Act, *, actor: Actor, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of what plans assume, which counts from now on. Raises MaropsError `invalid`."""
    row = definitions.keep(act, actor, ASSUMPTIONS, "team", document, reason)
    if row.state != Definition.State.ACTIVE:
        definitions.put_in_force(act, row)
    return row
