"""Remarks on any object that the port `objects` knows."""

from uuid import UUID

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Comment
from marops.kernel.permissions import grants, right
from marops.kernel.shell import Found, objects

COMMENT = right("comments.write", "Comment")
LONGEST = 5000


def object_of(actor: Actor, object_type: str, object_id: str) -> Found:
    """The object as this actor may see it. Raises MaropsError `not-found` where it is unknown or not theirs to see."""
    found = objects[object_type].find(actor, object_id) if object_type in objects else None
    if found is None:
        raise MaropsError(NOT_FOUND)
    return found


def _open_to_remarks(actor: Actor, object_type: str, object_id: str) -> None:
    object_of(actor, object_type, object_id)
    if not objects[object_type].remarks:
        raise MaropsError(NOT_FOUND, "Nobody comments on people.")


def comments_on(actor: Actor, object_type: str, object_id: str) -> list[Comment]:
    """The remarks on an object, oldest first. Raises MaropsError `not-found` as `object_of` does."""
    _open_to_remarks(actor, object_type, object_id)
    rows = Comment.objects.filter(object_type=object_type, object_id=object_id, deleted_at__isnull=True)
    return list(rows.order_by("at", "id"))


@action("comment.write", effect="comment", right=COMMENT, reversible=True)
def write_comment(act: Act, *, actor: Actor, object_type: str, object_id: str, text: str) -> Comment:
    """Remark on an object that the actor may see. Raises MaropsError `invalid` for an empty or endless text."""
    _open_to_remarks(actor, object_type, object_id)
    author = as_uuid(actor.id)
    if author is None:
        raise MaropsError(NOT_ALLOWED, "Only people comment.")
    said = text.strip()
    if not said or len(said) > LONGEST:
        fault = FieldError("length", f"A comment has from 1 to {LONGEST} letters.", field="text")
        raise MaropsError(INVALID, errors=[fault])
    row = Comment.objects.create(object_type=object_type, object_id=object_id, author=author, text=said, at=act.at)
    # The text may name people, so the trail keeps only that something was said.
    act.changed(object_type, object_id, after={"comment": str(row.id)})
    return row


@action("comment.delete", effect="comment", right=COMMENT, reversible=True)
def delete_comment(act: Act, *, actor: Actor, comment_id: UUID) -> Comment:
    """Take one's own remark back. Raises MaropsError `not-found`, or `not-allowed` for other people's."""
    row = Comment.objects.select_for_update().filter(id=comment_id, deleted_at__isnull=True).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    object_of(actor, row.object_type, row.object_id)
    if str(row.author) != actor.id and not grants(actor).everything:
        raise MaropsError(NOT_ALLOWED, "People take back only what they said themselves.")
    row.deleted_at = act.at
    row.text = ""
    row.save(update_fields=["deleted_at", "text"])
    act.changed(row.object_type, row.object_id, after={"comment_taken_back": str(row.id)})
    return row
