"""What the trail keeps of acts on the installation as a whole."""

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor


@action("workspace.restore", effect="set_up")
def note_restore(act: Act, *, actor: Actor, made_at: str, erased: int) -> None:
    """Keep that this workspace came out of a backup, of when, and how many people were erased from it again."""
    act.changed("workspace", True, after={"restored_from": made_at, "erased_again": erased})
