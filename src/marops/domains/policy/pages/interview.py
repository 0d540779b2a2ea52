"""The interview: twenty plain questions, and the draft of policy and register that their answers make."""

from collections.abc import Iterable, Sequence
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
from marops.domains.policy.queries.templates import asks_of, offered, sketched
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.clashes import clashes, idle
from marops.domains.policy.rules.interview import LIKE, QUESTIONS, Answers, draft_policy, draft_uses
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
        return render(request, "policy/parts/interview_preview.html", _makes(form.answers if form.is_valid() else None))
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
    """What some answers make: the lines of the policy, its uses, and which answers do not fit together."""
    if answers is None:
        return {"makes": None}
    policy = draft_policy(answers)
    ahead = Compiled(policy.rules).ahead
    cells = sketched(policy.rules)
    bar: Row = {}
    if cells is not None:
        asks = asks_of(cells)
        bar = {"bar": asks_bar(asks, "makes"), "shares": shares(asks)}
    return {"makes": {
        "may": [one.says for one in policy.rules if one.id.startswith("R")],
        "never": [one.says for one in policy.rules if one.id.startswith("N")],
        "limits": [one.says for one in policy.rules if one.id not in ahead],
        "uses": [one.title for one in draft_uses(answers, today()).values()], **bar,
        "clashes": [{"asks": _numbered(one.asks), "says": one.says} for one in clashes(answers)],
        "idle": _numbered(idle(answers)),
    }}  # fmt: skip


def _numbered(names: Iterable[str]) -> list[Row]:
    """Questions by their numbers, each with the place where it stands."""
    places = {name: at for at, name in enumerate(QUESTIONS, 1)}
    return [{"number": number, "at": f"ask-{name}"} for number, name in sorted((places[one], one) for one in names)]


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
