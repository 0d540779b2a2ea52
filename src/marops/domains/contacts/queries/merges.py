"""Which records became one person."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from marops.domains.contacts.models import CompanyMerge, Merge
from marops.domains.contacts.permissions import MERGE, visible
from marops.domains.contacts.queries.people import find_company, find_contact
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import require


def merge_of(actor: Actor, ref: str) -> Merge:
    """The merge that is in force by which this record went, or the one with this id, else the newest into this record.

    Raises MaropsError `not-found`.
    """
    require(actor, MERGE)
    number = ref.strip().upper().removeprefix("L-")
    in_force = Merge.objects.filter(undone_at=None)
    found = in_force.filter(loser_number=int(number)).first() if number.isdecimal() and len(number) < 19 else None
    wanted = as_uuid(ref)
    if found is None and wanted:
        found = Merge.objects.filter(id=wanted).first() or in_force.filter(loser_id=wanted).first()
    if found is None:
        found = in_force.filter(winner_id=find_contact(ref, actor=actor).id).order_by("-at").first()
    if found is None or not _seen(actor, [found]):
        raise MaropsError(NOT_FOUND, _("Nothing became part of %(ref)s.") % {"ref": ref})
    return found


def merges(actor: Actor, limit: int = 50) -> list[Merge]:
    """The newest merges of records that this actor may see, those that were taken back too."""
    require(actor, MERGE)
    return _seen(actor, list(Merge.objects.order_by("-at", "-id")[: 4 * limit]))[:limit]


def _seen(actor: Actor, found: Sequence[Merge]) -> list[Merge]:
    ids = {one.winner_id for one in found} | {one.loser_id for one in found}
    known = set(visible(actor, MERGE).filter(id__in=ids).values_list("id", flat=True))
    return [one for one in found if one.winner_id in known or one.loser_id in known]


def company_merge_of(actor: Actor, ref: str) -> CompanyMerge:
    """The merge in force by which this company went, or the one with this id, else the newest into this company.

    Raises MaropsError `not-found`.
    """
    require(actor, MERGE)
    number, wanted = ref.strip().upper().removeprefix("O-"), as_uuid(ref)
    in_force = CompanyMerge.objects.filter(undone_at=None)
    found = in_force.filter(loser_number=int(number)).first() if number.isdecimal() and len(number) < 19 else None
    if found is None and wanted:
        found = CompanyMerge.objects.filter(id=wanted).first() or in_force.filter(loser_id=wanted).first()
    if found is None:
        found = in_force.filter(winner_id=find_company(ref).id).order_by("-at").first()
    if found is None:
        raise MaropsError(NOT_FOUND, _("Nothing became part of %(ref)s.") % {"ref": ref})
    return found


def company_merges(actor: Actor, limit: int = 50) -> list[CompanyMerge]:
    """The newest merges of companies, those that were taken back too."""
    require(actor, MERGE)
    return list(CompanyMerge.objects.order_by("-at", "-id")[:limit])


def merge_json(one: Merge | CompanyMerge) -> dict[str, Any]:
    """One merge: who stayed, who went, which fields were taken over, by whom and when. No values of either."""
    letter = "L" if isinstance(one, Merge) else "O"
    return {
        "id": str(one.id), "kept": f"{letter}-{one.winner_number}", "gone": f"{letter}-{one.loser_number}",
        "kept_id": str(one.winner_id), "gone_id": str(one.loser_id), "took": sorted(one.taken), "why": one.why,
        "by": one.actor_id, "at": iso_utc(one.at), "undone_at": iso_utc(one.undone_at) if one.undone_at else None,
    }  # fmt: skip
