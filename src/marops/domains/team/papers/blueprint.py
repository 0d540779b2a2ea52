"""A blueprint on one page of paper: the answer, the alternatives side by side, the order, what it rests on."""

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
SEATS, STEPS, TURNS, PAIRS = 14, 12, 5, 4
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
             "seats": [{"n": seat["count"], "title": seat["title"], "shares": seat["shares"]}
                       for seat in one["rows"][:SEATS]],
             "watch": [f"{each['names']}: {each['watch'] or each['why']}" for each in one["watch"][:PAIRS]]}
            for one in told.plans
        ],
        "steps": [{"n": str(one["n"]), "title": one["title"], "coverage": one["coverage"], "cost": one["cost"]}
                  for one in best["steps"][:STEPS]],
        "steps_more": _more(len(best["steps"]), STEPS),
        "turns": [f"{one['label']}, {one['end']}: {one['order']}" for one in told.turns[:TURNS]],
        "drivers": [f"{one['name']} {one['said']} ({one['from']})" for one in told.drivers],
        "words": {
            "watch": _("To watch"), "order": _("In which order: %(name)s") % {"name": best["name"]},
            "turns": _("What would turn the order"), "none": _("No single assumption does."),
            "drivers": _("Counted with, a month"), "nobody": _("Nobody has to be hired."),
        },
        "sources": [
            told.proof, told.made, told.weighing, _("Costs rest on placeholder pay, not on anybody's real pay."),
        ],
        "program": f"Marops {__version__}",
    }  # fmt: skip


def _more(n: int, shown: int) -> str:
    return _("and %(n)s more") % {"n": n - shown} if n > shown else ""
