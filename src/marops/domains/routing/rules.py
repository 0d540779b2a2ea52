"""The document of routing: rules in order, each with a queue or a pool of people, deadlines, and what is left over."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from marops.kernel.errors import FieldError
from marops.kernel.rules import Rule

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Minutes = Annotated[int, Field(ge=1, le=60_000)]
Room = Annotated[int, Field(ge=0, le=1_000_000)]
MANAGER = "manager"
FIRST_TOUCH = "first_touch"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Part):
    """Somebody of a pool: a reference (P-3) or an account's address, their share, and how much they can take."""

    person: Annotated[str, Field(min_length=3, max_length=254)]
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    open: Room | None = None
    per_day: Room | None = None


class Pool(_Part):
    """People among whom leads are dealt by weight.

    `hours`: `prefer` deals to those at work first, and to the others only when nobody at work has room; `require` never
    deals to somebody off work; `ignore` does not look. `open` and `per_day` hold for members who have no number of
    their own: how many open leads somebody may have, and how many a day may bring.
    """

    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=200)]
    hours: Literal["prefer", "require", "ignore"] = "prefer"
    open: Room | None = None
    per_day: Room | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Pool":
        names = [one.person.casefold() for one in self.members]
        if len(set(names)) != len(names):
            raise ValueError("somebody is in this pool twice")
        return self


class Escalate(_Part):
    """Who hears of a missed deadline: the owner's manager, or a queue that takes the lead over."""

    to: Annotated[str, Field(description="`manager` or the short name of a queue.")] = MANAGER
    after: Annotated[int, Field(ge=0, le=60_000)] = 0


class Reassign(_Part):
    """Somebody else of the pool gets the lead, so many working minutes after the deadline was missed."""

    after: Annotated[int, Field(ge=0, le=60_000)] = 0


class Sla(_Part):
    """The promise of a first touch, in working minutes of the owner's calendar.

    `remind`: so many working minutes before it is due the owner is told.
    """

    first_touch: Minutes
    remind: Minutes | None = None
    escalate: Escalate | None = None
    reassign: Reassign | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Sla":
        if self.remind is not None and self.remind >= self.first_touch:
            raise ValueError("the reminder would come before the clock starts")
        return self


Moves = Literal["no", "waiting", "always"]


def _as_moves(given: object) -> object:
    return {True: "always", False: "no"}.get(given, given) if isinstance(given, bool) else given


class RouteRule(_Part):
    """When this holds, the lead goes to that queue, or to somebody of that pool.

    `reassign`: what of leads that have an owner already. `no`: they stay; `waiting`: those in the fallback queue move;
    `always`: also all others whose owner is not among this rule's, unless sales has them in work or won them. What a
    person handed over never moves.
    """

    name: Slug
    label: str
    when: Rule
    queue: Slug | None = None
    pool: Pool | None = None
    reassign: Annotated[Moves, BeforeValidator(_as_moves)] = "no"
    sla: Sla | None = None

    @model_validator(mode="after")
    def _one_target(self) -> "RouteRule":
        if (self.queue is None) == (self.pool is None):
            raise ValueError("a rule has either a queue or a pool")
        return self


class Route(_Part):
    """Rules in order; the first that holds decides. An owned lead keeps its owner.

    `same_owner`: what makes a new lead follow another's owner, before any rule: being a `duplicate` (the same phone or
    shared mailbox) or of the same `company`. `sla` is the promise for rules that make none of their own, and for leads
    that a person hands over.
    """

    title: str
    rules: Annotated[tuple[RouteRule, ...], Field(max_length=200)] = ()
    fallback: Slug = "unassigned-leads"
    same_owner: tuple[Literal["duplicate", "company"], ...] = ("duplicate", "company")
    sla: Sla | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Route":
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self

    def label(self, name: str | None) -> str:
        """What a rule is called; what is said where none matched."""
        if name is None:
            return "no rule matched"
        return next((rule.label for rule in self.rules if rule.name == name), name)

    def rule(self, name: str | None) -> RouteRule | None:
        """The rule of this name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def sla_of(self, name: str | None) -> Sla | None:
        """The promise that a rule makes, its own or the route's. Leads that no rule claims are promised nothing."""
        rule = self.rule(name)
        return (rule.sla or self.sla) if rule else None

    def pools(self) -> Mapping[str, Pool]:
        """Rule → pool, in order."""
        return {rule.name: rule.pool for rule in self.rules if rule.pool is not None}


