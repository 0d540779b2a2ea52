"""The geometry of a figure over periods: bars of counts, a line with its band for what has an interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDE, NARROW, HEIGHT = 1120.0, 358.0, 232.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 76.0, 16.0, 28.0
_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 7200, 14400, 28800)


@dataclass(frozen=True, slots=True)
class Point:
    """One period: its words, its value with interval, whether it is over, and all that in a sentence."""

    words: str
    value: float | None
    low: float | None
    high: float | None
    closed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the scale or a period of the axis: where it stands, and its words."""

    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar or a dot, with its sentence."""

    x: str
    y: str
    width: str
    height: str
    closed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the template draws."""

    width: str
    right: str
    scale: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    lines: tuple[str, ...]
    running: str
    bands: tuple[str, ...]
    dots: tuple[Bar, ...]
    target_y: str
    target_label_y: str


def plot(
    points: Sequence[Point],
    *,
    bars: bool,
    words: Callable[[float], str],
    target: float | None = None,
    times: bool = False,
    most: float | None = None,
    width: float = WIDE,
) -> Plot | None:
    """The picture of these periods; None where none of them has a value. `most` closes the scale at the top."""
    values = [one for point in points for one in (point.value, point.low, point.high) if one is not None]
    if not values:
        return None
    bottom, top, step = scale([*values, *([] if target is None else [target])], zero=bars, times=times, most=most)
    room = (width - _LEFT - _RIGHT) / len(points)

    def x(index: float) -> float:
        return _LEFT + room * (index + 0.5)

    def y(value: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (top - value) / ((top - bottom) or 1.0)

    known = [(index, point) for index, point in enumerate(points) if point.value is not None]
    runs = _runs([(index, point) for index, point in known if point.closed])
    last = [(index, point) for index, point in known if not point.closed][-1:]
    bridge = [*runs[-1][-1:], *last] if runs and last and last[0][0] == runs[-1][-1][0] + 1 else []
    count = round((top - bottom) / step)
    return Plot(
        width=_f(width), right=_f(width - _RIGHT),
        scale=tuple(Mark(_f(y(bottom + step * n)), words(bottom + step * n)) for n in range(count + 1)),
        ticks=tuple(Mark(_f(x(n)), points[n].words) for n in _ticks(len(points), 7 if width > NARROW else 3)),
        bars=() if not bars else tuple(
            _bar(x(n), y(point.value or 0), y(max(0.0, bottom)), room, point) for n, point in known
        ),
        lines=() if bars else tuple(_line([(x(n), y(point.value or 0)) for n, point in run]) for run in runs),
        running="" if bars or not bridge else _line([(x(n), y(point.value or 0)) for n, point in bridge]),
        bands=() if bars else tuple(band for run in runs if (band := _band(run, x, y))),
        dots=() if bars else tuple(_bar(x(n), y(point.value or 0), 0, 0, point) for n, point in known),
        target_y="" if target is None else _f(y(target)),
        target_label_y="" if target is None else _f(y(target) + 4.5),
    )  # fmt: skip


def scale(values: Sequence[float], *, zero: bool, times: bool, most: float | None) -> tuple[float, float, float]:
    """Round ends of the scale with room for the values, and the distance of its lines: three to six of them."""
    low, high = min(values), max(values)
    if zero or low < (high - low):  # near enough to nothing to show it
        low = min(0.0, low)
    wanted = max(high - low, 1e-9) / 4
    if times:
        step = float(next((one for one in _TIMES if one >= wanted), _TIMES[-1] * ceil(wanted / _TIMES[-1])))
    else:
        power = 10.0 ** floor(log10(wanted))
        step = next(part * power for part in (1, 2, 2.5, 5, 10) if part * power >= wanted * 0.999)
    if zero and high <= 4 and most is None:
        step = 1.0  # nobody counts in halves
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    if bottom == top:
        top = bottom + step
    if most is not None and top > most:
        top = bottom + step * floor((most - bottom) / step + 1e-9) if (most - bottom) / step >= 1 else most
        top = max(top, high)
    return bottom, top, step


def _runs(known: Sequence[tuple[int, Point]]) -> list[list[tuple[int, Point]]]:
    """Stretches without a gap."""
    runs: list[list[tuple[int, Point]]] = []
    for index, point in known:
        if runs and runs[-1][-1][0] == index - 1:
            runs[-1].append((index, point))
        else:
            runs.append([(index, point)])
    return runs


def _band(run: Sequence[tuple[int, Point]], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    some = [(index, point) for index, point in run if point.low is not None and point.high is not None]
    if len(some) < 2:
        return ""
    above = [(x(index), y(point.high or 0)) for index, point in some]
    below = [(x(index), y(point.low or 0)) for index, point in reversed(some)]
    return _line([*above, *below])


def _bar(x: float, y: float, floor_y: float, room: float, point: Point) -> Bar:
    width = min(room * 0.7, 44.0)
    top, height = min(y, floor_y), abs(floor_y - y)
    if not room:
        return Bar(_f(x), _f(y), "", "", point.closed, point.said)
    return Bar(_f(x - width / 2), _f(top), _f(width), _f(max(height, 0.0)), point.closed, point.said)


def _ticks(count: int, most: int) -> list[int]:
    """Which periods are named: evenly apart, the last among them."""
    apart = max(1, ceil(count / most))
    return list(range((count - 1) % apart, count, apart))


def _line(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_f(x)},{_f(y)}" for x, y in points)


def _f(value: float) -> str:
    return f"{value:.1f}"
