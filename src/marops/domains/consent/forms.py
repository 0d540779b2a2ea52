"""Validation of what pages and REST send about consent and requests."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.consent.rules.regimes import ANY, BASIS_WORDS, CHANNEL_WORDS, KIND_WORDS
from marops.domains.consent.writing import purposes
from marops.domains.contacts.public import Contact, find_contacts
from marops.kernel.clock import now
from marops.kernel.forms import DayField, DocumentForm
from marops.kernel.workspace import zone


class LeadField(forms.CharField):
    """Somebody by any reference; answers the person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Who"), max_length=200, help_text=_("L-number, address, phone or id."), **options)

    def clean(self, value: Any) -> Contact:
        """The one person the reference names."""
        found = find_contacts(super().clean(value))
        if not found:
            raise forms.ValidationError(_("Nobody goes by this reference."))
        if len(found) > 1:
            raise forms.ValidationError(_("It fits several: %(refs)s.") % {"refs": ", ".join(one.ref for one in found)})
        return found[0]


class RequestForm(forms.Form):
    """What somebody asked."""

    lead = LeadField()
    kind = forms.ChoiceField(label=_("What they ask"), choices=list(KIND_WORDS.items()))
    received = DayField(label=_("Received on"), help_text=_("The deadline counts from here. Today, if left empty."))
    how = forms.CharField(label=_("How it came"), required=False, max_length=200)
    note = forms.CharField(
        label=_("What they wrote"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def received_at(self) -> datetime | None:
        """The first moment of that day, no later than now."""
        day = self.cleaned_data.get("received")
        return min(datetime.combine(day, time(), zone()).astimezone(UTC), now()) if day else None


class IdentityForm(forms.Form):
    """How it was made sure who asks."""

    how = forms.CharField(
        label=_("How it was checked"), max_length=300,
        help_text=_("For example: answered from the address we know, or showed an identity card by video."),
    )  # fmt: skip


class AnswerForm(forms.Form):
    """What was done, or why not."""

    answer = forms.CharField(label=_("What was done, or why not"), max_length=2000,
                             widget=forms.Textarea(attrs={"rows": 3}))  # fmt: skip
    refused = forms.BooleanField(label=_("It is refused"), required=False)


class WhyForm(forms.Form):
    """A reason in a line."""

    why = forms.CharField(label=_("Why"), max_length=300)


class WordForm(forms.Form):
    """What somebody said about being contacted."""

    state = forms.ChoiceField(
        label=_("They said"),
        choices=[("granted", _("Yes")), ("denied", _("No")), ("unsubscribed", _("Not any more"))],
    )
    purpose = forms.ChoiceField(label=_("For what"))
    channel = forms.ChoiceField(label=_("By which channel"))
    basis = forms.ChoiceField(
        label=_("What a yes rests on"), choices=list(BASIS_WORDS.items()), required=False, initial="consent"
    )
    ground = forms.CharField(
        label=_("How we know"), max_length=300, help_text=_("Where and when they said it. A yes needs this.")
    )
    on = DayField(label=_("Said on"), help_text=_("Today, if left empty."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(one.slug, one.document.title) for one in purposes() if one.document.people_decide]
        self.fields["purpose"].choices = [*known, (ANY, _("Everything (only a no)"))]  # type: ignore[attr-defined]
        self.fields["channel"].choices = list(CHANNEL_WORDS.items())  # type: ignore[attr-defined]

    def said_at(self) -> datetime | None:
        """The first moment of that day, no later than now."""
        day = self.cleaned_data.get("on")
        return min(datetime.combine(day, time(), zone()).astimezone(UTC), now()) if day else None


class NewDocumentForm(DocumentForm):
    """A new definition as text, with its short name."""

    slug = forms.SlugField(label=_("Short name"), max_length=60, help_text=_("Small letters, digits, hyphens."))
    field_order = ("slug", "text", "reason")
