"""What consent puts on desks: who may be written to, by channel."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.consent.models import Request, State
from marops.domains.consent.permissions import ANSWER
from marops.domains.consent.rules.regimes import KIND_WORDS
from marops.domains.consent.writing import PURPOSE
from marops.domains.contacts.public import Contact
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import Scope, grants, may
from marops.kernel.shell import Need, Section, SectionRow

SEE = "leads.view"
KEPT_SECONDS = 60
ASKED_AHEAD, SHOWN = timedelta(days=14), 10
_WORDS = ("granted", "denied", "unsubscribed")


def consents(actor: Actor, as_of: datetime) -> Iterator[Section]:
    """The words in force by channel: yes, no, unsubscribed, not known; and what share of all answers is a yes."""
    if grants(actor).scope(SEE) is not Scope.ALL:
        return
    found: dict[str, dict[str, int]] = cache.get_or_set("desk_consents", _counted, KEPT_SECONDS) or {}
    channels = {"email": _("E-mail"), "phone": _("Phone"), "sms": _("Text message"), "post": _("Post")}
    yield Section(
        _("May we write?"),
        _("the word in force, by channel"),
        columns=(
            _("Channel"),
            _("Agreed"),
            _("Does not want it"),
            _("Unsubscribed"),
            _("Not known"),
            _("Yes of all answers"),
        ),
        rows=[
            SectionRow(
                (
                    str(channels.get(channel, channel)),
                    *(f"{counts.get(state, 0):,}" for state in (*_WORDS, "unknown")),
                    f"{counts.get('granted', 0) / (sum(counts.get(state, 0) for state in _WORDS) or 1):.0%}",
                )
            )
            for channel, counts in sorted(found.items())
        ],
        numbers=frozenset(range(1, 6)),
    )


def _counted() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    people = Contact.objects.count()
    for row in State.objects.filter(purpose=PURPOSE).values("channel", "state").annotate(n=Count("pk")):
        found.setdefault(row["channel"], {})[row["state"]] = row["n"]
    for words in found.values():  # of most people nobody ever noted a word, so no row says that it is not known
        words["unknown"] = people - sum(words.get(state, 0) for state in _WORDS)
    return found


ports.desk.fill("consents", consents)


def asked(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """What people ask of their data and has to be answered, the most urgent first."""
    if not may(actor, ANSWER):
        return
    waiting = Request.objects.filter(state=Request.State.OPEN, due_at__lt=as_of + ASKED_AHEAD).order_by("due_at")
    for one in waiting[:SHOWN]:
        late = one.due_at < as_of
        yield Need(
            _("%(what)s: %(who)s") % {"what": KIND_WORDS.get(one.kind, one.kind), "who": one.subject},
            reverse("consent:request", args=[one.ref]), _("Answer"),
            detail=_("Who asks is checked.") if one.identity_at else _("Nobody has checked yet who asks."),
            due=one.due_at, due_note=one.regime, urgency="late" if late else "soon",
        )  # fmt: skip


ports.desk.fill("privacy", asked)
