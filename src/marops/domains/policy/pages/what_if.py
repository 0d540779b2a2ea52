"""What if: a sentence of eight words, and the answer that the software would give now."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.forms import WhatIfForm, words_of
from marops.domains.policy.pages.frame import Row, begun, state_said, tabs
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries.policies import Policy, policy_of, request_of
from marops.domains.policy.queries.told import check_json
from marops.domains.policy.rules.cedar import BASE, Facts
from marops.domains.policy.rules.domain import BY_NAME, Request, Value
from marops.domains.policy.rules.gates import Gates, missing
from marops.domains.policy.rules.wording import needs as gates_said
from marops.kernel.permissions import may

NEAREST = 8
"""So many other words are offered at most."""
_FIRST = ("review", "disclosed", "hosting", "autonomy")
"""What is changed most easily comes first."""
_BUILT_IN = frozenset(one.id for one in BASE)


@require_GET
@needs(VIEW)
@begun
def what_if(request: HttpRequest) -> HttpResponse:
    """The sentence and its answer: a page, or for htmx the part of one."""
    policy = policy_of(request.GET.get("version", ""))
    context = what_if_of(policy, request.GET, at=policy.row.version) | {
        "changed": request.GET.get("word", ""), "may_change": may(actor_of(request), CHANGE),
    }  # fmt: skip
    if request.headers.get("HX-Request"):
        return render(request, "policy/parts/what_if.html", context)
    context |= {"tabs": tabs(request, "what-if"), "row": policy.row, "state": state_said(policy.row)}
    return render(request, "policy/what_if.html", context)


def what_if_of(policy: Policy, given: Mapping[str, Any], *, at: int) -> Row:
    """The sentence as a form, and its answer."""
    form = WhatIfForm(given)
    request = request_of(form.asked)
    found = check_json(policy, form.asked, Facts())
    verdict = "yes" if found["allowed"] else "gate" if found["missing"] else "no"
    wanted = _wanted(request, found["missing"]) if found["missing"] else []
    return {
        "what_if": form, "at": at, "verdict": verdict, "word": _word(verdict, len(wanted)), "wanted": wanted,
        "behind": list(_behind(policy, request, found)), "in_order": _in_order(request),
        "later": found["later"],
        "near": [_near(policy, form, request, found, one) for one in _nearest(request, found["one_word_away"])],
        "as_check": urlencode({**form.said(), "expect": "yes" if found["allowed"] else "no"}),
        "near_more": max(0, len(found["one_word_away"]) - NEAREST),
    }  # fmt: skip


def _word(verdict: str, gates: int) -> str:
    if verdict == "yes":
        return _("Yes, as it stands.")
    if verdict == "no":
        return _("No, whoever reads it.")
    said = ngettext("Not yet: one gate is missing.", "Not yet: %(n)s gates are missing.", gates)
    return said % {"n": gates}


def _wanted(request: Request, lacks: Mapping[str, Any]) -> list[str]:
    """What has to be added."""
    found = []
    if lacks["review"] > request.review:
        both = {(0, 1): _("One reviewer"), (0, 2): _("Two reviewers"), (1, 2): _("A second reviewer")}
        found.append(both[request.review, lacks["review"]])
    if lacks["disclosed"] and not request.disclosed:
        found.append(_("Saying that AI took part"))
    return found


def _behind(policy: Policy, request: Request, found: Row) -> Iterator[Row]:
    """The rules that say so: for a gate those that would allow it once it is passed."""
    rules = found["rules"]
    if found["missing"]:
        passed = replace(request, review=found["missing"]["review"], disclosed=found["missing"]["disclosed"])
        rules = [{"id": name, **_said(policy, name)} for name in policy.decide(passed).rules]
    for one in rules:
        yield {**one, "built_in": one["id"] in _BUILT_IN}


def _said(policy: Policy, name: str) -> Row:
    rule = policy.compiled.rules[name]
    return {"says": rule.says, "because": rule.because, "owner": rule.owner}


def _in_order(request: Request) -> list[str]:
    """The gates that are passed already."""
    found = {0: [], 1: [_("One person has read it")], 2: [_("Two people have read it")]}[request.review]
    return [*found, *([_("It says that AI took part")] if request.disclosed else [])]


def _nearest(request: Request, found: list[Row]) -> list[Row]:
    """The other words that turn the answer round, the smallest change first."""

    def far(one: Row) -> tuple[int, int]:
        question = BY_NAME[one["question"]]
        steps = abs(question.index(one["answer"]) - question.index(getattr(request, question.name)))
        return (_FIRST.index(question.name) if question.name in _FIRST else len(_FIRST), steps)

    return sorted(found, key=far)[:NEAREST]


def _near(policy: Policy, form: WhatIfForm, request: Request, found: Row, one: Row) -> Row:
    name, value = one["question"], one["answer"]
    now: Value = getattr(request, name)
    turned = _turned(policy, request, name, value) if found["allowed"] else _("yes")
    query = urlencode({**form.said(**{name: value}), "word": name})
    return {
        "other": words_of(name, [value])[0], "now": words_of(name, [now])[0],
        "turns": turned, "query": query, "url": reverse("policy:what-if"),
    }  # fmt: skip


def _turned(policy: Policy, request: Request, name: str, value: Value) -> str:
    """What another word makes of a yes: a no, or what it would then need."""
    given: Any = {name: value}
    other = replace(request, **given)
    lacks = missing(other, lambda one: policy.decide(one).allowed)
    if lacks is None:
        return _("no")
    review = lacks.review if lacks.review > other.review else 0
    return _("needs %(what)s") % {"what": gates_said(Gates(review, lacks.disclosed and not other.disclosed))}
