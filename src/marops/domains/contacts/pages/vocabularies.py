"""Pages of vocabularies: spellings that could be one word, what was accepted, and writing records so."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.contacts.actions import accept_words, forget_words, reject_words
from marops.domains.contacts.forms import WordForm
from marops.domains.contacts.jobs import start_words
from marops.domains.contacts.pages.quality import previewed
from marops.domains.contacts.permissions import FIX, VIEW
from marops.domains.contacts.queries.vocabularies import (
    checked_field,
    in_words,
    overview,
    preview_words,
)
from marops.domains.contacts.rules.vocabularies import CASE, LEGAL, SAME, SHORT, SLIP
from marops.kernel.forms import problems_on
from marops.kernel.permissions import may

SHOWN = 60


def _whys() -> dict[str, str]:
    return {CASE: _("capitals"), SAME: _("spacing and signs"), LEGAL: _("legal form"), SHORT: _("abbreviation"),
            SLIP: _("misspelt")}  # fmt: skip


@require_GET
@needs(VIEW)
def word_list(request: HttpRequest) -> HttpResponse:
    """Every field in which something is proposed or was accepted."""
    found = overview(actor_of(request))
    lines = [_field_line(one) for one in found["fields"]]
    return render(request, "contacts/vocabularies.html", {"fields": lines, "answer": _answer(found)})


def _field_line(one: dict[str, Any]) -> dict[str, Any]:
    first = one["groups"][0] if one["groups"] else None
    example = f"{first['spellings'][0]['value']} → {first['becomes']}" if first else ""
    return one | {
        "url": reverse("contacts:vocabulary", args=[one["field"]]),
        "words": len(one["groups"]),
        "spellings": sum(len(each["spellings"]) for each in one["groups"]),
        "records": sum(each["moved"] for each in one["groups"]),
        "kept": sum(len(each["spellings"]) for each in one["accepted"]),
        "example": example,
    }


def _answer(found: dict[str, Any]) -> str:
    if not found["spellings"]:
        return _("No spelling looks like another word.")
    said = ngettext("%(n)s spelling could be another word", "%(n)s spellings could be another word", found["spellings"])
    records = ngettext("on %(n)s record", "on %(n)s records", found["records"]) % {"n": f"{found['records']:,}"}
    return f"{said % {'n': format(found['spellings'], ',')}}, {records}."


@require_GET
@needs(VIEW)
def words(request: HttpRequest, field: str) -> HttpResponse:
    """One field: the proposals, the words that were accepted, and what still has another spelling."""
    return _page(request, field)


def _page(request: HttpRequest, field: str, form: WordForm | None = None) -> HttpResponse:
    actor = actor_of(request)
    name = checked_field(field)
    found = overview(actor, name)
    one = found["fields"][0]
    groups = [_group(name, each) for each in one["groups"]]
    context = {
        "field": name, "label": one["label"], "groups": groups[:SHOWN], "more": max(0, len(groups) - SHOWN),
        "accepted": [_term(name, each) for each in one["accepted"]], "apart": one["apart"],
        "definition": one["definition"], "to_change": one["to_change"], "answer": _answer(found),
        "may_fix": may(actor, FIX), "form": form,
    }  # fmt: skip
    return render(request, "contacts/vocabulary.html", context, status=422 if form else 200)


def _group(field: str, one: dict[str, Any]) -> dict[str, Any]:
    whys = _whys()
    said = [each | {"why": whys[each["why"]], "words": in_words(field, each["value"])} for each in one["spellings"]]
    return one | {"spellings": said, "words": in_words(field, one["becomes"])}


def _term(field: str, one: dict[str, Any]) -> dict[str, Any]:
    return one | {"words": in_words(field, one["becomes"]), "said": ", ".join(one["spellings"])}


@require_POST
@needs(FIX)
def decide(request: HttpRequest, field: str) -> HttpResponse:
    """Accept the spellings that are chosen as one word, say that they are not, or let go of a word."""
    name, form = checked_field(field), WordForm(request.POST)
    said = request.POST.getlist("spelling")
    if form.is_valid():
        with problems_on(form):
            messages.success(request, _decided(request, name, form.cleaned_data, said))
            return redirect("contacts:vocabulary", field=name)
    return _page(request, name, form)


def _decided(request: HttpRequest, field: str, given: dict[str, Any], said: list[str]) -> str:
    actor, word = actor_of(request), given["word"]
    match given["do"]:
        case "accept":
            becomes = given["becomes"].strip() or word
            more = [word] if becomes != word else []
            accept_words(actor=actor, field=field, words=[(becomes, [*said, *more])])
            return _("%(word)s: its spellings become it as people come in.") % {"word": becomes}
        case "reject":
            reject_words(actor=actor, field=field, word=word, spellings=said)
            return _("They stay words of their own and are not proposed for %(word)s again.") % {"word": word}
        case _:
            forget_words(actor=actor, field=field, word=word)
            return _("Spellings of %(word)s stay as they come from now on.") % {"word": word}


@require_http_methods(["GET", "POST"])
@needs(FIX)
def apply_words(request: HttpRequest, field: str) -> HttpResponse:
    """What writing records as the vocabulary says would change, then doing it."""
    actor, name = actor_of(request), checked_field(field)
    if request.method == "POST":
        job = start_words(actor, name)
        messages.success(request, _("The records are being written so. You may leave this page; it goes on."))
        return redirect("contacts:fixing", slug="vocabularies", ref=job.ref)
    back = reverse("contacts:vocabulary", args=[name])
    return render(request, "contacts/change.html", {
        "preview": previewed(preview_words(actor, name)), "back": back,
        "above": overview(actor, name)["fields"][0]["label"],
    })  # fmt: skip
