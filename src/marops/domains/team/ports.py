"""Where higher parts of the house tell the team's pages what they know: what a role answers for, what passed from role
to role, what came of somebody's decisions, what a hire would change.

Each port's fillers are functions; a part that is not there says nothing, and the page says what will stand there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marops.domains.team.rules.moves import Offer
from marops.kernel.actors import Actor
from marops.kernel.ports import Port


@dataclass(frozen=True, slots=True)
class Answerable:
    """One thing of this installation that a role answers for: a definition, a metric, a workflow, a desk."""

    group: str
    label: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HandOff:
    """What passed from one role to another in a span: how often, and how long it waited there (hours, median).

    `timed`: of how many the waiting is known; `low` and `high` the interval of its median, where there are enough.
    """

    source: str
    target: str
    what: str
    count: int
    waits: float | None = None
    url: str = ""
    about: str = "lead"
    """`lead`, `campaign` or `approval`: whose way it is."""
    timed: int = 0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """Something that somebody decided or recommended, and what came of it."""

    label: str
    url: str
    at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What filling an opening would change on a workflow: a difference with its interval, in words and numbers."""

    label: str
    unit: str
    value: float | None = None
    low: float = 0.0
    high: float = 0.0
    url: str = ""
    why: str = ""
    """In words: on what it rests, or why there is none."""
    ask_url: str = ""
    """Where it can be asked by POST, where nobody asked yet or what it rests on has changed."""


AnswersFor = Callable[[str, Actor], Sequence[Answerable]]
"""(role, who asks) → what the role answers for here."""
PassedOn = Callable[[datetime, datetime, Actor], Sequence[HandOff]]
"""(from, to, who asks) → hand-offs in that span, out of facts."""
Grown = Callable[[UUID, Actor], Iterable[Came]]
"""(account, who asks) → the decisions of a person."""
AtHand = Callable[[Actor], Iterable[Offer]]
"""(who asks) → things of this installation that somebody could take on now."""
ToolsInUse = Callable[[Sequence[str], Actor], Sequence[str]]
"""(roles, who asks) → the names of what is used here by these roles, those they answer for first."""
EffectOfOpening = Callable[[Any, Actor], Sequence[Effect]]
"""(a Vacancy, who asks) → what it would change."""

answers_for: Port[AnswersFor] = Port("team.answers_for", "What a role answers for in this installation.")
passed_on: Port[PassedOn] = Port("team.passed_on", "What passed from role to role, out of facts.")
grown: Port[Grown] = Port("team.grown", "Decisions somebody made, and what came of them.")
at_hand: Port[AtHand] = Port("team.at_hand", "Small things of this installation that somebody could take on to learn.")
effect_of_opening: Port[EffectOfOpening] = Port("team.effect_of_opening", "What a hire would change on workflows.")
tools_in_use: Port[ToolsInUse] = Port("team.tools_in_use", "What roles work with in this installation.")
