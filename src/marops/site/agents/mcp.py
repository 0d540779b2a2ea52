"""For agents: definitions and figures, which are no domain's own."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from marops.domains.policy.public import done_or_asked
from marops.kernel.actors import Actor
from marops.kernel.agents import ASK_PEOPLE, Answered, Given, Read, prompt, tool
from marops.kernel.config import config
from marops.kernel.definitions import (
    ACTIVATE,
    CHANGE,
    activate,
    approvals_needed,
    approvers_of,
    draft,
    find,
    kinds,
    retire,
    seen_by,
    submit,
)
from marops.kernel.errors import INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.fields import Field as Named
from marops.kernel.models import Definition
from marops.kernel.permissions import grants, require
from marops.site import telling
from marops.site.permissions import SEE_METRICS
from marops.site.review_pages import HIDDEN, page_url, review_url, title_of

Ref = Annotated[str, Field(description="kind/slug follows the version in force, kind/slug@3 names one.")]
Slug = Annotated[str, Field(description="Small letters, digits and hyphens, such as hot-leads.", max_length=120)]

MOST_VALUES = 25
ELSEWHERE = frozenset({"workflow", "crew", "scenario"})
"""Kinds with tools of their own."""
_SEEN_WITH: Mapping[str, str] = {
    "access": "accounts.view", "ai_policy": "policy.view", "ai_use": "policy.view", "calendar": "team.view",
    "disclosure": "policy.view", "lifecycle": "scoring.view", "pipeline": "opportunities.view",
    "quality": "leads.view", "role": "team.view", "route": "leads.view", "score": "scoring.view",
    "skills": "team.view", "targets": SEE_METRICS,
}  # fmt: skip
"""Which right opens the page of a kind, and so its documents; those who draft definitions see all but the hidden."""
_CHANGED_WITH: Mapping[str, str] = {
    "access": "accounts.manage", "ai_policy": "policy.change", "ai_use": "policy.change",
    "assumptions": "team.plan", "disclosure": "policy.change", "route": "routing.change", "structure": "team.plan",
}  # fmt: skip
"""Kinds that ask for a right of their own where people change them, besides the one to draft definitions."""


_DATA_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "assumptions": ("confidential",), "structure": ("contact", "confidential"),
}  # fmt: skip
"""Kinds whose documents tell of colleagues and of what they earn; all others are internal."""


def data_of_kind(kind: str) -> tuple[str, ...]:
    """Which kinds of data a definition of this kind holds, in the policy's words."""
    return _DATA_OF_KIND.get(kind, ("internal",))


def _open_kinds(actor: Actor) -> list[str]:
    held = grants(actor)
    return [
        name
        for name in kinds()
        if name not in ELSEWHERE
        and ((CHANGE in held and name not in HIDDEN) or (name in _SEEN_WITH and _SEEN_WITH[name] in held))
    ]


# --- reading ----------------------------------------------------------------------------------------------------------


class Which(Given):
    """Which definitions."""

    kind: Annotated[str, Field(description="Only of this kind, such as score or quality.")] = ""
    state: Literal["", "draft", "in_review", "active", "retired"] = "active"


class Listed(Answered):
    """Definitions, without their documents."""

    items: list[dict[str, Any]]


@tool("list_definitions", title="List definitions", does="read", answers=Listed)
def list_definitions(actor: Actor, given: Which) -> Read:
    """Lists the versioned documents that decide how marketing runs here (scores, routes, quality rules, calendars, uses
    of AI …): reference, title, version, state. Without a state those in force. Documents come from read_definition.
    """
    wanted = [name for name in _open_kinds(actor) if given.kind in ("", name)]
    rows = Definition.objects.filter(kind__in=wanted)
    rows = rows.filter(state=given.state) if given.state else rows
    items = [_line(actor, row) for row in rows.order_by("kind", "slug", "-version")[:500]]
    return Read({"items": items, "kinds": wanted}, "definitions")


