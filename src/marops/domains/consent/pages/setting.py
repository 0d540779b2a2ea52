"""Purposes, regimes, retention and the record of processing."""

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.consent.forms import NewDocumentForm
from marops.domains.consent.jobs import start_retention
from marops.domains.consent.papers import record_pdf
from marops.domains.consent.permissions import ERASE, VIEW
from marops.domains.consent.queries.may import reachable
from marops.domains.consent.queries.people import purposes
from marops.domains.consent.queries.processing import as_markdown, processing
from marops.domains.consent.queries.retention import preview
from marops.domains.consent.rules.purposes import Purpose
from marops.domains.consent.rules.regimes import BASIS_WORDS, CHANNEL_WORDS, KIND_WORDS, applying, regimes
from marops.domains.consent.rules.retention import Retention
from marops.kernel.clock import now
from marops.kernel.definitions import CHANGE, active, draft, find, load
from marops.kernel.errors import MaropsError
from marops.kernel.forms import DocumentForm, add_places, posted
from marops.kernel.memo import remembered
from marops.kernel.permissions import may
from marops.kernel.rules import write_yaml
from marops.kernel.workspace import workspace

MODELS: dict[str, Any] = {"purpose": Purpose, "retention": Retention}
KEPT_SECONDS = 300  # to ask of everybody takes a while where there are many
EXAMPLES = {
    "purpose": """\
title: Customer magazine
says: The printed magazine for customers, twice a year.
channels: [post]
bases: [consent, legitimate_interest]
standing: legitimate_interest
wording: Yes, send me the magazine. I can take this back at any time.
""",
    "retention": """\
title: Quiet for three years
says: Leads of whom nothing was heard for three years.
quiet_months: 36
then: anonymise
most: 500
runs: false
""",
}


@require_GET
@needs(VIEW)
def purposes_page(request: HttpRequest) -> HttpResponse:
    """What people are contacted for, and whom that reaches by e-mail today."""
    with remembered():
        rows = [_purpose(one) for one in purposes()]
    home = workspace().country or None
    shown = {
        "rows": rows, "may_change": may(actor_of(request), CHANGE),
        "home": [one.title for one in applying(home)], "answer": _("%(n)s purposes are in force.") % {"n": len(rows)},
    }  # fmt: skip
    return render(request, "consent/purposes.html", shown)


def _purpose(one: Any) -> dict[str, Any]:
    channel = one.document.channels[0]
    key = f"consent_reach:{one.pinned}:{channel}"
    yes, number = cache.get_or_set(key, lambda: reachable(channel, one.slug, now()), KEPT_SECONDS) or (0, 0)
    return {
        "one": one, "channels": [CHANNEL_WORDS[by] for by in one.document.channels],
        "bases": [BASIS_WORDS[basis] for basis in one.document.bases], "reach": yes, "people": number,
        "by": CHANNEL_WORDS[channel].lower(), "share": yes / number if number else None,
    }  # fmt: skip


@require_GET
@needs(VIEW)
def regimes_page(request: HttpRequest) -> HttpResponse:
    """The law on contacting people, as the list that ships has it."""
    rows = [
        {
            "one": law,
            "where": ", ".join(law.applies.countries),
            "channels": [
                {
                    "channel": CHANNEL_WORDS[by],
                    "bases": ", ".join(BASIS_WORDS[basis] + (
                        _(" (%(n)s months)") % {"n": rule.lasts[basis]} if basis in rule.lasts else "")
                        for basis in rule.bases),
                    "standing": ", ".join(BASIS_WORDS[basis] for basis in rule.standing),
                }
                for by, rule in law.channels.items()
            ],
            "days": ", ".join(f"{KIND_WORDS[kind].lower()} {days}" for kind, days in law.requests.items()),
        }
        for law in regimes().regimes
    ]  # fmt: skip
    return render(request, "consent/regimes.html", {"rows": rows, "version": regimes().version})


@require_GET
@needs(VIEW)
def record(request: HttpRequest) -> HttpResponse:
    """The record of processing, read off the installation; `?as=md` is a file, `?as=pdf` a paper."""
    told = processing(now())
    form = request.GET.get("as")
    if form == "md":
        response = HttpResponse(as_markdown(told), content_type="text/markdown; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="record-of-processing.md"'
        return response
    if form == "pdf":
        response = HttpResponse(record_pdf(told, now()), content_type="application/pdf")
        response["Content-Disposition"] = 'attachment; filename="record-of-processing.pdf"'
        return response
    return render(request, "consent/record.html", {"told": told})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(CHANGE)
def change(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """The newest version of a purpose or a retention rule as text; what is saved is a draft."""
    row = find(f"{kind}/{slug}")
    in_order = {name: row.document[name] for name in MODELS[kind].model_fields if name in row.document}
    form = DocumentForm(posted(request), initial={"text": write_yaml(in_order)})
    if form.is_bound and form.is_valid() and (kept := _keep(request, kind, slug, form)):
        return kept
    shown = {"form": form, "kind": kind, "row": row}
    return render(request, "consent/text.html", shown, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(CHANGE)
def make(request: HttpRequest, kind: str) -> HttpResponse:
    """A new purpose or retention rule as text; a draft until somebody puts it in force."""
    form = NewDocumentForm(posted(request), initial={"text": EXAMPLES[kind]})
    if form.is_bound and form.is_valid() and (kept := _keep(request, kind, form.cleaned_data["slug"], form)):
        return kept
    return render(request, "consent/text.html", {"form": form, "kind": kind}, status=422 if form.is_bound else 200)


def _keep(request: HttpRequest, kind: str, slug: str, form: DocumentForm) -> HttpResponse | None:
    given = form.cleaned_data
    try:
        row = draft(actor=actor_of(request), kind=kind, slug=slug, document=given["text"], reason=given["reason"])
    except MaropsError as error:
        add_places(form, error)
        return None
    messages.success(request, _("%(ref)s is a draft; it counts once somebody puts it in force.") % {"ref": row.pinned})
    return redirect("definition", kind=kind, slug=row.slug, version=row.version)


@require_GET
@needs(VIEW)
def retentions(request: HttpRequest) -> HttpResponse:
    """For how long people are kept, and whom each rule is about right now."""
    actor = actor_of(request)
    rows = [{"row": row, "document": load(row), "due": preview(load(row), now())} for row in active("retention")]
    due = sum(one["due"].people for one in rows)
    said = ngettext("The rules are about one person right now.", "The rules are about %(n)s people right now.", due)
    shown = {
        "rows": rows, "may_change": may(actor, CHANGE), "may_run": may(actor, ERASE),
        "answer": said % {"n": f"{due:,}"} if rows else _("No rule is in force: everybody is kept for good."),
    }  # fmt: skip
    return render(request, "consent/retention.html", shown)


@require_POST
@needs(ERASE)
def run_retention(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a rule run once, within its limit."""
    return redirect("job", ref=start_retention(slug, actor=actor_of(request)).ref)
