"""What faults cost: a bar with its interval for each, and the figures behind it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.contacts.permissions import VIEW
from marops.domains.contacts.queries.cost import OUTCOMES, cost, outcome_words
from marops.domains.contacts.queries.quality import Narrowing
from marops.kernel.money import in_words as money_words
from marops.kernel.money import short
from marops.kernel.rules_sentence import inner

DEAREST = 6
"""So many stand on the page of the database, which asks for them once it is there."""
_WIDE, _PAD = 320.0, 6.0


@require_GET
@needs(VIEW)
def costs(request: HttpRequest) -> HttpResponse:
    """Rule by rule, what goes along with the fault, against leads of the same source and quarter without it."""
    narrowed = Narrowing(request.GET.get("source", ""), request.GET.get("import", ""))
    found = cost(actor_of(request), narrowed)
    shown = shown_costs(found)
    context = shown | {
        "found": found, "answer": _answer(found, shown["lines"]), "narrowed": narrowed.words(),
        "query": urlencode(narrowed.chosen()), "outcomes": list(outcome_words().values()),
        "deal": money_words(Decimal(found["deal"]["amount"] or 0), found["deal"]["currency"]),
        "level": f"{found['level']:.0%}".replace("%", " %"),
    }  # fmt: skip
    if request.headers.get("HX-Request"):
        return render(request, "contacts/cost_part.html", context | {"lines": shown["lines"][:DEAREST]})
    return render(request, "contacts/cost.html", context)


def shown_costs(found: dict[str, Any]) -> dict[str, Any]:
    """The measured faults with their bars, the dearest first, and those that cannot be measured."""
    measured = [one for one in found["rules"] if one["verdict"] != "unmeasured"]
    scale = _Scale([one["outcomes"]["opportunity"]["lost"] for one in measured])
    lines = [_line(one, scale) for one in measured]
    rest = [one for one in found["rules"] if one["verdict"] == "unmeasured" and one["contacts"]]
    return {"lines": lines, "rest": rest, "zero": scale.at(0.0)}


class _Scale:
    """One scale for all bars, from the lowest end of an interval to the highest, with nothing lost inside it."""

    def __init__(self, losses: Sequence[dict[str, float]]) -> None:
        self.low = min([0.0, *(one["low"] for one in losses)])
        self.high = max([1.0, *(one["high"] for one in losses)])

    def place(self, value: float) -> float:
        return _PAD + (_WIDE - 2 * _PAD) * (value - self.low) / (self.high - self.low)

    def at(self, value: float) -> str:
        return f"{self.place(value):.1f}"


def _line(one: dict[str, Any], scale: _Scale) -> dict[str, Any]:
    lost, pipeline = one["outcomes"]["opportunity"]["lost"], one["pipeline"]
    left, right = sorted((scale.place(0.0), scale.place(lost["value"])))
    return one | {
        "lost": lost,
        "bar": {"x": f"{left:.1f}", "width": f"{max(1.0, right - left):.1f}", "zero": scale.at(0.0),
                "low": scale.at(lost["low"]), "high": scale.at(lost["high"]), "at": scale.at(lost["value"]),
                "span": f"{scale.place(lost['high']) - scale.place(lost['low']):.1f}"},
        "money": _money(pipeline), "word": _verdicts()[one["verdict"]],
        "kind": {"costs": "bad", "gains": "good"}.get(one["verdict"], ""),
        "shares": [_share(one["outcomes"][name]) for name in OUTCOMES],
    }  # fmt: skip


def _verdicts() -> dict[str, str]:
    return {"costs": _("goes with fewer deals"), "gains": _("goes with more deals"), "unclear": _("cannot be told")}


def _money(pipeline: dict[str, Any] | None) -> dict[str, str] | None:
    if pipeline is None:
        return None
    return {
        name: short(Decimal(round(pipeline[name])), pipeline["currency"] if name == "value" else None).replace(
            "-", "\u2212"
        )
        for name in ("value", "low", "high")
    }


def _share(outcome: dict[str, Any]) -> dict[str, str]:
    """Fewer or more of the leads, in points of a hundred, with the interval."""
    one = outcome["difference"]
    if one is None:
        return {"value": "–", "range": "", "why": outcome["why"]}
    value, low, high = (f"{100 * one[name]:+.1f}".replace("-", "\u2212") for name in ("value", "low", "high"))
    return {"value": value, "range": _("%(low)s to %(high)s") % {"low": low, "high": high}, "why": ""}


def _answer(found: dict[str, Any], lines: Sequence[dict[str, Any]]) -> str:
    if found["why"]:
        return str(found["why"])
    dear = [one for one in lines if one["verdict"] == "costs"]
    if not lines:
        return _("Too few leads with a fault have become anything yet to say what a fault costs.")
    if not dear:
        said = ngettext(
            "Of %(n)s fault that can be measured none goes with fewer deals beyond chance.",
            "Of %(n)s faults that can be measured none goes with fewer deals beyond chance.", len(lines),
        )  # fmt: skip
        return said % {"n": len(lines)}
    one = dear[0]
    told = {"title": inner(one["title"]), "n": f"{one['lost']['value']:,.0f}", "low": f"{one['lost']['low']:,.0f}",
            "high": f"{one['lost']['high']:,.0f}"}  # fmt: skip
    said = _("Dearest is: %(title)s. %(n)s opportunities fewer (%(low)s to %(high)s)") % told
    money = one["money"]
    return f"{said}, {money['value']} ({money['low']} to {money['high']})." if money else f"{said}."
