"""A workflow as a document: the steps, the ways between them, and the kinds of work item that pass through.

    title: Webinar
    crew: marketing
    unit: webinar
    classes:
      - {id: webinar, name: Webinar, arrivals: {per_month: 2}, due: 240}
    steps:
      - {id: brief, name: Brief, skill: planning, platforms: [plankboard], effort: 2}
      - {id: legal, name: Legal review, skill: legal, effort: 1, review: true,
         rework: {probability: 0.3, back_to: copy, at_most: 3}}
    ways:
      - {from: brief, to: copy}

All times are hours. `ways` may be left out where each step is followed by the next one of the list.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.domains.workflows.rules.amounts import Hours, HoursOrSpread, Share

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_.][a-z0-9]+)*$", max_length=80)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Season = Annotated[float, Field(ge=0, le=100)]
Touch = Literal["human", "ai_assisted", "automatic"]
Origin = Literal["log", "assumed"]

ELAPSED = "elapsed"
"""As the name of a calendar: day and night."""


class Document(BaseModel):
    """What all parts of a document share: no unknown keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Rework(Document):
    """With this probability the work comes back to an earlier step, at most so often for one item."""

    probability: Share
    back_to: Id
    at_most: Annotated[int, Field(ge=1, le=100)] = 3


class Batching(Document):
    """Pieces are collected until there are `size`, or the first has waited `wait_at_most` hours.

    `together`: one person does them as one job: the largest effort and `each` times the others.
    """

    size: Annotated[int, Field(ge=2, le=1000)]
    wait_at_most: Hours | None = None
    together: bool = False
    each: Share = 1.0


class Step(Document):
    """One step: who does it with what, how long it takes and what holds it up.

    A step is done by people of the crew who have its `skill`, or by those named in `people` (id and speed: 1.2 is a
    fifth faster). An `automatic` step needs nobody. A `gate` takes no time: it only forks, joins or chooses.
    `opens`: the calendar of the crew within which this work begins ("legal on Tuesdays"). `outside`: hours nobody of
    ours shortens, on `outside_in` (a calendar, or elapsed). `delay`: hours in which people do other things first.
    `repeat`: effort of a second time as a share. `origin`: which values were read off a log and which are assumed.
    """

    id: Id
    name: Name
    gate: bool = False
    skill: str = ""
    people: Mapping[str, Annotated[float, Field(gt=0, le=100)]] = {}
    lane: str = ""
    platforms: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    touch: Touch = "human"
    ai_use: str = ""
    effort: HoursOrSpread = 1.0
    repeat: Annotated[float, Field(ge=0, le=10)] = 1.0
    outside: HoursOrSpread | None = None
    outside_in: str = ELAPSED
    delay: HoursOrSpread | None = None
    delay_in: str = ELAPSED
    opens: str = ""
    batch: Batching | None = None
    at_once: Annotated[int, Field(ge=0, le=1000)] = 0
    review: bool = False
    rework: Rework | None = None
    split: Literal["all", "one"] = "all"
    join: Literal["all", "any"] = "any"
    classes: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    cost: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    note: Annotated[str, Field(max_length=4000)] = ""
    origin: Mapping[str, Origin] = {}
    at: tuple[float, float] | None = None


class Way(Document):
    """A way from a step to another. `probability`: of a step that splits to one, all together 1."""

    source: Annotated[Id, Field(alias="from")]
    target: Annotated[Id, Field(alias="to")]
    probability: Share | None = None
    at_most: Annotated[int, Field(ge=0, le=100)] = 0
    origin: Origin = "assumed"


class Arrivals(Document):
    """How many items come in: a number a month, more or fewer of them by calendar month, growing by a share a year.

    `gap`: distribution of the distance of two in units of its mean; left out, they come at random. `within`: the
    calendar of the crew in which they come.
    """

    per_month: Annotated[float, Field(ge=0, le=1e7)]
    seasons: (
        Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], Field(min_length=12, max_length=12)] | None
    ) = None
    growth: Annotated[float, Field(ge=-1, le=100)] = 0.0
    gap: HoursOrSpread | None = None
    within: str = ""
    origin: Origin = "assumed"


class WorkClass(Document):
    """A kind of work item. Who has a choice takes the higher `priority` first. `due`: hours after it came in, on
    `due_in` (a calendar, or elapsed).
    """

    id: Id
    name: Name
    arrivals: Arrivals
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    due: HoursOrSpread | None = None
    due_in: str = ELAPSED
    start: Id | None = None


class Promise(Document):
    """The lead time that is promised: so many hours on the wall's clock, kept for this share of all items."""

    hours: Annotated[float, Field(gt=0, le=100_000)]
    share: Annotated[float, Field(gt=0, lt=1)] = 0.85


class Source(Document):
    """What a workflow was read off: a log by its reference, and what was done with it."""

    log: str
    sha256: str = ""
    cases: int = 0
    events: int = 0
    first: str = ""
    last: str = ""
    noise: float = 0.0
    covered: float = 1.0


class Workflow(Document):
    """A workflow from end to end. `limit`: items in work at a time; further ones wait at the door, or are refused."""

    title: Name
    crew: Id
    unit: Annotated[str, Field(max_length=60)] = "campaign"
    owner: str = ""
    summary: Annotated[str, Field(max_length=4000)] = ""
    classes: Annotated[tuple[WorkClass, ...], Field(min_length=1, max_length=50)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=500)]
    ways: Annotated[tuple[Way, ...], Field(max_length=3000)] = ()
    promise: Promise | None = None
    limit: Annotated[int, Field(ge=0, le=100_000)] = 0
    over: Literal["wait", "refuse"] = "wait"
    order: Literal["first_come", "due"] = "first_come"
    source: Source | None = None
    notes: Annotated[tuple[str, ...], Field(max_length=200)] = ()

    def ways_or_line(self) -> tuple[Way, ...]:
        """The ways; where none is given, from each step to the next one."""
        if self.ways or len(self.steps) == 1:
            return self.ways
        pairs = zip(self.steps, self.steps[1:], strict=False)
        return tuple(Way(source=a.id, target=b.id) for a, b in pairs)

    def step(self, step: str) -> Step:
        """The step of this id. Raises KeyError."""
        for one in self.steps:
            if one.id == step:
                return one
        raise KeyError(step)


Plain = dict[str, Any]
"""A document as it is stored: what `model_dump(mode="json", by_alias=True, exclude_none=True)` answers."""
