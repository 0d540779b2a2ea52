"""What is chosen from, and what a choice is worth: work in hours, kinds of seats, and limits. Numbers only.

Let n_t be how many seats of kind t there are, x_tr the hours they give to role r, u_r the hours of r that stay undone.

    least   pay_weight · Σ cost_t n_t + price · (Σ weight_r u_r + Σ_k standing_k missing_k + unled · l + unripe · s
            + untaught · b + Σ drawback_t n_t)
    where   Σ_r x_tr ≤ hours_t n_t              a seat gives its hours to the roles it holds
            Σ_t x_tr + u_r ≥ hours_r            work is done or stays undone
            Σ_{t covers k} n_t + missing_k ≥ cover_k
            Σ_t leads_t n_t + l ≥ Σ_t n_t − 1   everybody but one is led by somebody
            Σ_{t senior} n_t + s ≥ senior_share · Σ_t n_t
            Σ_{t beginner} n_t ≤ Σ_{t not} n_t + b
            x_tr ≥ least_share · hours_t n_t    of each role of a kind of seat that holds several
            Σ_{t holds r} n_t ≥ at_least_r
            Σ_t n_t = exactly, or ≤ at_most;  Σ_t cost_t n_t ≤ budget
            n_t whole; everything ≥ 0

All in one currency a month; pay counts in full unless the money is given anyway. What stays undone has a price, so the
choice weighs a seat against the work it would do; nothing is forbidden that merely costs, and a choice exists whatever
the limits, as long as there may be nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Work:
    """Hours a month that belong to one role, and how much dearer than usual it is to leave one undone."""

    role: str
    hours: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SeatKind:
    """A kind of seat: the roles it holds, the hours it gives a month at its pace, and what it costs a month."""

    id: str
    roles: tuple[str, ...]
    hours: float
    cost: float
    covers: frozenset[str] = frozenset()
    """Skills for which somebody on such a seat can stand in."""
    leads: float = 0.0
    """How many others it can lead."""
    senior: bool = False
    beginner: bool = False
    drawback: float = 0.0
    """Hours a month that holding these roles together is reckoned to cost."""


@dataclass(frozen=True, slots=True)
class Skill:
    """How many seats should cover a skill, and the hours a month that stand for each that is missing."""

    id: str
    cover: int
    standing: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question: the work, what may be chosen, limits and prices."""

    work: Sequence[Work]
    kinds: Sequence[SeatKind]
    price: float
    """Of an hour undone."""
    skills: Sequence[Skill] = ()
    exactly: int | None = None
    at_most: int | None = None
    budget: float | None = None
    """A month."""
    pay_weight: float = 1.0
    """How much of what seats cost is weighed. The budget is kept in full all the same."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    """Role → how many seats have to hold it."""
    least_share: float = 0.0
    """Of the hours of a seat that holds several roles, each gets at least so much: a role is no badge."""
    senior_share: float = 0.0
    unled: float = 0.0
    """Hours a month that each person costs whom nobody leads."""
    unripe: float = 0.0
    """Hours a month for each senior seat that is missing."""
    untaught: float = 0.0
    """Hours a month for each beginner without somebody beside them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The best choice: kind → how many (those chosen alone), hours by kind and role, what stays undone."""

    seats: Mapping[str, int]
    given: Mapping[tuple[str, str], float]
    undone: Mapping[str, float]
    value: float
    """What is made least: currency a month."""
    bound: float
    """No choice can be better than this; equal to `value` where the best is proven."""
    missing: Mapping[str, int] = field(default_factory=dict)
    unled: float = 0.0
    unripe: float = 0.0
    untaught: float = 0.0
    proven: bool = True

    @property
    def people(self) -> int:
        """How many seats."""
        return sum(self.seats.values())

    @property
    def gap(self) -> float:
        """How far the best could still be from this, as a share of it; 0 where it is proven."""
        return 0.0 if self.proven or not self.value else abs(self.value - self.bound) / abs(self.value)


class NoChoiceError(ValueError):
    """The limits contradict each other; says which."""
