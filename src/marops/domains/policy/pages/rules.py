"""Rules as sentences: all of them, one as a form with its Cedar text below, a new one, and one taken out."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.forms import RuleForm
from marops.domains.policy.pages.frame import Row, begun, decide_ahead, state_said, tabs
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.policies import Policy, in_force, no_policy, policy_of
from marops.domains.policy.rules.cedar import BASE
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.domain import DIMENSIONS
from marops.domains.policy.rules.parts import parts_of
from marops.domains.policy.rules.wording import answers
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.models import Definition
from marops.kernel.permissions import may, require


def _worked_on(request: HttpRequest) -> Policy:
    """The version that is asked for, else the draft that is worked on, else the one in force."""
    if asked := request.GET.get("version", ""):
        return policy_of(asked)
    found = shown.newest()
    if found is None:
        raise no_policy()
    return found


def _other_draft(policy: Policy) -> Definition | None:
    """A draft that is worked on, where another version is looked at."""
    draft = shown.draft_of(shown.rows())
    return draft if draft and draft != policy.row else None


@require_GET
@needs(VIEW)
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule as a sentence, with who answers for it and why; those that are asked only when it happens apart."""
    if shown.newest() is None:
        return redirect("policy:page")
    policy = _worked_on(request)
    groups = _groups(policy)
    context = _frame(request, policy) | {
        "groups": groups, "count": len(policy.document.rules), "built_in": [_row(policy, one, {}) for one in BASE],
    }  # fmt: skip
    return render(request, "policy/rules.html", context)


def _frame(request: HttpRequest, policy: Policy) -> Row:
    now = in_force()
    return {
        "tabs": tabs(request, "rules"), "row": policy.row, "state": state_said(policy.row), "kind": policy.row.state,
        "may_change": may(actor_of(request), CHANGE), "other": now.row if now and now.row != policy.row else None,
        "active": policy.row.state == Definition.State.ACTIVE, "draft": _other_draft(policy),
    }  # fmt: skip


def _groups(policy: Policy) -> list[Row]:
    marks = _marks(policy)
    told = {
        one.id: _row(policy, one, marks) | {"permit": one.id in policy.compiled.permits}
        for one in policy.document.rules
    }
    ahead = [row for name, row in told.items() if name in policy.compiled.ahead]
    groups = [
        {"heading": _("What it may"), "rows": [one for one in ahead if one["permit"]]},
        {"heading": _("What it never may"), "rows": [one for one in ahead if not one["permit"]],
         "note": _("a never beats every may")},
        {"heading": _("Asked when it happens"), "note": _("they read what is known only then, and can only say no"),
         "rows": [row for name, row in told.items() if name not in policy.compiled.ahead]},
    ]  # fmt: skip
    return [one for one in groups if one["rows"]]


def _marks(policy: Policy) -> dict[str, str]:
    """What is odd about rules: they hold nowhere, or change nothing."""
    if not policy.decided:
        return {}
    permits = policy.compiled.permits
    found = {name: _("changes nothing as it stands") for name in policy.table.shadowed() if name in permits}
    return found | {name: _("holds nowhere") for name in policy.table.dead()}


def _row(policy: Policy, rule: PolicyRule, marks: Mapping[str, str]) -> Row:
    return {**rule.model_dump(), "mark": marks.get(rule.id, ""), "pairs": _pairs(rule.cedar)}


def _pairs(cedar: str) -> list[Row]:
    """What a rule says of each question, where it does not leave it open; the rest of it in Cedar."""
    parts = parts_of(cedar)
    if parts is None:
        return [{"label": _("In Cedar"), "code": cedar}]
    found = [
        {"label": one.asks, "value": answers(one.name, parts.answers[one.name])}
        for one in DIMENSIONS
        if one.name in parts.answers and len(parts.answers[one.name]) < len(one.values)
    ]
    return [*found, *({"label": _("And"), "code": clause} for clause in parts.rest)]


