"""Backups over REST: list them, begin one, begin a test."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router

from marops.domains.accounts.public import actor_of
from marops.engine import backups as made
from marops.engine.permissions import BACK_UP
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Strict
from marops.site.rest import JobOut, job_document

router = Router(tags=["backups"])


class BackupOut(Strict):
    """A backup in the folder of backups. `tested`: "same" once it was restored elsewhere and compared."""

    name: str
    bytes: int
    made_at: datetime
    sha256: str
    version: str
    contacts: int
    rows: int
    tested_at: datetime | None
    tested: str
    broken: str


@router.get("/backups", response=Page[BackupOut], url_name="backups")
def backups(request: HttpRequest) -> Any:
    """The backups in the folder, the newest first; there are as many as the setting keeps."""
    require(actor_of(request), BACK_UP)
    return {"items": [one.as_json() for one in made.kept_backups()], "next": None}


@router.post("/backups", response={202: JobOut}, url_name="backup-make")
def backup_make(request: HttpRequest) -> Any:
    """Begin a backup; the job answers when it is made."""
    return 202, job_document(actor_of(request), made.start_backup(actor=actor_of(request)))


@router.post("/backups/{name}/test", response={202: JobOut}, url_name="backup-test")
def backup_test(request: HttpRequest, name: str) -> Any:
    """Begin to restore a backup elsewhere and to compare it; the copy is removed again."""
    return 202, job_document(actor_of(request), made.start_test(name, actor=actor_of(request)))
