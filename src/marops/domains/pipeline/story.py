"""What a lead's story and a company's page say about deals, and what facts about deals say on a timeline."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names
from marops.domains.pipeline.models import Opportunity, OpportunityPerson
from marops.domains.pipeline.permissions import VIEW, visible
from marops.domains.pipeline.queries import (
    open_first,
    owner_of,
    stage_labels,
    sums,
    with_people,
)
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.ids import as_uuid
from marops.kernel.money import in_words, short
from marops.kernel.permissions import may
from marops.kernel.shell import Section, SectionRow

SHOWN, AT_COMPANY = 20, 10
_KINDS = {"open": "info", "won": "good", "lost": "bad"}


def pipeline(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The deals that a person takes part in, as far as the actor may see them."""
    if not may(actor, VIEW):
        return {"deals": [], "why": _("You may not see opportunities.")}
    found = list(open_first(with_people(visible(actor), contact_id))[:SHOWN])
    roles = dict(OpportunityPerson.objects.filter(contact_id=contact_id).values_list("opportunity_id", "role"))
    lines = [line | {"role": roles.get(UUID(line["id"]), "")} for line in _lines(found)]
    waiting = [one for one in found if one.state == Opportunity.State.OPEN]
    if not found:
        return {"deals": [], "why": _("Takes part in no opportunity.")}
    number = len(found)
    said = ngettext("Takes part in one opportunity", "Takes part in %(n)d opportunities", number) % {"n": number}
    still = ngettext("one of them is open", "%(n)d of them are open", len(waiting)) % {"n": len(waiting)}
    return {"deals": lines, "why": f"{said}; {still}." if waiting else f"{said}."}


def _lines(found: list[Opportunity]) -> list[dict[str, Any]]:
    labels = stage_labels()
    people = names([one.owner_id for one in found if one.owner_id])
    return [
        {
            "id": str(one.id),
            "ref": one.ref,
            "name": one.name,
            "url": reverse("pipeline:opportunity", args=[one.ref]),
            "stage": one.stage,
            "stage_label": labels.get(one.stage, one.stage),
            "state": one.state,
            "kind": _KINDS[one.state],
            "amount": in_words(one.amount, one.currency),
            "owner": owner_of(one, people),
            "since": iso_utc(one.stage_since),
        }
        for one in found
    ]


def company(company_id: UUID, actor: Actor) -> Section | None:
    """The part of a company's page about its deals; None for those who may not see any, and where there is none."""
    if not may(actor, VIEW):
        return None
    found = visible(actor).filter(company_id=company_id)
    totals = sums(found)
    number = sum(one.count for one in totals.values())
    if not number:
        return None
    waiting, won = totals["open"], totals["won"]
    parts = [
        _("%(n)s open") % {"n": f"{waiting.count:,}"} + (f" ({waiting.text})" if waiting.amounts else ""),
        _("%(n)s won") % {"n": f"{won.count:,}"} + (f" ({won.text})" if won.amounts else ""),
        _("%(n)s lost") % {"n": f"{totals['lost'].count:,}"},
    ]
    more = _(" The first %(n)d of them:") % {"n": AT_COMPANY} if number > AT_COMPANY else ""
    lines = _lines(list(open_first(found)[:AT_COMPANY]))
    return Section(
        heading=_("Opportunities"),
        says=f"{', '.join(parts)}.{more}",
        columns=(_("Name"), _("Stage"), _("Amount"), _("Owner")),
        rows=[
            SectionRow((one["name"], one["stage_label"], one["amount"] or "–", one["owner"] or "–"), one["url"])
            for one in lines
        ],
        numbers=frozenset({2}),
    )


# --- timelines -----------------------------------------------------------------------------------------------------


def _deal(fact: Mapping[str, Any]) -> str:
    key = as_uuid(str(fact.get("subject_id") or ""))
    found = Opportunity.objects.filter(id=key).only("number", "name").first() if key else None
    return f"{found.name} ({found.ref})" if found else _("an opportunity")


def _worth(said: Mapping[str, Any]) -> str:
    from decimal import Decimal

    amount = said.get("amount")
    return f", {short(Decimal(str(amount)), said.get('currency') or '')}" if amount else ""


def says_created(fact: Mapping[str, Any]) -> str:
    """`opportunity.created` on a timeline."""
    return _("%(deal)s was opened%(worth)s.") % {"deal": _deal(fact), "worth": _worth(fact.get("properties") or {})}


def says_changed(fact: Mapping[str, Any]) -> str:
    """`opportunity.changed` on a timeline: which fields, never their values."""
    fields = ", ".join((fact.get("properties") or {}).get("fields") or ()).replace("_", " ")
    return _("%(deal)s changed: %(fields)s.") % {"deal": _deal(fact), "fields": fields}


def says_moved(fact: Mapping[str, Any]) -> str:
    """`opportunity.stage_changed` on a timeline."""
    said, labels = fact.get("properties") or {}, stage_labels()
    to = labels.get(said.get("to", ""), said.get("to", ""))
    return _("%(deal)s moved to %(stage)s.") % {"deal": _deal(fact), "stage": to}


def says_won(fact: Mapping[str, Any]) -> str:
    """`opportunity.won` on a timeline."""
    return _("%(deal)s was won%(worth)s.") % {"deal": _deal(fact), "worth": _worth(fact.get("properties") or {})}


def says_lost(fact: Mapping[str, Any]) -> str:
    """`opportunity.lost` on a timeline."""
    reason = (fact.get("properties") or {}).get("reason")
    return _("%(deal)s was lost%(why)s.") % {"deal": _deal(fact), "why": f": {reason}" if reason else ""}


SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "opportunity.created": says_created,
    "opportunity.changed": says_changed,
    "opportunity.stage_changed": says_moved,
    "opportunity.won": says_won,
    "opportunity.lost": says_lost,
}
