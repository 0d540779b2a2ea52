"""When a stage fails: nobody waits for ever behind one contact that it cannot digest.

A set that fails is cut in halves, each a tick of its own that goes on from where the set stood; the half with the
offender is cut again, until it is alone. Then it is put aside: out of the queue, with a line in the problems inbox that
names it. It is tried again when anything about it changes, and the line goes when it passes.

A stage that refuses in words (a definition that cannot be used), or has put many aside without passing anybody, is
broken as such: cutting would only put everybody aside. Its sets wait as they are and are tried again every minute; once
it works, those whom it had put aside are looked at again.
"""

import contextlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from marops.kernel import crash, ports
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError, problem
from marops.kernel.facts import touch
from marops.kernel.ids import new_id
from marops.kernel.leases import LOST, Lease
from marops.kernel.models import Problem, StageRun, Tick, Touched
from marops.kernel.notices import raise_problem, settle

RETRY = timedelta(seconds=60)
IN_A_ROW = 20
AT_MOST = 1_000

STAGE_FAILED = problem(
    "stage-failed",
    "A stage of the engine fails",
    status=500,
    remedy="The engine tries again every minute. If the line in the problems inbox stays, look at the engine's log.",
)

crash.declare("tick.after_split", "tick.after_aside")


class Failed(Exception):
    """A stage failed as often as it is tried; `error` is what it failed with last."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def cope(tick: Tick, stage: str, says: str, error: Exception) -> int:
    """Do what can be done for the contacts of a tick whose stage failed. Answers how many were put aside.

    Raises MaropsError `stage-failed` when the stage is broken as such, and `lease-lost`.
    """
    if isinstance(error, MaropsError) or _passes_nobody(stage):
        _wait(tick)
        raise _broken(stage, says, error)
    if tick.contacts > 1:
        _split(tick)
        crash.point("tick.after_split")
        return 0
    _put_aside(tick, stage, says, error)
    crash.point("tick.after_aside")
    return 1


def _passes_nobody(stage: str) -> bool:
    put_aside = _aside(stage)
    worked_at = StageRun.objects.filter(stage=stage).values_list("last_at", flat=True).first()
    in_a_row = put_aside.filter(last_at__gt=worked_at) if worked_at else put_aside
    return in_a_row.count() >= IN_A_ROW or put_aside.count() >= AT_MOST


def _split(tick: Tick) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Lease("tick", tick.id, tick.lease_by).lock()
        other = Tick(id=new_id(), as_of=tick.as_of, done=tick.done, lease_until=now(), lease_by="")
        other.contacts = tick.contacts // 2
        cursor.execute(
            "UPDATE touched SET tick = %(other)s WHERE tick = %(tick)s AND contact_id IN (SELECT DISTINCT contact_id"
            " FROM touched WHERE tick = %(tick)s ORDER BY contact_id DESC LIMIT %(half)s)",
            {"tick": tick.id, "other": other.id, "half": other.contacts},
        )
        other.save(force_insert=True)
        Tick.objects.filter(id=tick.id).update(contacts=tick.contacts - other.contacts, lease_until=now(), lease_by="")


def _put_aside(tick: Tick, stage: str, says: str, error: Exception) -> None:
    with transaction.atomic():
        Lease("tick", tick.id, tick.lease_by).lock()
        contact_id = Touched.objects.filter(tick=tick.id).values_list("contact_id", flat=True).first()
        Touched.objects.filter(tick=tick.id).delete()
        Tick.objects.filter(id=tick.id).delete()
        if contact_id:
            _say_aside(contact_id, stage, says, error)


def _say_aside(contact_id: UUID, stage: str, says: str, error: Exception) -> None:
    reference = _reference(contact_id)
    raise_problem(
        f"{_PREFIX}{stage}:{contact_id}",
        f"The stage “{says}” fails for {reference}",
        detail=f"{type(error).__name__}. This lead was put aside as it was; all others went on.",
        remedy="Look at its values. It is tried again as soon as anything about it changes.",
        url=f"/leads/{reference}",
        severity="bad",
    )


_PREFIX = "aside:"


def _aside(stage: str) -> QuerySet[Problem]:
    return Problem.objects.filter(resolved_at__isnull=True, key__startswith=f"{_PREFIX}{stage}:")


def _reference(contact_id: UUID) -> str:
    """What people call the contact: from its own story, if that can be told; else its id."""
    with contextlib.suppress(Exception), transaction.atomic():
        if "contact" in ports.story:
            return str(ports.story["contact"](contact_id, ENGINE)["ref"])
    return str(contact_id)


def _wait(tick: Tick) -> None:
    if not Tick.objects.filter(id=tick.id, lease_by=tick.lease_by).update(lease_until=now() + RETRY, lease_by=""):
        raise MaropsError(LOST)


def _broken(stage: str, says: str, error: Exception) -> MaropsError:
    StageRun.objects.update_or_create(
        stage=stage, defaults={"failed_at": now(), "problem": {"kind": type(error).__name__}}
    )
    # A foreign error's message may carry personal values; one of ours is written for people.
    why = str(error) if isinstance(error, MaropsError) else type(error).__name__
    told = MaropsError(STAGE_FAILED, f"“{says}”: {why}. The leads concerned wait where they are; nothing was lost.")
    raise_problem(
        f"stage:{stage}",
        f"The stage “{says}” fails",
        detail=f"{why}. The leads concerned wait where they are; nothing was lost.",
        remedy=error.remedy if isinstance(error, MaropsError) else told.remedy,
        severity="bad",
    )
    return told


def works(stage: str) -> None:
    """A stage has worked: if it was broken, those whom it had put aside are looked at again."""
    if settle(f"stage:{stage}"):
        ids = [UUID(key.rpartition(":")[2]) for key in _aside(stage).values_list("key", flat=True)]
        touch(ids, now())


def settle_released(tick_id: UUID, at: datetime | None = None) -> None:
    """Contacts that have passed every stage: what was said about their being put aside is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE problem SET resolved_at = %s, resolved_by = 'engine' WHERE resolved_at IS NULL AND key LIKE %s"
            " AND split_part(key, ':', 3) IN (SELECT contact_id::text FROM touched WHERE tick = %s)",
            [at or now(), f"{_PREFIX}%", tick_id],
        )
