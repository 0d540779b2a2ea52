"""The policy in words and as JSON: the page, a decision, a difference, its own tests."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.domains.policy.queries.policies import Policy, request_of
from marops.domains.policy.queries.shown import everything_stopped
from marops.domains.policy.rules.cedar import BASE, Decision, Facts
from marops.domains.policy.rules.cover import covered
from marops.domains.policy.rules.document import Asked
from marops.domains.policy.rules.domain import DISCLOSED, REVIEW, SIZE, Request
from marops.domains.policy.rules.gates import LADDER, Gates, gates_of, least, missing, one_word_away
from marops.domains.policy.rules.page import Line
from marops.domains.policy.rules.parts import parts_of
from marops.domains.policy.rules.proving import Breach, breaches
from marops.domains.policy.rules.table import Bits, change
from marops.domains.policy.rules.wording import answers, asked, bounds, headline, needs, sentence

_BUILT_IN = frozenset(one.id for one in BASE)
_LAWS = {
    "review": gettext_lazy("more people have read it"),
    "disclosed": gettext_lazy("it says that AI took part"),
    "autonomy": gettext_lazy("it acts less freely"),
    "data": gettext_lazy("it reads what is less sensitive"),
}


def line_json(one: Line) -> dict[str, Any]:
    """One line of the page: what it says, what is needed, which rules stand behind it, how many asks it is about."""
    return {
        "verdict": one.verdict,
        **_plainly(one),
        "says": [sentence(box.answers) for box in one.boxes],
        "needs": [needs(gates) for gates in one.gates],
        "rules": list(one.rules),
        "asks": one.asks,
        "boxes": [{name: list(values) for name, values in box.answers.items()} for box in one.boxes],
    }


def _plainly(one: Line) -> dict[str, Any]:
    """A line as a heading and its bounds: those of each box where all have one heading, else what the others say."""
    heads = [headline(box.answers) for box in one.boxes]
    found = [bounds(box.answers) for box in one.boxes]
    if len(set(heads)) > 1:
        found[1:] = [sentence(box.answers) for box in one.boxes[1:]]
    return {"head": heads[0], "bounds": [said for said in dict.fromkeys(found) if said]}


def page_json(policy: Policy) -> dict[str, Any]:
    """The one page. Raises MaropsError `policy-not-decided`."""
    document, page = policy.document, policy.page
    return {
        "title": document.title,
        "preamble": document.preamble,
        "version": policy.row.version,
        "state": policy.row.state,
        "in_force_since": policy.row.valid_from,
        "agreed_by": document.agreed_by,
        "review_by": document.review_by,
        "digest": policy.table.digest(),
        "asks": dict(page.asks),
        "combinations": SIZE,
        "allowed": int(policy.table.allowed.sum()),
        "lines": [_line(policy, one) for one in page.lines],
        "details": [_line(policy, one) for one in page.details],
        "each_time": [
            {"id": one.id, "owner": one.owner, "says": one.says}
            for one in document.rules
            if one.id not in policy.compiled.ahead
        ],
    }


def _line(policy: Policy, one: Line) -> dict[str, Any]:
    """A line of the page; what is forbidden is said in the words of the rule that forbids it."""
    owners = list(dict.fromkeys(policy.compiled.rules[name].owner for name in one.rules))
    told = line_json(one) | {"owners": owners}
    if one.verdict != "never":
        return told
    says = policy.compiled.rules[one.rules[0]].says
    return told | {"says": [says], "head": _after_never(says), "bounds": []}


def _after_never(says: str) -> str:
    """“Never delete anything.” under the heading Never is “Delete anything.”."""
    never = _("Never") + " "
    return says[len(never) :][:1].upper() + says[len(never) + 1 :] if says.startswith(never) else says


def check_json(policy: Policy, asking: Asked, facts: Facts) -> dict[str, Any]:
    """May this be done: yes or no, by which rules, what is missing for a yes, and what one other word would change."""
    request, facts = request_of(asking), replace(facts, stopped=facts.stopped or everything_stopped() is not None)
    decision = policy.decide(request, facts)

    def allows(one: Request) -> bool:
        return policy.decide(one, facts).allowed

    found = None if decision.allowed else missing(request, allows)
    return {
        "policy": policy.row.pinned,
        "asked": asked(request),
        "allowed": decision.allowed,
        "rules": [_rule(policy, name) for name in decision.rules],
        "needs": needs(found) if found else None,
        "missing": {"review": found.review, "disclosed": found.disclosed} if found else None,
        "reasons": list(_reasons(policy, decision, gated=found is not None)),
        "later": [] if not (decision.allowed or found) else [
            {"id": name, "says": policy.compiled.rules[name].says} for name in _later(policy, request)
        ],
        "one_word_away": [
            {"question": name, "answer": value, "says": answers(name, [value])}
            for name, value in one_word_away(request, allows)
        ],
        "errors": list(decision.errors),
    }  # fmt: skip


def _rule(policy: Policy, name: str) -> dict[str, Any]:
    rule = policy.compiled.rules[name]
    return {"id": rule.id, "owner": rule.owner, "says": rule.says, "because": rule.because}


def _later(policy: Policy, request: Request) -> Iterator[str]:
    """The rules that are asked only when it happens, and could still say no."""
    for name, rule in policy.compiled.rules.items():
        if name in policy.compiled.ahead or name in _BUILT_IN:
            continue
        parts = parts_of(rule.cedar)
        if parts is None or request.action in parts.answers.get("action", (request.action,)):
            yield name


def _reasons(policy: Policy, decision: Decision, *, gated: bool) -> Iterator[str]:
    for name in decision.rules:
        rule = policy.compiled.rules[name]
        yield f"{rule.says} {rule.because}".strip()
    if not (decision.allowed or decision.rules):
        yield _("A rule allows it once the gate is passed.") if gated else _("No rule allows it.")


@dataclass(frozen=True, slots=True)
class Difference:
    """What another version decides otherwise."""

    before: Policy
    after: Policy
    opened: Bits
    closed: Bits


def difference(before: Policy, after: Policy) -> Difference:
    """Exactly the combinations that change. Raises MaropsError `policy-not-decided`."""
    found = change(before.table.allowed, after.table.allowed)
    return Difference(before, after, found.opened, found.closed)


def boxes_of(bits: Bits) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Combinations as boxes, each with how many it holds and with which reviews and words (`gates`)."""
    masks = gates_of(bits)
    for mask in sorted(int(one) for one in np.unique(masks) if one):
        pairs = [pair for at, pair in enumerate(LADDER) if mask >> at & 1]
        for box in covered(masks == mask, apart=True):
            yield box.size * len(pairs), {**box.answers, "gates": pairs}


