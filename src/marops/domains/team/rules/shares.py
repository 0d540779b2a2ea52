"""How much of a week somebody's roles take together, at every time, and when that is more than a week has."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Span:
    """A role with its share in [starts, ends); None stands for no beginning or no end."""

    role: str
    share: Decimal
    starts: date | None = None
    ends: date | None = None

    def covers(self, day: date) -> bool:
        """Does it hold on this day?"""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day < self.ends)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which the same roles hold, [first, ends), and what their shares come to."""

    first: date | None
    ends: date | None
    total: Decimal
    roles: tuple[str, ...]

    @property
    def last(self) -> date | None:
        """The last day of it, None where it has no end."""
        return self.ends - timedelta(days=1) if self.ends else None


def stretches(spans: Sequence[Span]) -> Iterator[Stretch]:
    """All of time, cut where a role begins or ends, the earliest first; days without any role are left out."""
    cuts = sorted({day for one in spans for day in (one.starts, one.ends) if day is not None})
    edges: list[date | None] = [None, *cuts]
    for place, first in enumerate(edges):
        ends = edges[place + 1] if place + 1 < len(edges) else None
        probe = first or (ends - timedelta(days=1) if ends else date.max)
        held = [one for one in spans if one.covers(probe)]
        if held:
            yield Stretch(first, ends, sum((one.share for one in held), Decimal(0)), tuple(one.role for one in held))


def too_much(spans: Sequence[Span]) -> list[Stretch]:
    """The stretches in which the roles take more than a whole week, the earliest first."""
    return [one for one in stretches(spans) if one.total > WHOLE]


def share_on(spans: Iterable[Span], day: date) -> Decimal:
    """What the roles take of a week on one day."""
    return sum((one.share for one in spans if one.covers(day)), Decimal(0))
