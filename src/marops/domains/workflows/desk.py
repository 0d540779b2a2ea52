"""What workflows put on desks, and how the shell finds them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.public import Answerable, Came, Offer
from marops.domains.workflows.asking import results_of
from marops.domains.workflows.models import EventLog, WorkflowAnswer
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.rules.crew import Member
from marops.domains.workflows.rules.document import Step
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.shell import Found, Hit, MoveState


def search_workflows(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Workflows whose title, steps or platforms have all the words."""
    if not may(actor, VIEW):
        return
    asked = words.casefold().split()
    found = []
    for row in active("workflow"):
        title = _title(row)
        steps = row.document.get("steps", ())
        inside = " ".join(
            [*(one["name"] for one in steps), *(name for one in steps for name in one.get("platforms", ()))]
        )
        if all(word in f"{title} {row.slug} {inside}".casefold() for word in asked):
            by_title = all(word in title.casefold() for word in asked)
            found.append((not by_title, title, row.slug))
    for _rest, title, slug in sorted(found)[:limit]:
        yield Hit(_("Workflow"), title, reverse("workflows:workflow", args=[slug]), icon="operate")


def find_event_log(actor: Actor, log_id: str) -> Found | None:
    """The log of this id, as comments and history need it."""
    ident = as_uuid(log_id)
    row = EventLog.objects.filter(id=ident).first() if ident and may(actor, VIEW) else None
    return Found(row.title or row.ref, reverse("workflows:log", args=[row.ref])) if row else None


def find_workflow(actor: Actor, slug: str) -> Found | None:
    """The workflow of this short name, as comments and history need it."""
    if not may(actor, VIEW):
        return None
    try:
        row = find(f"workflow/{slug}")
    except MaropsError:
        return None
    return Found(_title(row), reverse("workflows:workflow", args=[slug]))


def move(actor: Actor, as_of: datetime) -> MoveState | None:
    """How far the workflow of the quarter is: drawn, and whether somebody asked where it is held back."""
    rows = active("workflow") if may(actor, VIEW) else []
    if not rows:
        return None
    newest = max(rows, key=lambda one: one.valid_from or one.created_at)
    kept = WorkflowAnswer.objects.filter(kind=WorkflowAnswer.Kind.BOTTLENECK)
    asked = set(kept.values_list("workflow", flat=True).distinct())
    found = next((one for one in rows if one.slug in asked), None)
    if found and (answer := results_of(found.slug).bottleneck) and answer.constraint:
        told = {"title": _title(found), "name": answer.constraint.name}
        said = _("%(title)s is mapped, and its bottleneck is known: %(name)s.") % told
        url = reverse("workflows:workflow", args=[found.slug])
        return MoveState(_("known"), "good", said, url, _("Look at it"))
    said = ngettext("One workflow is drawn: %(title)s.", "%(n)s workflows are drawn, %(title)s last.", len(rows))
    return MoveState(
        _("begun"), "info", said % {"n": len(rows), "title": _title(newest)},
        reverse("workflows:workflow", args=[newest.slug]), _("Find its bottleneck"),
    )  # fmt: skip


LOOKING, COMPARING, DRAWING = (1.0, 3.0), (2.0, 5.0), (4.0, 8.0)
"""Hours that asking, comparing and drawing take at first; assumptions."""


def to_learn_from(actor: Actor) -> Iterator[Offer]:
    """What somebody could take on to learn: a workflow nobody asked or compared yet; drawing one where none is."""
    if not may(actor, VIEW):
        return
    changes, rows = may(actor, CHANGE), active("workflow")
    asked = set(WorkflowAnswer.objects.values_list("kind", "workflow").distinct())
    unasked = [one for one in rows if (WorkflowAnswer.Kind.BOTTLENECK, one.slug) not in asked]
    uncompared = [one for one in rows if (WorkflowAnswer.Kind.COMPARISON, one.slug) not in asked]
    for one in sorted(unasked, key=_title)[:1]:
        says = _("Ask the workflow “%(title)s” where it is held back: nobody has yet. Show it to those who work in it.")
        yield Offer(says % {"title": _title(one)}, LOOKING, "bottleneck.named", _url(one))
    for one in sorted(uncompared, key=_title)[:1] if changes else ():
        says = _("Compare two ways to do “%(title)s”, and say which you would choose and why.")
        yield Offer(says % {"title": _title(one)}, COMPARING, "scenario.compared", _url(one))
    if changes and not rows:
        says = _("Draw the first workflow with those who work in it: none is mapped here yet.")
        yield Offer(says, DRAWING, "workflow.drawn", reverse("workflows:new"))


def compared(account_id: UUID, actor: Actor) -> Iterator[Came]:
    """The scenarios somebody compared, for their portfolio; what came of them is whether the workflow changed since."""
    if not may(actor, VIEW):
        return
    rows = WorkflowAnswer.objects.filter(kind=WorkflowAnswer.Kind.COMPARISON, actor_id=str(account_id))
    latest = {row.slug: row for row in active("workflow")}
    for one in rows.order_by("-at")[:50]:
        row = latest.get(one.workflow)
        title = _title(row) if row else one.workflow
        changed = row is not None and row.valid_from is not None and row.valid_from > one.at
        outcome = _("the workflow was changed afterwards") if changed else _("the workflow is as it was")
        url = reverse("workflows:comparison", args=[one.workflow]) + f"?answer={one.id}"
        yield Came(_("Scenarios of “%(title)s” compared") % {"title": title}, url, one.at, outcome)


def _url(row: Definition) -> str:
    return reverse("workflows:workflow", args=[row.slug])


def _title(row: Definition) -> str:
    return str(row.document.get("title", row.slug))


def answered_for(role: str, actor: Actor) -> list[Answerable]:
    """Workflows in force that a role owns, or with steps that somebody of the crew with this role can do."""
    if not may(actor, VIEW):
        return []
    crews = {row.slug: load(row) for row in active("crew")}
    found = []
    for row in active("workflow"):
        flow = load(row)
        crew = crews.get(flow.crew)
        members = [one for one in crew.people if one.role == role] if crew else []
        steps = [step.name for step in flow.steps if _does(step, members)]
        note = _("owner") if flow.owner == role else ""
        if steps:
            said = ngettext("%(n)s step of this role", "%(n)s steps of this role", len(steps)) % {"n": len(steps)}
            note = f"{note}, {said}" if note else said
        if note:
            found.append(Answerable(_("Workflows"), flow.title, reverse("workflows:workflow", args=[row.slug]), note))
    return found


def _does(step: Step, members: Sequence[Member]) -> bool:
    return any(one.id in step.people or (step.skill and step.skill in one.skills) for one in members)
