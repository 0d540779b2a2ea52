"""Validation of webhooks, shared by the page, REST and the command line."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.connectors.webhooks.models import EVERYTHING
from marops.kernel.facts import fact_kinds

_OWN = frozenset({"webhook.tested"})


def choices() -> list[tuple[str, Any]]:
    """What an endpoint can be told of: every kind of fact, or all of them."""
    kinds = [(kind.name, f"{kind.says} ({kind.name})") for kind in fact_kinds().values() if kind.name not in _OWN]
    return [(EVERYTHING, _("Everything that happens")), *kinds]


class EndpointForm(forms.Form):
    """A system that is to be told."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Which system this is, for instance “CRM”."))
    url = forms.CharField(
        label=_("Address"),
        max_length=2_000,
        help_text=_("Begins with https:// and leads to a public address of the internet."),
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(label=_("What it is told of"), widget=forms.SelectMultiple(attrs={"size": 10}))

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  # narrows the type
        field.choices = choices()


def kinds_in_words(kinds: Iterable[str]) -> list[Any]:
    """Kinds of facts as people name them."""
    known = fact_kinds()
    return [_("everything") if one == EVERYTHING else known[one].says if one in known else one for one in kinds]
