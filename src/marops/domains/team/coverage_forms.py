"""Validation of what pages and REST send about who does what."""

from django import forms
from django.utils.translation import gettext_lazy as _

NONE = "-"
"""How a form says that somebody has no letter."""
LETTERS = (
    ("R", _("R: does it")),
    ("A", _("A: answers for it")),
    ("C", _("C: is asked before")),
    ("I", _("I: hears of it after")),
    (NONE, _("no letter")),
)


class LetterForm(forms.Form):
    """A letter that replaces what ownership gives."""

    letter = forms.ChoiceField(label=_("Letter"), choices=LETTERS)

    def clean_letter(self) -> str:
        """The letter, empty for none."""
        return str(self.cleaned_data["letter"]).removeprefix(NONE)
