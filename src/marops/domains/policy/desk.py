"""What the AI policy puts on desks, and how comments find it."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.policy.permissions import CHANGE, STOP, VIEW
from marops.domains.policy.queries import governance, policies, samples, shown
from marops.kernel.actors import Actor
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.shell import Found, Need
from marops.kernel.workspace import today


def find_policy(actor: Actor, slug: str) -> Found | None:
    """The policy, as comments and history need it."""
    if not may(actor, VIEW) or not Definition.objects.filter(kind=policies.KIND, slug=slug).exists():
        return None
    return Found(_("AI policy"), reverse("policy:page"))


def needs(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """What AI made and this person may read, a switch that is thrown, and what is past its day of review."""
    if not may(actor, VIEW):
        return
    found = governance.at_a_glance()
    if found.stopped and may(actor, STOP):
        yield from _stopped()
    if found.waiting:
        yield from _waits(actor)
    if found.samples:
        yield from _samples(actor)
    if found.overdue and may(actor, CHANGE):
        yield from _overdue()


def _stopped() -> Iterator[Need]:
    if switch := shown.everything_stopped():
        yield Need(
            title=_("Every AI is stopped"), detail=switch.why, url=reverse("policy:page"), button=_("See the page"),
            due_words=f"{switch.thrown_at:%-d %b}", urgency="soon", icon="never",
        )  # fmt: skip


def _waits(actor: Actor) -> Iterator[Need]:
    waiting = governance.to_decide(actor)
    if not waiting.oldest:
        return
    title = ngettext("“%(title)s” by an AI waits for you", "%(n)s drafts of AI wait for you", waiting.count)
    yield Need(
        title=title % {"n": waiting.count, "title": waiting.rows[0].title}, url=_where_it_waits(),
        button=_("Read"), detail="; ".join(one.title for one in waiting.rows[:3]) if waiting.count > 1 else "",
        due_words=_("since %(day)s") % {"day": f"{waiting.oldest:%-d %b}"}, urgency="soon", icon="review",
    )  # fmt: skip


def _samples(actor: Actor) -> Iterator[Need]:
    found = samples.to_look_at(actor)
    if found:
        title = ngettext(
            "A sample of what AI did is to be looked at",
            "%(n)s samples of what AI did are to be looked at",
            len(found),
        )
        yield Need(
            title=title % {"n": len(found)}, url=_where_it_waits(), button=_("Look"),
            due_words=_("since %(day)s") % {"day": f"{found[0].act.at:%-d %b}"}, urgency="soon", icon="review",
        )  # fmt: skip


def _where_it_waits() -> str:
    try:
        return reverse("policy:waiting")
    except NoReverseMatch:
        return reverse("policy:desk")


def _overdue() -> Iterator[Need]:
    for one in governance.overdue()[:3]:
        yield Need(
            title=_("%(use)s is past its review") % {"use": one.document.title},
            detail=_("It is refused until somebody looks at its entry."), url=reverse("policy:use", args=[one.slug]),
            button=_("Look at it"), due_words=_("due %(day)s") % {"day": f"{one.document.review_by:%-d %b %Y}"},
            urgency="late", icon="clock",
        )  # fmt: skip
    policy = policies.in_force()
    if policy and policy.document.review_by and policy.document.review_by < today():
        yield Need(
            title=_("The AI policy is past its review"), url=reverse("policy:about"), button=_("Look at it"),
            due_words=_("due %(day)s") % {"day": f"{policy.document.review_by:%-d %b %Y}"}, urgency="soon",
            icon="clock",
        )  # fmt: skip
