"""The interview: twenty plain questions, and the draft of policy and register that their answers make."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.actions.uses import begin_register
from marops.domains.policy.charts import asks_bar, shares
from marops.domains.policy.interview_forms import InterviewForm
from marops.domains.policy.pages.frame import Row, decide_ahead, progress, tabs
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries import shown, uses_shown
from marops.domains.policy.queries.policies import in_force, policy_of
from marops.domains.policy.queries.templates import asks_of, documents, offered, sketched, template
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import AiPolicy
from marops.domains.policy.rules.interview import LIKE, Answers, draft_policy, draft_uses
from marops.domains.policy.rules.table import Bits
from marops.kernel.definitions import ACTIVATE, UNDECIDED, activate
from marops.kernel.errors import MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may
from marops.kernel.workspace import today

_FROM_HERE = "From the interview."
"""The reason that its drafts are kept with, and known by; so it is the same in every language."""


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def interview(request: HttpRequest) -> HttpResponse:
    """All twenty on one page; what they would make stands beside them and follows each answer."""
    like = request.GET.get("like", "")
    form = InterviewForm(posted(request), like=like)
    if form.is_bound and "preview" in request.GET:
        return render(request, "policy/parts/interview_makes.html", _makes(form.answers if form.is_valid() else None))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            return _make(request, form.answers)
    answers = LIKE.get(like, LIKE["cautious"])
    titles = {one["name"]: one["title"] for one in offered()}
    context = {
        "form": form, "tabs": tabs(request, "uses"), "like": like or "cautious",
        "tempers": [{"name": name, "title": titles[name]} for name in LIKE],
        "policy": in_force(), "draft": shown.draft_of(shown.rows()),
    }  # fmt: skip
    context |= _makes(None if form.is_bound else answers)
    return render(request, "policy/interview.html", context, status=422 if form.is_bound else 200)


def _makes(answers: Answers | None) -> Row:
    """What some answers make: the lines of the policy, its uses, and the template it is nearest to."""
    if answers is None:
        return {"makes": None}
    policy = draft_policy(answers)
    ahead = Compiled(policy.rules).ahead
    cells = sketched(policy.rules)
    bar: Row = {}
    if cells is not None:
        asks = asks_of(cells)
        bar = {"bar": asks_bar(asks, "makes"), "shares": shares(asks), "near": _nearest(cells)}
    return {"makes": {
        "may": [one.says for one in policy.rules if one.id.startswith("R")],
        "never": [one.says for one in policy.rules if one.id.startswith("N")],
        "limits": [one.says for one in policy.rules if one.id not in ahead],
        "uses": [one.title for one in draft_uses(answers, today()).values()], **bar,
    }}  # fmt: skip


@cache
def _templates() -> Mapping[str, Bits]:
    found = {name: sketched(AiPolicy.model_validate(template(name)).rules) for name in documents()}
    return {name: cells for name, cells in found.items() if cells is not None}


def _nearest(cells: Bits) -> Row | None:
    """The template that decides most alike, with the share of combinations in which it does."""
    alike = {name: float((cells == other).mean()) for name, other in _templates().items()}
    name = max(alike, key=lambda one: alike[one])
    title = next(one["title"] for one in offered() if one["name"] == name)
    return {"title": title, "share": alike[name]}


def _make(request: HttpRequest, answers: Answers) -> HttpResponse:
    """Keep the drafts, have the policy decided, and say what is to be done next."""
    actor, reason = actor_of(request), _FROM_HERE
    row = keep_policy(actor=actor, document=draft_policy(answers, today()).model_dump(mode="json"), reason=reason)
    drafts = {slug: one.model_dump(mode="json") for slug, one in draft_uses(answers, today()).items()}
    begin_register(actor=actor, documents=drafts, reason=reason)
    decide_ahead(policy_of(str(row.version)), actor)
    return redirect("policy:interview-made")


@require_GET
@needs(VIEW)
def made(request: HttpRequest) -> HttpResponse:
    """What the interview made, and the steps from there to a page in force."""
    policy, waiting = shown.newest(), _waiting()
    if policy is None:
        return redirect("policy:interview")
    actor = actor_of(request)
    context: Row = {
        "tabs": tabs(request, "uses"), "policy": policy, "row": policy.row, "waiting": waiting,
        "undecided": policy.row.state in UNDECIDED, "may_change": may(actor, CHANGE), "may_enter": may(actor, ACTIVATE),
        "answer": _answer(policy.row.state in UNDECIDED, len(waiting)),
        "unnamed": [one for one in waiting if one.document.model.vendor == _("to be named")],
    }  # fmt: skip
    if not policy.decided:
        context |= progress(policy, request.path) | {"waits": True}
    return render(request, "policy/interview_made.html", context)


def _waiting() -> Sequence[uses_shown.Entry]:
    """Uses of an interview that are not in force yet; drafts that people wrote by hand are theirs to put there."""
    drafts = [(one, one.draft or one.row) for one in uses_shown.entries()]
    return [one for one, row in drafts if row.state in UNDECIDED and row.reason == _FROM_HERE]


def _answer(policy: bool, uses: int) -> str:
    drafts = ngettext("one use", "%(n)s uses", uses) % {"n": uses}
    if policy and uses:
        return _("The first draft stands: the policy, and %(uses)s for the register.") % {"uses": drafts}
    if policy:
        return _("The draft of the policy stands.")
    if uses:
        return _("The policy is in force; %(uses)s of the register wait.") % {"uses": drafts}
    return _("Policy and register are in force.")


@require_POST
@needs(ACTIVATE)
def put_in_force(request: HttpRequest) -> HttpResponse:
    """Put every use that waits in force; each that cannot be says why."""
    actor, done = actor_of(request), 0
    for one in _waiting():
        row: Any = one.draft or one.row
        try:
            activate(actor=actor, ref=row.pinned)
            done += 1
        except MaropsError as error:
            messages.error(request, f"{one.document.title}: {error} {error.remedy}".strip())
    if done:
        said = ngettext("One use is in force.", "%(n)s uses are in force.", done)
        messages.success(request, said % {"n": done})
    return redirect("policy:interview-made")
