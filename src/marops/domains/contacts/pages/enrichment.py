"""Pages of enrichment: what is at hand could fill in, how old values are, and filling in with a preview."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.contacts.actions import set_enrichment
from marops.domains.contacts.forms import EnrichmentForm
from marops.domains.contacts.jobs import start_enrichment
from marops.domains.contacts.pages.quality import previewed
from marops.domains.contacts.permissions import FIX, VIEW
from marops.domains.contacts.queries.enrichment import enrichment, preview_enrichment
from marops.domains.contacts.queries.freshness import freshness
from marops.domains.contacts.story import label as field_label
from marops.kernel.permissions import may


@require_GET
@needs(VIEW)
def fill_in(request: HttpRequest) -> HttpResponse:
    """What could be derived, what is derived as people come in, and how old the values of each field are."""
    return _page(request)


def _page(request: HttpRequest, form: EnrichmentForm | None = None) -> HttpResponse:
    actor = actor_of(request)
    found, ages = enrichment(actor), freshness(actor)["fields"]
    lines = [_line(one) for one in found["derivations"]]
    context = {
        "lines": lines,
        "answer": _answer(lines),
        "definition": found["definition"],
        "ages": [_age(one) for one in ages if one["values"]],
        "may_fix": may(actor, FIX),
        "form": form,
    }
    return render(request, "contacts/enrichment.html", context, status=422 if form else 200)


def _line(one: dict[str, Any]) -> dict[str, Any]:
    fills = ", ".join(field_label(name, {}) for name in one["fills"])
    return one | {"fields": fills, "url": reverse("contacts:fill-in", args=[one["name"]])}


def _answer(lines: list[dict[str, Any]]) -> str:
    most = max(lines, key=lambda one: one["contacts"])
    if not most["contacts"]:
        return _("What is at hand says nothing that the records do not say already.")
    said = ngettext("%(n)s record could be filled in", "%(n)s records could be filled in", most["contacts"])
    told = said % {"n": f"{most['contacts']:,}"}
    return f"{told}: {most['fields']}."


def _age(one: dict[str, Any]) -> dict[str, Any]:
    return one | {"width": f"{one['fresh'] * 84:.1f}", "share": one["aged"] / one["values"]}


@require_POST
@needs(FIX)
def as_they_come(request: HttpRequest) -> HttpResponse:
    """Say what is derived on people as they come in."""
    form = EnrichmentForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    set_enrichment(actor=actor_of(request), as_they_come=form.cleaned_data["names"])
    messages.success(request, _("From now on, people who come in are filled in so; others stay as they are."))
    return redirect("contacts:enrichment")


@require_http_methods(["GET", "POST"])
@needs(FIX)
def derive(request: HttpRequest, name: str) -> HttpResponse:
    """What a derivation would fill in, then doing it."""
    actor = actor_of(request)
    found = preview_enrichment(actor, name)
    if request.method == "POST":
        job = start_enrichment(actor, name)
        messages.success(request, _("The records are being filled in. You may leave this page; it goes on."))
        return redirect("contacts:fixing", slug="enrichment", ref=job.ref)
    return render(request, "contacts/fill_in.html", {"preview": previewed(found)})
