"""The geometry of the pictures of scoring, drawn by the server: how many leads have how many points."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from marops.domains.scoring.queries.boards import Cell

WIDE, NARROW, HEIGHT = 1160.0, 358.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 12.0, 26.0, 30.0
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the points that it stands for, and its two pieces, those who are MQLs at the foot."""

    x: str
    width: str
    words: str
    leads: int
    mql: int
    mql_y: str
    mql_height: str
    rest_y: str
    rest_height: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The bars, the lines of the scale with their words, the points of the axis, and where the threshold stands."""

    width: str
    right: str
    bottom: str
    bars: tuple[Bar, ...]
    scale: tuple[tuple[str, str], ...]
    axis: tuple[tuple[str, str], ...]
    threshold: str
    threshold_words: str
    turned: bool


def histogram(cells: Sequence[Cell], *, most: float, threshold: float, width: float = WIDE) -> Histogram | None:
    """Leads by points, in bars of five; None where nobody was scored."""
    step = 5 if most <= 250 else 5 * ceil(most / 250)
    bins = max(1, ceil((most + 1) / step))
    leads, mql = [0] * bins, [0] * bins
    for one in cells:
        place = min(bins - 1, max(0, one.points) // step)
        leads[place] += one.leads
        mql[place] += one.leads if one.mql else 0
    if not sum(leads):
        return None
    top, line = _scale(max(leads))
    room = width - _LEFT - _RIGHT

    def x(points: float) -> float:
        return _LEFT + room * points / (bins * step)

    def y(number: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - number / top)

    gap = 2.0 if width >= WIDE else 1.0
    bars = [
        Bar(
            x=_f(x(n * step) + gap / 2),
            width=_f(room / bins - gap),
            words=f"{n * step}–{n * step + step - 1}",
            leads=leads[n],
            mql=mql[n],
            mql_y=_f(y(mql[n])),
            mql_height=_f(y(0) - y(mql[n])),
            rest_y=_f(y(leads[n])),
            rest_height=_f(y(mql[n]) - y(leads[n])),
        )
        for n in range(bins)
        if leads[n]
    ]
    every = step * (2 if width >= WIDE else 4)
    return Histogram(
        width=_f(width),
        right=_f(width - _RIGHT),
        bottom=_f(y(0)),
        bars=tuple(bars),
        scale=tuple((_f(y(line * n)), f"{line * n:,}") for n in range(round(top / line) + 1)),
        axis=tuple((_f(x(points)), str(points)) for points in range(0, bins * step + 1, every)),
        threshold=_f(x(threshold)),
        threshold_words=f"{threshold:g}",
        turned=x(threshold) > width - 140,
    )


def _scale(most: int) -> tuple[int, int]:
    """The top of the scale and the distance of its lines: two to four of them."""
    wanted, factor = most / 3, 1
    while wanted > _STEPS[-1] * factor:
        factor *= 10
    line = next(one * factor for one in _STEPS if one * factor >= wanted)
    return max(line, ceil(most / line) * line), line


def _f(value: float) -> str:
    return f"{value:.1f}"
