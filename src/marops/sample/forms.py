"""The form by which the sample company is asked for."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SampleForm(forms.Form):
    """Which company: how large, and by which seed."""

    size = forms.ChoiceField(
        label=_("Size"),
        choices=[
            ("small", _("Small: 6,000 leads, some seconds")),
            ("large", _("Large: 200,000 leads, a minute or two")),
        ],
        initial="small",
        widget=forms.RadioSelect,
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        initial=1,
        min_value=0,
        max_value=2**31,
        required=False,
        help_text=_("The same seed on the same day makes the same company."),
    )

    def clean_seed(self) -> int:
        """One, where nothing was said."""
        return int(self.cleaned_data["seed"] or 1)
