"""What consent contributes to hooks of the kernel."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from marops.domains.consent.permissions import ANSWER, VIEW
from marops.domains.consent.queries.may import all_agreed
from marops.domains.consent.queries.requests import find_for_shell, proof_for_shell
from marops.domains.consent.rules.regimes import ANY, KIND_WORDS
from marops.domains.consent.stages import day_turn
from marops.domains.consent.story import consent_section
from marops.domains.consent.writing import forget_requests
from marops.kernel import persons, ports, shell

_CHANNELS = {"email": "e-mail", "phone": "phone", "sms": "text message", "post": "post", ANY: "any channel"}

# Merged people keep the strictest word of both (M1); a yes that still holds stands above one that has ended. Between
# two yeses their own stands above an implied one; between equals, the younger.
_RANK = (
    "array_position(ARRAY['unknown', 'expired', 'granted', 'denied', 'unsubscribed'], {0}.state),"
    " {0}.state <> 'granted' OR {0}.basis = 'consent', {0}.at"
)
_STRICTER = f"({_RANK.format('loser')}) > ({_RANK.format('winner')})"


def fill() -> None:
    """Fill the kernel's ports."""
    _fill_shell()
    ports.timeline.fill("consent.recorded", _says)
    for kind, says in _SAYINGS.items():
        ports.timeline.fill(kind, says)
    ports.day_turns.fill("consent", day_turn)
    ports.story.fill("consent", consent_section, order=25)
    persons.fill("consent_entry", persons.ledger("consent_entry"))
    persons.fill("consent_state", persons.rows("consent_state", per=("channel", "purpose"), takes_over=_STRICTER))
    persons.fill("consent_ask", persons.ledger("consent_ask"))
    persons.fill("consent_restriction", persons.rows("consent_restriction"))
    ports.export.fill("contact", persons.told("contact", "t.id::text = ANY(%(ids)s)"), order=10)
    ports.agreed.fill("consent", all_agreed)
    asked = persons.ledger("privacy_request")
    persons.fill("privacy_request", persons.PersonTable(asked.merge, asked.unmerge, forget_requests, asked.export))


def _fill_shell() -> None:
    words = "privacy gdpr dsgvo request erasure unsubscribe opt-in purposes regimes retention record of processing"
    ports.navigation.fill(
        "consent", shell.NavEntry("people", _("Consent"), "consent:privacy", VIEW, words=words), order=28
    )
    shell.commands.fill(
        "new-privacy-request",
        shell.Command(_("New privacy request"), "consent:request-new", ANSWER, words="access erasure gdpr"),
    )
    shell.acts.fill("consent", {
        "consent.record": _("entered what they said"), "consent.ask": _("made a link to confirm a yes"),
        "consent.confirm": _("confirmed it from the mailbox"), "privacy.ask": _("took in a request"),
        "privacy.check_identity": _("checked who asks"), "privacy.answer": _("answered the request"),
        "privacy.restrict": _("restricted their data"), "privacy.free": _("ended the restriction"),
        "privacy.prove": _("searched every place"), "contact.anonymise": _("took away who they are"),
    })  # fmt: skip
    shell.objects.fill("privacy_request", shell.ObjectKind(_("Privacy request"), find_for_shell))
    shell.objects.fill("erasure_proof", shell.ObjectKind(_("Proof of erasure"), proof_for_shell, personal=False))


def _says(fact: Mapping[str, Any]) -> str:
    said = fact.get("properties") or {}
    channel = _CHANNELS.get(said.get("channel", ""), said.get("channel", ""))
    if said.get("channel") == "data":
        no = said.get("state") in ("denied", "unsubscribed")
        return "Said that data about them must not be sold or shared." if no else "Agreed that data may be shared."
    words = {
        "granted": f"Agreed to be contacted by {channel}",
        "denied": f"Does not want to be contacted by {channel}",
        "unsubscribed": f"Unsubscribed from {channel}",
        "expired": f"Their yes to {channel} has ended",
    }.get(said.get("state", ""), f"Consent for {channel} is unknown")
    return f"{words} (import I-{said['import']})." if said.get("import") else f"{words}."


def _privacy(words: str) -> Callable[[Mapping[str, Any]], str]:
    def says(fact: Mapping[str, Any]) -> str:
        kind = (fact.get("properties") or {}).get("kind", "")
        return f"{words}: {KIND_WORDS.get(kind, kind).lower()}." if kind else f"{words}."

    return says


_SAYINGS = {
    "privacy.asked": _privacy("Asked something of their data"),
    "privacy.answered": _privacy("Was answered on what they asked of their data"),
    "privacy.restricted": _privacy("Their data was restricted: nobody contacts them"),
    "privacy.freed": _privacy("Their data is no longer restricted"),
    "contact.anonymised": _privacy("All that tells who they are was taken away"),
}