def check_route(route: Route, people: Sequence[str], queues: Collection[str]) -> Iterator[FieldError]:
    """What Pydantic cannot see: members of pools who are nobody, and deadlines that lead to a queue that is not there.

    `people` are the members that are somebody. A rule's own queue may come later: until then its fallback has it.
    """
    for place, rule in enumerate(route.rules):
        for number, one in enumerate(rule.pool.members if rule.pool else ()):
            if one.person not in people:
                yield FieldError(
                    "person",
                    f"Nobody in the team is {one.person!r}.",
                    "Use a reference such as P-3 from the page Working hours, or the address of an account.",
                    pointer=f"/rules/{place}/pool/members/{number}/person",
                    field="person",
                )
    promises = [("/sla", route.sla), *((f"/rules/{place}/sla", one.sla) for place, one in enumerate(route.rules))]
    for pointer, sla in promises:
        to = sla.escalate.to if sla and sla.escalate else MANAGER
        if to != MANAGER and to not in queues:
            yield FieldError(
                "queue",
                f"There is no queue {to!r}.",
                "Make it first, or write manager.",
                pointer=f"{pointer}/escalate/to",
            )


# --- What becomes of a lead -------------------------------------------------------------------------------------------

STATES: Mapping[str, str] = {
    "none": "Nothing yet",
    "accepted": "Accepted",
    "working": "Working",
    "rejected": "Rejected",
    "won": "Won",
    "lost": "Lost",
}
MOVES: Mapping[str, frozenset[str]] = {
    "none": frozenset({"accepted", "rejected", "working", "won", "lost"}),
    "accepted": frozenset({"working", "rejected", "won", "lost"}),
    "working": frozenset({"won", "lost", "rejected"}),
    "rejected": frozenset({"accepted", "working"}),
    "won": frozenset({"working"}),
    "lost": frozenset({"accepted", "working"}),
}
"""State → what may be said next. A word may be taken back: a lead that was closed can be taken up again."""

CLOSED = ("rejected", "won", "lost")
AT_WORK = ("accepted", "working", "won")
"""Leads that stay with their owner whatever a rule says: they are being worked on, or are customers."""
REASONS: Mapping[str, str] = {
    "no_need": "No need",
    "no_budget": "No budget",
    "no_fit": "Does not fit",
    "wrong_person": "Wrong person",
    "not_reachable": "Not reachable",
    "too_early": "Too early",
    "duplicate": "Duplicate",
    "other": "Other",
}
CHANNELS: Mapping[str, str] = {"call": "Call", "email": "E-mail", "meeting": "Meeting", "note": "Note"}
FACT_OF: Mapping[str, str] = {
    "accepted": "lead.accepted",
    "rejected": "lead.rejected",
    "working": "lead.worked",
    "won": "lead.won",
    "lost": "lead.lost",
}


def fault_of_move(state: str, said: str, reason: str) -> FieldError | None:
    """Why this may not be said of a lead in this state; None where it may."""
    if said == state:
        return FieldError("same", f"That is what stands already: {STATES[state]}.", field="disposition")
    if said not in MOVES.get(state, frozenset()):
        allowed = ", ".join(word for word in STATES if word in MOVES.get(state, ()))
        return FieldError("move", f"After “{STATES[state]}” comes one of: {allowed}.", field="disposition")
    if said in ("rejected", "lost") and reason not in REASONS:
        return FieldError("reason", "Say why.", f"Use one of {', '.join(REASONS)}.", field="reason")
    if said not in ("rejected", "lost") and reason:
        return FieldError("reason", "Only a rejected or lost lead has a reason.", "Leave it empty.", field="reason")
    return None


# --- Words for a lead's page ------------------------------------------------------------------------------------------
