"""How long the trail of AI is kept: words of drafts go while their digests stay, acts go with what they were."""

from datetime import datetime

from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.writing import OBJECT, forget_samples
from marops.kernel import audit
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor

_AT_ONCE = 20_000


@action("ai.let_go", effect="erase")
def let_go(act: Act, *, actor: Actor, words_before: datetime | None, acts_before: datetime | None) -> None:
    """Empty drafts decided before one moment, and forget acts from before another.

    The audit keeps that there were acts, without what they were, so that its chain stays whole.
    """
    if words_before:
        old = AiDraft.objects.filter(decided_at__lt=words_before).exclude(content={})
        act.count(drafts=old.exclude(state=AiDraft.State.WAITING).update(content={}))
    if acts_before:
        ids = list(AiAct.objects.filter(at__lt=acts_before).order_by("at").values_list("id", flat=True)[:_AT_ONCE])
        audit.forget(ids, OBJECT)
        forget_samples(ids)
        act.count(acts=AiAct.objects.filter(id__in=ids).delete()[0])
