"""Validation of the kernel's pages, shared with REST."""

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.kernel.comments import LONGEST
from marops.kernel.shares import LONGEST_LIFE


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(
        label=_("Your comment"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})
    )


class ShareForm(forms.Form):
    """Who gets a frozen copy, and for how long."""

    recipient = forms.CharField(
        label=_("Who is it for?"),
        max_length=120,
        help_text=_("A name, for instance “Dana Reyes, Northwind”. It stands on every page as a watermark."),
    )
    days = forms.IntegerField(label=_("Days it can be opened"), min_value=1, max_value=LONGEST_LIFE, initial=14)


class DecisionForm(forms.Form):
    """What a reviewer says of a version."""

    do = forms.ChoiceField(choices=[("approve", ""), ("send-back", "")], widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Your note"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when you send it back: what should be changed."),
    )
