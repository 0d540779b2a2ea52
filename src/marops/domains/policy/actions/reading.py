"""An AI agent reads: the gate is asked, and the trail keeps what was handed over."""

from collections.abc import Mapping
from typing import Any

from marops.domains.policy.queries.uses import uses
from marops.kernel import gates
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor

_ACTION = "ai.read"


@action(_ACTION, effect="read")
def hand_over(
    act: Act, *, actor: Actor, subject: str, data: str = "internal", content: str = "", records: int = 1,
    sha256: str = "",
) -> None:  # fmt: skip
    """Let an AI have what was read for it: what of, which kind of data, how many records, and the digest of it all.

    Raises MaropsError `gate-refused` where the policy does not let it read this; then nothing is to be handed over.
    """


def ask_to_read(actor: Actor, **about: Any) -> None:
    """Ask before anything is looked up, so that nothing is worked out for who may not read it."""
    gates.ask_all(gates.Question(_ACTION, "read", actor, {"actor": actor, **about}))


def _about(given: Mapping[str, Any]) -> gates.About:
    use = uses().get(given["actor"].ai_use or "")
    # What is read reaches the agent alone; a use that names colleagues is asked about them, another about all it names.
    colleagues = use is not None and "colleagues" in use.document.audience
    return gates.About(
        subject=given.get("subject", ""), content=given.get("content", ""), data=given.get("data", "internal"),
        audience="colleagues" if colleagues else "", records=given.get("records", 1), sha256=given.get("sha256", ""),
    )  # fmt: skip


gates.describe(_ACTION, _about)
