"""What AI made and waits to be read: the list, one draft with its content, and the readers' word."""

import difflib
import json
from collections.abc import Mapping, Sequence
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
from marops.domains.policy.actions.drafts import decide_draft, edit_draft, withdraw_draft
from marops.domains.policy.draft_forms import ContentForm, TextForm, WordForm
from marops.domains.policy.models import AiDraft
from marops.domains.policy.pages import samples
from marops.domains.policy.pages.frame import Row, tabs
from marops.domains.policy.permissions import VIEW
from marops.domains.policy.queries import drafts
from marops.domains.policy.queries.register import disclosure_of
from marops.domains.policy.queries.samples import waiting as samples_waiting
from marops.domains.policy.rules.domain import BY_NAME
from marops.domains.policy.rules.wording import listed
from marops.kernel.definitions import ACTIVATE
from marops.kernel.errors import MaropsError
from marops.kernel.forms import problems_on
from marops.kernel.permissions import may

STATES = {
    "waiting": (gettext_lazy("Waits"), "warn"), "approved": (gettext_lazy("Approved"), "good"),
    "declined": (gettext_lazy("Declined"), "bad"), "withdrawn": (gettext_lazy("Taken back"), "idle"),
    "done": (gettext_lazy("Done"), "good"),
}  # fmt: skip
KINDS = {
    "text": gettext_lazy("Text"), "act": gettext_lazy("Act"), "definition": gettext_lazy("Definition"),
}  # fmt: skip
LATELY = 15
SHOWN = 10
"""So many drafts of one use stand open; the rest is folded away below them."""


