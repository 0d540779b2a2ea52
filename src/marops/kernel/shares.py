"""Frozen copies of pages for named outsiders: expiring, revocable, never with personal data of leads."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.comments import LONGEST, object_of
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.ids import as_uuid
from marops.kernel.models import Comment, ShareLink
from marops.kernel.notices import tell
from marops.kernel.permissions import grants, right
from marops.kernel.shell import objects

SHARE = right("shares.make", "Share a frozen copy with an outsider")
LONGEST_LIFE = 90
MOST_COMMENTS = 20

NOT_SHAREABLE = problem(
    "not-shareable",
    "This cannot be shared outside",
    status=409,
    remedy="Nothing with personal data of leads or with pay leaves the workspace; share a report instead.",
)
OUTSIDER = Actor("system", "share-link")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def shareable(object_type: str) -> bool:
    """May objects of this kind be shared at all?"""
    return object_type in objects and not objects[object_type].personal and objects[object_type].frozen is not None


@action("share.make", effect="share", right=SHARE, reversible=True)
def make_share(
    act: Act, *, actor: Actor, object_type: str, object_id: str, recipient: str, days: int
) -> tuple[ShareLink, str]:
    """Freeze an object for one named outsider and answer the link with its secret, which is kept only as a hash.

    Raises MaropsError `not-shareable` for kinds with personal data, `invalid` for a life outside 1 to 90 days.
    """
    found = object_of(actor, object_type, object_id)
    draw = objects[object_type].frozen
    if draw is None or not shareable(object_type):
        raise MaropsError(NOT_SHAREABLE)
    if not 1 <= days <= LONGEST_LIFE:
        raise MaropsError(INVALID, errors=[FieldError("days", "A link lives from 1 to 90 days.", field="days")])
    secret = secrets.token_urlsafe(32)
    row = ShareLink.objects.create(
        token_sha256=_sha256(secret),
        recipient=recipient,
        title=found.title,
        object_type=object_type,
        object_id=object_id,
        html=draw(actor, object_id),
        created_by=actor.id,
        created_at=act.at,
        expires_at=act.at + timedelta(days=days),
    )
    act.changed(object_type, object_id, after={"shared": str(row.id), "until": row.expires_at})
    return row, secret


@action("share.revoke", effect="share", right=SHARE)
def revoke_share(act: Act, *, actor: Actor, share_id: UUID) -> ShareLink:
    """Close a link at once. One's own, or anybody's for those who may everything."""
    row = ShareLink.objects.select_for_update().filter(id=share_id).first()
    if row is None or not (row.created_by == actor.id or grants(actor).everything):
        raise MaropsError(NOT_FOUND)
    if row.revoked_at is None:
        row.revoked_at = act.at
        row.save(update_fields=["revoked_at"])
        act.changed(row.object_type, row.object_id, after={"share_revoked": str(row.id)})
    return row


def own_shares(actor: Actor) -> list[ShareLink]:
    """The links a person made; all of them for those who may everything."""
    rows = ShareLink.objects.defer("html").order_by("-created_at")
    return list(rows if grants(actor).everything else rows.filter(created_by=actor.id))


def opened(secret: str, at: datetime) -> ShareLink:
    """The frozen copy behind a link. Raises MaropsError `not-found` for links that are unknown, closed or run out."""
    row = ShareLink.objects.filter(token_sha256=_sha256(secret), revoked_at__isnull=True, expires_at__gt=at).first()
    if row is None:
        raise MaropsError(NOT_FOUND, "This link does not open anything any more. Ask whoever sent it for a new one.")
    return row


@action("share.open", effect="note")
def note_opening(act: Act, *, actor: Actor, share_id: UUID) -> None:
    """Count that the outsider looked."""
    ShareLink.objects.filter(id=share_id).update(opened=F("opened") + 1)


def remarks_on(share: ShareLink) -> list[Comment]:
    """What the outsider wrote on their copy."""
    rows = Comment.objects.filter(object_type="share", object_id=str(share.id), deleted_at__isnull=True)
    return list(rows.order_by("at"))


@action("share.comment", effect="comment")
def comment_on_share(act: Act, *, actor: Actor, secret: str, text: str) -> Comment:
    """An outsider's remark on their copy; the person who shared it gets a notice. At most 20 per link."""
    share = opened(secret, now())
    said = text.strip()
    if not said or len(said) > LONGEST or len(remarks_on(share)) >= MOST_COMMENTS:
        fault = FieldError("length", f"Write from 1 to {LONGEST} letters, at most {MOST_COMMENTS} times.", field="text")
        raise MaropsError(INVALID, errors=[fault])
    row = Comment.objects.create(object_type="share", object_id=str(share.id), author=share.id, text=said, at=act.at)
    if owner := as_uuid(share.created_by):
        tell(owner, f"{share.recipient}: {share.title}", url="/shares")
    act.changed(share.object_type, share.object_id, after={"remark_of_outsider": str(row.id)})
    return row
