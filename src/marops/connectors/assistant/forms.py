"""Validation of what the AI that helps is and is asked, shared by pages, REST and commands."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.connectors.assistant.helping import LONGEST, word_fields
from marops.connectors.assistant.queries import kinds_to_draft


class ProviderForm(forms.Form):
    """Which AI helps: any server that speaks `/v1/chat/completions`."""

    url = forms.CharField(
        label=_("Address"), max_length=500,
        help_text=_("Up to and with /v1, such as https://api.example.com/v1 or http://127.0.0.1:11434/v1."),
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )  # fmt: skip
    model = forms.CharField(label=_("Model"), max_length=200)
    vendor = forms.CharField(label=_("Who runs it"), max_length=200, help_text=_("The company, or “ourselves”."))
    key = forms.CharField(
        label=_("Key"), max_length=2_000, required=False, strip=True,
        help_text=_("Kept encrypted and never shown again. Left empty, the present one stays; a new address needs it"
                    " anew."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    inside = forms.BooleanField(
        label=_("It is a model of our own"), required=False,
        help_text=_("It may stand in our own network, also without encryption. The register then says that no vendor"
                    " reads what it is told."),
    )  # fmt: skip
    inside_why = forms.CharField(
        label=_("Why it is our own though it stands on the open internet"), max_length=300, required=False,
        help_text=_("Only where its address is not of our own network; said by an administrator, and shown here."),
    )  # fmt: skip
    price_in = forms.DecimalField(
        label=_("Price of a million tokens read"), min_value=0, max_digits=14, decimal_places=4, required=False
    )
    price_out = forms.DecimalField(
        label=_("Price of a million tokens written"), min_value=0, max_digits=14, decimal_places=4, required=False
    )
    seconds = forms.IntegerField(
        label=_("Longest wait for an answer, in seconds"), min_value=5, max_value=300, required=False, initial=60
    )
    on = forms.BooleanField(
        label=_("It may be asked"), required=False,
        help_text=_("Only for what stands in the register of AI uses in force, and as the policy allows."),
    )  # fmt: skip

    def clean_url(self) -> str:
        """What is asked stands behind it, so it ends with a path."""
        url: str = self.cleaned_data["url"].rstrip("/")
        if "?" in url or "#" in url:
            raise forms.ValidationError(_("An address of a server of models has neither ? nor #."))
        return url.removesuffix("/chat/completions")

    def clean_key(self) -> str:
        """A key goes into a header: one line of plain characters."""
        key: str = self.cleaned_data["key"]
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise forms.ValidationError(_("A key has letters, digits and signs, and no spaces."))
        return key


def values_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is set by the cleaned form, without the key."""
    return {name: given[name] for name in ("url", "model", "vendor", "inside", "inside_why", "on")} | {
        "price_in": given["price_in"] or 0, "price_out": given["price_out"] or 0, "seconds": given["seconds"] or 60,
    }  # fmt: skip


def _sentence(label: Any, help_text: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST, required=required,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class DraftForm(forms.Form):
    """A definition out of a sentence."""

    kind = forms.ChoiceField(label=_("What is drafted"))
    sentence = _sentence(_("What it should do"), _("In your own words. Name no persons: this goes to the AI."))
    slug = forms.SlugField(
        label=_("Changes the definition"), max_length=100, required=False,
        help_text=_("The short name of one that is here; left empty, a new one is drafted."),
    )  # fmt: skip

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # narrows the type
        field.choices = sorted(kinds_to_draft().items(), key=itemgetter(1))


class WordsForm(forms.Form):
    """A vocabulary of a field."""

    field = forms.ChoiceField(label=_("Field"))
    sentence = _sentence(_("What matters to you"), _("Left empty, a tidy list is asked for."), required=False)

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        field = self.fields["field"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # narrows the type
        field.choices = list(word_fields().items())


class PageForm(forms.Form):
    """A page to be summarised."""

    page = forms.CharField(label=_("Address of the page"), max_length=500, help_text=_("Such as /quality."))