@require_GET
@needs(VIEW)
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits for somebody to read it, the oldest first, and what was decided lately."""
    actor = actor_of(request)
    rows = drafts.told(actor, drafts.waiting_drafts(actor))
    decided = drafts.visible(actor).exclude(state=AiDraft.State.WAITING).order_by("-decided_at", "-id")[:LATELY]
    written = drafts.waiting_definitions(actor)
    drawn = [samples.shown(one) for one in samples_waiting(actor)]
    context = {
        "tabs": tabs(request, "waiting"), "groups": _groups([_row(one) for one in rows]), "samples": drawn,
        "answer": _answer(rows, len(written), len(drawn)),
        "decided": [_row(one) for one in drafts.told(actor, list(decided))],
        "definitions": [one | {"url": reverse("definition", args=[one["kind"], one["slug"], one["version"]])}
                        for one in written],
        "may_activate": may(actor, ACTIVATE),
    }  # fmt: skip
    return render(request, "policy/waiting.html", context)


def _groups(rows: Sequence[Row]) -> list[Row]:
    """Drafts by their use, those that wait longest first, so that a busy agent does not bury the others."""
    by_use: dict[str, list[Row]] = {}
    for one in rows:
        by_use.setdefault(one["use"], []).append(one)
    return [
        {"use": use, "title": mine[0]["use_title"] or use, "rows": mine[:SHOWN], "more": mine[SHOWN:]}
        for use, mine in by_use.items()
    ]


def _row(one: Row) -> Row:
    state, kind = STATES[one["state"]]
    said = _("%(yes)s of %(needed)s") % {"yes": one["approvals"], "needed": one["needed"]}
    return one | {
        "state_said": state, "state_kind": kind, "kind_said": KINDS[one["kind"]], "roles_said": _roles(one["roles"]),
        "so_far": said if one["needed"] else _("nobody has to"),
    }  # fmt: skip


def _roles(slugs: Sequence[str]) -> str:
    document = roles_in_force()
    found = [document.role(slug) for slug in slugs]
    return listed([role.title if role else slug for role, slug in zip(found, slugs, strict=True)])


def _answer(rows: Sequence[Row], definitions: int, drawn: int) -> str:
    mine = sum(one["may_decide"] for one in rows)
    said = [ngettext("%(n)s draft of AI waits for you", "%(n)s drafts of AI wait for you", mine) % {"n": mine}
            if mine else _("No draft of AI waits for you")]  # fmt: skip
    if others := len(rows) - mine:
        said.append(ngettext("%(n)s for others", "%(n)s for others", others) % {"n": others})
    if definitions:
        said.append(ngettext("%(n)s definition is in the making", "%(n)s definitions are in the making", definitions)
                    % {"n": definitions})  # fmt: skip
    if drawn:
        said.append(
            ngettext("%(n)s sample is to be looked at", "%(n)s samples are to be looked at", drawn) % {"n": drawn}
        )
    return f"{listed(said)}."


@require_GET
@needs(VIEW)
def draft(request: HttpRequest, draft: UUID) -> HttpResponse:
    """One draft: what it says, who asked for it, why it waits, and the form for whoever may decide."""
    return _page(request, drafts.draft_of(actor_of(request), draft))


def _page(
    request: HttpRequest, row: AiDraft, form: forms.Form | None = None, edit: forms.Form | None = None
) -> HttpResponse:
    actor = actor_of(request)
    told = _row(drafts.told(actor, [row])[0])
    former = drafts.visible(actor).filter(id=row.edited_from).first() if row.edited_from else None
    later = drafts.visible(actor).filter(edited_from=row.id).first()
    open_still = row.state in (AiDraft.State.WAITING, AiDraft.State.APPROVED)
    context = {
        "tabs": tabs(request, "waiting"), "draft": told, "answer": _says(told), "pairs": _pairs(told, row),
        "text": row.content.get("text") if row.kind == AiDraft.Kind.TEXT else None, "body": _body(row),
        "label": disclosure_of(row.use, str(row.content.get("language") or "")),
        "rules": list(zip(told["rules"], row.gates.get("says", []), strict=False)), "former": former, "later": later,
        "changes": _changes(former, row) if former else [],
        "form": form or WordForm(initial={"do": "approve", "sha256": row.sha256}),
        "edit": (edit or _edit_form(row)) if open_still and actor.kind == "human" and _may_change(actor, row) else None,
    }  # fmt: skip
    bound = (form and form.is_bound) or (edit and edit.is_bound)
    return render(request, "policy/draft.html", context, status=422 if bound else 200)


def _may_change(actor: Any, row: AiDraft) -> bool:
    return actor.id == row.on_behalf_of or drafts.barred(actor, row, deciding=False) is None


def _body(row: AiDraft) -> str:
    """What is no text, as JSON that can be read."""
    if row.kind == AiDraft.Kind.TEXT:
        return ""
    return json.dumps(row.content, indent=2, ensure_ascii=False)


def _edit_form(row: AiDraft, data: Mapping[str, Any] | None = None) -> TextForm | ContentForm:
    if row.kind == AiDraft.Kind.TEXT:
        return TextForm(data, initial={"text": row.content.get("text", "")})
    return ContentForm(data, initial={"content_json": _body(row)})


def _says(told: Row) -> str:
    """What is to be known first."""
    if told["state"] == "waiting":
        left = told["needed"] - told["approvals"]
        who = told["roles_said"] or _("people who may review")
        said = ngettext("It waits for one more reader: %(who)s.", "It waits for %(n)s more readers: %(who)s.", left)
        return said % {"n": left, "who": who}
    if told["state"] == "approved":
        return (
            _("It was approved: exactly this may be used.")
            if told["needed"]
            else _("The policy lets it through without a reader.")
        )
    if told["state"] == "declined":
        last = told["decisions"][-1]
        return _("%(who)s declined it: %(why)s") % {"who": last["name"], "why": last["why"]}
    if told["state"] == "done":
        return _("It was approved and done.")
    edited = told["outcome"] == "edited"
    return _("It was changed; the later one is what counts.") if edited else _("It was taken back.")


def _pairs(told: Row, row: AiDraft) -> list[Any]:
    asked, reach = row.asked.get("request") or {}, row.asked.get("reach") or {}
    words = [
        str(BY_NAME[name].answers[asked[name]]) for name in ("action", "content", "audience", "data") if name in asked
    ]
    url = reverse("policy:use", args=[told["use"]])
    found: list[Any] = [
        {"label": _("Use"), "value": told["use_title"] or told["use"], "url": url},
        (_("For"), told["for_name"]), (_("Made by"), told["actor_name"]), (_("About"), told["subject"] or "–"),
        (_("In the policy's words"), " · ".join(words) or "–"),
    ]  # fmt: skip
    if reach.get("recipients"):
        found.append((_("Would reach"), ngettext("%(n)s person", "%(n)s people", reach["recipients"])
                      % {"n": f"{reach['recipients']:,}"}))  # fmt: skip
    if row.prompt:
        found.append((_("Prompt"), row.prompt))
    return [*found, (_("Read by"), told["roles_said"] or _("whoever may review")), (_("Approved by"), told["so_far"])]


def _changes(former: AiDraft, row: AiDraft) -> list[tuple[str, str]]:
    """(sign, line) of what an edit changed, with a line around."""
    before, after = (
        str(one.content["text"]) if "text" in one.content else json.dumps(one.content, indent=1, ensure_ascii=False)
        for one in (former, row)
    )
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return [(line[0], line[1:]) for line in list(lines)[2:] if not line.startswith("@@")][:400]


@require_POST
@needs(VIEW)
def word(request: HttpRequest, draft: UUID) -> HttpResponse:
    """A reader's yes or no."""
    actor = actor_of(request)
    row, form = drafts.draft_of(actor, draft), WordForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    given = form.cleaned_data
    with problems_on(form):
        found = decide_draft(
            actor=actor, draft_id=row.id, sha256=given["sha256"], approve=given["do"] == "approve", why=given["why"]
        )
        messages.success(request, _said(found))
        return redirect(
            "policy:waiting" if found.state != AiDraft.State.WAITING else request.path.removesuffix("/word")
        )
    return _page(request, row, form)


def _said(row: AiDraft) -> str:
    if row.state == AiDraft.State.WAITING:
        return _("You approved “%(title)s”; somebody else has to as well.") % {"title": row.title}
    done = (
        _("“%(title)s” is declined; whoever asked is told.")
        if row.state == AiDraft.State.DECLINED
        else _("“%(title)s” is approved.")
    )
    return done % {"title": row.title}


@require_POST
@needs(VIEW)
def edit(request: HttpRequest, draft: UUID) -> HttpResponse:
    """A changed content: a new draft that is read anew."""
    actor = actor_of(request)
    row = drafts.draft_of(actor, draft)
    form = _edit_form(row, request.POST)
    if form.is_valid():
        with problems_on(form):
            later = edit_draft(actor=actor, draft_id=row.id, content=form.content(row.content))
            messages.success(request, _("Changed; what was approved before no longer counts."))
            return redirect("policy:draft", later.id)
    return _page(request, row, edit=form)


@require_POST
@needs(VIEW)
def withdraw(request: HttpRequest, draft: UUID) -> HttpResponse:
    """Take a draft back."""
    actor = actor_of(request)
    row = drafts.draft_of(actor, draft)
    try:
        withdraw_draft(actor=actor, draft_id=row.id)
    except MaropsError as error:
        messages.error(request, str(error))
        return redirect("policy:draft", row.id)
    messages.success(request, _("“%(title)s” is taken back.") % {"title": row.title})
    return redirect("policy:waiting")
