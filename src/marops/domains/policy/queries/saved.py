"""Time that AI saves: measured on steps that people and AI both do, never assumed.

A step is read off the registry of figures by the name of its metric, so no domain above is asked. Where a step was not
done by both, nothing is said of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marops.engine.measuring import Reading, kept
from marops.kernel.metrics import METRICS

METRIC = "work.step_beside_ai"
PEOPLE, AI = "human", "ai"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a mapped workflow: minutes when a person does it and when AI does, and how often each was seen."""

    workflow: str
    name: str
    people: float | None
    ai: float | None
    n_people: int
    n_ai: int

    @property
    def saved(self) -> float | None:
        """Minutes saved by all that AI did of it; less than nothing where AI takes longer. None: not measurable."""
        return None if self.people is None or self.ai is None else (self.people - self.ai) * self.n_ai


@dataclass(frozen=True, slots=True)
class Saved:
    """What was measured, and when; `known` tells whether the figure exists and was ever read."""

    steps: tuple[Step, ...] = ()
    measured_at: datetime | None = None

    @property
    def minutes(self) -> float | None:
        """All minutes saved; None where no step can be told."""
        told = [one.saved for one in self.steps if one.saved is not None]
        return sum(told) if told else None


def time_saved() -> Saved:
    """What was kept of the figure, the newest reading of each step."""
    metric = METRICS.all().get(METRIC)
    if metric is None:
        return Saved()
    found = kept([metric])[METRIC]
    days = found.of("day")
    last = max((one.period for one in days), default=None)
    newest = {one.piece: one for one in days if one.period == last and one.n}
    return Saved(tuple(_steps(newest)), found.computed_at)


def _steps(readings: Mapping[str, Reading]) -> list[Step]:
    names = dict.fromkeys(piece.rpartition(" / ")[0] for piece in readings)
    found = []
    for name in names:
        people, ai = (readings.get(f"{name} / {who}") for who in (PEOPLE, AI))
        workflow, _sep, step = name.partition(" / ")
        found.append(
            Step(
                workflow, step, people.value if people else None, ai.value if ai else None,
                people.n if people else 0, ai.n if ai else 0,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.saved is None, -(one.saved or 0), one.name))
