"""Whether a log changed in its course, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.marks import number

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class DriftWords:
    """A sentence, what changed line by line, and how sure that is."""

    says: str
    changed: bool
    lines: tuple[str, ...] = ()
    how: str = ""


def drift_words(found: Mapping[str, Any] | None) -> DriftWords | None:
    """None where nobody looked."""
    if not found:
        return None
    if not found["compared"]:
        return DriftWords(_("The log is too short to tell whether it changed in its course."), changed=False)
    how = _("Compared by %(spans)s, with a chance of 5 %% to report anything where nothing changed.") % {
        "spans": _("weeks") if found["span"] == "week" else _("days")
    }
    if not found["changed"]:
        return DriftWords(_("No drift was found: it is the same from its first day to its last."), False, (), how)
    first, day = found["changes"][0], date_format(date.fromisoformat(found["at"]), "j F Y")
    says = _("The log changed around %(day)s: %(change)s.") % {"day": day, "change": _line(first, found["span"])}
    lines = tuple(f"{_line(one, found['span'])} ({_figures(one)})" for one in found["changes"][:_SHOWN])
    return DriftWords(says, True, lines, how)


def _line(one: Mapping[str, Any], span: str) -> str:
    """One change: step X took 1.4× as long."""
    told = {"name": one["name"], "n": _much(one["ratio"]), "span": _("week") if span == "week" else _("day")}
    if one["ratio"] is None:
        return _("%(name)s is new") % told
    if one["after"] <= 0:
        return _("%(name)s is gone") % told
    words = {
        "cycle-time": _("cases took %(n)s as long"),
        "arrivals": _("%(n)s as many cases came in a %(span)s"),
        "activity": _("“%(name)s” was done %(n)s as often"),
        "work": _("“%(name)s” took %(n)s as long"),
        "waiting": _("work waited %(n)s as long for “%(name)s”"),
    }
    return words[one["kind"]] % told


def _much(ratio: float | None) -> str:
    return f"{number(ratio or 0.0, 1 if (ratio or 0.0) >= 1 else 2)}×"


def _figures(one: Mapping[str, Any]) -> str:
    hours = one["kind"] in ("cycle-time", "work", "waiting")
    before, after = (
        number(one[end], 0 if one[end] >= 100 else 1 if one[end] >= 10 else 2) for end in ("before", "after")
    )
    unit = f" {_('h')}" if hours else ""
    return f"{before}{unit} → {after}{unit}"
