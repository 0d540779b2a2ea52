"""Samples of what AI did by itself: one act that was drawn, and the word of whoever looks at it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, needs, roles_in_force
from marops.domains.policy.actions.samples import look_at_sample
from marops.domains.policy.draft_forms import LookForm
from marops.domains.policy.pages.frame import Row, tabs
from marops.domains.policy.permissions import TRAIL, VIEW
from marops.domains.policy.queries import samples
from marops.domains.policy.rules.domain import BY_NAME
from marops.domains.policy.rules.wording import listed
from marops.kernel.forms import problems_on
from marops.kernel.permissions import may

STATES = {
    "waiting": (gettext_lazy("To look at"), "warn"), "right": (gettext_lazy("Right"), "good"),
    "wrong": (gettext_lazy("Wrong"), "bad"),
}  # fmt: skip


def shown(told: Mapping[str, Any]) -> Row:
    """A sample as lists and its page show it."""
    state, kind = STATES.get(told["state"], (told["state"], "idle"))
    document = roles_in_force()
    roles = [role.title if (role := document.role(slug)) else slug for slug in told["roles"]]
    term = BY_NAME["action"].answers.get(told["term"], told["term"])
    return {**told, "state_said": state, "state_kind": kind, "roles_said": listed(roles), "term_said": term}


@require_GET
@needs(VIEW)
def sample(request: HttpRequest, act: UUID) -> HttpResponse:
    """One act that was drawn: what was done, for whom, and the form for whoever looks at it."""
    return _page(request, samples.sample_of(actor_of(request), act))


def _page(request: HttpRequest, found: samples.Sample, form: forms.Form | None = None) -> HttpResponse:
    actor = actor_of(request)
    told = shown(samples.told(actor, [found])[0])
    act_url = reverse("policy:act", args=[found.act.id]) if may(actor, TRAIL) else ""
    context = {
        "tabs": tabs(request, "waiting"), "sample": told, "answer": _says(told), "pairs": _pairs(told), "act": act_url,
        "form": form or LookForm(initial={"do": "right"}),
    }  # fmt: skip
    return render(request, "policy/sample.html", context, status=422 if form and form.is_bound else 200)


def _says(told: Row) -> str:
    """What is to be known first."""
    if told["state"] == "waiting":
        return _("AI did this by itself. Look whether it was right.")
    last = told["decisions"][-1]
    if told["state"] == "right":
        return _("%(who)s looked at it: it was right.") % {"who": last["name"]}
    return _("%(who)s found it wrong: %(why)s") % {"who": last["name"], "why": last["why"]}


def _pairs(told: Row) -> list[Any]:
    records = ngettext("%(n)s record", "%(n)s records", told["records"]) % {"n": f"{told['records']:,}"}
    use = {
        "label": _("Use"),
        "value": told["use_title"] or told["use"],
        "url": reverse("policy:use", args=[told["use"]]),
    }
    return [
        use, (_("For"), told["for_name"]), (_("In the policy's words"), told["term_said"]), (_("Act"), told["action"]),
        (_("About"), told["subject"] or "–"), (_("Reached"), records),
        (_("Looked at by"), told["roles_said"] or _("whoever may review")),
    ]  # fmt: skip


@require_POST
@needs(VIEW)
def word(request: HttpRequest, act: UUID) -> HttpResponse:
    """What somebody found."""
    actor = actor_of(request)
    found, form = samples.sample_of(actor, act), LookForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        with problems_on(form):
            look_at_sample(actor=actor, act_id=act, right=given["do"] == "right", why=given["why"])
            messages.success(request, _("Noted, with your name."))
            return redirect("policy:waiting")
    return _page(request, found, form)
