"""What people open by a link of ours, without an account: confirm a yes, take one back, choose what they get.

Looking changes nothing, by whatever method: scanners of mailboxes open every link. Only a form that is sent does.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from marops.domains.consent.actions.recording import THEMSELVES, Heard, Word, confirm, record_words
from marops.domains.consent.models import Ask
from marops.domains.consent.queries.people import Known, person_matrix, purpose_titles, purposes
from marops.domains.consent.rules.links import BAD_LINK, Link, masked, read
from marops.domains.consent.rules.regimes import ANY, CHANNEL_WORDS
from marops.domains.contacts.public import Contact, find_contacts
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError

_LOOKS = ["GET", "HEAD", "OPTIONS", "POST"]


def _person(link: Link) -> Contact:
    """Whom the link is of, or whom they have become part of."""
    found = find_contacts(str(link.about), personal=False)
    if len(found) != 1:
        raise MaropsError(BAD_LINK, _("Nothing about you is kept under this link (any more)."))
    return found[0]


def _evidence(request: HttpRequest, form: str) -> dict[str, Any]:
    """What is kept of the moment: which form. The address of the browser is not."""
    return {"form": form, "page": request.resolver_match.url_name if request.resolver_match else ""}


# No cookie says who sends these forms; the link itself does, and nobody else knows it.
@csrf_exempt
@require_http_methods(_LOOKS)
def confirm_page(request: HttpRequest, token: str) -> HttpResponse:
    """A yes to be confirmed: the button does, nothing else."""
    ask = Ask.objects.filter(id=read(token, "confirm").about).first()
    if ask is None:
        raise MaropsError(BAD_LINK, _("Nothing about you is kept under this link (any more)."))
    done = False
    if request.method == "POST":
        ask, done = confirm(actor=THEMSELVES, ask_id=ask.id, evidence=_evidence(request, "confirm")), True
    known = {one.slug: one for one in purposes()}
    shown = {
        "asked": [known[slug].document for slug in ask.purposes if slug in known],
        "channel": CHANNEL_WORDS.get(ask.channel, ask.channel),
        "done": done,
        "before": ask.confirmed_at is not None and not done,
        "ended": ask.confirmed_at is None and ask.expires_at <= now(),
        "address": masked(Contact.objects.get(id=ask.contact_id).email),
    }
    return render(request, "consent/confirm.html", shown)


@csrf_exempt
@require_http_methods(_LOOKS)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Take back exactly what the link names: one purpose, one channel, or everything."""
    link = read(token, "unsubscribe")
    person = _person(link)
    if request.method == "POST":
        words = [Word(link.channel or ANY, link.purpose or ANY, "unsubscribed")]
        heard = Heard("unsubscribe link", "preferences", _evidence(request, "unsubscribe"))
        record_words(actor=THEMSELVES, contact_id=person.id, words=words, heard=heard)
    shown = {
        "scope": scope_words(link.channel or ANY, link.purpose or ANY),
        "done": request.method == "POST",
        "address": masked(person.email),
        "choices": Link("preferences", person.id).token,
    }
    return render(request, "consent/unsubscribe.html", shown)


def scope_words(channel: str, purpose: str) -> str:
    """What is taken back, as the person reads it."""
    by = "" if channel == ANY else _(" by %(channel)s") % {"channel": CHANNEL_WORDS[channel].lower()}
    if purpose == ANY:
        return _("everything%(by)s") % {"by": by}
    return _("“%(title)s”%(by)s") % {"title": purpose_titles().get(purpose, purpose), "by": by}


@csrf_exempt
@require_http_methods(_LOOKS)
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody gets, with a box for each; what was not shown is not touched."""
    person = _person(read(token, "preferences"))
    said = ""
    if request.method == "POST":
        said = _save(request, person)
    known, verdicts = person_matrix(person.id, now())
    rows = [_row(one, verdicts) for one in known if one.document.offered]
    signal = request.headers.get("Sec-GPC", "").strip() == "1"
    shown = {"rows": rows, "said": said, "address": masked(person.email), "signal": signal}
    return render(request, "consent/preferences.html", shown)


def _row(one: Known, verdicts: Any) -> dict[str, Any]:
    cells = [
        {"name": f"{channel}:{one.slug}", "label": CHANNEL_WORDS[channel], "on": verdicts[channel, one.slug].allowed}
        for channel in one.document.channels
    ]
    return {"title": one.document.title, "says": one.document.says, "cells": cells, "wording": one.document.wording}


def _save(request: HttpRequest, person: Contact) -> str:
    """Enter what changed against what was shown; of what was not, nothing."""
    evidence = _evidence(request, "preferences")
    words = [Word(ANY, ANY, "unsubscribed")] if "stop" in request.POST else _changed(request, person)
    if request.headers.get("Sec-GPC", "").strip() == "1":
        evidence["header"] = "Sec-GPC: 1"
    if words:
        heard = Heard("preference page", "preferences", evidence)
        record_words(actor=THEMSELVES, contact_id=person.id, words=words, heard=heard)
    return _("Your choice is kept.") if words else _("Nothing changed.")


def _changed(request: HttpRequest, person: Contact) -> list[Word]:
    known, verdicts = person_matrix(person.id, now())
    whole = {one.slug: one.document.part_of for one in known if one.document.offered}
    shown, ticked = set(request.POST.getlist("shown")), set(request.POST.getlist("on"))
    cells = [key for key in verdicts if key[1] in whole and ":".join(key) in shown]
    wanted = {key: ":".join(key) in ticked for key in cells}
    moved = {key for key in cells if wanted[key] != verdicts[key].allowed}
    # A part keeps what its own box says when the word about its whole changes.
    moved |= {key for key in cells if (key[0], whole[key[1]]) in moved}
    return [Word(*key, "granted" if wanted[key] else "unsubscribed") for key in cells if key in moved]
