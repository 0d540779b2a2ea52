"""Which option comes first: one ranking for the best option, the next constraint and what would turn it round.

By the throughput unlocked, where that is known of every option; else by the items finished more in the whole time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from marops.domains.workflows.rules.answers import BASELINE, Estimate

By = Literal["unlocked", "items"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Options by what each brings over doing nothing, the best first. `apart`: by how much the first is ahead of each
    of the others, on the same luck.
    """

    by: By
    gains: Mapping[str, Estimate] = field(default_factory=dict)
    apart: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def tied(self) -> tuple[str, ...]:
        """The first and those that cannot be told apart from it; none where the first is alone, or brings nothing."""
        if not self.gains or not _more(next(iter(self.gains.values()))):
            return ()
        same = tuple(key for key, one in self.apart.items() if one.holds(0.0))
        return (next(iter(self.gains)), *same) if same else ()

    @property
    def best(self) -> str:
        """The key of what is best: an option that brings more as far as one can tell, and more than every other; doing
        nothing where one can tell that every option does harm; else empty.
        """
        if not self.gains or self.tied:
            return ""
        first, gain = next(iter(self.gains.items()))
        if _more(gain):
            return first
        return BASELINE if all(one.told and (one.value or 0.0) < 0 for one in self.gains.values()) else ""

    @property
    def first(self) -> str:
        """What comes first, tied or not; doing nothing where no option brings more as far as one can tell."""
        return self.tied[0] if self.tied else self.best or BASELINE


def ranking(
    keys: Sequence[str], by: By, gain: Callable[[str], Estimate], apart: Callable[[str, str], Estimate]
) -> Ranking:
    """`gain`: of an option over doing nothing; `apart`: of one option over another. Equal ones stay in their order."""
    gains = {key: gain(key) for key in keys}
    order = sorted(keys, key=lambda key: -_or_least(gains[key].value))
    others = {key: apart(order[0], key) for key in order[1:] if gains[key].value is not None}
    return Ranking(by, {key: gains[key] for key in order}, others)


def _more(gain: Estimate) -> bool:
    return gain.told and (gain.value or 0.0) > 0


def _or_least(value: float | None) -> float:
    return float("-inf") if value is None else value
