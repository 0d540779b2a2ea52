"""Writes: new versions of workflows, crews and scenarios, and which of them hold."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marops.domains.workflows.models import Sketch, WorkflowAnswer
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.sheets.checking import drafted
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.models import Definition


@action("workflow.keep", effect="draft", right=CHANGE, reversible=True)
def keep(
    act: Act, *, actor: Actor, kind: str, slug: str, document: Mapping[str, Any], reason: str = "", hold: bool = True
) -> Definition:
    """A new version of a workflow, crew or scenario; the same document as the newest version answers that one.

    `hold`: it is the one that counts from now on; else it stays a draft beside it, as what an AI writes always does.
    Raises MaropsError `invalid` that names every fault by its pointer.
    """
    row = definitions.keep(act, actor, kind, slug, document, reason)
    if hold and actor.kind != "ai" and row.state != Definition.State.ACTIVE:
        definitions.put_in_force(act, row)
    return row


@action("scenario.retire", effect="retire", right=CHANGE, reversible=True)
def retire_scenario(act: Act, *, actor: Actor, slug: str, reason: str = "") -> Definition:
    """Take a scenario out of use; what was compared with it stays, and so do its versions."""
    return definitions.take_out_of_force(act, f"scenario/{slug}", reason)


_KEPT = 30
"""How many changes of a sketch can be taken back."""


@action("sketch.keep", effect="draft", right=CHANGE, reversible=True)
def sketch(
    act: Act,
    *,
    actor: Actor,
    slug: str,
    document: Mapping[str, Any],
    words: str,
    base: int,
    before: Mapping[str, Any] | None = None,
) -> Sketch:
    """What somebody draws, before it is saved; `words` say what this change did. What it was can be had back.

    `base`, `before`: the version that a new sketch begins from, and its document.
    Raises MaropsError `invalid` where it is no workflow at all.
    """
    kept = drafted(document)
    row = Sketch.objects.select_for_update().filter(slug=slug, by=actor.id).first()
    if row is None:
        past = [{"document": drafted(before), "words": ""}] if before else []
        return Sketch.objects.create(
            slug=slug, by=actor.id, base=base, document=kept, words=words, past=past, changed_at=act.at
        )
    if row.document != kept:
        row.past = [*row.past, {"document": row.document, "words": row.words}][-_KEPT:]
        row.document, row.words, row.ahead, row.changed_at = kept, words, [], act.at
        row.save(update_fields=["document", "words", "past", "ahead", "changed_at"])
    return row


@action("sketch.turn", effect="draft", right=CHANGE, reversible=True)
def turn_sketch(act: Act, *, actor: Actor, slug: str, back: bool) -> Sketch | None:
    """Take the last change of one's sketch back, or make it again; None where there is nothing to go to."""
    row = Sketch.objects.select_for_update().filter(slug=slug, by=actor.id).first()
    if row is None or not (row.past if back else row.ahead):
        return None
    here = {"document": row.document, "words": row.words}
    if back:
        there, row.past, row.ahead = row.past[-1], row.past[:-1], [here, *row.ahead]
    else:
        there, row.past, row.ahead = row.ahead[0], [*row.past, here], row.ahead[1:]
    row.document, row.words, row.changed_at = there["document"], there["words"], act.at
    row.save(update_fields=["document", "words", "past", "ahead", "changed_at"])
    return row


@action("sketch.drop", effect="draft", right=CHANGE)
def drop_sketch(act: Act, *, actor: Actor, slug: str) -> None:
    """Throw one's sketch away; the workflow stays as it is."""
    Sketch.objects.filter(slug=slug, by=actor.id).delete()


@action("workflow.answer", effect="draft", right=VIEW)
def keep_answer(
    act: Act, *, actor: Actor, workflow: str, kind: str, digest: str, asked: Mapping[str, Any],
    answer: Mapping[str, Any], seconds: float, sample: bool,
) -> WorkflowAnswer:  # fmt: skip
    """Keep what simulation answered, so that it need not be asked again; the same question again answers the row."""
    row, _ = WorkflowAnswer.objects.update_or_create(
        workflow=workflow,
        kind=kind,
        digest=digest,
        defaults={
            "asked": dict(asked), "answer": dict(answer), "seconds": seconds, "sample": sample, "actor_id": actor.id,
            "at": act.at,
        },
    )  # fmt: skip
    return row


@action("workflow.recall", effect="draft", right=VIEW)
def recall_answer(act: Act, *, actor: Actor, answer: UUID) -> WorkflowAnswer:
    """Somebody asked again what was answered: the answer that is kept is the last one again."""
    WorkflowAnswer.objects.filter(id=answer).update(at=act.at, actor_id=actor.id)
    return WorkflowAnswer.objects.get(id=answer)
