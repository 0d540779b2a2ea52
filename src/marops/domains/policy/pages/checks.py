"""The policy's own checks: questions it has to answer one way, kept beside the rules and asked of every version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.forms import CheckForm
from marops.domains.policy.pages.frame import Row, begun, decide_ahead, state_said, tabs
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.policies import Policy, no_policy, policy_of, request_of
from marops.domains.policy.queries.told import tests_of
from marops.domains.policy.rules.document import Check
from marops.domains.policy.rules.wording import asked
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.permissions import may


def _worked_on() -> Policy:
    found = shown.newest()
    if found is None:
        raise no_policy()
    return found


@require_GET
@needs(VIEW)
def checks(request: HttpRequest) -> HttpResponse:
    """All checks, each as a sentence, and whether it holds."""
    if shown.newest() is None:
        return redirect("policy:page")
    policy = _worked_on()
    rows: list[Row] = [
        {"at": at, "says": one.says, "expect": one.expect, "holds": told.holds, "asked": asked(request_of(one.ask))}
        for at, (one, told) in enumerate(zip(policy.document.checks, tests_of(policy), strict=True))
    ]
    context = _frame(request, policy) | {"rows": rows, "broken": sum(not one["holds"] for one in rows)}
    return render(request, "policy/checks.html", context)


def _frame(request: HttpRequest, policy: Policy) -> Row:
    return {
        "tabs": tabs(request, "rules"), "row": policy.row, "state": state_said(policy.row), "kind": policy.row.state,
        "may_change": may(actor_of(request), CHANGE),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
@begun
def new(request: HttpRequest) -> HttpResponse:
    """A new check; from What if with its sentence filled in."""
    policy = _worked_on()
    form = CheckForm(posted(request), initial=CheckForm.begun(request.GET))
    return _kept(request, policy, form, None) or _form(request, form, policy, _("New check"))


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
@begun
def check(request: HttpRequest, at: int) -> HttpResponse:
    """One check, to be changed."""
    policy = _worked_on()
    here = _found(policy, at)
    form = CheckForm(posted(request), initial=CheckForm.of(here))
    return _kept(request, policy, form, at) or _form(request, form, policy, here.says, at)


@require_POST
@needs(CHANGE)
@begun
def remove(request: HttpRequest, at: int) -> HttpResponse:
    """Take a check out, as a draft."""
    policy = _worked_on()
    here = _found(policy, at)
    rows = [one.model_dump(mode="json") for place, one in enumerate(policy.document.checks) if place != at]
    _keep(request, policy, rows, _("Without the check “%(says)s”.") % {"says": here.says})
    messages.success(request, _("Taken out of a draft; nothing changed yet."))
    return redirect("policy:checks")


def _found(policy: Policy, at: int) -> Check:
    if at >= len(policy.document.checks):
        raise MaropsError(NOT_FOUND, _("Version %(n)s has no such check.") % {"n": policy.row.version})
    return policy.document.checks[at]


def _kept(request: HttpRequest, policy: Policy, form: CheckForm, at: int | None) -> HttpResponse | None:
    """Keep the checks with this one among them; None where the form is shown, empty or with what is wrong."""
    if not (form.is_bound and form.is_valid()):
        return None
    rows = [one.model_dump(mode="json") for one in policy.document.checks]
    place = len(rows) if at is None else at
    rows[place : place + 1] = [form.row()]
    try:
        _keep(request, policy, rows, form.cleaned_data["reason"])
    except MaropsError as error:
        add_problem(form, error)
        return None
    return redirect("policy:checks")


def _keep(request: HttpRequest, policy: Policy, rows: list[Row], reason: str) -> None:
    """The rules stay as they are, so what was decided of them holds for the new version too."""
    actor = actor_of(request)
    document = policy.document.model_dump(mode="json") | {"checks": rows}
    decide_ahead(policy_of(str(keep_policy(actor=actor, document=document, reason=reason).version)), actor)


def _form(request: HttpRequest, form: CheckForm, policy: Policy, heading: str, at: int | None = None) -> HttpResponse:
    context = _frame(request, policy) | {"form": form, "heading": heading, "at": at}
    return render(request, "policy/check.html", context, status=422 if form.is_bound else 200)
