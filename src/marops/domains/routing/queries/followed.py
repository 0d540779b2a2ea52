"""Complaints that were kept: which there are, and what became of the change that their answer proposed."""

from datetime import datetime
from typing import Any

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.routing.models import Complaint
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries.complaints import QUARTER, Asked, about, leads_seen, trace
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import find
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import Scope, grants, require
from marops.methods.intervals import wilson

SHOWN = 50
FEWEST = 10
"""Of fewer leads that sales judged since the change nothing is said."""


def complaints(actor: Actor) -> list[Complaint]:
    """The newest complaints that somebody may see: all, or those of their own where they see their own leads alone."""
    require(actor, VIEW)
    rows = Complaint.objects.order_by("-number")
    if grants(actor).scope(VIEW) is not Scope.ALL:
        rows = rows.filter(by=actor.id)
    return list(rows[:SHOWN])


def complaint_of(actor: Actor, ref: str) -> Complaint:
    """The complaint of a reference (T-3). Raises MaropsError `not-found`."""
    require(actor, VIEW)
    number = ref.upper().removeprefix("T-")
    row = Complaint.objects.filter(number=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if row is None or (grants(actor).scope(VIEW) is not Scope.ALL and row.by != actor.id):
        raise MaropsError(NOT_FOUND, f"There is no complaint {ref}.")
    return row


def complaint_json(actor: Actor, row: Complaint) -> dict[str, Any]:
    """As pages, REST and commands show it: the answer as it was given, and what became of its change."""
    return {
        "ref": row.ref, "said": row.said, "about": row.about, "at": iso_utc(row.at), "by": row.by,
        "by_name": names([row.by]).get(row.by, _("a program")), "sha256": row.sha256, "answer": row.answer,
        "cause": row.cause, "draft": row.draft, "followed": followed(actor, row),
    }  # fmt: skip


def told_of(actor: Actor, asked: Asked | Complaint) -> dict[str, Any]:
    """A complaint as commands and papers tell it: one that was kept, or the answer alone of one that is only asked."""
    if isinstance(asked, Complaint):
        return complaint_json(actor, asked)
    return {"answer": trace(actor, asked), "about": about(asked)}


def followed(actor: Actor, row: Complaint) -> dict[str, Any] | None:
    """What became of the change: its state, and, once in force, how sales judged leads since and in the quarter before.

    None where nobody drafted it.
    """
    if not row.draft:
        return None
    version = find(row.draft)
    told = {"draft": row.draft, "state": version.state, "state_says": version.get_state_display()}
    began = version.valid_from if version.state in (Definition.State.ACTIVE, Definition.State.RETIRED) else None
    if began is None:
        return told | {"since": None, "says": _("Not in force yet: nothing has changed.")}
    ends = version.retired_at or now()
    before, after = (_judged(actor, a, b, row.cause) for a, b in ((began - QUARTER, began), (began, ends)))
    return told | {"since": iso_utc(began), "before": before, "after": after, "says": _said(began, before, after)}


def _judged(actor: Actor, since: datetime, until: datetime, cause: str) -> dict[str, Any]:
    found = leads_seen(actor, since, until)
    leads, rejected = int(found.table.num_rows), int(found.complaint.sum())
    low, high = wilson(rejected / leads, leads) if leads else (0.0, 1.0)
    holds = found.causes.get(cause, np.zeros_like(found.complaint))
    return {
        "leads": leads, "rejected": rejected, "share": round(rejected / leads, 4) if leads else None,
        "low": round(low, 4), "high": round(high, 4), "of_cause": int(holds.sum()),
    }  # fmt: skip


def _said(began: datetime, before: dict[str, Any], after: dict[str, Any]) -> str:
    day = {"day": date_format(began, "j F Y")}
    if after["leads"] < FEWEST or not before["leads"]:
        return _("In force since %(day)s: sales has judged too few leads since to tell.") % day
    words = {key: f"{one['share']:.0%} ({one['low']:.0%} to {one['high']:.0%})" for key, one in
             (("after", after), ("before", before))}  # fmt: skip
    said = _("In force since %(day)s: sales rejects %(after)s of its leads; in the quarter before it was %(before)s.")
    if after["high"] < before["low"]:
        verdict = _("That is surely better.")
    elif after["low"] > before["high"]:
        verdict = _("That is surely worse.")
    else:
        verdict = _("That may be chance: it takes more leads to tell.")
    return f"{said % {**day, **words}} {verdict}"
