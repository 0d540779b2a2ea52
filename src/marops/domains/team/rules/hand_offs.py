"""What passes from role to role: as measured, or as usual while nothing was; and which hand-over is the slowest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import floor, sqrt
from typing import Annotated, Literal

from pydantic import Field

from marops.domains.team.ports import HandOff
from marops.domains.team.rules.assumptions import Assumptions
from marops.domains.team.rules.document import Document, Line, Slug
from marops.methods.intervals import Z95

ENOUGH = 20
"""So many waits at least, before a hand-over is called slow: with fewer, the interval of the median says little."""
MONTH = 365.25 / 12
DRAWN = {"campaign": 7, "lead": 4, "approval": 2}
"""So many hand-offs of each way are drawn: with more, nobody follows one. The table has all."""


class UsualHandOff(Document):
    """What usually passes between two roles: an amount of a driver, `each` of them for one."""

    source: Slug
    target: Slug
    what: Line
    about: Literal["lead", "campaign"]
    driver: Slug
    each: Annotated[float, Field(gt=0)]


class UsualHandOffs(Document):
    """The shipped document of them."""

    title: Line
    hand_offs: tuple[UsualHandOff, ...]


@dataclass(frozen=True, slots=True)
class Passing:
    """A hand-off as the house shows it: how much a month; `number` is its pin, 0 where it is not drawn; `measured`
    whether facts say so.
    """

    number: int
    passed: HandOff
    a_month: float
    measured: bool


def median_ranks(timed: int) -> tuple[int, int]:
    """Which of so many waits, by size, bound the median with at least 95 per cent: the order statistics.

    Conover, Practical Nonparametric Statistics (1999), section 3.2: the number of waits below the median is binomial
    with one half, here by its normal approximation rounded outwards. The places count from 1.
    """
    low = max(1, floor((timed - Z95 * sqrt(timed)) / 2))
    return low, timed + 1 - low


def merged(
    measured: Sequence[HandOff],
    usual: Sequence[UsualHandOff],
    assumed: Assumptions,
    days: float,
    known: Collection[str],
) -> list[Passing]:
    """Everything that passes between known roles: measured, and what is usual on ways of which nothing was measured.

    Ways are those of leads and of campaigns. The campaign's way comes first, then the lead's; in each what passes
    oftenest.
    """
    real = [
        one for one in measured if one.source != one.target and one.count and {one.source, one.target} <= set(known)
    ]
    told = {one.about for one in real if one.timed}
    found = [(one, one.count * MONTH / days, True) for one in real]
    for one in usual:
        if one.about not in told and {one.source, one.target} <= set(known):
            amount = assumed.driver(one.driver).start.usual * one.each
            found.append((HandOff(one.source, one.target, one.what, 0, about=one.about), amount, False))
    order = {about: number for number, about in enumerate(DRAWN)}
    found.sort(key=lambda row: (order.get(row[0].about, 9), -row[1], row[0].source, row[0].target))
    return _numbered([Passing(0, *row) for row in found])


def _numbered(rows: Sequence[Passing]) -> list[Passing]:
    """With pins for what is drawn: of each way what passes oftenest, and the slowest hand-over of all."""
    late, left = slowest(rows), dict(DRAWN)
    drawn: list[Passing] = []
    others: list[Passing] = []
    for one in rows:
        left[one.passed.about] = left.get(one.passed.about, 0) - 1
        (drawn if left[one.passed.about] >= 0 or one is late else others).append(one)
    return [replace(one, number=number) for number, one in enumerate(drawn, 1)] + others


def slowest(passings: Sequence[Passing]) -> Passing | None:
    """The one that waits longest, of those with enough waits to say so; None where there is none."""
    sure = [one for one in passings if one.measured and one.passed.timed >= ENOUGH and (one.passed.waits or 0) > 0]
    return max(sure, key=lambda one: one.passed.waits or 0, default=None)
