"""That evidence was gathered is noted itself: the digest of its manifest, and how many acts there were by then."""

from marops.domains.policy.permissions import TRAIL
from marops.domains.policy.rules.evidence import GATHERED
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor


@action("ai.gather", effect="share", right=TRAIL)
def note_gathered(act: Act, *, actor: Actor, sha256: str, acts: int, of_use: int) -> None:
    """Bind a bundle to the audit's chain by its manifest."""
    act.changed(GATHERED, sha256)
    act.count(acts=acts, of_use=of_use)
