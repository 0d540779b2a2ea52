"""Versions of the policy, and exactly what one decides otherwise than another."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.pages.frame import Row, begun, progress, state_said, tabs, who_wrote
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.entering import policy_enters
from marops.domains.policy.queries.policies import SLUG, Policy, policy_of
from marops.domains.policy.queries.sheet import grouped
from marops.domains.policy.queries.told import difference, difference_json, tests_of
from marops.domains.policy.rules.domain import DIMENSIONS, Dimension
from marops.domains.policy.rules.parts import Parts, parts_of
from marops.domains.policy.rules.wording import answers
from marops.kernel.definitions import ACTIVATE, UNDECIDED
from marops.kernel.models import Definition
from marops.kernel.permissions import may

LISTED = 30
"""So many changes of each kind stand open; the others are folded below."""


@require_GET
@needs(VIEW)
def versions(request: HttpRequest) -> HttpResponse:
    """All versions, with who wrote them, why, and what each changes."""
    rows = shown.rows()
    if not rows:
        return redirect("policy:page")
    context = {
        "tabs": tabs(request, "versions"), "active": _active(rows), "draft": shown.draft_of(rows), "count": len(rows),
        "entries": history(rows),
    }  # fmt: skip
    return render(request, "policy/versions.html", context)


def history(rows: list[Definition], most: int | None = None) -> list[Row]:
    """Versions, the newest first: who wrote each, when and why, and against what it is compared."""
    newest, active = rows[:most], _active(rows)
    return [_entry(row, who, rows, active) for row, who in zip(newest, who_wrote(newest), strict=True)]


def _active(rows: list[Definition]) -> Definition | None:
    return next((row for row in rows if row.state == Definition.State.ACTIVE), None)


def _entry(row: Definition, who: str, rows: list[Definition], active: Definition | None) -> Row:
    before = active if active and row.state in UNDECIDED else None
    before = before or next((one for one in rows if one.version < row.version), None)
    diff = f"{reverse('policy:diff')}?before={before.version}&after={row.version}" if before else ""
    return {
        "version": row.version, "at": row.created_at, "who": who or "Marops", "kind": "human" if who else "auto",
        "reason": row.reason, "state": row.state, "url": reverse("policy:version", args=[row.version]),
        "diff_url": diff, "before": before.version if before else "",
        "open": row.state in UNDECIDED,
    }  # fmt: skip


@require_GET
@needs(VIEW)
@begun
def diff(request: HttpRequest) -> HttpResponse:
    """What another version decides otherwise, combination by combination, and what speaks against it."""
    before, after = policy_of(request.GET.get("before", "")), policy_of(request.GET.get("after", ""))
    context: Row = {
        "tabs": tabs(request, "versions"), "before": before, "after": after, "row": after.row,
        "state": state_said(after.row), "undecided": after.row.state in UNDECIDED,
        "may_change": may(actor_of(request), CHANGE), "may_enter": may(actor_of(request), ACTIVATE),
    }  # fmt: skip
    for one in (after, before):
        if not one.decided:
            return render(
                request, "policy/diff.html", context | {"waits": one} | progress(one, request.get_full_path())
            )
    return render(request, "policy/diff.html", context | _told(before, after))


def _told(before: Policy, after: Policy) -> Row:
    found = difference_json(difference(before, after))
    kinds: list[dict[str, Any]] = [
        {"key": key, "rows": sorted(found[key], key=lambda one: -one["combinations"])} for key in ("opens", "closes")
    ]
    moment = found["moment"]
    for kind in kinds:
        kind["shown"], kind["folded"] = kind["rows"][:LISTED], kind["rows"][LISTED:]
    return {
        "found": found, "kinds": [one for one in kinds if one["rows"]], "checks": tests_of(after),
        "faults": policy_enters(SLUG, after.document) if after.row.state in UNDECIDED else [],
        "reworked": [_reworked(before, after, name) for name in found["rules"]["changed"]],
        "answer": _answer(found["opened"], found["closed"], moment), "moment": moment,
    }  # fmt: skip


def _reworked(before: Policy, after: Policy, name: str) -> Row:
    """What a changed rule says otherwise, question by question; what is no sentence as its text."""
    old, new = (one.compiled.rules[name] for one in (before, after))
    was, now = parts_of(old.cedar), parts_of(new.cedar)
    if was is None or now is None:
        return {"id": name, "says": new.says, "turns": [], "texts": (old.cedar, new.cedar)}
    turns = [
        {"label": one.asks, "was": _given(was, one), "now": _given(now, one)}
        for one in DIMENSIONS
        if was.answers.get(one.name, one.values) != now.answers.get(one.name, one.values)
    ]
    if was.effect != now.effect:
        words = {"permit": _("may"), "forbid": _("never")}
        turns.insert(0, {"label": _("AI"), "was": words[was.effect], "now": words[now.effect]})
    texts = ("\n".join(was.rest), "\n".join(now.rest)) if was.rest != now.rest else None
    stale = bool(turns or texts) and old.says == new.says
    return {"id": name, "says": new.says, "turns": turns, "texts": texts, "stale": stale}


def _given(parts: Parts, of: Dimension) -> str:
    values = parts.answers.get(of.name, of.values)
    return _("whatever") if len(values) == len(of.values) else _(" or ").join(answers(of.name, [one]) for one in values)


def _answer(opened: int, closed: int, moment: Sequence[str]) -> str:
    yes = ngettext("One combination becomes a yes", "%(n)s combinations become a yes", opened) % {"n": grouped(opened)}
    no = ngettext("One combination becomes a no", "%(n)s combinations become a no", closed) % {"n": grouped(closed)}
    if opened and closed:
        also = ngettext("one becomes a no", "%(n)s become a no", closed) % {"n": grouped(closed)}
        return _("%(yes)s, %(no)s.") % {"yes": yes, "no": also}
    if opened or closed:
        return _("%(one)s, none the other way.") % {"one": yes if opened else no}
    if moment:
        return _("Only what is asked when it happens changes.")
    return _("Nothing is decided otherwise.")
