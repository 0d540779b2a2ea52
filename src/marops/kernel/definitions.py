"""Definitions: versioned documents that people decide, reviewed before they act.

References name `kind/slug` (follows the active version) or `kind/slug@version` (pinned). Old documents are never
rewritten; a kind's upcasters read them.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from marops.kernel import audit, gates, memo
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.complaints import said
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.facts import fact_kind
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition, Review, ReviewDecision
from marops.kernel.notices import tell
from marops.kernel.permissions import right
from marops.kernel.rules import AllOf, AnyOf, Leaf, NotOf, Rule
from marops.kernel.rules_meaning import Context, check
from marops.kernel.workspace import zone

CHANGE = right("definitions.change", "Draft definitions")
ACTIVATE = right("definitions.activate", "Review definitions and put them in force")

FOUR_EYES = problem(
    "four-eyes",
    "Somebody else has to approve this",
    status=409,
    remedy="Ask a colleague who may review definitions.",
)
MORE_EYES = problem(
    "more-eyes",
    "More people have to approve this",
    status=409,
    remedy="Approve it on its page, and ask a colleague to do the same.",
)
ACTIVATED = fact_kind("definition.activated", "A definition was put in force")
RETIRED = fact_kind("definition.retired", "A definition was retired")

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
_RULES = AllOf | AnyOf | NotOf | Leaf
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_REF = re.compile(r"(?P<kind>[a-z_]+)/(?P<slug>[a-z0-9_-]+)(?:@(?P<version>\d+))?")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of definition: its document's model, how old documents are read, and what else must hold."""

    name: str
    title: str
    model: type[BaseModel]
    schema_version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    check: Callable[[Any], Sequence[FieldError]] = lambda _: ()
    four_eyes: bool = True
    # What a new version in force asks to be looked at again; answers how many that are. Runs in the act's transaction.
    in_force: Callable[[datetime], int] = lambda _: 0
    # What stands against this document in force under this short name, beside all others.
    enters: Callable[[str, Any], Sequence[FieldError]] | None = None
    # What stands against taking this short name out of force.
    leaves: Callable[[str], Sequence[FieldError]] | None = None
    # Short names that its pages need for something else.
    reserved: frozenset[str] = frozenset()
    # The document as an actor may see it.
    seen: Callable[[Mapping[str, Any], Actor], Mapping[str, Any]] = lambda document, _: document
    # Does the trail hold the documents? Else it says by their hashes which ones they were.
    in_trail: bool = True


_KINDS: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Make a kind of definition known."""
    if kind.name in _KINDS:
        raise ValueError(f"definition kind {kind.name!r} is registered twice")
    _KINDS[kind.name] = kind


def kinds() -> Mapping[str, Kind]:
    """All registered kinds."""
    return dict(sorted(_KINDS.items()))


def digest(document: Mapping[str, Any]) -> str:
    """The sha-256 of a document's canonical JSON: equal documents have equal digests."""
    return hashlib.sha256(audit.canonical(document)).hexdigest()