def _line(actor: Actor, row: Definition) -> dict[str, Any]:
    whole = dict(seen_by(actor, row)) == row.document
    return {
        "ref": row.ref, "version": row.version, "title": title_of(row), "state": row.state,
        "by_ai": row.ai_use or None, "reason": row.reason if whole else "",
    }  # fmt: skip


class One(Given):
    """One definition."""

    ref: Ref


class Whole(Answered):
    """A definition with its document."""

    ref: str
    version: int
    state: str
    document: dict[str, Any]
    approvals: dict[str, int] | None


@tool(
    "read_definition", title="Read a definition", does="read", answers=Whole,
    reads=lambda _actor, given: data_of_kind(given.ref.partition("/")[0]),
)  # fmt: skip
def read_definition(actor: Actor, given: One) -> Read:
    """Reads one definition with its whole document, its state, and how many people have approved it where it waits. Use
    it also to see what became of a draft of yours: draft → in_review → active, or back to draft with a reason.
    """
    return Read(definition_json(actor, given.ref), f"definition {given.ref}")


def definition_json(actor: Actor, ref: str) -> dict[str, Any]:
    """A definition as agents read it. Raises MaropsError `not-found`, `not-allowed`."""
    kind = ref.partition("/")[0]
    _check_kind(kind)
    if kind not in _open_kinds(actor):
        raise MaropsError(NOT_ALLOWED, f"Reading definitions of the kind {kind} needs {_SEEN_WITH.get(kind, CHANGE)}.")
    row = find(ref)
    waits = row.state in (Definition.State.DRAFT, Definition.State.REVIEW)
    return _line(actor, row) | {
        "document": dict(seen_by(actor, row)), "url": _link(page_url(row) or review_url(row)),
        "approvals": {"needed": approvals_needed(row), "so_far": len(approvers_of(row))} if waits else None,
    }  # fmt: skip


def _link(path: str) -> str:
    return f"{config().address}{path}"


def _check_kind(kind: str) -> None:
    if kind in ELSEWHERE:
        raise MaropsError(NOT_FOUND, f"A {kind} has tools of its own.", remedy="Use read_workflows, draft_workflow.")
    if kind not in kinds():
        there = ", ".join(name for name in kinds() if name not in ELSEWHERE)
        raise MaropsError(NOT_FOUND, f"There is no kind of definition called {kind}.", remedy=f"There are {there}.")


class WhichKind(Given):
    """A kind of definition."""

    kind: Annotated[str, Field(description="Such as score; left out: all kinds with their titles.")] = ""


class Form(Answered):
    """Kinds, or the form of one."""


@tool("describe_kind", title="The form of a document", does="describe", answers=Form, repeatable=True)
def describe_kind(actor: Actor, given: WhichKind) -> dict[str, Any]:
    """Gives the JSON schema that documents of one kind follow, workflows and scenarios too; without a kind, all kinds
    with what they are. Read it before you draft: unknown keys are refused.
    """
    return kind_of(actor, given.kind) if given.kind else kinds_of(actor)


def kinds_of(actor: Actor) -> dict[str, Any]:
    """Every kind of definition with its title, and which tool drafts it."""
    return {
        "items": [
            {"kind": name, "title": one.title, "drafted_with": _drafted_with(name)} for name, one in kinds().items()
        ]
    }


def _drafted_with(kind: str) -> str:
    return "draft_workflow" if kind in ELSEWHERE else "draft_definition"


def kind_of(actor: Actor, kind: str) -> dict[str, Any]:
    """The JSON schema of one kind. Raises MaropsError `not-found`."""
    if kind not in kinds():
        _check_kind(kind)
    one = kinds()[kind]
    return {
        "kind": kind, "title": one.title, "drafted_with": _drafted_with(kind), "schema": one.model.model_json_schema()
    }  # fmt: skip


class WhichFields(Given):
    """Which fields and facts."""

    words: Annotated[str, Field(description="Only those whose name or label holds this, such as country.")] = ""


