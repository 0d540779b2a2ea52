"""Files that come in and go out: bytes in the workspace folder under an id, an owner, and a limit of 30 days."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction

from marops.kernel import persons
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import File
from marops.kernel.permissions import Scope, grants, right
from marops.kernel.persons import PersonTable
from marops.store.searching import holds

VIEW = right("files.view", "Download files", scoped=True)
LIVES = timedelta(days=30)


def folder() -> Path:
    """Where the bytes lie; only the installation's own user may look inside."""
    path = config().home / "files"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(file: File) -> Path:
    """The place of this file's bytes."""
    return folder() / f"{file.id.hex[-2:]}" / str(file.id)


def keep(
    chunks: Iterable[bytes],
    *,
    name: str,
    actor: Actor,
    media_type: str = "application/octet-stream",
    about: tuple[str, str] = ("", ""),
    personal: bool = True,
    lives: timedelta | None = LIVES,
) -> File:
    """Write bytes into the workspace and their row into the table. `about` is the (type, id) of the object it
    belongs to. The row is written last, so a crash leaves a nameless file that `sweep` takes away.
    """
    at = now()
    row = File(
        id=new_id(), name=Path(name).name or "file", media_type=media_type, owner=actor.id, personal=personal,
        object_type=about[0], object_id=about[1], created_at=at, expires_at=at + lives if lives else None,
    )  # fmt: skip
    target = path_of(row)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for chunk in chunks:
            out.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    row.size, row.sha256 = size, digest.hexdigest()
    row.save(force_insert=True)
    return row


def of_persons() -> PersonTable:
    """How files about contacts are merged and erased; what other files hold of a person is found by `holding`."""
    about = persons.ledger("file", key="object_id", text_where="object_type = 'contact'")

    def erase(contact_ids: Sequence[UUID]) -> int:
        ids = [str(one) for one in contact_ids]
        return remove(File.objects.filter(object_type="contact", object_id__in=ids).values_list("id", flat=True))

    return PersonTable(about.merge, about.unmerge, erase, about.export)


def holding(values: Sequence[str]) -> list[UUID]:
    """The files that hold one of these values, in their bytes or in their name. Reads all that may be personal."""
    if not values:
        return []
    low = [value.lower() for value in values]
    return [
        row.id
        for row in File.objects.filter(personal=True).iterator()  # each file's bytes are read anyway
        if any(value in row.name.lower() for value in low) or holds(path_of(row), values)
    ]


def remove(file_ids: Iterable[UUID]) -> int:
    """Delete files inside the running transaction; their bytes go when it is committed. Answers how many."""
    rows = list(File.objects.filter(id__in=list(file_ids)))
    File.objects.filter(id__in=[row.id for row in rows]).delete()

    def unlink() -> None:
        for row in rows:
            path_of(row).unlink(missing_ok=True)

    # A crash before this leaves bytes without a row, which `sweep` takes away.
    transaction.on_commit(unlink)
    return len(rows)


def file_for(actor: Actor, file_id: UUID) -> File:
    """The file, if it has not run out and the actor may have it: their own, their line's, or all.

    Raises MaropsError `not-found`, so that nobody learns of files that are not theirs.
    """
    row = File.objects.filter(id=file_id).first()
    held = grants(actor)
    scope = held.scope(VIEW)
    owners = {str(one) for one in held.team_ids} if scope == Scope.TEAM else {actor.id}
    gone = row is None or (row.expires_at is not None and row.expires_at <= now()) or not path_of(row).exists()
    if gone or row is None or scope is None or (scope < Scope.UNIT and row.owner not in owners):
        raise MaropsError(NOT_FOUND, "There is no such file; files are kept for 30 days.")
    return row


def sweep(as_of: datetime) -> int:
    """Delete what has run out, rows and bytes, and bytes that no row names. Answers how many files went."""
    gone = 0
    for row in File.objects.filter(expires_at__lte=as_of):
        path_of(row).unlink(missing_ok=True)
        row.delete()
        gone += 1
    yesterday = (as_of - timedelta(days=1)).timestamp()
    old = [path for path in folder().glob("*/*") if path.stat().st_mtime < yesterday]
    known = {str(one) for one in File.objects.filter(id__in=[path.name for path in old]).values_list("id", flat=True)}
    for path in old:
        if path.name not in known:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
