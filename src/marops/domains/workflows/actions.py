"""Writes: new versions of workflows, crews and scenarios, and which of them hold."""

from collections.abc import Mapping
from typing import Any

from marops.domains.workflows.permissions import CHANGE
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.models import Definition


@action("workflow.keep", effect="draft", right=CHANGE, reversible=True)
def keep(
    act: Act, *, actor: Actor, kind: str, slug: str, document: Mapping[str, Any], reason: str = "", hold: bool = True
) -> Definition:
    """A new version of a workflow, crew or scenario; the same document as the newest version answers that one.

    `hold`: it is the one that counts from now on; else it stays a draft beside it.
    Raises MaropsError `invalid` that names every fault by its pointer.
    """
    row = definitions.keep(act, actor, kind, slug, document, reason)
    if hold and row.state != Definition.State.ACTIVE:
        definitions.put_in_force(act, row)
    return row
