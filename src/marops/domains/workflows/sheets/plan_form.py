"""The form of a plan: a number for each kind of work and month. What is wrong with it, `rules.targets` says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.document import WorkClass
from marops.domains.workflows.rules.frames import months_on
from marops.domains.workflows.rules.targets import HORIZON, QUARTER, kinds_of_work, next_month
from marops.kernel.errors import MaropsError

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")

Cells = Mapping[tuple[str, str], Mapping[str, float]]
"""Targets by kind of work and month."""


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of work: its name, that of its workflow where it differs, how many come in today, and its fields."""

    name: str
    workflow: str
    today: float
    cells: tuple[forms.BoundField, ...]


class PlanForm(forms.Form):
    """From which month on, for how many, and how many of each kind of work in each; an empty field asks for nothing."""

    first = forms.ChoiceField(label=gettext_lazy("First month"))
    months = forms.ChoiceField(label=gettext_lazy("Months"))
    ahead_days = forms.CharField(
        label=gettext_lazy("Days ahead that work comes in"), required=False,
        widget=forms.NumberInput(attrs={"min": 1, "step": "any"}),
    )  # fmt: skip

    def __init__(
        self, data: Any, situation: Situation, workflow: str, today: date, *, cells: Cells, first: date, months: int,
        ahead_days: str = "",
    ) -> None:  # fmt: skip
        super().__init__(data, initial={"first": _key(first), "months": str(months), "ahead_days": ahead_days})
        start = next_month(today)
        self.days = tuple(months_on(first, number) for number in range(months))
        offered = sorted({first, *(months_on(start, number) for number in range(HORIZON))})
        choices = [(_key(day), date_format(day, "F Y")) for day in offered]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.fields["months"].choices = [(str(n), str(n)) for n in range(1, HORIZON + 1)]  # type: ignore[attr-defined]
        kinds = kinds_of_work(situation)
        self.kinds = dict(sorted(kinds.items(), key=lambda one: one[0][0] != workflow))
        self.titles = {slug: flow.title for slug, flow in situation.workflows.items()}
        for key, one in self.kinds.items():
            for day in self.days:
                self._cell(key, one, day, cells.get(key, {}).get(_key(day)))

    def _cell(self, key: tuple[str, str], one: WorkClass, day: date, value: float | None) -> None:
        label = _("%(kind)s, %(month)s") % {"kind": one.name, "month": date_format(day, "F Y")}
        self.fields[name_of(key, _key(day))] = forms.CharField(
            label=label, required=False, initial="" if value is None else f"{value:g}",
            widget=forms.NumberInput(attrs={"min": 0, "step": "any", "inputmode": "decimal", "aria-label": label}),
        )  # fmt: skip

    @property
    def rows(self) -> Iterator[Row]:
        """The fields as they stand on the page."""
        for key, one in self.kinds.items():
            title = self.titles[key[0]]
            cells = tuple(self[name_of(key, _key(day))] for day in self.days)
            yield Row(one.name, "" if title == one.name else title, one.arrivals.per_month, cells)

    def document(self) -> dict[str, Any]:
        """The plan as it was typed; whether it makes sense is for others to say."""
        given = self.data
        targets: dict[str, dict[str, str]] = {}
        for key in self.kinds:
            typed = {_key(day): given.get(name_of(key, _key(day)), "").strip() for day in self.days}
            if any(typed.values()):
                targets["/".join(key)] = {month: value for month, value in typed.items() if value}
        asked: dict[str, Any] = {"first": _key(self.days[0]), "months": len(self.days), "targets": targets}
        if ahead := given.get("ahead_days", "").strip():
            asked["ahead_days"] = ahead
        return asked

    def refused(self, error: MaropsError) -> None:
        """Put what is wrong at the fields concerned."""
        self.full_clean()
        names = {f"/targets/{'~1'.join(key)}/{_key(day)}": name_of(key, _key(day))
                 for key in self.kinds for day in self.days}  # fmt: skip
        names |= {f"/{name}": name for name in ("first", "months", "ahead_days")}
        for one in error.errors:
            said = " ".join(part for part in (one.message, one.remedy) if part)
            empty = one.pointer == "/targets"
            said = _("Say at least for one kind of work how many are to be finished.") if empty else said
            self.add_error(names.get(one.pointer), said)


def name_of(key: tuple[str, str], month: str) -> str:
    """The name of a field."""
    return f"t:{'/'.join(key)}:{month}"


def span_asked(data: Mapping[str, Any], today: date) -> tuple[date, int]:
    """The first month and how many, as far as what was sent says so."""
    try:
        first = date.fromisoformat(f"{data.get('first', '')}-01")
    except ValueError:
        first = next_month(today)
    months = str(data.get("months", ""))
    return first, min(max(int(months), 1), HORIZON) if months.isdecimal() and len(months) < 5 else QUARTER


def typed_cells(data: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, float]]:
    """The numbers that were typed, whatever months they are of; what is no number is left out."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in data.items():
        mark, _colon, rest = name.partition(":")
        key, _colon, month = rest.rpartition(":")
        slug, _slash, kind = key.partition("/")
        if mark == "t" and kind and _MONTH.fullmatch(month) and str(value).replace(".", "", 1).isdecimal():
            found.setdefault((slug, kind), {})[month] = float(value)
    return found


def as_today(situation: Situation, workflow: str, days: tuple[date, ...]) -> dict[tuple[str, str], dict[str, float]]:
    """As many of the workflow's kinds of work as come in today, in whole pieces that add up over the months."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for key, one in kinds_of_work(situation).items():
        if key[0] == workflow:
            ends = [round(one.arrivals.per_month * number) for number in range(len(days) + 1)]
            found[key] = {_key(day): float(b - a) for day, a, b in zip(days, ends, ends[1:], strict=False)}
    return found


def _key(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"
