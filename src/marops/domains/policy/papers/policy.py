"""The policy on one sheet of paper: what AI may do on its own, once a gate is passed, and never."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops import __version__
from marops.domains.policy.charts import shares
from marops.domains.policy.queries.policies import Policy
from marops.domains.policy.queries.sheet import grouped, since, told_of
from marops.domains.policy.queries.shown import QUARTER
from marops.kernel.clock import now
from marops.kernel.printing import pdf
from marops.kernel.workspace import today

HERE: Final = Path(__file__).parent


def policy_pdf(policy: Policy, day: date, at: datetime) -> bytes:
    """The paper; the same policy on the same day with the same counts gives the same page."""
    return pdf(HERE / "policy.typ", content(policy, day), at)


def policy_page(policy: Policy) -> bytes:
    """The paper as of now."""
    return policy_pdf(policy, today(), now())


def content(policy: Policy, day: date) -> dict[str, Any]:
    """All that stands on it."""
    found = told_of(policy)
    told, asks = found["told"], found["told"]["asks"]
    return {
        "head": {"left": ", ".join(one for one in (found["company"], _("Marketing")) if one), "right": since(policy)},
        "title": told["title"], "company": found["company"], "preamble": told["preamble"],
        "parts": [_part(one) for one in found["parts"]], "details": [_part(one) for one in found["details"]],
        "live": found["lately"] is not None,
        "moment": found["moment"]["says"], "moment_rules": ", ".join(found["moment"]["rules"]),
        "agreed": found["agreed"], "asks": asks, "shares": shares(asks),
        "words": {
            "days": _("last %(n)s days") % {"n": QUARTER}, "needs": _("Needs"),
            "details": _("Details: what reaches less far"), "each": _("Each time:"),
            "free": _("free"), "gate": _("gate"), "never": _("never"),
            "combinations": _("of %(asks)s asks, in %(n)s combinations, each decided") % {
                "asks": grouped(sum(asks.values())), "n": grouped(told["combinations"])},
        },
        "sources": [
            _("What is on no line is not allowed."), _("This page is generated from the rules that decide."),
            _("It is not legal advice."), _("Printed %(day)s.") % {"day": date_format(day, "j F Y")},
        ],
        "program": f"Marops {__version__}",
    }  # fmt: skip


def _part(one: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {"says": line["head"], "also": line["bounds"], "needed": line["needed"],
         "rules": ", ".join((*line["rules"], *([line["owner"]] if line["owner"] else []))),
         "live": [{"n": of["n"], "word": of["word"]} for of in line["live"]]}
        for line in one["lines"]
    ]  # fmt: skip
    return {"kind": one["css"], "heading": one["heading"], "lines": lines}
