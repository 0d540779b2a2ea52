"""Pages of companies: the list, and one company with its people."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs, sees
from marops.domains.contacts.fields import COMPANY
from marops.domains.contacts.models import Company, Contact
from marops.domains.contacts.permissions import VIEW, visible
from marops.domains.contacts.queries import COUNTED, companies, find_company
from marops.domains.contacts.story import in_words
from marops.kernel.actors import Actor
from marops.kernel.permissions import grants

PER_PAGE = 50
PEOPLE = 100


@require_GET
@needs(VIEW)
def company_list(request: HttpRequest) -> HttpResponse:
    """Companies, found by name or domain."""
    words, sort = request.GET.get("q", ""), request.GET.get("sort", "name")
    found = companies(words=words, sort=sort)
    paginator = Paginator(found, PER_PAGE)
    paginator.count = min(found[: COUNTED + 1].count(), COUNTED)
    page = paginator.get_page(request.GET.get("page"))
    count = ngettext("%(n)d company", "%(n)d companies", paginator.count) % {"n": paginator.count}
    said = _("More than %(n)d companies") % {"n": COUNTED} if paginator.count == COUNTED else count
    return render(
        request, "contacts/companies.html", {"page": page, "said": said, "searched": bool(words), "sort": "name"}
    )


@require_GET
@needs(VIEW)
def company(request: HttpRequest, ref: str) -> HttpResponse:
    """One company: what is known of it, and its people as far as the actor may see them."""
    one = find_company(ref)
    if ref != one.ref:
        return redirect("contacts:company", ref=one.ref)
    actor = actor_of(request)
    people = _people(one, actor)
    number = one.people.count()
    context = {
        "company": one,
        "fields": [(f.label, in_words(f.name, value)) for f in COMPANY if (value := getattr(one, f.name)) is not None],
        "people": people,
        "hidden": number - len(people) if number <= PEOPLE else 0,
        "answer": ngettext("%(n)d person works here.", "%(n)d people work here.", number) % {"n": number},
        "personal": sees("personal", grants(actor)),
    }
    return render(request, "contacts/company.html", context)


def _people(one: Company, actor: Actor) -> list[dict[str, Any]]:
    found: list[Contact] = list(visible(actor).filter(company=one).order_by("number")[:PEOPLE])
    return [
        {"contact": person, "seniority": in_words("seniority", person.seniority) if person.seniority else ""}
        for person in found
    ]