class FieldsAnswer(Answered):
    """What rules can name."""

    fields: list[dict[str, Any]]
    facts: list[dict[str, Any]]


@tool("list_fields", title="What rules can name", does="read", answers=FieldsAnswer, right=CHANGE)
def list_fields(actor: Actor, given: WhichFields) -> Read:
    """Lists what conditions in rules can name: fields as {"field": "contact.country", "is": "NL"}, facts as {"did":
    "form.submitted", "within": "30d"}, each with its label, its type and up to 25 of its values. Rules in documents of
    scores, routes, quality and lifecycle use exactly these names.
    """
    wanted = given.words.casefold()
    fields = [one for one in REGISTRY.fields().values() if not one.retired and _holds(wanted, one.name, one.label)]
    facts = [one for one in REGISTRY.fact_kinds().values() if _holds(wanted, one.name, one.label)]
    told = {
        "fields": [_field(one) for one in fields],
        "facts": [{"did": one.name, "label": one.label} for one in facts],
    }
    return Read(told, "fields of rules")


def _holds(words: str, *texts: str) -> bool:
    return not words or any(words in str(one).casefold() for one in texts)


def _field(one: Named) -> dict[str, Any]:
    told = {"field": one.name, "label": str(one.label), "type": one.type.value}
    values = [choice.value for choice in one.known_choices()]
    left_out = {"values_left_out": len(values) - MOST_VALUES} if len(values) > MOST_VALUES else {}
    return told | ({"values": values[:MOST_VALUES]} if values else {}) | left_out


class Figures(Given):
    """Which figures."""

    name: Annotated[str, Field(description="Such as leads.created; left out: the headline of every figure.")] = ""
    by: Annotated[str, Field(description="Cut one figure by source, owner or currency.")] = ""
    since: Annotated[date | None, Field(description="Periods from this day on.")] = None
    grain: Literal["week", "month"] = "month"


class FiguresAnswer(Answered):
    """Figures: null with `why` where one cannot be told."""


@tool(
    "read_metrics", title="Read figures", does="read", answers=FiguresAnswer, right=SEE_METRICS,
    reads=lambda _actor, given: ("contact",) if given.by else ("internal",),
)  # fmt: skip
def read_metrics(actor: Actor, given: Figures) -> Read:
    """Reads the figures marketing is steered by, each with its interval, its target and who answers for it; one by name
    with its periods, or cut by source, owner or currency. A figure that cannot be told is null and says why: never fill
    it in yourself.
    """
    if not given.name:
        return Read(telling.everything(actor), "figures")
    told = telling.one(actor, given.name, by=given.by, since=given.since, grain=given.grain)
    return Read(told, f"figure {given.name}")


# --- proposing --------------------------------------------------------------------------------------------------------


class Drafted(Given):
    """A new version of a definition."""

    kind: Annotated[str, Field(description="See describe_kind.")]
    slug: Slug
    document: Annotated[dict[str, Any], Field(description="The whole document, as describe_kind says.")]
    reason: Annotated[str, Field(description="One sentence for those who read it: what changes and why.", min_length=1)]
    ask_review: Annotated[bool, Field(description="Ask people to look at it now.")] = True


class DraftedAnswer(Answered):
    """Where a draft stands."""

    ref: str
    state: str
    in_force: bool
    approvals_needed: int
    url: str


@tool(
    "draft_definition", title="Draft a definition", does="propose", answers=DraftedAnswer, right=CHANGE, repeatable=True
)
def draft_definition(actor: Actor, given: Drafted) -> dict[str, Any]:
    """Keeps a new version of a definition as a draft with your use as its origin, and asks people to review it. It
    changes nothing until as many people as the policy asks have approved exactly this text; a later draft voids their
    approvals. The same document again is not kept twice. Faults come back with JSON pointers: mend them and try again.
    """
    _check_kind(given.kind)
    if own := _CHANGED_WITH.get(given.kind):
        require(actor, own)
    row = draft(actor=actor, kind=given.kind, slug=given.slug, document=given.document, reason=given.reason)
    return asked_for(actor, row, given.ask_review)


