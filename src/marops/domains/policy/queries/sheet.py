"""The one page told line by line, with what AI did of each lately: the same for the screen and for paper."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from marops.domains.policy.queries import shown
from marops.domains.policy.queries.policies import Policy
from marops.domains.policy.queries.told import page_json
from marops.domains.policy.rules.wording import listed
from marops.kernel.clock import local_date
from marops.kernel.models import Definition
from marops.kernel.workspace import today, workspace

Row = dict[str, Any]
HEADINGS = (
    ("free", "yes", "check"),
    ("gated", "gate", "gate"),
    ("never", "no", "never"),
)
"""Verdict, class and sign of each part of the page."""


def grouped(n: int) -> str:
    """A count as people write it."""
    return str(number_format(n, force_grouping=True))


def told_of(policy: Policy) -> Row:
    """The page in parts, each line with what AI did of it lately; the same for the screen and for paper."""
    told = page_json(policy)
    lines = [*told["lines"], *told["details"]]
    everybody = {one.owner for one in policy.document.rules}
    lately = shown.lately(policy, lines) if policy.row.state == Definition.State.ACTIVE else None
    for at, one in enumerate(lines):
        one["live"] = _live(one["verdict"], lately.lines[at], acts_url(policy, at)) if lately else []
        one["owner"] = listed(one["owners"]) if len(everybody) > 1 else ""
        one["needed"] = _(" or ").join(one["needs"])
        one["because"] = f"{reverse('policy:line', args=[at])}?version={policy.row.version}"
    return {
        "told": told, "lately": lately, "parts": _parts(told["lines"]), "details": _parts(told["details"]),
        "more": len(told["details"]),
        "beside": {"n": lately.beside if lately else 0, "url": f"{acts_url(policy, 'none')}&verdict=no"},
        "company": workspace().name, "overdue": _overdue(told),
        "since": since(policy), "agreed": agreed(told, everybody), "moment": _moment(told),
    }  # fmt: skip


def _moment(told: Row) -> Row:
    """The policy's rules that no combination holds, for they ask about the moment: consent, and limits of a day."""
    rules = told["each_time"]
    return {"says": " ".join(one["says"] for one in rules), "rules": [one["id"] for one in rules]}


def _overdue(told: Row) -> bool:
    return bool(told["review_by"] and told["review_by"] < today())


def _parts(lines: Sequence[Row]) -> list[Row]:
    words = {
        "free": _("May, on its own"), "gated": _("May, once the gate is passed"), "never": _("Never"),
    }  # fmt: skip
    found = [
        {"css": css, "sign": sign, "heading": words[verdict],
         "lines": [one for one in lines if one["verdict"] == verdict]}
        for verdict, css, sign in HEADINGS
    ]  # fmt: skip
    return [one for one in found if one["lines"]]


def acts_url(policy: Policy, at: int | str) -> str:
    """Where the acts stand that are counted in a line, or in `none`."""
    return f"{reverse('policy:trail')}?version={policy.row.version}&line={at}"


def _live(verdict: str, counts: Any, url: str) -> list[Row]:
    """Number and word of what was done of a line, and where those acts stand."""
    if verdict == "never":
        found = [(counts["no"], _("refused"), url)]
    elif verdict == "free":
        found = [(counts["yes"], _("done"), url)]
    else:
        found = [(counts["yes"] + counts["waits"], _("asked"), url)]
        if counts["waits"]:
            found.append((counts["waits"], _("had to wait"), f"{url}&verdict=waits"))
    return [{"n": grouped(n), "word": word, "url": there if n else ""} for n, word, there in found]


def since(policy: Policy) -> str:
    """Version 7, in force since 2 November 2026."""
    row = policy.row
    if row.state == Definition.State.ACTIVE and row.valid_from:
        day = date_format(local_date(row.valid_from, workspace().zone), "j F Y")
        return _("Version %(n)s, in force since %(day)s") % {"n": row.version, "day": day}
    if row.state == Definition.State.RETIRED:
        return _("Version %(n)s, no longer in force") % {"n": row.version}
    return _("Version %(n)s, a draft: not in force") % {"n": row.version}


def agreed(told: Mapping[str, Any], everybody: Collection[str] = ()) -> str:
    """Who agreed, when it is looked at again, and who answers for it where that is one for all lines."""
    people = listed(told["agreed_by"])
    said = _("Agreed by %(people)s.") % {"people": people} if people else _("Nobody has agreed yet.")
    day = told["review_by"]
    again = _("Next review %(day)s.") % {"day": date_format(day, "j F Y")} if day else _("No next review is set.")
    answers = _("%(owner)s answers for every line.") % {"owner": next(iter(everybody))} if len(everybody) == 1 else ""
    return " ".join(one for one in (answers, said, again) if one)
