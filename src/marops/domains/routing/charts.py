"""The geometry of the pictures on a lead's page: the score's course, and the time that a promise has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT, END = 252.0, 64.0, 222.0
_TOP, _FLOOR = 6.0, 44.0


@dataclass(frozen=True, slots=True)
class Course:
    """Steps of a score from its first day to today, the threshold, and where today stands."""

    path: str
    last_x: str
    last_y: str
    threshold_y: str
    threshold_text_y: str


def course(points: Sequence[tuple[datetime, float]], *, until: datetime, threshold: float | None) -> Course | None:
    """A line of steps: a score holds until the next one. None for fewer than two scores."""
    if len(points) < 2:
        return None
    first = points[0][0]
    whole = max((until - first).total_seconds(), 1.0)
    most = max([value for _, value in points] + [threshold or 0.0, 1.0]) * 1.05

    def x(at: datetime) -> float:
        return 2 + (END - 2) * min(1.0, max(0.0, (at - first).total_seconds() / whole))

    def y(value: float) -> float:
        return _FLOOR - (_FLOOR - _TOP) * max(0.0, value) / most

    steps = [f"M{x(first):.1f} {y(points[0][1]):.1f}"]
    steps += [f"H{x(at):.1f}V{y(value):.1f}" for at, value in points[1:]]
    last = y(points[-1][1])
    return Course(
        path="".join(steps) + f"H{END:.1f}",
        last_x=f"{END:.1f}",
        last_y=f"{last:.1f}",
        threshold_y="" if threshold is None else f"{y(threshold):.1f}",
        threshold_text_y="" if threshold is None else f"{y(threshold) + 4.5:.1f}",
    )


def used(started: datetime, due: datetime, at: datetime) -> str:
    """How much of a bar of 252 the time from a promise to its end has used up."""
    whole = max((due - started).total_seconds(), 1.0)
    return f"{WIDTH * min(1.0, max(0.0, (at - started).total_seconds() / whole)):.1f}"


@dataclass(frozen=True, slots=True)
class Ranged:
    """A dot with its interval on a line of 320: all places as SVG takes them."""

    zero: str
    low: str
    span: str
    at: str


def ranged(values: Sequence[tuple[float, float, float]]) -> list[Ranged]:
    """Dots with intervals (low, value, high) on one scale, which has room for nothing and for all of them."""
    low = min([0.0, *(one[0] for one in values)])
    high = max([0.01, *(one[2] for one in values)])

    def x(value: float) -> float:
        return 6 + 308 * (value - low) / (high - low)

    return [
        Ranged(f"{x(0):.1f}", f"{x(least):.1f}", f"{x(most) - x(least):.1f}", f"{x(value):.1f}")
        for least, value, most in values
    ]
