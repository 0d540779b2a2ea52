"""Gates: may this happen? Asked once per action, before its transaction, about the whole set.

And claim predicates: conditions that stand inside the statement that claims rows, so that each row is checked
in the claiming transaction itself (consent, suppression, frequency, quiet hours).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError, problem

REFUSED = problem(
    "gate-refused", "A gate did not let this happen", status=409, remedy="See the reasons; each names what is missing."
)
MOVED = problem(
    "gate-moved",
    "What was approved is no longer what would happen",
    status=409,
    remedy="Look at the present state and ask again.",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a gate is asked: which action, by whom, with which arguments; can it be taken back? Which right is asked?"""

    action: str
    effect: str
    actor: Actor
    arguments: Mapping[str, Any]
    reversible: bool = False
    right: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What one act is about, as far as whoever wrote the action can say: what it makes, for whom, out of what.

    `content`, `audience` and `data` are answers of the AI policy's questions, empty where they are not known; `subject`
    is kind and name; `sha256` of what would come out; and how many people, records and how much money it reaches.
    `reaches` are the people it would reach, on `channel`: whether they agreed is then looked up in one statement.
    `consented`: did everybody reached agree; None where nobody looked.
    """

    subject: str = ""
    content: str = ""
    audience: str = ""
    data: str = ""
    sha256: str = ""
    recipients: int = 0
    records: int = 0
    spent: int = 0
    consented: bool | None = None
    reaches: Sequence[UUID] = ()
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Answer:
    """A gate's word, its reasons, and what it saw (content hash, policy version), to be compared again inside.

    `keep` writes down what the gate said: inside the act's transaction where it happens, in one of its own where not.
    `told` says a refusal once more for programs: which rules, and what would be enough.
    """

    allowed: bool
    reasons: tuple[str, ...] = ()
    saw: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[], None] | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


Gate = Callable[[Question], Answer]

_GATES: dict[str, tuple[Gate, frozenset[str]]] = {}
_ABOUT: dict[str, Callable[[Mapping[str, Any]], About]] = {}


def describe(action: str, about: Callable[[Mapping[str, Any]], About]) -> None:
    """Say what acts of this name are about, read off their arguments; asked only where a gate wants to know."""
    if action in _ABOUT:
        raise ValueError(f"action {action!r} is described twice")
    _ABOUT[action] = about


def about(question: Question) -> About:
    """What is known of an act; where nobody described its action, how many records it is handed."""
    known = _ABOUT.get(question.action)
    return known(question.arguments) if known else About(records=max([1, *map(_size, question.arguments.values())]))


def _size(value: Any) -> int:
    """How many records an argument holds: rows of a table or of what carries one, lines of a file, members of a set."""
    if isinstance(value, bytes):
        return value.count(b"\n")
    rows = getattr(getattr(value, "rows", value), "num_rows", None)
    if rows is not None:
        return int(rows)
    return len(value) if isinstance(value, list | tuple | set | frozenset) else 1


def gate(name: str, ask: Gate, *, effects: Sequence[str]) -> None:
    """Let `ask` decide about actions with one of these effects (`*` for all)."""
    if name in _GATES:
        raise ValueError(f"gate {name!r} is registered twice")
    _GATES[name] = (ask, frozenset(effects))


def ask_all(question: Question) -> dict[str, Answer]:
    """Ask every gate that minds this effect. Raises MaropsError `gate-refused` with all reasons."""
    answers = {
        name: ask(question) for name, (ask, effects) in sorted(_GATES.items()) if effects & {"*", question.effect}
    }
    refusals = {name: answer for name, answer in answers.items() if not answer.allowed}
    if refusals:
        _keep(refusals)
        reasons = [reason for answer in refusals.values() for reason in answer.reasons]
        told = {name: dict(answer.told) for name, answer in refusals.items() if answer.told}
        extra = {"gates": sorted(refusals), "reasons": reasons} | ({"told": told} if told else {})
        raise MaropsError(REFUSED, " ".join(reasons), extra=extra)
    return answers


def _keep(refusals: Mapping[str, Answer]) -> None:
    with transaction.atomic():
        for answer in refusals.values():
            if answer.keep:
                answer.keep()


def compare_again(question: Question, before: Mapping[str, Answer]) -> dict[str, Answer]:
    """Inside the transaction: ask again, and fail where a gate now sees something else. Answers what decided."""
    answers = {name: _GATES[name][0](question) for name in before}
    for name, answer in answers.items():
        if answer.saw != before[name].saw:
            raise MaropsError(MOVED, extra={"gates": [name]})
    return answers


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition in PostgreSQL over the columns `contact_id`, `channel`, `purpose` and `claimed_at` (the moment it is
    for) of a claiming statement.
    """

    name: str
    condition: str
    reason: str


_CLAIMS: dict[str, Claim] = {}


def claim_predicate(name: str, condition: str, *, reason: str) -> None:
    """Register a condition that every claiming statement must hold; `reason` is the state of a row that fails it."""
    if name in _CLAIMS:
        raise ValueError(f"claim predicate {name!r} is registered twice")
    _CLAIMS[name] = Claim(name, condition, reason)


def claims() -> list[Claim]:
    """All claim predicates, in a fixed order."""
    return [_CLAIMS[name] for name in sorted(_CLAIMS)]
