"""Gates: may this happen? Asked once per action, before its transaction, about the whole set.

And claim predicates: conditions that stand inside the statement that claims rows, so that each row is checked
in the claiming transaction itself (consent, suppression, frequency, quiet hours).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """What a gate is asked: which action, by whom, with which arguments."""

    action: str
    effect: str
    actor: Actor
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A gate's word, its reasons, and what it saw (content hash, policy version), to be compared again inside."""

    allowed: bool
    reasons: tuple[str, ...] = ()
    saw: Mapping[str, Any] = field(default_factory=dict)


Gate = Callable[[Question], Answer]

_GATES: dict[str, tuple[Gate, frozenset[str]]] = {}


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
        reasons = [reason for answer in refusals.values() for reason in answer.reasons]
        raise MaropsError(REFUSED, " ".join(reasons), extra={"gates": sorted(refusals)})
    return answers


def compare_again(question: Question, before: Mapping[str, Answer]) -> None:
    """Inside the transaction: ask again and fail where a gate now sees something else."""
    for name, answer in before.items():
        if _GATES[name][0](question).saw != answer.saw:
            raise MaropsError(MOVED, extra={"gates": [name]})


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition in PostgreSQL over the columns `contact_id`, `channel`, `purpose` of a claiming statement."""

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
