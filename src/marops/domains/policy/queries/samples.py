"""What was drawn of the acts of AI for somebody to look at, who may, and what they found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from marops.domains.accounts.public import names
from marops.domains.policy.models import AiAct
from marops.domains.policy.permissions import REVIEW, TRAIL
from marops.domains.policy.queries.drafts import Bar, roles_of
from marops.domains.policy.queries.uses import Use, uses
from marops.domains.policy.rules.samples import SAMPLE
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import FOUR_EYES
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Review, ReviewDecision
from marops.kernel.permissions import grants, may
from marops.methods.intervals import wilson

MOST = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """An act that was drawn, with its review."""

    act: AiAct
    review: Review


def barred(actor: Actor, one: Sample) -> Bar | None:
    """What stands against this actor's word about a sample; None where nothing does.

    As with drafts: a person, of the roles that the register names or whoever may review; and where two have to look,
    not the one it was done for.
    """
    if actor.kind != "human":
        return Bar(NOT_ALLOWED, _("A person looks at what an AI did: say who."))
    held, roles = grants(actor), _readers(one.act.use)
    if (held.by_key or not roles) and REVIEW not in held:
        return Bar(NOT_ALLOWED, _("This needs the right “Approve or decline what an AI made” (policy.review)."))
    if roles and not held.everything and not roles & roles_of(actor):
        return Bar(NOT_ALLOWED, _("The register names who looks at it: %(roles)s.") % {"roles": ", ".join(roles)})
    if one.review.needed > 1 and actor.id == one.act.on_behalf_of:
        return Bar(FOUR_EYES, _("It was done for you, and two others have to look at it."))
    return None


def _readers(use: str, known: Mapping[str, Use] | None = None) -> set[str]:
    found = (known or uses()).get(use)
    return set(found.document.review.roles) if found else set()


def _reads(actor: Actor) -> Q:
    """The samples that this actor may open: all for who sees the trail or the system, else of uses they look after."""
    if actor.kind == "system" or may(actor, TRAIL):
        return Q()
    if actor.kind != "human":
        return Q(pk__in=[])
    held, roles = REVIEW in grants(actor), roles_of(actor)
    mine = [slug for slug, use in uses().items() if set(use.document.review.roles) & roles]
    named = [slug for slug, use in uses().items() if use.document.review.roles]
    return Q(use__in=mine) | (~Q(use__in=named) if held else Q(pk__in=[]))


def open_samples(actor: Actor) -> list[Sample]:
    """What waits to be looked at, the oldest first."""
    reviews = Review.objects.filter(subject_type=SAMPLE, state=Review.State.OPEN).order_by("asked_at", "id")
    rows = {one.subject_id: one for one in reviews[: 5 * MOST]}
    acts = {str(one.id): one for one in AiAct.objects.filter(_reads(actor), id__in=list(rows))}
    return [Sample(acts[key], review) for key, review in rows.items() if key in acts][:MOST]


def sample_of(actor: Actor, act_id: UUID | str) -> Sample:
    """One sample. Raises MaropsError `not-found`, also for who may not open it."""
    wanted = as_uuid(str(act_id))
    act = AiAct.objects.filter(_reads(actor), id=wanted).first() if wanted else None
    review = Review.objects.filter(subject_type=SAMPLE, subject_id=str(act.id)).first() if act else None
    if act is None or review is None:
        raise MaropsError(NOT_FOUND, _("There is no such sample."))
    return Sample(act, review)


def told(actor: Actor, found: Sequence[Sample]) -> list[dict[str, Any]]:
    """Samples with who looked, what they said, and whether this actor may."""
    said: dict[UUID, list[ReviewDecision]] = {}
    for one in ReviewDecision.objects.filter(review_id__in=[each.review.id for each in found]).order_by("at"):
        said.setdefault(one.review_id, []).append(one)
    ids = {one.act.on_behalf_of for one in found} | {one.reviewer for each in said.values() for one in each}
    people, known = names([one for one in ids if as_uuid(one)]), uses()
    return [_told(actor, one, said.get(one.review.id, []), people, known) for one in found]


def _told(
    actor: Actor, one: Sample, said: Sequence[ReviewDecision], people: Mapping[str, str], known: Mapping[str, Use]
) -> dict[str, Any]:
    act, review, use = one.act, one.review, known.get(one.act.use)
    bar = barred(actor, one) if review.state == Review.State.OPEN else Bar("", _("It was looked at already."))
    if not bar and any(each.reviewer == actor.id for each in said):
        bar = Bar("", _("You looked at it; somebody else has to as well."))
    return {
        "act": str(act.id), "at": act.at, "use": act.use, "use_title": use.document.title if use else "",
        "action": act.action, "term": act.term, "subject": act.subject, "records": act.records,
        "on_behalf_of": act.on_behalf_of, "for_name": people.get(act.on_behalf_of, act.on_behalf_of),
        "state": {"open": "waiting", "approved": "right", "rejected": "wrong"}.get(review.state, review.state),
        "needed": review.needed, "roles": sorted(_readers(act.use, known)), "decided_at": review.decided_at,
        "may_look": bar is None, "why_not": bar.says if bar else "",
        "decisions": [
            {"by": each.reviewer, "name": people.get(each.reviewer, each.reviewer), "right": each.approved,
             "at": each.at, "why": each.comment} for each in said
        ],
    }  # fmt: skip


def to_look_at(actor: Actor) -> list[Sample]:
    """Of what waits, what this actor may look at."""
    return [one for one in open_samples(actor) if barred(actor, one) is None]


def waiting(actor: Actor) -> list[dict[str, Any]]:
    """What waits to be looked at, told."""
    return told(actor, open_samples(actor))


@dataclass(frozen=True, slots=True)
class Found:
    """What samples showed: how many wait, were looked at and were wrong, and the interval of the share that is."""

    waiting: int
    looked: int
    wrong: int
    low: float | None
    high: float | None


def found_lately(days: int = 90) -> Found:
    """Over all uses, of what was done in the last days. The interval is Wilson's, at 95 %."""
    rows = Review.objects.filter(subject_type=SAMPLE, asked_at__gt=now() - timedelta(days=days))
    count = rows.aggregate(
        waiting=Count("id", filter=Q(state=Review.State.OPEN)),
        looked=Count("id", filter=Q(state__in=[Review.State.APPROVED, Review.State.REJECTED])),
        wrong=Count("id", filter=Q(state=Review.State.REJECTED)),
    )
    looked, wrong = count["looked"], count["wrong"]
    low, high = wilson(wrong / looked, looked) if looked else (None, None)
    return Found(count["waiting"], looked, wrong, low, high)
