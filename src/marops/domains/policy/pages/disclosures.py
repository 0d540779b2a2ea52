"""What readers are told, in which language; the mark for machines; and the law with its dates and sources."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.policy.actions.uses import keep_words
from marops.domains.policy.pages.frame import Row, tabs
from marops.domains.policy.permissions import CHANGE, VIEW
from marops.domains.policy.queries import disclosures
from marops.domains.policy.rules.disclosing import LANGUAGES, OCCASIONS
from marops.domains.policy.rules.marking import NotMarkable, kind_of, marked
from marops.domains.policy.use_forms import MarkForm, WordsForm
from marops.kernel.definitions import UNDECIDED, load
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may
from marops.kernel.workspace import today

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "html": "text/html; charset=utf-8"}


@require_GET
@needs(VIEW)
def words(request: HttpRequest) -> HttpResponse:
    """The words by occasion and language, and the form that marks a file."""
    return render(request, "policy/disclosures.html", _told(request, MarkForm()))


def _told(request: HttpRequest, form: MarkForm) -> Row:
    row, newest = disclosures.in_force(), disclosures.newest()
    rows = [
        {"occasion": said, "texts": [(name, LANGUAGES[name], disclosures.text(key, name)) for name in LANGUAGES]}
        for key, said in OCCASIONS.items()
    ]
    return {
        "tabs": tabs(request, "disclosures"), "rows": rows, "row": row, "form": form,
        "draft": newest if newest and newest.state in UNDECIDED else None,
        "may_change": may(actor_of(request), CHANGE),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def edit(request: HttpRequest) -> HttpResponse:
    """Other words, as a draft."""
    newest = disclosures.newest()
    form = WordsForm(posted(request), kept=load(newest) if newest else disclosures.shipped())
    if form.is_bound and form.is_valid():
        with problems_on(form):
            reason = form.cleaned_data["reason"]
            row = keep_words(actor=actor_of(request), document=form.document(), reason=reason)
            messages.success(request, _("Kept as version %(n)s; it counts once it is in force.") % {"n": row.version})
            return redirect("definition", row.kind, row.slug, row.version)
    context = {"form": form, "tabs": tabs(request, "disclosures")}
    return render(request, "policy/words_form.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(VIEW)
def mark(request: HttpRequest) -> HttpResponse:
    """The file that was sent, with the mark in it. Nothing of it is kept."""
    form = MarkForm(request.POST, request.FILES)
    if form.is_valid():
        given, file = form.cleaned_data, form.cleaned_data["file"]
        content = file.read()
        try:
            said = disclosures.text(given["occasion"], given["language"]) if given["occasion"] else ""
            made = marked(content, given["source"], said, given["language"])
        except NotMarkable as error:
            form.add_error("file", _("This file cannot be marked: %(why)s.") % {"why": error})
        else:
            answer = HttpResponse(made, content_type=_TYPES[kind_of(content)])
            answer["Content-Disposition"] = f'attachment; filename="{_safe(file.name)}"'
            return answer
    return render(request, "policy/disclosures.html", _told(request, form), status=422)


def _safe(name: str) -> str:
    """A file's name without what would end a header."""
    kept = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "-" for one in name)
    return f"marked-{kept[-80:]}"


@require_GET
@needs(VIEW)
def law(request: HttpRequest) -> HttpResponse:
    """The law as marketing meets it: what holds since when, and where that is written."""
    found = disclosures.law()
    day = today()
    items: list[dict[str, Any]] = [one | {"holds": one["from"] <= day} for one in found["items"]]
    ahead = sorted([one for one in items if not one["holds"]], key=lambda one: one["from"])
    context = {
        "tabs": tabs(request, "disclosures"), "read": found["read"], "ahead": ahead,
        "holding": sorted([one for one in items if one["holds"]], key=lambda one: one["from"], reverse=True),
        "soon": [one for one in items if one.get("later") and one["later"] > day],
    }  # fmt: skip
    return render(request, "policy/law.html", context)
