"""What people change in scoring: points, half-lives, caps and thresholds of a model; the stage of a lead."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.scoring.rules import PARTS, ScoreModel
from marops.kernel.forms import DayField
from marops.kernel.workspace import today

_LISTS = (("fit", "signals"), ("engagement", "signals"), ("engagement", "activities"))
_NUMBERS = {"points": gettext_lazy("Points"), "half_life": gettext_lazy("Half-life, days"), "cap": gettext_lazy("Cap")}


class ModelForm(forms.Form):
    """The numbers of a scoring model. What is changed here becomes a draft; conditions are changed in the text."""

    def __init__(self, *args: Any, model: ScoreModel, document: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source, self.model = document, model
        for part, many, number, signal in self._signals():
            for key in ("points", "half_life", "cap") if many == "activities" else ("points",):
                whole = key == "half_life"
                self.fields[f"{part}-{many}-{number}-{key}"] = _number(
                    f"{signal['label']}: {_NUMBERS[key]}", signal.get(key), whole=whole, required=key != "cap"
                )
        for part in PARTS:
            words = _("Fit counts at most") if part == "fit" else _("Engagement counts at most")
            self.fields[f"{part}-cap"] = _number(words, document[part]["cap"])
        for one in document["grades"][:-1]:
            words = _("Grade %(grade)s from fit") % {"grade": one["grade"]}
            self.fields[f"grade-{one['grade']}"] = _number(words, one["from_fit"])
        for one in document["levels"][:-1]:
            words = _("Level %(level)s from engagement") % {"level": one["level"]}
            self.fields[f"level-{one['level']}"] = _number(words, one["from_engagement"])
        self.fields["at_least"] = _number(_("MQL from points"), document.get("mql", {}).get("at_least", 0))
        self.fields["cells"] = forms.MultipleChoiceField(
            label=_("Cells that can be MQLs"),
            choices=[(cell, cell) for cell in model.cells()],
            initial=list(model.mql.cells),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
        self.fields["reason"] = forms.CharField(
            label=_("Why"), help_text=_("Stands in the history of versions."), max_length=500
        )

    def _signals(self) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
        for part, many in _LISTS:
            for number, signal in enumerate(self.source[part].get(many, [])):
                yield part, many, number, signal

    def lines(self) -> list[dict[str, Any]]:
        """The rows of the table of signals, with their fields."""
        heads = {"points": _("Points"), "half_life": _("Half after days"), "cap": _("At most")}
        return [
            {
                "part": part,
                "label": signal["label"],
                "fields": [
                    {
                        "head": head,
                        "field": self[name] if (name := f"{part}-{many}-{number}-{key}") in self.fields else None,
                    }
                    for key, head in heads.items()
                ],
            }
            for part, many, number, signal in self._signals()
        ]

    def bounds(self) -> list[Any]:
        """The fields of caps, grades and levels."""
        return [self[name] for name in self.fields if name.endswith("t-cap") or name.startswith(("grade-", "level-"))]

    def document(self) -> dict[str, Any]:
        """The model with the numbers of the form."""
        given, made = self.cleaned_data, deepcopy(self.source)
        for part, many, number, _signal in self._signals():
            signal = made[part][many][number]
            for key in _NUMBERS:
                name = f"{part}-{many}-{number}-{key}"
                if given.get(name) is not None:
                    signal[key] = int(given[name]) if key == "half_life" else str(given[name])
                elif name in self.fields:
                    signal.pop(key, None)
        for part in PARTS:
            made[part]["cap"] = str(given[f"{part}-cap"])
        for one in made["grades"][:-1]:
            one["from_fit"] = str(given[f"grade-{one['grade']}"])
        for one in made["levels"][:-1]:
            one["from_engagement"] = str(given[f"level-{one['level']}"])
        made["mql"] = {"at_least": str(given["at_least"]), "cells": given["cells"]}
        return made


def _number(label: Any, initial: Any, *, whole: bool = False, required: bool = True) -> forms.Field:
    known: dict[str, Any] = {"label": label, "initial": initial, "required": required}
    if whole:
        return forms.IntegerField(min_value=1, max_value=3650, **known)
    return forms.DecimalField(min_value=-1000, max_value=2000, max_digits=8, decimal_places=2, **known)


class CompareForm(forms.Form):
    """Two versions of a model, and the leads on which they are compared."""

    version = forms.ChoiceField(label=gettext_lazy("Version"))
    against = forms.ChoiceField(label=gettext_lazy("Compared with"))
    since = DayField(label=gettext_lazy("Leads that came in since"), required=True)
    until = DayField(label=gettext_lazy("and no later than"))

    def __init__(self, *args: Any, versions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("version", "against"):
            self.fields[name].choices = versions  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """The first day comes before the last."""
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("since"), given.get("until")
        if first and last and first > last:
            self.add_error("until", _("This is before the first day."))
        return given

    @staticmethod
    def last_month() -> Any:
        """Thirty days ago."""
        return today() - timedelta(days=30)


class StageForm(forms.Form):
    """The stage that a person gives a lead, and why."""

    stage = forms.ChoiceField(label=gettext_lazy("Stage"))
    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, help_text=gettext_lazy("Stands on the lead's page for everybody.")
    )

    def __init__(self, *args: Any, stages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = stages  # type: ignore[attr-defined]  # a ChoiceField
