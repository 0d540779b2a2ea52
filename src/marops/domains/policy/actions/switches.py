"""Kill switches: stop a use, or everything, at once; and let it go on."""

from marops.domains.policy.models import AiSwitch
from marops.domains.policy.permissions import STOP
from marops.domains.policy.queries.uses import uses
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError


@action("ai.stop", effect="change", right=STOP, reversible=True)
def stop(act: Act, *, actor: Actor, use: str = "", why: str = "") -> AiSwitch:
    """Throw the switch of a use, or with no use named the one that stops everything. Thrown twice is thrown once."""
    if use and use not in uses():
        raise MaropsError(NOT_FOUND, f"There is no use {use} in the register in force.")
    if not why.strip():
        fault = FieldError("required", "Say why.", "A line is enough; it stands in every refusal.", "/why", field="why")
        raise MaropsError(INVALID, errors=[fault])
    row, made = AiSwitch.objects.get_or_create(
        use=use, released_at=None, defaults={"why": why.strip(), "thrown_by": actor.id, "thrown_at": act.at}
    )
    if made:
        act.changed("ai_switch", use or "everything", before={"thrown": False}, after={"thrown": True, "why": row.why})
    return row


@action("ai.go_on", effect="change", right=STOP, reversible=True)
def go_on(act: Act, *, actor: Actor, use: str = "") -> None:
    """Release the switch; what it stopped is asked anew."""
    changed = AiSwitch.objects.filter(use=use, released_at=None).update(released_by=actor.id, released_at=act.at)
    if not changed:
        raise MaropsError(NOT_FOUND, "This switch is not thrown.")
    act.changed("ai_switch", use or "everything", before={"thrown": True}, after={"thrown": False})
