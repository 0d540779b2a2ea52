"""The form of a bulk remedy: which one, and the value it gives where it gives one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.contacts.rules.enrichment import DERIVATIONS
from marops.domains.contacts.rules.identity import KEEPS, WAYS, Survivorship
from marops.domains.contacts.rules.quality import QualityRule
from marops.kernel.forms import DocumentForm


class NewRuleForm(DocumentForm):
    """A new rule: its short name, and the rule as text."""

    field_order = ("slug", "text", "reason")
    slug = forms.SlugField(
        label=_("Short name"), max_length=60, help_text=_("Small letters and hyphens, such as no-country. It stays.")
    )


class FixForm(forms.Form):
    """A remedy of a rule. `value` is for remedies that set one."""

    remedy = forms.CharField(required=False, max_length=80)
    value = forms.CharField(label=_("Value"), required=False, max_length=200)
    preview = forms.BooleanField(required=False)


class WordForm(forms.Form):
    """What is said of a word and of the spellings that are chosen; `becomes` writes it otherwise."""

    do = forms.ChoiceField(choices=[(one, one) for one in ("accept", "reject", "forget")])
    word = forms.CharField(max_length=120)
    becomes = forms.CharField(label=_("Write it as"), required=False, max_length=120)


class EnrichmentForm(forms.Form):
    """What is derived as people come in."""

    names = forms.MultipleChoiceField(
        label=_("Fill in as people come in"), required=False, choices=[(one, one) for one in DERIVATIONS]
    )


class PairForm(forms.Form):
    """Two records that are one person: which one stays, which becomes part of it."""

    keep = forms.CharField(label=_("The record that stays"), max_length=200, help_text=_("L-number, id or address."))
    gone = forms.CharField(label=_("The record that becomes part of it"), max_length=200)


class MergeForm(PairForm):
    """The same, decided."""

    why = forms.CharField(label=_("Why they are one person"), required=False, max_length=500)


class DecideForm(forms.Form):
    """What is said of a pair: one, two, later; or the last word taken back, of which kind."""

    pair = forms.UUIDField()
    word = forms.ChoiceField(choices=[(one, one) for one in ("one", "two", "later", "undo")])
    kind = forms.ChoiceField(choices=[(one, one) for one in ("", "merge", "company", "two")], required=False)


class SurvivorshipForm(forms.Form):
    """Which record stays when two become one, and whose values."""

    keep = forms.ChoiceField(label=_("Which record stays"), choices=KEEPS)
    values = forms.ChoiceField(label=_("Where both say something"), choices=WAYS)
    trust = forms.CharField(
        label=_("Sources, the most trusted first"), required=False, max_length=500,
        help_text=_("Short names with commas between, such as webinar, trade-show. Others come after."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Why"), required=False, max_length=500)

    @staticmethod
    def of(rule: Survivorship) -> dict[str, str]:
        """What a rule fills the form with."""
        return {"keep": rule.keep, "values": rule.values, "trust": ", ".join(rule.trust)}


def choices(rule: QualityRule) -> list[dict[str, Any]]:
    """The remedies of a rule for its page."""
    return [{"key": one.key, "title": one.title, "value": one.do == "set", "field": one.field} for one in rule.fixes]
