"""An AI that was refused for want of a right, before the policy was asked: it stands in the trail as well."""

from django.db import transaction

from marops.domains.policy.models import AiAct
from marops.domains.policy.queries.uses import uses
from marops.domains.policy.rules.effects import ACTION_OF
from marops.domains.policy.writing import write_act
from marops.kernel.actions import actions
from marops.kernel.actors import Actor
from marops.kernel.clock import now


def note(actor: Actor, wanted: str, why: str) -> None:
    """A row of the trail for what this AI wanted: an act by its name, else the right itself."""
    info, use = actions().get(wanted), uses().get(actor.ai_use or "")
    term = ACTION_OF.get(info.effect, "") if info else ""
    with transaction.atomic():
        write_act({
            "at": now(), "use": actor.ai_use or "", "use_version": use.version if use else None, "actor": actor.id,
            "on_behalf_of": actor.on_behalf_of or "", "action": wanted, "term": term, "verdict": AiAct.Verdict.NO,
            "reasons": [why],
        })  # fmt: skip
