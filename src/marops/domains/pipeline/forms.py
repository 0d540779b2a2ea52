"""Validation of what pages and REST send about deals."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import Account
from marops.domains.contacts.public import Company, clean, find_contacts, sources
from marops.domains.contacts.public import companies as company_names
from marops.domains.pipeline.models import Opportunity, PipelineStage
from marops.domains.pipeline.rules import Part
from marops.kernel.clock import now
from marops.kernel.ids import as_uuid
from marops.kernel.money import currencies
from marops.kernel.workspace import workspace, zone

MOST_PEOPLE = 50
_REF = re.compile(r"[Oo]-\d{1,18}")


def _owners() -> list[tuple[str, Any]]:
    people = [(str(one.id), one.name) for one in Account.objects.filter(active=True).order_by("name")]
    return [("", _("Nobody yet")), *people]


def _stages() -> list[tuple[str, Any]]:
    rows = PipelineStage.objects.order_by("proposed", "place", "name")
    return [("", _("The first one")), *((one.name, one.label) for one in rows)]


_AMOUNT_FAULTS = {
    "invalid": _("Write the amount in digits with a point before the cents, such as 12500 or 12500.50."),
    "min_value": _("An amount cannot be below zero."),
    "max_digits": _("This amount is too large."),
    "max_whole_digits": _("This amount is too large."),
    "max_decimal_places": _("An amount has at most four digits after the point."),
}
_DAY_FAULT = {"invalid": _("Write the day as 2026-05-31.")}
_STAGE_FAULT = {
    "required": _("Choose a stage."),
    "invalid_choice": _("There is no such stage. Choose one of the list."),
}
_OWNER_FAULT = {"invalid_choice": _("Nobody with an open account goes by this. Choose somebody of the list.")}


class DealForm(forms.Form):
    """What is known of a deal. A page sends all of it; REST sends what changes, over what the deal has."""

    name = forms.CharField(label=_("Name"), max_length=200)
    company = forms.CharField(
        label=_("Company"),
        required=False,
        max_length=200,
        help_text=_("Name, domain or reference such as O-12. One that is not known is kept as text."),
    )
    owner = forms.ChoiceField(label=_("Owner"), choices=_owners, required=False, error_messages=_OWNER_FAULT)
    amount = forms.DecimalField(
        label=_("Amount"), required=False, max_digits=18, decimal_places=4, min_value=Decimal(0),
        error_messages=_AMOUNT_FAULTS,
    )  # fmt: skip
    currency = forms.CharField(
        label=_("Currency"), required=False, max_length=3, help_text=_("Three letters, such as EUR.")
    )
    expected_close = forms.DateField(
        label=_("Expected close"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_DAY_FAULT,
    )  # fmt: skip
    source = forms.CharField(label=_("Source"), required=False, max_length=200)
    product = forms.CharField(label=_("Product"), required=False, max_length=200)
    people = forms.CharField(
        label=_("People"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: an address or a reference such as L-12, then a comma and the role. The first leads."),
    )

    def clean_currency(self) -> str:
        """Three capital letters; empty is the workspace's currency."""
        given = str(self.cleaned_data["currency"]).upper()
        if given and given not in currencies():
            raise forms.ValidationError(_g("There is no such currency. Use the code of three letters, such as EUR."))
        return given or str(workspace().currency)

    def clean_company(self) -> str:
        """A reference names a company that there is; anything else may be a new name."""
        given = str(self.cleaned_data["company"])
        if _REF.fullmatch(given.strip()) and company_of(given) is None:
            raise forms.ValidationError(_g("There is no company %(ref)s.") % {"ref": given.strip()})
        return given

    def clean_people(self) -> list[Part]:
        """Whom the lines name, and as what. A line that names nobody, or several people, is told."""
        lines = [line for line in str(self.cleaned_data["people"]).splitlines() if line.strip()][: MOST_PEOPLE + 1]
        if len(lines) > MOST_PEOPLE:
            raise forms.ValidationError(_g("A deal has at most 50 people."))
        found: dict[UUID, str] = {}
        for line in lines:
            ref, _comma, role = (part.strip() for part in line.partition(","))
            known = find_contacts(ref)
            if len(known) != 1:
                said = _g("Nobody goes by “%(ref)s”.") if not known else _g("Several people go by “%(ref)s”.")
                raise forms.ValidationError(said % {"ref": ref})
            found[known[0].id] = role[:100]
        return [Part(one, role, primary=number == 0) for number, (one, role) in enumerate(found.items())]

    def values(self) -> dict[str, Any]:
        """The fields of the deal that the form was filled with."""
        given = self.cleaned_data
        company = company_of(given["company"])
        return {
            "name": clean(given["name"]),
            "company": company,
            "company_name": company.name if company else clean(given["company"]) or None,
            "owner_id": as_uuid(given["owner"]) if given["owner"] else None,
            "amount": given["amount"],
            "currency": given["currency"] if given["amount"] is not None else None,
            "expected_close": given["expected_close"],
            "source": _source(clean(given["source"])),
            "product": clean(given["product"]) or None,
        }


