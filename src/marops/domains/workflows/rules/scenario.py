"""A scenario as a document: what is changed, from when, at what cost; everything else stays as it is.

    title: Legal reads daily, AI drafts the copy
    changes:
      - {change: hire, name: Campaign manager, skills: {planning: 1}, start: 2027-02-01,
         ramp: {months: 4, first: 0.4}, cost_per_year: 72000, one_off: 9000}
      - {change: rebatch, step: legal, opens: office, start: 3}

`start` is a date, or a number of months from the beginning; what is not said stays as it is. A step is named `step`, or
`workflow/step` where several workflows are simulated; without a workflow it is meant in all of them that have it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from marops.domains.workflows.rules.amounts import Hours, HoursOrSpread, Share
from marops.domains.workflows.rules.crew import Ramp
from marops.domains.workflows.rules.document import Batching, Document, Name, Touch

Start = date | Annotated[float, Field(ge=0, le=240)]
Money = Annotated[float, Field(ge=0, le=1e10)]
Factor = Annotated[float, Field(ge=0, le=100)]
Speed = Annotated[float, Field(gt=0, le=100)]
StepRef = Annotated[str, Field(pattern=r"^(?:[a-z0-9._-]+/)?[a-z0-9._-]+$")]


class Change(Document):
    """What all changes share: from when they hold, what they cost once and a year, and why they are believed."""

    start: Start = 0.0
    one_off: Money = 0.0
    cost_per_year: Money = 0.0
    because: Annotated[str, Field(max_length=2000)] = ""


class Hire(Change):
    """Somebody comes, or `count` people alike: its costs are those of each of them. What they build for the others is
    said beside it by changes of `effort` that start later.
    """

    change: Literal["hire"]
    name: Name
    role: str = ""
    skills: Mapping[str, Speed] = {}
    calendar: str = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    count: Annotated[int, Field(ge=1, le=100)] = 1
    ramp: Ramp | None = None


class Leave(Change):
    """Somebody goes (an id of the crew)."""

    change: Literal["leave"]
    person: str


class Train(Change):
    """Somebody learns: skills and speeds from `start` on. It takes `hours_away` of their working hours: the last ones
    before `start`, and where those are too few, the first ones after it.
    """

    change: Literal["train"]
    person: str
    skills: Mapping[str, Speed]
    hours_away: Hours = 0.0


class Remove(Change):
    """A step falls away: what came before it leads to what came after."""

    change: Literal["remove"]
    step: StepRef


class Automate(Change):
    """A step needs nobody any more."""

    change: Literal["automate"]
    step: StepRef
    hours: HoursOrSpread = 0.1
    platform: str = ""
    cost_each: Money = 0.0


class Review(Document):
    """A person looks at what the machine did: this share of all pieces, so many hours, by this skill."""

    skill: str
    hours: HoursOrSpread
    share: Share = 1.0


class Assist(Change):
    """AI helps with a step: its effort becomes `effort` times what it was, and somebody may have to review."""

    change: Literal["assist"]
    step: StepRef
    effort: Factor
    rework: Share | None = None
    review: Review | None = None
    cost_each: Money = 0.0
    ai_use: str = ""


class Parallelise(Change):
    """Steps that followed each other are done beside each other; what came after waits for all of them."""

    change: Literal["parallelise"]
    steps: Annotated[tuple[StepRef, ...], Field(min_length=2, max_length=20)]


class Reskill(Change):
    """Another skill does a step."""

    change: Literal["reskill"]
    step: StepRef
    skill: str


class Rebatch(Change):
    """A step opens in another calendar, or collects differently; what is not given stays as it is.

    `opens: ""` opens it whenever people work, `batch: none` lets each piece be done by itself.
    """

    change: Literal["rebatch"]
    step: StepRef
    opens: str | None = None
    batch: Batching | Literal["none"] | None = None


class Rehour(Change):
    """Somebody works by another calendar of the crew ("legal reads daily")."""

    change: Literal["rehour"]
    person: str
    calendar: str


class Effort(Change):
    """A step, or every step of a skill or on a platform, takes this many times the hours."""

    change: Literal["effort"]
    step: StepRef | None = None
    skill: str = ""
    platform: str = ""
    factor: Factor
    touch: Touch | None = None


class Reworking(Change):
    """Work comes back more or less often (better briefs)."""

    change: Literal["rework"]
    step: StepRef
    probability: Share


class Demand(Change):
    """More or less comes in: of a class, of a workflow, or of everything."""

    change: Literal["demand"]
    workflow: str = ""
    work_class: Annotated[str, Field(alias="class")] = ""
    factor: Factor


class Limit(Change):
    """Another limit of items in work (0: none)."""

    change: Literal["limit"]
    workflow: str = ""
    limit: Annotated[int, Field(ge=0, le=100_000)]


class Platform(Change):
    """A platform goes or comes: the steps on `retire` move to `add`, their effort by this factor."""

    change: Literal["platform"]
    retire: str = ""
    add: str = ""
    factor: Factor = 1.0
    saves_per_year: Money = 0.0


AnyChange = Annotated[
    Hire | Leave | Train | Remove | Automate | Assist | Parallelise | Reskill | Rebatch | Rehour | Effort | Reworking
    | Demand | Limit | Platform,
    Field(discriminator="change"),
]  # fmt: skip


class Scenario(Document):
    """Named changes to how things are. Without any it is "do nothing"."""

    title: Name
    note: Annotated[str, Field(max_length=4000)] = ""
    changes: Annotated[tuple[AnyChange, ...], Field(max_length=100)] = ()
