"""Pages of companies: the list, and one company with its people."""

from itertools import groupby
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.contacts.fields import COMPANY
from marops.domains.contacts.permissions import VIEW
from marops.domains.contacts.queries import COUNTED, companies, find_company
from marops.domains.contacts.queries.company import PEOPLE, count_of, people_of, standing, timeline
from marops.domains.contacts.story import in_words
from marops.kernel import ports
from marops.kernel.numbers import points

PER_PAGE = 50
_KINDS = {"human": "human", "ai": "ai"}


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
    """One company: who works there, how they stand, how good the records are, its deals and what happened."""
    one = find_company(ref)
    if ref != one.ref:
        return redirect("contacts:company", ref=one.ref)
    actor = actor_of(request)
    people, number = people_of(one, actor), one.people.count()
    stands, seen = standing(people), count_of(one, actor, people)
    filled = [(f.label, in_words(f.name, value)) for f in COMPANY if (value := getattr(one, f.name)) is not None]
    context = {
        "company": one,
        "fields": filled,
        "people": [_person(person) for person in people[:PEOPLE]],
        "more": max(0, seen - PEOPLE),
        "hidden": number - seen,
        "stands": stands,
        "grades": _bars(stands["grades"]),
        "stages": _bars(stands["stages"]),
        "owners": stands["owners"],
        "answer": _answer(number, stands),
        "sections": [found for filler in ports.company_story if (found := filler.value(one.id, actor))],
        "days": _days(timeline(people)),
    }
    return render(request, "contacts/company.html", context)


def _answer(number: int, stands: dict[str, Any]) -> str:
    said = ngettext("%(n)s person works here", "%(n)s people work here", number) % {"n": f"{number:,}"}
    if stands["best"] is not None:
        said += _("; the best score is %(score)s") % {"score": points(stands["best"])}
    if stands["quality"] is not None:
        said += _(", the quality of the records %(quality)s of 100") % {"quality": f"{stands['quality']:.0f}"}
    return f"{said}."


def _person(one: dict[str, Any]) -> dict[str, Any]:
    seniority, country = one["seniority"], one["country"]
    return one | {
        "seniority": in_words("seniority", seniority) if seniority else "",
        "country": in_words("country", country) if country else "",
    }


def _bars(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((one["contacts"] for one in lines), default=1)
    return [one | {"width": f"{one['contacts'] / most * 160:.1f}"} for one in lines]


def _who(one: dict[str, Any]) -> str:
    others = len(one["others"])
    if not others:
        return str(one["name"])
    more = ngettext("%(name)s and one other", "%(name)s and %(n)d others", others)
    return more % {"name": one["name"], "n": others}


def _days(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = [
        {
            "at": one["at"],
            "kind": _KINDS.get(one["actor"], "auto"),
            "what": f"{_who(one)}: {one['says']}",
            "text": "",
            "because_url": "",
            "big": False,
            "day": timezone.localtime(one["at"]).date(),
        }
        for one in entries
    ]
    grouped = groupby(told, key=lambda one: one["day"])
    return [{"label": date_format(day, "j M Y"), "entries": list(found)} for day, found in grouped]
