"""A blueprint on one page of paper: the answer, the alternatives side by side, the order, what it rests on."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops import __version__
from marops.domains.team.queries.blueprint_told import Told
from marops.kernel.clock import now
from marops.kernel.printing import pdf
from marops.kernel.workspace import today, workspace

HERE: Final = Path(__file__).parent
SEATS, STEPS, TURNS, PAIRS, LEFT_OUT = 14, 12, 5, 4, 8
"""So many are named on paper; the page has all of them."""


def blueprint_pdf(told: Told, day: date, at: datetime) -> bytes:
    """The paper; the same answer gives the same page."""
    return pdf(HERE / "blueprint.typ", content(told, day), at)


def blueprint_page(told: Told) -> bytes:
    """The paper as of now."""
    return blueprint_pdf(told, today(), now())


def content(told: Told, day: date) -> dict[str, Any]:
    """All that stands on it."""
    best = next(one for one in told.plans if one["first"])
    company = workspace().name
    return {
        "head": {"left": ", ".join(one for one in (company, _("blueprint of the team")) if one),
                 "right": date_format(day, "j F Y")},
        "title": told.question, "company": company, "answer": f"{told.answer} {told.answer_range}.",
        "under": told.under,
        "names": [one["name"] for one in told.plans], "first": told.plans.index(best),
        "lines": told.lines,
        "plans": [
            {"name": one["name"], "says": one["says"], "more": _more(len(one["rows"]), SEATS),
             "seats": [{"n": seat["count"], "title": seat["title"], "shares": seat["shares"] or seat["leads"]}
                       for seat in one["rows"][:SEATS]],
             "watch": [f"{each['names']}: {each['watch'] or each['why']}" for each in one["watch"][:PAIRS]]}
            for one in told.plans
        ],
        "orders": [
            {"name": one["name"], "says": f"{one['hiring']} {_left_out(one)}".strip(),
             "more": _more(len(one["steps"]), STEPS),
             "steps": [{"n": str(step["n"]), "title": step["title"], "coverage": step["coverage"],
                        "cost": step["cost"], "month": step["pace"]} for step in one["steps"][:STEPS]]}
            for one in told.plans
        ],
        "turns": [f"{one['label']}, {one['end']}: {one['order']}" for one in told.turns[:TURNS]],
        "drivers": [f"{one['name']} {one['said']} ({one['from']})" for one in told.drivers],
        "words": {
            "watch": _("To watch"), "order": _("In which order: work done, cost a year, month up to pace"),
            "turns": _("What would turn the order"), "none": _("No single assumption does."),
            "drivers": _("Counted with, a month"), "nobody": _("Nobody has to be hired."),
        },
        "sources": [
            *([told.outside] if told.outside else []), told.pay, told.proof, told.made, told.weighing,
        ],
        "program": f"Marops {__version__}",
    }  # fmt: skip


def _left_out(plan: Mapping[str, Any]) -> str:
    names = [one["name"] for one in plan["left_out"]]
    if not names:
        return ""
    shown = ", ".join([*names[:LEFT_OUT], *([_more(len(names), LEFT_OUT)] if len(names) > LEFT_OUT else [])])
    return _("Not in this plan: %(names)s.") % {"names": shown}


def _more(n: int, shown: int) -> str:
    return _("and %(n)s more") % {"n": n - shown} if n > shown else ""
