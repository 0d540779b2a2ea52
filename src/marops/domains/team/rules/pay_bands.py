"""Bands of pay out of what people of this company are paid, where enough of them are; placeholders elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final

from marops.domains.team.rules.document import Range

ENOUGH: Final = 5
"""From so many people on a middle and its quarters say something of a level and nothing of one person: two lie below
the middle and two above it."""
_WHOLE: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Bands:
    """Level → what it is paid a year. `people`: whose pay went in; `levels`: level → how many people its own middle is
    of; `ratio`: how the pay of all stands to the placeholders, by which the other levels are scaled; None: too few.
    """

    bands: Mapping[str, Range]
    people: int = 0
    levels: Mapping[str, int] = field(default_factory=dict)
    ratio: float | None = None

    def as_json(self) -> dict[str, Any]:
        """How the bands were made, without the bands."""
        ratio = None if self.ratio is None else round(self.ratio, 2)
        return {"people": self.people, "levels": dict(self.levels), "ratio": ratio, "enough": ENOUGH}


def own_bands(paid: Sequence[tuple[str, float]], assumed: Mapping[str, Range]) -> Bands:
    """Bands out of (level, pay a year) of people. Of a level with enough people the middle, and as its ends the
    quarters; every other level by the middle of how pay stands to the assumed band of its level. With too few people in
    all: as assumed.
    """
    if len(paid) < ENOUGH:
        return Bands(assumed, len(paid))
    ratio = median(amount / assumed[level].usual for level, amount in paid)
    by_level: dict[str, list[float]] = {}
    for level, amount in paid:
        by_level.setdefault(level, []).append(amount)
    enough = {level: amounts for level, amounts in by_level.items() if len(amounts) >= ENOUGH}
    bands = {level: _middle(enough[level]) if level in enough else _scaled(of, ratio) for level, of in assumed.items()}
    return Bands(bands, len(paid), {level: len(enough[level]) for level in assumed if level in enough}, ratio)


def _middle(amounts: Sequence[float]) -> Range:
    low, usual, high = (round(one, -3) for one in quantiles(amounts, n=4, method="inclusive"))
    why = f"Your pay: median of {len(amounts)} people, with the quarters as its ends, in whole thousands."
    return Range(low=low, usual=usual, high=high, origin="facts", why=why)


def _scaled(of: Range, ratio: float) -> Range:
    def by(amount: float) -> float:
        return round(amount * ratio / _WHOLE) * _WHOLE

    why = "The placeholder, as the pay of all here stands to the placeholders of their levels."
    return Range(low=by(of.low), usual=by(of.usual), high=None if of.high is None else by(of.high), why=why)
