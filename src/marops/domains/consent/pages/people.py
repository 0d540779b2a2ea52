"""One person's consent: may we contact them, why, what they said, and what is done about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, mask, needs
from marops.domains.consent.actions.recording import Heard, Word, ask_to_confirm, record_words
from marops.domains.consent.actions.requests import lift_restriction, restrict
from marops.domains.consent.answering import EVIDENCE, ask_json, links_of
from marops.domains.consent.forms import WhyForm, WordForm
from marops.domains.consent.models import Ask, Entry
from marops.domains.consent.permissions import ANSWER, VIEW
from marops.domains.consent.queries.people import ledger, person_matrix, purpose_titles, restriction
from marops.domains.consent.queries.requests import requests
from marops.domains.consent.rules.regimes import ANY, BASIS_WORDS, CHANNEL_WORDS, CHANNELS, KIND_WORDS, applying
from marops.domains.consent.rules.words import Verdict
from marops.domains.contacts.public import Contact, find_contact, visible
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import grants, may

_WORDS = {
    "granted": ("yes", "good"), "denied": ("no", "bad"), "unsubscribed": ("unsubscribed", "bad"),
    "expired": ("ended", "warn"), "unknown": ("not known", "draft"),
}  # fmt: skip


def contact_of(actor: Actor, ref: str) -> Contact:
    """The person of a reference whom this actor may see. Raises MaropsError `not-found`."""
    person = find_contact(ref, actor=actor)
    if not visible(actor).filter(id=person.id).exists():
        raise MaropsError(NOT_FOUND, f"No lead answers to {ref!r}.")
    return person


@require_GET
@needs(VIEW)
def person(request: HttpRequest, ref: str) -> HttpResponse:
    """May they be contacted: channel by purpose, each with its why; the ledger below."""
    actor = actor_of(request)
    one = contact_of(actor, ref)
    if ref != one.ref:
        return redirect("consent:person", ref=one.ref)
    known, verdicts = person_matrix(one.id, now())
    evidence = EVIDENCE in grants(actor)
    hide = mask("personal", grants(actor))
    stands = restriction(one.id)
    channels = [by for by in CHANNELS if any(key[0] == by for key in verdicts)]
    shown = {
        "person": one,
        "name": hide(one.full_name) if one.full_name else one.ref,
        "answer": _answer(verdicts, stands is not None),
        "where": ", ".join(part for part in (one.region, one.country) if part),
        "regimes": [law.title for law in applying(one.country, one.region)],
        "channels": [CHANNEL_WORDS[by] for by in channels],
        "rows": [(each, [(CHANNEL_WORDS[by], verdicts.get((by, each.slug))) for by in channels]) for each in known],
        "notes": list(dict.fromkeys(note for each in verdicts.values() for note in each.notes)),
        "reasons": [_reasons(each) for each in verdicts.values()],
        "entries": [_entry(each, evidence=evidence) for each in ledger(one.id)],
        "restriction": stands,
        "asked": [ask_json(each) for each in Ask.objects.filter(contact_id=one.id, confirmed_at=None)],
        "requests": [(each, KIND_WORDS.get(each.kind, each.kind)) for each in
                     requests(actor).filter(contact_id=one.id)[:20]],
        "links": links_of(one.id) if may(actor, ANSWER) else {},
        "may_answer": may(actor, ANSWER),
    }  # fmt: skip
    return render(request, "consent/person.html", shown)


def _answer(verdicts: dict[tuple[str, str], Verdict], restricted: bool) -> str:
    if restricted:
        return _("Nobody may contact them: their data is restricted.")
    yes = list(dict.fromkeys(CHANNEL_WORDS[by].lower() for (by, why), one in verdicts.items()
                             if one.allowed and why == "marketing"))  # fmt: skip
    if yes:
        return _("They may be told about offers by %(channels)s.") % {"channels": ", ".join(yes)}
    first = verdicts.get(("email", "marketing"))
    return _("They may not be told about offers on any channel. %(why)s") % {"why": first.because if first else ""}


def _reasons(one: Verdict) -> dict[str, Any]:
    return {"title": one.title, "channel": CHANNEL_WORDS[one.channel], "allowed": one.allowed, "reasons": one.reasons}


def _entry(one: Entry, *, evidence: bool) -> dict[str, Any]:
    titles = {**purpose_titles(), ANY: _("Everything")}
    word, kind = _WORDS.get(one.state, (one.state, "draft"))
    told = [one.basis]
    if one.source and one.source != one.basis:
        told.append(one.source)
    if one.import_number:
        told.append(_("import I-%(n)s, row %(row)s") % {"n": one.import_number, "row": one.row})
    return {
        "one": one, "word": word, "kind": kind, "channel": CHANNEL_WORDS.get(one.channel, one.channel),
        "purpose": titles.get(one.purpose, one.purpose), "basis": BASIS_WORDS.get(one.lawful_basis, ""),
        "told": ", ".join(part for part in told if part), "evidence": one.evidence if evidence else None,
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs(ANSWER)
def word(request: HttpRequest, ref: str) -> HttpResponse:
    """Enter what somebody said."""
    actor = actor_of(request)
    one = contact_of(actor, ref)
    form = WordForm(posted(request))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        words = [Word(given["channel"], given["purpose"], given["state"], given["basis"] or "consent")]
        with problems_on(form):
            heard = Heard(given["ground"], "by hand", at=form.said_at())
            record_words(actor=actor, contact_id=one.id, words=words, heard=heard)
            messages.success(request, _("It is entered in the ledger."))
            return redirect("consent:person", ref=one.ref)
    return render(request, "consent/word.html", {"form": form, "person": one}, status=422 if form.is_bound else 200)


@require_POST
@needs(ANSWER)
def ask(request: HttpRequest, ref: str) -> HttpResponse:
    """Make the link by which they confirm a yes to the newsletter or another purpose."""
    actor = actor_of(request)
    one = contact_of(actor, ref)
    ask_to_confirm(
        actor=actor, contact_id=one.id, channel="email", purpose_slugs=[request.POST.get("purpose", "newsletter")],
        source="by hand",
    )  # fmt: skip
    messages.success(request, _("The link stands on this page. Marops sends no message yet: hand it over yourself."))
    return redirect("consent:person", ref=one.ref)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(ANSWER)
def limit(request: HttpRequest, ref: str) -> HttpResponse:
    """Restrict somebody's data, or end that."""
    actor = actor_of(request)
    one = contact_of(actor, ref)
    stands = restriction(one.id)
    form = WhyForm(posted(request))
    if form.is_bound and form.is_valid():
        act = lift_restriction if stands else restrict
        with problems_on(form):
            act(actor=actor, contact_id=one.id, why=form.cleaned_data["why"])
            return redirect("consent:person", ref=one.ref)
    shown = {"form": form, "person": one, "stands": stands}
    return render(request, "consent/limit.html", shown, status=422 if form.is_bound else 200)