def _found(policy: Policy, rule: str) -> PolicyRule:
    for one in (*policy.document.rules, *BASE):
        if one.id == rule:
            return one
    raise MaropsError(NOT_FOUND, _("There is no rule %(id)s in version %(n)s.") % {"id": rule, "n": policy.row.version})


@require_http_methods(["GET", "POST"])
@needs(VIEW)
@begun
def rule(request: HttpRequest, rule: str) -> HttpResponse:
    """One rule: as a sentence and as text, to be read and by who may to be changed; what is kept is a draft."""
    policy = _worked_on(request)
    here = _found(policy, rule)
    context = _frame(request, policy) | {"rule": here, "told": _row(policy, here, _marks(policy))}
    if here in BASE or not context["may_change"]:
        if request.method == "POST":
            require(actor_of(request), CHANGE)
            raise MaropsError(NOT_FOUND, _("This rule stands in every policy and cannot be changed."))
        return render(request, "policy/rule_read.html", context | {"built_in": here in BASE})
    form = RuleForm(posted(request), rule=here)
    if form.is_bound and form.is_valid():
        rows = [form.row() if one.id == here.id else one.model_dump() for one in policy.document.rules]
        if (answer := _keep(request, policy, rows, form)) is not None:
            return answer
    return _form(request, form, context | {"heading": here.id})


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
@begun
def new(request: HttpRequest) -> HttpResponse:
    """A new rule. It begins with little, so that nothing is allowed by forgetting."""
    policy = _worked_on(request)
    taken = {one.id for one in (*policy.document.rules, *BASE)}
    form = RuleForm(posted(request), taken=frozenset(taken))
    form.initial["id"] = next(name for n in range(1, 999) if (name := f"R-{n:02}") not in taken)
    if form.is_bound and form.is_valid():
        rows = [*(one.model_dump() for one in policy.document.rules), form.row()]
        if (answer := _keep(request, policy, rows, form)) is not None:
            return answer
    return _form(request, form, _frame(request, policy) | {"heading": _("New rule")})


def _form(request: HttpRequest, form: RuleForm, context: Row) -> HttpResponse:
    return render(request, "policy/rule.html", context | {"form": form}, status=422 if form.is_bound else 200)


def _keep(request: HttpRequest, policy: Policy, rows: list[Row], form: RuleForm | None) -> HttpResponse | None:
    """Keep the rules as a new version and show what it changes; None where the form shows why it is refused."""
    actor = actor_of(request)
    document = policy.document.model_dump(mode="json") | {"rules": rows}
    reason = form.cleaned_data["reason"] if form else request.POST.get("reason", "")
    try:
        row = keep_policy(actor=actor, document=document, reason=reason)
    except MaropsError as error:
        if form is None:
            raise
        add_problem(form, error)
        return None
    decide_ahead(policy_of(str(row.version)), actor)
    now = in_force()
    if now is None or now.row == row:
        return redirect("policy:version", version=row.version)
    return redirect(f"{reverse('policy:diff')}?before={now.row.version}&after={row.version}")


@require_POST
@needs(CHANGE)
def respelt(request: HttpRequest) -> HttpResponse:
    """The sentence and the text of a rule brought together while it is written: the part of the form that has both."""
    form = RuleForm(request.POST)
    form.is_valid()
    if not any(name in form.errors for name in ("cedar", *(one.name for one in DIMENSIONS))):
        form = RuleForm(text=str(form.cleaned_data["cedar"]))
    return render(request, "policy/parts/rule_parts.html", {"form": form})


@require_POST
@needs(CHANGE)
@begun
def remove(request: HttpRequest, rule: str) -> HttpResponse:
    """Take a rule out, as a draft."""
    policy = _worked_on(request)
    here = _found(policy, rule)
    if here in BASE:
        raise MaropsError(NOT_FOUND, _("This rule stands in every policy and cannot be taken out."))
    rows = [one.model_dump() for one in policy.document.rules if one.id != rule]
    answer = _keep(request, policy, rows, None)
    messages.success(request, _("Taken out of a draft; nothing changed yet."))
    return answer or redirect("policy:rules")
