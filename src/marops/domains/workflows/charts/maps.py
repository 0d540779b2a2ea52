"""What is drawn of a workflow: steps with their hours, ways between them, work that comes back. Whoever has the figures
fills these in; the pictures are in `to_scale`, `strip` and `graph`.
"""

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from marops.domains.workflows.charts.marks import number, span
from marops.domains.workflows.rules.document import Touch

By = Literal["role", "platform"]

SHAPES = {"human": "human", "ai_assisted": "ai", "automatic": "auto"}
"""The meaning that a touch is drawn by."""


@dataclass(frozen=True, slots=True)
class MapStep:
    """A step as drawn. Hours are working hours; `start`: when a typical item comes to it. `hot`: the constraint, with
    `note` on its card. `share`: of all items. `url`: where a click leads.
    """

    key: str
    name: str
    lane: str
    start: float
    waited: float
    worked: float
    touch: Touch = "human"
    platforms: tuple[str, ...] = ()
    hot: bool = False
    note: str = ""
    share: float = 1.0
    url: str = ""
    measured: bool = False

    @property
    def end(self) -> float:
        """When it is done."""
        return self.start + self.waited + self.worked

    @property
    def shape(self) -> str:
        """The class of its touch."""
        return SHAPES[self.touch]

    @property
    def platform_words(self) -> str:
        """The first platform, and how many more."""
        if len(self.platforms) < 2:
            return "".join(self.platforms)
        return f"{self.platforms[0]} +{len(self.platforms) - 1}"


@dataclass(frozen=True, slots=True)
class MapWay:
    """Work that goes on. `share`: of what leaves the source; `slack`: hours it lies ready before the next begins."""

    source: str
    target: str
    share: float = 1.0
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class MapRework:
    """Work that comes back, as a share of what was looked at, with its interval where somebody knows it."""

    source: str
    target: str
    share: float
    low: float | None = None
    high: float | None = None
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class WorkflowMap:
    """All that a picture shows. `day`: working hours of a day; `total`: until a typical item is done."""

    title: str
    steps: tuple[MapStep, ...]
    ways: tuple[MapWay, ...]
    reworks: tuple[MapRework, ...] = ()
    day: float = 8.0
    total: float = 0.0
    says: str = ""

    @property
    def linked(self) -> bool:
        """Does a click on a step lead somewhere?"""
        return any(one.url for one in self.steps)

    def step(self, key: str) -> MapStep:
        """The step of this key. Raises KeyError."""
        for one in self.steps:
            if one.key == key:
                return one
        raise KeyError(key)

    def lanes(self) -> list[str]:
        """The lanes from top to bottom: as work comes to them first."""
        return list(dict.fromkeys(one.lane for one in sorted(self.steps, key=lambda one: one.start)))


def comes_back(rework: MapRework, target: str) -> str:
    """The words on a way back: "34 % go back to copy (30–38)"."""
    told = {"share": number(rework.share * 100), "target": target}
    if rework.low is None or rework.high is None:
        return _("%(share)s %% come back to %(target)s") % told
    between = span(rework.low * 100, rework.high * 100, 0)
    return _("%(share)s %% come back to %(target)s (%(between)s)") % {**told, "between": between}