def checked(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as its kind keeps it. Raises MaropsError `invalid` that names every fault by JSON pointer."""
    if kind not in _KINDS:
        raise MaropsError(NOT_FOUND, f"There is no kind of definition called {kind!r}; there are {', '.join(_KINDS)}.")
    try:
        parsed = _KINDS[kind].model.model_validate(document)
    except ValidationError as error:
        raise MaropsError(INVALID, f"The {kind} has faults.", errors=pydantic_faults(error, document)) from None
    if faults := [*_faults_of_rules(parsed), *_KINDS[kind].check(parsed)]:
        raise MaropsError(INVALID, f"The {kind} has faults.", errors=faults)
    return parsed.model_dump(mode="json", by_alias=True, exclude_none=True)


def check_name(kind: str, slug: str) -> None:
    """Can a definition of this kind have this short name? Raises MaropsError `invalid`."""
    known = _KINDS.get(kind)
    if not _SLUG.fullmatch(slug):
        said = f"{slug!r} is not a short name."
        fault = FieldError("slug", "A short name has small letters, digits and hyphens.", field="slug")
    elif known and slug in known.reserved:
        said = f"No {known.title.lower()} can be called {slug!r}: its address belongs to another page."
        fault = FieldError("slug", said, "Give it another short name.", field="slug")
    else:
        return
    raise MaropsError(INVALID, said, errors=[fault])


def pydantic_faults(error: ValidationError, document: object) -> list[FieldError]:
    """Pydantic's complaints about `document` as ours, one for each place."""
    found: dict[str, FieldError] = {}
    for fault in error.errors(include_url=False, include_input=False):
        steps = _steps(document, fault["loc"], missing=fault["type"] == "missing")
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        message, remedy = said(fault)
        field = str(steps[-1]) if steps else ""
        found.setdefault(pointer, FieldError(fault["type"], message, remedy, pointer, field=field))
    return list(found.values())


def _steps(document: object, location: Sequence[int | str], *, missing: bool) -> list[int | str]:
    """The steps of a place that stand in the document; Pydantic also names the branches of unions that it tried."""
    steps: list[int | str] = []
    here = document
    for step in location:
        if isinstance(here, Mapping):
            known = step in here
        else:
            known = isinstance(here, list | tuple) and isinstance(step, int) and step < len(here)
        if known:
            here = here[step]  # type: ignore[index]  # one of the two above
            steps.append(step)
    return [*steps, location[-1]] if missing else steps


def _faults_of_rules(document: BaseModel) -> Iterator[FieldError]:
    """What the document's conditions name and this workspace does not have: such a rule would never run."""
    rules = list(_rules_in(document, ""))
    if not rules:
        return
    context = Context(now(), zone())
    for pointer, rule in rules:
        for fault in check(rule, context):
            yield replace(fault, pointer=pointer + fault.pointer)


def _rules_in(value: object, pointer: str) -> Iterator[tuple[str, Rule]]:
    if isinstance(value, _RULES):
        yield pointer, value
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _rules_in(getattr(value, name), f"{pointer}/{info.alias or name}")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _rules_in(inner, f"{pointer}/{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _rules_in(inner, f"{pointer}/{number}")


def seen_by(actor: Actor, row: Definition) -> Mapping[str, Any]:
    """The document of a version as this actor may see it."""
    return _KINDS[row.kind].seen(row.document, actor)


def load(definition: Definition) -> Any:
    """The document as its kind's model; old schema versions pass the upcasters first."""
    kind = _KINDS[definition.kind]
    document, version = dict(definition.document), definition.schema_version
    while version < kind.schema_version:
        document, version = kind.upcasters[version](document), version + 1
    return kind.model.model_validate(document)


def active(kind: str) -> list[Definition]:
    """The definitions of this kind that are in force, by slug."""
    rows = Definition.objects.filter(kind=kind, state=Definition.State.ACTIVE).order_by("slug")
    return memo.once(("active", kind), lambda: list(rows))


def find(ref: str) -> Definition:
    """The definition a reference names; without a version the active one, else the newest.

    Raises MaropsError `not-found`.
    """
    if not (match := _REF.fullmatch(ref)):
        raise MaropsError(NOT_FOUND, f"{ref!r} is not of the form kind/slug or kind/slug@version.")
    rows = Definition.objects.filter(kind=match["kind"], slug=match["slug"])
    if match["version"]:
        row = rows.filter(version=int(match["version"])).first()
    else:
        row = rows.filter(state=Definition.State.ACTIVE).first() or rows.order_by("-version").first()
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no definition {ref}.")
    return row


def versions(kind: str, slug: str) -> list[Definition]:
    """All versions, newest first."""
    return list(Definition.objects.filter(kind=kind, slug=slug).order_by("-version"))


UNDECIDED = (Definition.State.DRAFT, Definition.State.REVIEW)
"""The states of a version that is not in force yet."""


def in_review() -> list[Definition]:
    """The versions that wait to be looked at, those asked for first first."""
    rows = {(one.ref, one.sha256): one for one in Definition.objects.filter(state=Definition.State.REVIEW)}
    if not rows:
        return []
    asked = Review.objects.filter(subject_type="definition", state=Review.State.OPEN).order_by("asked_at")
    found = (rows.get((one.subject_id, one.content_sha256)) for one in asked)
    return [one for one in found if one is not None]


@action("definition.draft", effect="draft", right=CHANGE, reversible=True)
def draft(act: Act, *, actor: Actor, kind: str, slug: str, document: Mapping[str, Any], reason: str = "") -> Definition:
    """Keep a new version as a draft; the same document as the newest version answers that one and writes nothing."""
    return keep(act, actor, kind, slug, document, reason)


def keep(act: Act, actor: Actor, kind: str, slug: str, document: Mapping[str, Any], reason: str) -> Definition:
    """Inside an act: a new version as a draft. For acts with a right of their own; others call `draft`."""
    check_name(kind, slug)
    kept = checked(kind, document)
    newest = Definition.objects.select_for_update().filter(kind=kind, slug=slug).order_by("-version").first()
    if newest and newest.sha256 == digest(kept) and newest.state != Definition.State.RETIRED:
        return newest
    if newest:
        _void_reviews(newest)
    row = Definition.objects.create(
        kind=kind,
        slug=slug,
        version=(newest.version if newest else 0) + 1,
        document=kept,
        schema_version=_KINDS[kind].schema_version,
        sha256=digest(kept),
        author=actor.id,
        reason=reason,
        ai_use=actor.ai_use or "",
        on_behalf_of=actor.on_behalf_of or "",
    )
    act.changed("definition", row.pinned, before=_for_trail(newest) if newest else None, after=_for_trail(row))
    return row


def _for_trail(row: Definition) -> Mapping[str, Any]:
    return row.document if _KINDS[row.kind].in_trail else {"sha256": row.sha256}


def _void_reviews(definition: Definition) -> None:
    Review.objects.filter(subject_type="definition", subject_id=definition.ref, state=Review.State.OPEN).update(
        state=Review.State.VOID
    )


@action("definition.submit", effect="draft", right=CHANGE)
def submit(act: Act, *, actor: Actor, ref: str) -> Review:
    """Ask for the review of a draft."""
    return ask_review(act, actor, ref)


def ask_review(act: Act, actor: Actor, ref: str) -> Review:
    """Inside an act: ask for the review of a draft. For acts with a right of their own; others call `submit`."""
    row = Definition.objects.select_for_update().get(pk=find(ref).pk)
    if row.state != Definition.State.DRAFT:
        raise MaropsError(CONFLICT, f"{row.pinned} is {row.get_state_display()}, not a draft.")
    row.state = Definition.State.REVIEW
    row.save(update_fields=["state"])
    act.changed("definition", row.pinned, before={"state": "draft"}, after={"state": "in_review"})
    return Review.objects.create(
        subject_type="definition", subject_id=row.ref, content_sha256=row.sha256, asked_by=actor.id, asked_at=act.at,
        needed=approvals_needed(row),
    )  # fmt: skip


@action("definition.approve", effect="review", right=ACTIVATE)
def approve(act: Act, *, actor: Actor, ref: str, comment: str = "") -> Review:
    """Say yes to a version that more than one person has to approve; whoever is last puts it in force.

    Raises MaropsError `four-eyes` as `activate` does.
    """
    row = Definition.objects.select_for_update().get(pk=find(ref).pk)
    if row.state not in UNDECIDED:
        raise MaropsError(CONFLICT, f"{row.pinned} is {row.get_state_display()}, and not to be decided.")
    _stands_against_word_of(row, actor)
    review = _review_of(row, act)
    _note_decision(review, row, actor, act, approved=True, comment=comment)
    act.changed("definition", row.pinned, before=None, after={"approved_by": actor.id})
    return review


@action("definition.activate", effect="activate", right=ACTIVATE, reversible=True)
def activate(act: Act, *, actor: Actor, ref: str, comment: str = "") -> Definition:
    """Approve a version and put it in force; the one that was in force is retired.

    Raises MaropsError `four-eyes` where the author approves their own work and somebody else could, `more-eyes` where
    more people have to approve it than did.
    """
    row = Definition.objects.select_for_update().get(pk=find(ref).pk)
    if row.state == Definition.State.ACTIVE:
        return row
    _stands_against_word_of(row, actor)
    review = _record_decision(row, actor, approved=True, comment=comment, act=act)
    put_in_force(act, row)
    _tell_asker(review, row, actor, f"{row.pinned} was approved and is in force.")
    return row


@action("definition.send_back", effect="review", right=ACTIVATE)
def send_back(act: Act, *, actor: Actor, ref: str, comment: str) -> Definition:
    """Answer who asked for a review that the version is not to be put in force, and why: it is a draft again."""
    row = Definition.objects.select_for_update().get(pk=find(ref).pk)
    if row.state != Definition.State.REVIEW:
        raise MaropsError(CONFLICT, f"{row.pinned} is {row.get_state_display()}, not in review.")
    if not comment.strip():
        fault = FieldError("required", "Say what should be changed.", "Write a line to the author.", field="comment")
        raise MaropsError(INVALID, errors=[fault])
    review = _record_decision(row, actor, approved=False, comment=comment, act=act)
    row.state = Definition.State.DRAFT
    row.save(update_fields=["state"])
    act.changed("definition", row.pinned, before={"state": "in_review"}, after={"state": "draft", "reason": comment})
    _tell_asker(review, row, actor, f"{row.pinned} came back from its review: {comment.strip()}")
    return row


def _stands_against_word_of(row: Definition, actor: Actor) -> None:
    if needs_other_eyes(row, actor):
        raise MaropsError(FOUR_EYES, f"You wrote {row.pinned} yourself.")
    if words := barred_from(row, actor):
        raise MaropsError(NOT_ALLOWED, words)


def needs_other_eyes(row: Definition, actor: Actor) -> bool:
    """Did this actor write the version, or have an AI write it, and could somebody else approve it?"""
    return _own_work(row, actor) and _KINDS[row.kind].four_eyes and others_can_review(actor)


def _own_work(row: Definition, actor: Actor) -> bool:
    """Nobody's second pair of eyes is their own, nor that of an AI that worked for them."""
    return actor.kind == "human" and actor.id in (row.author, row.on_behalf_of)


def _tell_asker(review: Review, row: Definition, actor: Actor, words: str) -> None:
    asker = as_uuid(review.asked_by)
    if asker and review.asked_by != actor.id:
        tell(asker, words, url=f"/definitions/{row.kind}/{row.slug}/{row.version}")


def put_in_force(act: Act, row: Definition) -> None:
    """Inside an act: this version is in force, the one before it is retired. Others call `activate`.

    Raises MaropsError `invalid` where it cannot stand beside what is in force, `more-eyes` where more people have to
    approve what an AI wrote, and `gate-refused` where an AI was asked for something else than putting it in force.
    """
    _only_as_asked(act, row)
    _enough_eyes(act, row)
    _enter(row)
    before = Definition.objects.filter(kind=row.kind, slug=row.slug, state=Definition.State.ACTIVE).first()
    if before:
        before.state, before.retired_at = Definition.State.RETIRED, act.at
        before.save(update_fields=["state", "retired_at"])
    row.state, row.valid_from = Definition.State.ACTIVE, act.at
    row.save(update_fields=["state", "valid_from"])
    act.changed(
        "definition", row.pinned, before={"active": before.pinned if before else None}, after={"active": row.pinned}
    )
    act.fact(ACTIVATED, subject=("definition", row.ref), definition=row.pinned)
    act.count(looked_at_again=_KINDS[row.kind].in_force(act.at))


_IN_AND_OUT = frozenset({"activate", "retire"})


def _only_as_asked(act: Act, row: Definition) -> None:
    """What an AI keeps stays a draft: the gate of putting it in force, or out of it, is asked in no other act."""
    if act.actor.kind == "ai" and act.action.effect not in _IN_AND_OUT:
        said = f"An AI changes nothing that is in force with {act.action.name}: it leaves a draft of {row.ref}."
        raise MaropsError(gates.REFUSED, said, extra={"gates": ["definitions"], "reasons": [said]})


def _enough_eyes(act: Act, row: Definition) -> None:
    """What an AI wrote is in force only after so many people who neither wrote it nor had it written."""
    needed, actor = approvals_needed(row), act.actor
    if actor.kind != "human" or needed < 2:
        return
    others = approvers_of(row) | (set() if _own_work(row, actor) else {actor.id})
    if len(others) < needed:
        said = (
            f"{needed} people who did not write it have to approve {row.pinned}; {len(others - {actor.id})} did so far."
        )
        raise MaropsError(MORE_EYES, said)


def _enter(row: Definition) -> None:
    kind = _KINDS[row.kind]
    if kind.enters and (faults := kind.enters(row.slug, load(row))):
        raise MaropsError(INVALID, f"The {kind.title.lower()} cannot be in force.", errors=faults)


def _record_decision(row: Definition, actor: Actor, *, approved: bool, comment: str, act: Act) -> Review:
    review = _review_of(row, act)
    _note_decision(review, row, actor, act, approved=approved, comment=comment)
    review.state, review.decided_at = Review.State.APPROVED if approved else Review.State.REJECTED, act.at
    review.save(update_fields=["state", "decided_at"])
    return review


def _review_of(row: Definition, act: Act) -> Review:
    """The open review of exactly this text; made where nobody asked for one."""
    return Review.objects.filter(
        subject_type="definition", subject_id=row.ref, content_sha256=row.sha256, state=Review.State.OPEN
    ).first() or Review.objects.create(
        subject_type="definition", subject_id=row.ref, content_sha256=row.sha256, asked_by=row.author, asked_at=act.at,
        needed=approvals_needed(row),
    )  # fmt: skip


def _note_decision(review: Review, row: Definition, actor: Actor, act: Act, *, approved: bool, comment: str) -> None:
    own = actor.kind == "ai" or _own_work(row, actor)
    ReviewDecision.objects.update_or_create(
        review=review, reviewer=actor.id,
        defaults={"approved": approved, "own_work": own, "comment": comment.strip(), "at": act.at},
    )  # fmt: skip


def approvers_of(row: Definition) -> set[str]:
    """Who approved exactly this text and did not write it."""
    said = ReviewDecision.objects.filter(review__content_sha256=row.sha256, review__subject_id=row.ref, approved=True)
    undone = [Review.State.VOID, Review.State.REJECTED]
    return set(said.filter(own_work=False).exclude(review__state__in=undone).values_list("reviewer", flat=True))


_needed: list[Callable[[Definition], int]] = []
_barred: list[Callable[[Definition, Actor], str]] = []


def approvals_come_from(needed: Callable[[Definition], int], barred: Callable[[Definition, Actor], str]) -> None:
    """Tell the kernel how many people have to approve a version, and what bars somebody from being one of them.

    The AI policy knows both of versions that an AI wrote; the words are empty where nothing bars.
    """
    _needed[:], _barred[:] = [needed], [barred]


def barred_from(row: Definition, actor: Actor) -> str:
    """Why this person's word on a version does not count, whatever rights they have; empty where it does."""
    return next(filter(None, (source(row, actor) for source in _barred)), "") if actor.kind == "human" else ""


def approvals_needed(row: Definition) -> int:
    """So many people have to approve this version: one, or more."""
    return max([1, *(source(row) for source in _needed)])


@action("definition.retire", effect="retire", right=ACTIVATE, reversible=True)
def retire(act: Act, *, actor: Actor, ref: str, reason: str = "") -> Definition:
    """Take a definition out of force."""
    return take_out_of_force(act, ref, reason)


def take_out_of_force(act: Act, ref: str, reason: str) -> Definition:
    """Inside an act: this definition no longer counts. For acts with a right of their own; others call `retire`."""
    row = Definition.objects.select_for_update().get(pk=find(ref).pk)
    before, kind = row.state, _KINDS[row.kind]
    _only_as_asked(act, row)
    if before == Definition.State.ACTIVE and kind.leaves and (faults := kind.leaves(row.slug)):
        raise MaropsError(INVALID, f"The {kind.title.lower()} is still needed.", errors=faults)
    row.state, row.retired_at = Definition.State.RETIRED, act.at
    row.save(update_fields=["state", "retired_at"])
    act.changed("definition", row.pinned, before={"state": before}, after={"state": row.state, "reason": reason})
    act.fact(RETIRED, subject=("definition", row.ref), definition=row.pinned)
    return row


_reviewers: list[Callable[[Actor], bool]] = []


def reviewers_come_from(source: Callable[[Actor], bool]) -> None:
    """Tell the kernel how to find out whether anybody but this actor may review (the accounts domain knows)."""
    _reviewers[:] = [source]


def others_can_review(actor: Actor) -> bool:
    """Four eyes bind once there is a second person who may review."""
    return bool(_reviewers) and _reviewers[0](actor)


def _about_draft(given: Mapping[str, Any]) -> gates.About:
    """A gate sees the document that would be kept."""
    return gates.About(subject=f"{given['kind']}/{given['slug']}", sha256=digest(given["document"]), records=1)


def _about_version(given: Mapping[str, Any]) -> gates.About:
    """A gate sees the version as it stands, so an approval of another one does not count."""
    row = find(given["ref"])
    return gates.About(subject=row.pinned, sha256=row.sha256, records=1)


gates.describe("definition.draft", _about_draft)
for _name in ("definition.submit", "definition.activate", "definition.retire"):
    gates.describe(_name, _about_version)


@dataclass(frozen=True, slots=True)
class Starter:
    """A definition that an empty workspace begins with."""

    kind: str
    slug: str
    document: Mapping[str, Any]
    reason: str


@action("definition.start", effect="set_up")
def plant_starters(act: Act, *, actor: Actor, starters: Sequence[Starter]) -> list[Definition]:
    """Put the starter set in force where nothing of the same name was ever defined.

    All at once, since an empty workspace begins with many. Raises MaropsError `invalid` where one cannot be in force.
    """
    known = set(Definition.objects.values_list("kind", "slug"))
    made = [_in_force(act, actor, one) for one in starters if (one.kind, one.slug) not in known]
    Definition.objects.bulk_create(made)
    for row in made:
        _enter(row)
        act.changed("definition", row.pinned, after=_for_trail(row))
        act.changed("definition", row.pinned, before={"active": None}, after={"active": row.pinned})
        act.fact(ACTIVATED, subject=("definition", row.ref), definition=row.pinned)
    for kind in dict.fromkeys(row.kind for row in made):
        act.count(looked_at_again=_KINDS[kind].in_force(act.at))
    return made


def _in_force(act: Act, actor: Actor, one: Starter) -> Definition:
    check_name(one.kind, one.slug)
    kept = checked(one.kind, one.document)
    return Definition(
        kind=one.kind, slug=one.slug, version=1, document=kept, schema_version=_KINDS[one.kind].schema_version,
        sha256=digest(kept), author=actor.id, reason=one.reason, starter=True, ai_use=actor.ai_use or "",
        state=Definition.State.ACTIVE, valid_from=act.at,
    )  # fmt: skip
