"""Writes about samples: what somebody found who looked at what an AI did."""

from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.policy.queries.samples import Sample, barred, sample_of
from marops.domains.policy.rules.samples import SAMPLE
from marops.domains.policy.writing import decision_said
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, FieldError, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Review, ReviewDecision
from marops.kernel.notices import tell


@action("policy.look_at_sample", effect="review")
def look_at_sample(act: Act, *, actor: Actor, act_id: UUID, right: bool, why: str = "") -> Sample:
    """Say of an act that was drawn whether it was right. One who finds it wrong is enough; all have to find it right.

    Nothing is undone by it. Raises MaropsError `not-found`, `not-allowed`, `four-eyes`, `invalid`, or `conflict` where
    it was looked at before.
    """
    found = sample_of(actor, act_id)
    review = Review.objects.select_for_update().get(id=found.review.id)
    if review.state != Review.State.OPEN:
        raise MaropsError(CONFLICT, _("Somebody looked at it already."))
    if bar := barred(actor, found):
        raise MaropsError(bar.code, bar.says)
    if not right and not why.strip():
        fault = FieldError("required", _("Say what is wrong with it."), _("Write a line about it."), field="why")
        raise MaropsError(INVALID, errors=[fault])
    decision, _new = ReviewDecision.objects.update_or_create(
        review=review, reviewer=actor.id,
        defaults={"approved": right, "own_work": actor.id == found.act.on_behalf_of, "comment": why.strip(),
                  "at": act.at},
    )  # fmt: skip
    _settle(act, review, right=right)
    act.changed(
        SAMPLE, act_id, before={"state": "open"},
        after=decision_said(decision, review.content_sha256) | {"state": review.state},
    )  # fmt: skip
    if not right:
        _tell(found, actor, why.strip())
    return Sample(found.act, review)


def _settle(act: Act, review: Review, *, right: bool) -> None:
    if right and review.decisions.filter(approved=True).count() < review.needed:
        return
    review.state, review.decided_at = Review.State.APPROVED if right else Review.State.REJECTED, act.at
    review.save(update_fields=["state", "decided_at"])


def _tell(found: Sample, actor: Actor, why: str) -> None:
    person = as_uuid(found.act.on_behalf_of)
    if person and found.act.on_behalf_of != actor.id:
        said = _("What AI did for you was found wrong: %(why)s") % {"why": why}
        tell(person, said, url=f"/policy/samples/{found.act.id}")
