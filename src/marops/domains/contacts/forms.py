"""The form of a bulk remedy: which one, and the value it gives where it gives one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.contacts.rules.quality import QualityRule


class FixForm(forms.Form):
    """A remedy of a rule. `value` is for remedies that set one."""

    remedy = forms.CharField(required=False, max_length=80)
    value = forms.CharField(label=_("Value"), required=False, max_length=200)
    preview = forms.BooleanField(required=False)


def choices(rule: QualityRule) -> list[dict[str, Any]]:
    """The remedies of a rule for its page."""
    return [{"key": one.key, "title": one.title, "value": one.do == "set", "field": one.field} for one in rule.fixes]
