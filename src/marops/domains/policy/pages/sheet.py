"""The one page: what AI may do on its own, once a gate is passed, and never; as a draft, in force, and on paper."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.charts import asks_bar, shares
from marops.domains.policy.forms import AboutForm
from marops.domains.policy.pages.frame import Row, begun, decide_ahead, job_of, progress, state_said, tabs, who_wrote
from marops.domains.policy.pages.versions import history
from marops.domains.policy.pages.what_if import what_if_of
from marops.domains.policy.papers.policy import policy_pdf
from marops.domains.policy.permissions import CHANGE, STOP, TRAIL, VIEW
from marops.domains.policy.queries import shown
from marops.domains.policy.queries.entering import policy_enters
from marops.domains.policy.queries.policies import SLUG, Policy, in_force, no_policy, policy_of
from marops.domains.policy.queries.sheet import grouped, told_of
from marops.domains.policy.queries.templates import offered, template
from marops.domains.policy.queries.told import tests_of
from marops.domains.policy.queries.uses import uses
from marops.kernel.clock import now
from marops.kernel.definitions import ACTIVATE, UNDECIDED, activate
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.workspace import today

HISTORY = 3
"""So many versions stand below the page; all of them have a page of their own."""


@require_GET
@needs(VIEW)
def page(request: HttpRequest) -> HttpResponse:
    """The policy in force as it prints, or how to come to one."""
    policy = in_force()
    return _sheet(request, policy) if policy else _nothing(request)


@require_GET
@needs(VIEW)
@begun
def version(request: HttpRequest, version: int) -> HttpResponse:
    """The page of one version, with what speaks against putting it in force."""
    return _sheet(request, policy_of(str(version)))


def _nothing(request: HttpRequest) -> HttpResponse:
    rows = shown.rows()
    context = {
        "tabs": tabs(request, "page"), "templates": [_card(one) for one in offered()], "draft": shown.draft_of(rows),
        "may_change": may(actor_of(request), CHANGE), "rows": rows,
    }  # fmt: skip
    return render(request, "policy/nothing.html", context)


def _card(one: Row) -> Row:
    asks = one["asks"]
    return one | ({"bar": asks_bar(asks, one["name"]), "shares": shares(asks)} if asks else {})


def _sheet(request: HttpRequest, policy: Policy) -> HttpResponse:
    row = policy.row
    context: Row = {
        "tabs": tabs(request, "page"), "policy": policy, "row": row, "state": state_said(row), "kind": row.state,
        "may_change": may(actor_of(request), CHANGE), "who": who_wrote([row])[0], **_switch(request),
        "sees_trail": may(actor_of(request), TRAIL),
        "history": history(shown.rows(), HISTORY),
        "undecided": row.state in UNDECIDED, "active": row.state == Definition.State.ACTIVE,
    }  # fmt: skip
    if not policy.decided:
        return render(request, "policy/undecided.html", context | progress(policy, request.path))
    context |= told_of(policy)
    context |= {"bar": asks_bar(context["told"]["asks"]), "shares": shares(context["told"]["asks"])}
    if context["undecided"]:
        others = in_force()
        context |= {"faults": policy_enters(SLUG, policy.document), "before": others.row if others else None}
        context |= {"checks": tests_of(policy), "may_enter": may(actor_of(request), ACTIVATE)}
    context |= {"answer": _answer(context), "unused": context["active"] and not uses()}
    return render(request, "policy/page.html", context | what_if_of(policy, {}, at=row.version))


def _switch(request: HttpRequest) -> Row:
    stopped = shown.everything_stopped()
    who = names([stopped.thrown_by]).get(stopped.thrown_by, "") if stopped else ""
    return {"stopped": stopped, "stopped_by": who or _("Somebody"), "may_stop": may(actor_of(request), STOP)}


def _answer(context: Row) -> str:
    row, lately = context["row"], context["lately"]
    if lately:
        return f"{_('Every AI is stopped.')} {_did(lately)}" if context["stopped"] else _did(lately)
    if not context["undecided"]:
        return _("Version %(n)s is no longer in force.") % {"n": row.version}
    if faults := len(context["faults"]):
        said = ngettext("One thing speaks against putting version %(n)s in force.",
                        "%(faults)s things speak against putting version %(n)s in force.", faults)  # fmt: skip
        return said % {"n": row.version, "faults": faults}
    return _("Nothing speaks against putting version %(n)s in force.") % {"n": row.version}


def _did(lately: shown.Lately) -> str:
    if not (lately.yes or lately.waits or lately.no):
        return _("AI did nothing in the last 90 days; nothing waited and nothing was refused.")
    done = ngettext("AI did one thing in the last 90 days", "AI did %(n)s things in the last 90 days", lately.yes)
    waits = ngettext("one had to wait for a person", "%(n)s had to wait for a person", lately.waits)
    refused = ngettext("one was refused", "%(n)s were refused", lately.no)
    return _("%(done)s; %(waits)s and %(refused)s.") % {
        "done": done % {"n": grouped(lately.yes)}, "waits": waits % {"n": grouped(lately.waits)},
        "refused": refused % {"n": grouped(lately.no)},
    }  # fmt: skip


@require_POST
@needs(CHANGE)
def begin(request: HttpRequest) -> HttpResponse:
    """Make a draft of a template, or of an older version, and have it decided."""
    actor, given = actor_of(request), request.POST.get("template", "")
    if given:
        document, reason = template(given), _("From the template “%(name)s”.") % {"name": given}
    else:
        old = policy_of(request.POST.get("version", ""))
        document, reason = old.row.document, _("As version %(n)s was.") % {"n": old.row.version}
    row = keep_policy(actor=actor, document=document, reason=reason)
    decide_ahead(policy_of(str(row.version)), actor)
    return redirect("policy:version", version=row.version)


@require_POST
@needs(CHANGE)
@begun
def decide(request: HttpRequest, version: int) -> HttpResponse:
    """Have a version decided, once more where its job failed."""
    decide_ahead(policy_of(str(version)), actor_of(request))
    return redirect("policy:version", version=version)


@require_GET
@needs(VIEW)
def how_far(request: HttpRequest, number: int) -> HttpResponse:
    """How far the deciding is; once it ended, the page that waits for it is loaded anew."""
    job = job_of(number)
    if job is None:
        raise MaropsError(NOT_FOUND, _("There is no such job."))
    if job.state in ("waiting", "running"):
        return render(request, "policy/parts/job.html", {"job": job, "poll_url": request.get_full_path()})
    back = request.GET.get("back", "")
    if not (back.startswith("/policy") and url_has_allowed_host_and_scheme(back, None)):
        back = reverse("policy:versions")
    return HttpResponse(headers={"HX-Redirect": back}) if request.headers.get("HX-Request") else redirect(back)


@require_POST
@needs(ACTIVATE)
@begun
def put_in_force(request: HttpRequest, version: int) -> HttpResponse:
    """Put a version in force; who wrote it alone cannot, where somebody else could."""
    policy = policy_of(str(version))
    try:
        activate(actor=actor_of(request), ref=policy.row.pinned)
    except MaropsError as error:
        said = " ".join(one.message for one in error.errors) or f"{error} {error.remedy}".strip()
        messages.error(request, said)
        return redirect("policy:version", version=version)
    messages.success(request, _("Version %(n)s is in force: every AI is asked by it from now on.") % {"n": version})
    return redirect("policy:page")


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
@begun
def about(request: HttpRequest) -> HttpResponse:
    """The words around the lines; no decision changes with them."""
    policy = shown.newest()
    if policy is None:
        raise no_policy()
    kept = policy.document.model_dump(mode="json")
    initial = kept | {"agreed_by": "\n".join(policy.document.agreed_by), "review_by": policy.document.review_by}
    form = AboutForm(posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            reason = form.cleaned_data["reason"]
            row = keep_policy(actor=actor_of(request), document=kept | form.words(), reason=reason)
            messages.success(request, _("Kept as version %(n)s; nothing changed yet.") % {"n": row.version})
            return redirect("policy:version", version=row.version)
    context = {"form": form, "tabs": tabs(request, "page"), "row": policy.row, "state": state_said(policy.row)}
    return render(request, "policy/about.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
@begun
def paper(request: HttpRequest) -> HttpResponse:
    """The page on one sheet of paper: of the version in force, or of the one that is asked for."""
    policy = policy_of(request.GET.get("version", ""))
    answer = HttpResponse(policy_pdf(policy, today(), now()), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="ai-policy-v{policy.row.version}.pdf"'
    return answer
