"""Why the leads are bad, on one page of paper: to be forwarded to the head of sales."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops import __version__
from marops.kernel.printing import pdf
from marops.kernel.workspace import workspace

_PAPER: Final = Path(__file__).parent / "trace.typ"
CAUSES, LINES, LONGEST = 8, 5, 420
"""So many causes and lines stand on paper, and so many letters of what sales said; the page has all of them."""
Told = Mapping[str, Any]


def complaint_pdf(told: Told, at: datetime) -> bytes:
    """A complaint (`complaint_json`, or an answer alone under `answer`) on one page; the same gives the same bytes."""
    return pdf(_PAPER, content(told, at), at)


def content(told: Told, at: datetime) -> dict[str, Any]:
    """All that stands on it."""
    answer, company = told["answer"], workspace().name
    followed = told.get("followed")
    return {
        "head": {"left": ", ".join(one for one in (company, _("why the leads are bad")) if one),
                 "right": date_format(at, "j F Y")},
        "title": _("Why the leads are bad"), "company": company, "answer": answer["answer"],
        "about": told.get("about", ""), "said": _shortened(told.get("said", "")), "how": answer["how"],
        "causes": _causes(answer), "parts": [_routing(answer), _quality(answer), _change(answer, followed)],
        "words": {"cause": _("Cause"), "leads": _("Leads"), "share": _("Share"), "elsewhere": _("Elsewhere"),
                  "excess": _("Excess, with interval"), "sales": _("Sales said")},
        "sources": [_sealed(told)], "program": f"Marops {__version__}",
    }  # fmt: skip


def _shortened(said: str) -> str:
    return said if len(said) <= LONGEST else f"{said[:LONGEST].rsplit(' ', 1)[0]} …"


def _sealed(told: Told) -> str:
    if not told.get("sha256"):
        return _("Answered from the workspace as it is today, and not kept.")
    return _("%(ref)s, kept as it was answered. SHA-256 %(seal)s") % {"ref": told["ref"], "seal": told["sha256"]}


def _causes(answer: Told) -> list[dict[str, Any]]:
    """The causes with their places on one scale from 0 to 1, the unexplained last."""
    *found, last = answer["causes"]
    shown = [*(one for one in found if one["low"] > 0), *(one for one in found if one["low"] <= 0)][:CAUSES]
    least = min([0.0, *(one["low"] for one in shown)])
    whole = max([0.01, *(one["high"] for one in shown)]) - least
    rows = [
        {"says": one["says"], "leads": f"{one['leads']:,}", "share": f"{one['share']:.0%}",
         "elsewhere": f"{one['control_share']:.0%}", "sure": one["sure"],
         "excess": f"{one['excess']:+.0%} ({one['low']:+.0%} … {one['high']:+.0%})",
         "at": [(value - least) / whole for value in (one["low"], one["excess"], one["high"], 0.0)]}
        for one in shown
    ]  # fmt: skip
    return [*rows, {"says": last["says"], "leads": f"{last['leads']:,}", "share": f"{last['share']:.0%}",
                    "elsewhere": "", "sure": False, "excess": "", "at": []}]  # fmt: skip


def _routing(answer: Told) -> dict[str, Any]:
    ran = answer["routing"]
    held = ran["held"]
    version, rule = _("%(what)s: %(n)s leads"), _("Rule “%(what)s”: %(share)s")
    lines = [
        said % {"what": one["value"], "n": f"{one['leads']:,}", "share": f"{one['share']:.0%}"}
        for said, found in ((version, ran["ran_by"]), (rule, ran["rules"]))
        for one in found
    ]
    counts = (
        (_("handed on by hand"), held["stale_rule"]), (_("first touch missed"), held["late"]),
        (_("owner away"), held["absent"]), (_("over the threshold by one signal alone"), held["signal"]),
        (_("only just over the threshold"), held["threshold"]),
    )  # fmt: skip
    lines = lines[:LINES] + [f"{n:,} {words}" for words, n in counts if n]
    return {"heading": _("The routing as it ran"), "text": "", "lines": lines}


def _quality(answer: Told) -> dict[str, Any]:
    found = answer["quality"]
    lines = [f"{one['says']}: {one['leads']:,} ({one['share']:.0%})" for one in found["reasons"][:LINES]]
    lines += [f"{one['title']}: {one['leads']:,}" for one in found["faults"][:LINES]]
    return {"heading": _("The data beneath"), "text": "", "lines": lines or [_("No record of them has a fault.")]}


def _change(answer: Told, followed: Told | None) -> dict[str, Any]:
    proposal = answer["proposal"]
    heading = _("What we change this quarter")
    if not proposal:
        nothing = _("Nothing is surely at work that a change of a definition would mend.")
        return {"heading": heading, "text": nothing, "lines": []}
    lines = [proposal["says"], *(f"{_('Or')}: {one['change']} {one['says']}" for one in proposal["alternatives"][:2])]
    lines += [followed["says"]] if followed else []
    return {"heading": heading, "text": proposal["change"], "lines": lines}
