"""What is asked of a blueprint: what limits the team, how much work there is, what is assumed for this once."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marops.domains.team.permissions import PAY
from marops.domains.team.queries.blueprint import Asked, asked_of, heads, origins, settings
from marops.domains.team.queries.blueprint_pay import offered
from marops.domains.team.queries.blueprint_words import amount_said
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import may

AMOUNT, INSTEAD = "d-", "a-"


class AskForm(forms.Form):
    """The whole question. An empty amount or assumption is what counts anyway; the page names it beside the field."""

    limit = forms.ChoiceField(
        label=_("What is asked"), initial="size", widget=forms.RadioSelect,
        choices=[
            ("size", _("The best team of exactly so many people")),
            ("budget", _("The best team for a budget")),
            ("load", _("The smallest cost that covers the work")),
        ],
    )  # fmt: skip
    size = forms.IntegerField(label=_("People"), required=False)
    budget = forms.FloatField(
        label=_("Budget a year"), required=False, help_text=_("Pay with the employer's part, all seats together.")
    )
    keep = forms.BooleanField(
        label=_("Keep the roles people have today"), required=False,
        help_text=_("Each main role of today has at least as many seats."),
    )  # fmt: skip
    pay = forms.ChoiceField(
        label=_("Costs rest on"), required=False, widget=forms.RadioSelect,
        choices=[("own", _("pay that is kept here")), ("bands", _("the assumed bands of pay"))],
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paid = may(actor, PAY)
        if self.paid:
            self._offer(actor)
        else:
            del self.fields["pay"]
        self.drivers, self.settings = origins(), settings()
        self.fields["size"].initial = heads() or None
        for one in self.drivers:
            self.fields[AMOUNT + one["id"]] = forms.FloatField(label=one["name"], required=False)
        for one in self.settings:
            self.fields[INSTEAD + one["name"]] = forms.FloatField(label=one["label"], required=False)
        self.asked: Asked | None = None

    def _offer(self, actor: Actor) -> None:
        n = offered(actor)
        self.fields["pay"].initial = "own" if n else "bands"
        if self.is_bound and not self.data.get("pay"):
            # What counts where nothing was said is shown as chosen.
            self.data = {**dict(self.data.items()), "pay": self.fields["pay"].initial}
        self.fields["pay"].help_text = (
            _("%(n)s people's pay counts as medians; only those who may see pay get that answer.") % {"n": n} if n
            else _("From five people of the team with pay in this currency on, costs can rest on it.")
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The question itself, checked by what checks it for REST and the command too."""
        data: dict[str, Any] = super().clean() or {}
        limit = data.get("limit")
        if not self.paid and self.data.get("pay") == "own":
            self.add_error(None, _("This question rests on pay, which you may not see. Ask it anew below."))
        if self.errors:
            return data
        try:
            self.asked = asked_of(
                size=data.get("size") if limit == "size" else None,
                budget=data.get("budget") if limit in ("budget", "size") else None,
                load=limit == "load", amounts=self._given(data, AMOUNT), instead=self._given(data, INSTEAD),
                keep=bool(data.get("keep")), pay=data.get("pay") or str(self.data.get("pay") or ""),
            )  # fmt: skip
        except MaropsError as error:
            self._faults(error, str(limit))
        return data

    @staticmethod
    def _given(data: Mapping[str, Any], prefix: str) -> dict[str, float]:
        return {
            name.removeprefix(prefix): value
            for name, value in data.items() if name.startswith(prefix) and value is not None
        }  # fmt: skip

    def _faults(self, error: MaropsError, limit: str) -> None:
        places = {"amounts.": AMOUNT, "instead.": INSTEAD}
        for fault in error.errors:
            name = fault.field or ""
            for start, prefix in places.items():
                name = prefix + name.removeprefix(start) if name.startswith(start) else name
            name = "budget" if name == "size" and limit == "budget" else name
            self.add_error(name if name in self.fields else None, f"{fault.message} {fault.remedy}".strip())

    def rows(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Fields of one kind, each with what counts where it is empty."""
        key, known = ("id", self.drivers) if prefix == AMOUNT else ("name", self.settings)
        for one in known:
            yield one | {"field": self[prefix + one[key]], **amount_said(one)}


class RangeForm(forms.Form):
    """The ranges of the assumptions, each with three numbers; its name is the way to it in the document."""

    reason = forms.CharField(label=_("What changes, and why"), required=False, max_length=500)

    def __init__(self, *args: Any, document: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document = document
        self.ranges = dict(ranges_in(document))
        for path, of in self.ranges.items():
            for end in ("low", "usual", "high"):
                self.fields[f"{path}.{end}"] = forms.FloatField(
                    label=end,
                    required=end != "high",
                    initial=_short(of.get(end)),
                    widget=forms.NumberInput(attrs={"step": "any"}),
                )

    def clean(self) -> dict[str, Any]:
        """The three in their order."""
        data: dict[str, Any] = super().clean() or {}
        for path in self.ranges:
            low, usual, high = (data.get(f"{path}.{end}") for end in ("low", "usual", "high"))
            if low is not None and usual is not None and not low <= usual <= (usual if high is None else high):
                self.add_error(f"{path}.usual", _("The usual value lies between the low and the high one."))
        return data

    def made(self) -> dict[str, Any]:
        """The document with the numbers of the form; what was changed is an assumption of this company."""
        return dict(_with_ranges(self.document, "", self.cleaned_data))


def _short(of: float | None) -> float | int | None:
    """Without a decimal that says nothing."""
    return int(of) if of is not None and of == int(of) else of


def ranges_in(document: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Way → range, of every range of a document."""
    if isinstance(document, Mapping):
        if {"low", "usual"} <= set(document):
            yield path, document
            return
        for key, value in document.items():
            yield from ranges_in(value, f"{path}.{key}" if path else str(key))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from ranges_in(value, f"{path}.{number}")


def _with_ranges(document: Any, path: str, data: Mapping[str, Any]) -> Any:
    if isinstance(document, Mapping):
        if {"low", "usual"} <= set(document):
            given = {end: data.get(f"{path}.{end}") for end in ("low", "usual", "high")}
            if given == {end: document.get(end) for end in given}:
                return dict(document)
            return {**document, **given, "origin": "assumption"}
        return {
            key: _with_ranges(value, f"{path}.{key}" if path else str(key), data) for key, value in document.items()
        }
    if isinstance(document, list):
        return [_with_ranges(value, f"{path}.{number}", data) for number, value in enumerate(document)]
    return document