class NewDealForm(DealForm):
    """A deal that is opened."""

    stage = forms.ChoiceField(label=_("Stage"), choices=_stages, required=False, error_messages=_STAGE_FAULT)

    field_order = ("name", "company", "stage", "owner", "amount", "currency", "expected_close", "people")


class MoveForm(forms.Form):
    """To which stage a deal moves, when, and why."""

    stage = forms.ChoiceField(label=_("Stage"), choices=lambda: _stages()[1:], error_messages=_STAGE_FAULT)
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A lost deal needs a reason; for a won one it helps the next."),
    )
    on = forms.DateField(
        label=_("On"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_DAY_FAULT,
        help_text=_("Leave it empty if it happened just now."),
    )

    def clean(self) -> dict[str, Any]:
        """A loss says why; a day is not one to come."""
        given: dict[str, Any] = super().clean() or {}
        stage = PipelineStage.objects.filter(name=given.get("stage") or "").first()
        if stage and stage.outcome == Opportunity.State.LOST and not given.get("reason", "").strip():
            self.add_error("reason", _g("Say in a few words why it was lost."))
        if given.get("on") and given["on"] > now().astimezone(zone()).date():
            self.add_error("on", _g("This day lies in the future."))
        return given

    def at(self) -> datetime | None:
        """When it happened, where that was not today: the beginning of that day."""
        day = self.cleaned_data.get("on")
        if day is None or day == now().astimezone(zone()).date():
            return None
        return datetime(day.year, day.month, day.day, tzinfo=zone()).astimezone(UTC)


def company_of(said: str) -> Company | None:
    """The company that these words name: by reference, domain or name; None where none goes by them."""
    text = clean(said)
    if not text:
        return None
    number = text[2:] if _REF.fullmatch(text) else ""
    key = company_names.key(text)
    wanted = Q(domain=text.lower()) | (Q(name_key=key) if key else Q(pk=None))
    found = Company.objects.filter(Q(number=int(number)) if number else wanted)
    return found.order_by("number").first()


def source_label(kept: str) -> str:
    """What people call a source that is kept as a code; words of a file are their own label."""
    return sources.label(kept) if kept and sources.normalise(kept) == kept else kept


def _source(said: str) -> str | None:
    """The code of a source that is written as people call it; anything else stays as it was written."""
    code = sources.normalise(said)
    return code if code and source_label(code) == said else said or None


def as_given(deal: Opportunity, people: str = "") -> dict[str, Any]:
    """What a deal has, as the form takes it."""
    return {
        "name": deal.name,
        "company": deal.company.ref if deal.company else deal.company_name or "",
        "owner": str(deal.owner_id) if deal.owner_id else "",
        "amount": f"{deal.amount.normalize():f}" if deal.amount is not None else "",
        "currency": deal.currency or "",
        "expected_close": deal.expected_close.isoformat() if deal.expected_close else "",
        "source": source_label(deal.source or ""),
        "product": deal.product or "",
        "people": people,
    }
