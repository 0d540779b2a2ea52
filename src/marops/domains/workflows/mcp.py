"""For agents: workflows, and proposing them, their crews and scenarios."""

from typing import Annotated, Any, Literal

from pydantic import Field

from marops.domains.workflows.actions import keep
from marops.domains.workflows.permissions import CHANGE, PAY, VIEW
from marops.domains.workflows.queries import (
    crew_json,
    crew_rows,
    scenario_json,
    scenario_rows,
    with_pay,
    workflow_json,
    workflow_rows,
)
from marops.kernel.actors import Actor
from marops.kernel.agents import Answered, Given, Read, prompt, tool
from marops.kernel.definitions import CHANGE as DEFINITIONS
from marops.kernel.definitions import approvals_needed, submit
from marops.kernel.models import Definition
from marops.kernel.permissions import may


class Flows(Given):
    """Which workflows."""

    kind: Literal["workflow", "scenario", "crew"] = "workflow"
    slug: Annotated[str, Field(description="webinar, or webinar@3; left out: the list of what is in force.")] = ""


class FlowsAnswer(Answered):
    """A list, or one with its document."""


def _data(actor: Actor, given: Flows) -> tuple[str, ...]:
    """Crews name colleagues, a workflow shows its crew, and whoever sees what they cost reads that too."""
    if not given.slug:
        return ("contact",) if given.kind == "crew" else ("internal",)
    return ("contact", "confidential") if may(actor, PAY) else ("contact",)


@tool("read_workflows", title="Read workflows", does="read", answers=FlowsAnswer, right=VIEW, reads=_data)
def read_workflows(actor: Actor, given: Flows) -> Read:
    """Reads how work flows: the workflows in force, or one with its steps, people, times and what was found in its log;
    the same for scenarios (named changes that are compared) and crews (who does the work, in which hours). What people
    cost is shown only to those who may see pay.
    """
    if given.slug:
        return Read(_one(actor, given.kind, given.slug), f"{given.kind} {given.slug}")
    rows = {"workflow": workflow_rows, "scenario": scenario_rows, "crew": crew_rows}[given.kind]()
    return Read({"items": rows}, f"{given.kind}s")


def _one(actor: Actor, kind: str, slug: str) -> dict[str, Any]:
    if kind == "scenario":
        return scenario_json(slug)
    return crew_json(slug, actor=actor) if kind == "crew" else workflow_json(slug, actor=actor)


class DraftedFlow(Given):
    """A new version of a workflow, a scenario or a crew."""

    kind: Literal["workflow", "scenario", "crew"]
    slug: Annotated[
        str, Field(description="Small letters, digits and hyphens, such as webinar-faster.", max_length=120)
    ]
    document: Annotated[dict[str, Any], Field(description="The whole document; describe_kind has its form.")]
    reason: Annotated[str, Field(description="One sentence: what changes and why.", min_length=1)]


class DraftedFlowAnswer(Answered):
    """Where it stands."""

    ref: str
    state: str
    in_force: bool
    approvals_needed: int


@tool(
    "draft_workflow", title="Draft a workflow or a scenario", does="propose", answers=DraftedFlowAnswer, right=CHANGE,
    repeatable=True,
)  # fmt: skip
def draft_workflow(actor: Actor, given: DraftedFlow) -> dict[str, Any]:
    """Keeps a new version of a workflow, a scenario or a crew as a draft, and asks for its review where you hold
    definitions.change. It changes nothing until people have put it in force. Propose an improvement as a scenario, so
    that it can be compared with how things are.
    """
    document = with_pay(given.document, given.slug, actor) if given.kind == "crew" else given.document
    row = keep(
        actor=actor, kind=given.kind, slug=given.slug, document=document, reason=given.reason, hold=False
    )  # fmt: skip
    if row.state == Definition.State.DRAFT and may(actor, DEFINITIONS):
        submit(actor=actor, ref=row.pinned)
        row.refresh_from_db()
    return {
        "ref": row.pinned, "state": row.state, "in_force": row.state == Definition.State.ACTIVE,
        "approvals_needed": approvals_needed(row),
    }  # fmt: skip


prompt(
    "improve_a_workflow",
    title="Propose how a workflow gets faster",
    says="Finds where work waits and proposes one scenario.",
    words="Read the workflow {slug} and its crew with read_workflows. Say where work waits and why, from its own"
    " figures. Propose exactly one change as a scenario with draft_workflow (describe_kind has its form), and tell me"
    " what comparing it should show. Change neither the workflow nor its crew.",
    arguments={"slug": "Such as webinar"},
)
