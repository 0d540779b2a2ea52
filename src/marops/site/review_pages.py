"""Definitions on their way into force: what waits, one version with what it changes, asking, approving, sending back.

What a definition does is shown by its domain's pages; here stands only the decision about a version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marops.domains.accounts.public import actor_of, names, needs
from marops.kernel.actors import Actor
from marops.kernel.definitions import (
    ACTIVATE,
    CHANGE,
    UNDECIDED,
    activate,
    approvals_needed,
    approve,
    approvers_of,
    find,
    in_review,
    kinds,
    load,
    needs_other_eyes,
    seen_by,
    send_back,
    submit,
    versions,
)
from marops.kernel.differences import differences
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem
from marops.kernel.models import Definition, Review
from marops.kernel.permissions import may
from marops.kernel.rules import write_yaml
from marops.site.forms import DecisionForm

HIDDEN = frozenset({"access"})
"""Kinds that are decided on pages of their own, by other rights."""
_PAGES = {
    "route": ("routing:route", True), "quality": ("contacts:rule", True), "score": ("scoring:model", True),
    "lifecycle": ("scoring:lifecycle", False), "pipeline": ("pipeline:opportunities", False),
    "calendar": ("team:calendar", True), "role": ("team:role", True), "skills": ("team:skills", False),
    "targets": ("metrics", False), "ai_policy": ("policy:page", False),
}  # fmt: skip
_TRIALS = {"route": "routing:route-simulate", "score": "scoring:compare"}


@dataclass(frozen=True, slots=True)
class Can:
    """What somebody may do about a version that is not in force."""

    approve: bool
    ask: bool
    waits: bool
    url: str


def can(actor: Actor, row: Definition) -> Can:
    """What this actor may do about the version: put it in force, or else ask those who may."""
    approve = row.state in UNDECIDED and may(actor, ACTIVATE) and not needs_other_eyes(row, actor)
    ask = row.state == Definition.State.DRAFT and may(actor, CHANGE) and not approve
    return Can(approve, ask, row.state == Definition.State.REVIEW and not approve, review_url(row))


def review_url(row: Definition) -> str:
    """The page on which a version is decided."""
    return reverse("definition", args=[row.kind, row.slug, row.version])


def page_url(row: Definition) -> str:
    """The page that shows what the definition does; empty while its kind has none."""
    name, named = _PAGES.get(row.kind, ("", False))
    return reverse(name, args=[row.slug] if named else []) if name else ""


def waiting_for(actor: Actor) -> list[Definition]:
    """The versions in review that this actor may decide."""
    return _decidable(actor, _asked()) if may(actor, ACTIVATE) else []


def _asked() -> list[Definition]:
    return [row for row in in_review() if row.kind not in HIDDEN]


def _decidable(actor: Actor, rows: Sequence[Definition]) -> list[Definition]:
    return [row for row in rows if may(actor, ACTIVATE) and not needs_other_eyes(row, actor)]


def title_of(row: Definition) -> str:
    """What the definition is called."""
    return str(row.document.get("title") or kinds()[row.kind].title)


@require_safe
@needs(CHANGE, ACTIVATE)
def definitions(request: HttpRequest) -> HttpResponse:
    """Every version that is not in force: those that wait for approval, and drafts."""
    actor = actor_of(request)
    asked = _asked()
    drafts = Definition.objects.filter(state=Definition.State.DRAFT).exclude(kind__in=HIDDEN).order_by("-created_at")
    mine = len(_decidable(actor, asked))
    context = {
        "answer": ngettext("%(n)s definition waits for your review.", "%(n)s definitions wait for your review.", mine)
        % {"n": mine} if mine else _("No definition waits for your review."),
        "groups": [(_("Wait for approval"), _lines(asked)), (_("Drafts"), _lines(list(drafts[:100])))],
    }  # fmt: skip
    return render(request, "site/definitions.html", context)


def _lines(rows: Sequence[Definition]) -> list[dict[str, Any]]:
    people = names([row.author for row in rows])
    return [
        {
            "row": row, "title": title_of(row), "kind": kinds()[row.kind].title, "url": review_url(row),
            "who": _by(row, people),
        }
        for row in rows
    ]  # fmt: skip


def _by(row: Definition, people: Mapping[str, str]) -> str:
    """Who wrote a version; an AI is called one."""
    return _("AI") if row.ai_use else people.get(row.author, _("the command line"))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(CHANGE, ACTIVATE)
def definition(request: HttpRequest, kind: str, slug: str, version: int) -> HttpResponse:
    """One version: what it changes, who wrote it and why, and the decision about it."""
    actor, row = actor_of(request), _found(kind, slug, version)
    form = DecisionForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            return _decided(request, actor, row, form.cleaned_data)
        except MaropsError as error:
            if error.code == NOT_ALLOWED:
                raise
            add_problem(form, error)
    before = next((one for one in versions(kind, slug) if one.state == Definition.State.ACTIVE), None)
    people = names([row.author])
    context = {
        "row": row, "title": title_of(row), "kind": kinds()[kind].title, "form": form, "can": can(actor, row),
        "who": _by(row, people),
        "text": "" if before else _text(actor, row),
        "before": before if before and before.pk != row.pk else None,
        "changes": differences(seen_by(actor, before), seen_by(actor, row)) if before and before.pk != row.pk else [],
        "answer": _answer(row), "page_url": page_url(row), "trial_url": _trial_url(row), "decisions": _decisions(row),
    }  # fmt: skip
    return render(request, "site/definition.html", context, status=422 if form.is_bound else 200)


def _text(actor: Actor, row: Definition) -> str:
    """The whole document, its parts in the order of its kind."""
    document = seen_by(actor, row)
    names = [info.alias or name for name, info in kinds()[row.kind].model.model_fields.items()]
    return write_yaml({name: document[name] for name in [*names, *document] if name in document})


def _found(kind: str, slug: str, version: int) -> Definition:
    if kind in HIDDEN or kind not in kinds():
        raise MaropsError(NOT_FOUND, _("There is no definition of this name."))
    row = find(f"{kind}/{slug}@{version}")
    load(row)
    return row


def _decided(request: HttpRequest, actor: Actor, row: Definition, given: dict[str, Any]) -> HttpResponse:
    if given["do"] == "approve":
        lacking = approvals_needed(row) - len(approvers_of(row) | {actor.id})
        if lacking > 0:
            approve(actor=actor, ref=row.pinned, comment=given["comment"])
            said = ngettext("Approved; %(n)s more person has to.", "Approved; %(n)s more people have to.", lacking)
            messages.success(request, said % {"n": lacking})
            return redirect(review_url(row))
        activate(actor=actor, ref=row.pinned, comment=given["comment"])
        messages.success(request, _("%(ref)s is in force.") % {"ref": row.pinned})
    else:
        send_back(actor=actor, ref=row.pinned, comment=given["comment"])
        messages.success(request, _("%(ref)s went back to its author.") % {"ref": row.pinned})
    return redirect(review_url(row))


@require_POST
@needs(CHANGE)
def ask(request: HttpRequest, kind: str, slug: str, version: int) -> HttpResponse:
    """Ask those who may for their approval of a draft."""
    row = _found(kind, slug, version)
    submit(actor=actor_of(request), ref=row.pinned)
    messages.success(request, _("%(ref)s waits on the desks of those who may approve it.") % {"ref": row.pinned})
    return redirect(review_url(row))


def _answer(row: Definition) -> str:
    told = {"version": row.version, "title": title_of(row)}
    match row.state:
        case Definition.State.ACTIVE:
            return _("Version %(version)s of “%(title)s” is in force.") % told
        case Definition.State.REVIEW:
            return _("Version %(version)s of “%(title)s” waits for approval.") % told
        case Definition.State.RETIRED:
            return _("Version %(version)s of “%(title)s” is no longer in force.") % told
    return _("Version %(version)s of “%(title)s” is a draft; it does nothing yet.") % told


def _trial_url(row: Definition) -> str:
    name = _TRIALS.get(row.kind)
    return f"{reverse(name, args=[row.slug])}?version={row.version}" if name and row.state in UNDECIDED else ""


def _decisions(row: Definition) -> list[dict[str, Any]]:
    """What reviewers said of this very text."""
    asked = Review.objects.filter(subject_type="definition", subject_id=row.ref, content_sha256=row.sha256)
    found = [one for review in asked.prefetch_related("decisions") for one in review.decisions.all()]
    people = names([one.reviewer for one in found])
    return [
        {"who": people.get(one.reviewer, one.reviewer), "at": one.at, "approved": one.approved, "comment": one.comment}
        for one in sorted(found, key=lambda one: one.at, reverse=True)
    ]