def difference_json(found: Difference) -> dict[str, Any]:
    """A difference: how many combinations open and close, and as which boxes; together they are exactly all of them."""
    return {
        "before": found.before.row.pinned,
        "after": found.after.row.pinned,
        "opened": int(found.opened.sum()),
        "closed": int(found.closed.sum()),
        "opens": [_change(count, box) for count, box in boxes_of(found.opened)],
        "closes": [_change(count, box) for count, box in boxes_of(found.closed)],
        "rules": (rules := _rules_changed(found.before, found.after)),
        "moment": _of_the_moment(found.before, found.after, rules),
    }


def _change(count: int, box: Mapping[str, Any]) -> dict[str, Any]:
    gates = box["gates"]
    parts = {name: values for name, values in box.items() if name != "gates"}
    return {
        "combinations": count,
        "says": sentence(parts, exact=True),
        "with": [{"review": review, "disclosed": said} for review, said in gates],
        "where": _where({Gates(*one) for one in gates}),
        "answers": {name: list(values) for name, values in parts.items()},
    }


def _where(given: AbstractSet[Gates]) -> str:
    """With which readers and words a change is one; nothing where with all of them."""
    every = [Gates(*pair) for pair in LADDER]
    low = least(sum(1 << at for at, one in enumerate(every) if one in given))
    above = {one for one in every if any(g.review <= one.review and g.disclosed <= one.disclosed for g in low)}
    if len(given) == len(every):
        return ""
    if above == given:
        return _("With %(gates)s.") % {"gates": _(" or ").join(needs(one) for one in low)}
    cases = []
    for review in sorted({one.review for one in given}):
        said = [one.disclosed for one in given if one.review == review]
        who = _("read by %(who)s") % {"who": REVIEW.answers[review]}
        cases.append(who if len(said) > 1 else f"{who}, {DISCLOSED.answers[said[0]]}")
    return _("Where it is %(cases)s.") % {"cases": _(", or ").join(cases)}


def _of_the_moment(before: Policy, after: Policy, rules: Mapping[str, Sequence[str]]) -> list[str]:
    """Changed rules that are asked only when it happens: what they change stands in no combination."""
    told = [(after, name) for key in ("added", "changed") for name in rules[key]]
    told += [(before, name) for key in ("removed", "changed") for name in rules[key]]
    return sorted({name for policy, name in told if name not in policy.compiled.ahead})


def _rules_changed(before: Policy, after: Policy) -> dict[str, list[str]]:
    old = {rule.id: rule for rule in before.document.rules}
    new = {rule.id: rule for rule in after.document.rules}
    return {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name].cedar != old[name].cedar],
        "reworded": [
            name for name in new
            if name in old and new[name].cedar == old[name].cedar and new[name] != old[name]
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of a policy's own checks, and whether it holds."""

    says: str
    holds: bool
    expected: str


def tests_of(policy: Policy) -> list[Verdict]:
    """The policy's own checks, asked of its rules."""
    return [
        Verdict(one.says, policy.decide(request_of(one.ask)).allowed == (one.expect == "yes"), one.expect)
        for one in policy.document.checks
    ]


def test_json(policy: Policy) -> dict[str, Any]:
    """Checks, laws, and rules that decide nothing. `passed` tells whether the version may be put in force."""
    table, checks = policy.table, tests_of(policy)
    found = breaches(table.shaped)
    return {
        "policy": policy.row.pinned,
        "passed": not found and all(one.holds for one in checks),
        "checks": [{"says": one.says, "expect": one.expected, "holds": one.holds} for one in checks],
        "laws": [_breach(one) for one in found],
        "dead": table.dead(),
        "shadowed": table.shadowed(),
        "never_allowed": int((gates_of(table.allowed) == 0).sum()),
        "combinations": SIZE,
        "digest": table.digest(),
    }


def _breach(one: Breach) -> dict[str, Any]:
    return {
        "law": one.law,
        "says": breach_words(one),
        "combinations": one.count,
        "allowed": asked(one.allowed),
        "refused": asked(one.refused),
    }


def breach_words(one: Breach) -> str:
    """What is wrong, in one sentence."""
    return _("It is refused though %(law)s: %(refused)s Allowed is: %(allowed)s") % {
        "law": _LAWS[one.law], "refused": asked(one.refused), "allowed": asked(one.allowed),
    }  # fmt: skip