def asked_for(actor: Actor, row: Definition, ask_review: bool) -> dict[str, Any]:
    """Ask for the review of a draft where that is wanted and was not done yet; how it stands."""
    if ask_review and row.state == Definition.State.DRAFT:
        submit(actor=actor, ref=row.pinned)
        row.refresh_from_db()
    return {
        "ref": row.pinned, "state": row.state, "in_force": row.state == Definition.State.ACTIVE,
        "approvals_needed": approvals_needed(row), "url": _link(review_url(row)),
    }  # fmt: skip


# --- acting -----------------------------------------------------------------------------------------------------------


class PutInForce(Given):
    """A version to put in force."""

    ref: Annotated[str, Field(description="kind/slug@version: exactly the version that was approved.")]
    comment: str = ""


class InForce(Answered):
    """A version and its state."""

    ref: str
    state: str


@tool(
    "put_in_force", title="Put a version in force", does="act", answers=InForce, right=ACTIVATE, overwrites=True,
    repeatable=True,
)  # fmt: skip
def put_in_force(actor: Actor, given: PutInForce) -> dict[str, Any]:
    """Puts a version of a definition in force and retires the one before it: everything that follows from it changes at
    once. Refused with the missing reviewers until people have approved exactly this text; what binds AI itself (policy,
    uses, access) is never put in force by an AI.
    """
    if "@" not in given.ref:
        fault = FieldError("version", "Name the version, such as score/main@7.", field="ref", pointer="/ref")
        raise MaropsError(INVALID, errors=[fault])
    row = activate(actor=actor, ref=given.ref, comment=given.comment)
    return {"ref": row.pinned, "state": row.state}


class Retired(Given):
    """A definition to take out of force."""

    ref: Ref
    reason: Annotated[str, Field(description="Why, for its history.", min_length=1)]
    ask_people: Annotated[bool, Field(description=ASK_PEOPLE)] = False


class RetiredAnswer(Answered):
    """Whether it was done; then the version and its state, else what it waits for."""

    done: bool


@tool(
    "retire_definition", title="Take a definition out of force", does="act", answers=RetiredAnswer, right=ACTIVATE,
    overwrites=True, repeatable=True,
)  # fmt: skip
def retire_definition(actor: Actor, given: Retired) -> dict[str, Any]:
    """Takes a definition out of force; what it decided is not decided any more. Its versions stay and can be put in
    force again.
    """
    ref = find(given.ref).pinned
    waits = done_or_asked(
        retire, actor=actor, subject=f"definition:{ref}", title=f"Take {ref} out of force", ask=given.ask_people,
        ref=ref, reason=given.reason,
    )  # fmt: skip
    return {"done": False, "waits": waits.as_json()} if waits else {"done": True, "ref": ref, "state": find(ref).state}


prompt(
    "draft_a_definition",
    title="Draft a definition from a sentence",
    says="Turns a sentence into a draft that people review.",
    words="Draft a definition of the kind {kind} that does this: {sentence}\nCall about_me first, then describe_kind"
    " for its form and list_definitions for what is in force. Change an existing one rather than add a second. Draft"
    " with draft_definition and a reason in one plain sentence, mend the faults it names, and tell me who has to"
    " approve it and where. Put nothing in force.",
    arguments={"kind": "Such as score, route or quality", "sentence": "What it shall do, in plain words"},
)
prompt(
    "explain_a_figure",
    title="Explain a figure",
    says="What a figure is, how it moved and what stands behind it.",
    words="Read the figure {name} with read_metrics, by month and cut by source where it can be. Say in five sentences"
    " what it measures, how it stands against its target and its interval, and which pieces moved it. Say what the"
    " figures cannot tell. Invent no number.",
    arguments={"name": "Such as leads.created"},
)
