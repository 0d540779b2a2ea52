"""The geometry of small figures that stand in text: contribution bars and sparklines."""

from collections.abc import Sequence
from dataclasses import dataclass

_BAR_WIDTH = 84.0
_REACH = 0.5
"""How far the band may reach beyond the line, as a share of what the line spans."""
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_PAD = 300.0, 58.0, 3.0


@dataclass(frozen=True)
class Bar:
    """One bar from the common zero: where it begins, how long it is, and whether it lowers the sum."""

    x: str
    width: str
    negative: bool
    zero: str


def bars(values: Sequence[float]) -> list[Bar]:
    """Bars on one scale whose zero leaves room for the largest negative value."""
    most, least = max([0.0, *values]), min([0.0, *values])
    span = (most - least) or 1.0
    zero = 2 + (_BAR_WIDTH - 4) * -least / span
    scale = (_BAR_WIDTH - 4) / span
    return [
        Bar(_f(zero if value >= 0 else zero + value * scale), _f(abs(value) * scale), value < 0, _f(zero))
        for value in values
    ]


@dataclass(frozen=True)
class Spark:
    """The polylines of a sparkline with its band, its last point and the height of its target."""

    line: str
    band: str
    last_x: str
    last_y: str
    target_y: str | None
    target_text_y: str | None


def spark(
    values: Sequence[float], lows: Sequence[float] = (), highs: Sequence[float] = (), target: float | None = None
) -> Spark:
    """A line through equally spaced values; the band runs between `lows` and `highs`, when both are given."""
    line_only = [*values, *([] if target is None else [target])]
    reach = _REACH * ((max(line_only) - min(line_only)) or abs(values[-1]) or 1.0)
    # One wide interval among few rows would press the line flat: the band is cut where it leaves the picture.
    bottom, top = min(line_only) - reach, max(line_only) + reach
    lows, highs = [max(one, bottom) for one in lows], [min(one, top) for one in highs]
    everything = [*line_only, *lows, *highs]
    low, high = min(everything), max(everything)
    span = (high - low) or 1.0

    def point(index: int, value: float) -> tuple[str, str]:
        x = 2 + (_SPARK_WIDTH - 4) * index / max(1, len(values) - 1)
        return _f(x), _f(height(value))

    def height(value: float) -> float:
        return _SPARK_PAD + (_SPARK_HEIGHT - 2 * _SPARK_PAD) * (high - value) / span

    line = " ".join(",".join(point(index, value)) for index, value in enumerate(values))
    band = [point(index, value) for index, value in enumerate(highs)]
    band += [point(index, value) for index, value in reversed(list(enumerate(lows)))]
    last_x, last_y = point(len(values) - 1, values[-1])
    target_y = None if target is None else height(target)
    return Spark(
        line=line,
        band=" ".join(",".join(pair) for pair in band) if lows and highs else "",
        last_x=last_x,
        last_y=last_y,
        target_y=None if target_y is None else _f(target_y),
        target_text_y=None if target_y is None else _f(min(_SPARK_HEIGHT, target_y + 4.5)),
    )


def _f(value: float) -> str:
    return f"{value:.1f}"
