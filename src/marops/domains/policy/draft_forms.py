"""Forms of what AI handed in, and of the time whose evidence is gathered."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.rules.drafts import LONGEST
from marops.kernel.forms import DayField


class WordForm(forms.Form):
    """A reader's yes or no to exactly what they read."""

    do = forms.ChoiceField(choices=[("approve", ""), ("decline", "")], widget=forms.HiddenInput)
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    why = forms.CharField(
        label=gettext_lazy("Your note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when you decline: what is wrong with it."),
    )  # fmt: skip


class LookForm(forms.Form):
    """What somebody found who looked at what an AI did."""

    do = forms.ChoiceField(choices=[("right", ""), ("wrong", "")], widget=forms.HiddenInput)
    why = forms.CharField(
        label=gettext_lazy("Your note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when it is wrong: what is wrong with it."),
    )  # fmt: skip


class TextForm(forms.Form):
    """A text, changed by a person."""

    text = forms.CharField(
        label=gettext_lazy("The text"), max_length=LONGEST, strip=False, widget=forms.Textarea(attrs={"rows": 14})
    )

    def content(self, before: dict[str, Any]) -> dict[str, Any]:
        """The draft's content with the new words; line ends as they were, for browsers send their own."""
        return before | {"text": self.cleaned_data["text"].replace("\r\n", "\n")}


class ContentForm(forms.Form):
    """What is no text, changed as JSON."""

    content_json = forms.CharField(
        label=gettext_lazy("As JSON"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )

    def clean_content_json(self) -> dict[str, Any]:
        """The content, read."""
        try:
            found = json.loads(self.cleaned_data["content_json"])
        except (ValueError, RecursionError) as fault:
            raise forms.ValidationError(_("This is no JSON: %(fault)s") % {"fault": fault}) from None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Write a mapping, in curly brackets."))
        return found

    def content(self, _before: dict[str, Any]) -> dict[str, Any]:
        """The draft's new content."""
        return dict(self.cleaned_data["content_json"])


class EvidenceForm(forms.Form):
    """The days whose evidence is gathered, both included, either left open."""

    use = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("Up to"))

    def clean(self) -> dict[str, Any]:
        """The days in their order."""
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("It ends before it begins."))
        return given
