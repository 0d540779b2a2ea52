"""What plans assume where the facts say nothing yet: document `assumptions/team`. Every number is a range."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from marops.domains.team.rules.document import Document, Line, Range, Slug, Text


class Driver(Document):
    """What makes work: leads, campaigns, e-mails …; `measured_from` names the fact that counts it here."""

    id: Slug
    name: Line
    unit: Line
    meaning: Text = ""
    measured_from: str | None = None
    start: Range


class HoursOfWork(Document):
    """Hours of an average month, and what of them can be planned."""

    worked_per_month: Range
    unplanned_share: Range
    meeting_share: Range
    learning_share: Range
    full_at: Range
    sum_rule: Text = ""


class Span(Document):
    """A kind of leading and how many people it reaches."""

    id: Slug
    name: Line
    reports: Range
    alike: Range | None = None
    """From how many people of the same role on a plan reckons with this kind; None: only of who does other work."""


class AiHelp(Document):
    """The share of the time of such work that help by AI saves once it runs well, checks included."""

    id: Slug
    name: Line
    skills: tuple[Slug, ...] = ()
    for_example: str = ""
    share_saved: Range


class AiRules(Document):
    """What AI help costs and how soon it comes."""

    review_hours_per_week: Range
    months_until_usual: Range
    doubt: Text = ""


class PayLevel(Document):
    """What a level is paid a year, by currency."""

    id: Slug
    name: Line
    EUR: Range
    USD: Range


class PayAssumed(Document):
    """Placeholders for pay, to be replaced by the company's own bands."""

    per: str = "year"
    includes: Text = ""
    replace: Text = ""
    levels: tuple[PayLevel, ...]
    employer_on_top: Range
    search_cost_share: Range
    freelance_day_factor: Range


class Pair(Document):
    """Two roles in one person: why, what to watch, up to which size of team; or what keeping both costs in hours."""

    roles: Annotated[tuple[Slug, ...], Field(min_length=2, max_length=2)]
    why: Text = ""
    watch: Text = ""
    until_people: Range | None = None
    cost: Range | None = None


class Principle(Document):
    """By what the next seat is chosen, and how much that weighs."""

    id: Slug
    name: Line
    measured_by: Text = ""
    weight: Range


class Said(Document):
    """A rule in words."""

    says: Line
    why: Text = ""


class Shape(Document):
    """What makes one alternative differ from another; all else is shared, so that they can be compared."""

    id: Slug
    name: Line
    says: Text
    full_at: Range
    cover_per_vital_skill: Range
    ai_help_used: Range
    senior_share: Range
    size_share: Range = Range(low=1, usual=1, high=1)
    """Of the size that is asked for; where no size is, of the largest of the other shapes, and below all of them."""
    with_roles: tuple[Slug, ...] = ()
    """The company's own roles that this plan has a seat for, from the size on at which they fill one."""
    work_saved: Range = Range(low=0, usual=0, high=0)
    """The share of the others' hours that these seats save once what they change is live."""
    doubt: Text = ""


class Weights(Document):
    """What a plan weighs money against, each as hours of a month; an hour costs `hour_undone` times a specialist's."""

    hour_undone: Range = Range(
        low=1.5, usual=2.5, high=5, why="Overtime, an hour from outside, or a campaign that is late."
    )
    duty: Range = Range(low=1.5, usual=2, high=4, why="Undone work on consent, privacy and quality may harm people.")
    no_second: Range = Range(low=4, usual=10, high=25, why="Hours at risk for each person missing at a vital skill.")
    unled: Range = Range(low=4, usual=8, high=16, why="For each person whom nobody leads: asking round, and doubling.")
    unripe: Range = Range(low=10, usual=25, high=40, why="For each senior seat that the shape asks for and lacks.")
    untaught: Range = Range(low=4, usual=10, high=20, why="For each beginner with no settled colleague beside them.")
    budgeted: Range = Range(
        low=0,
        usual=0.1,
        high=1,
        why="Of pay where a budget is given: the money is there, yet no seat is taken for nothing.",
    )
    other_pair: Range = Range(low=4, usual=10, high=20, why="For two roles in one person that nobody named as fitting.")
    other_pair_until: Range = Range(low=3, usual=6, high=8, why="Team size above which only named pairs are combined.")
    least_share: Range = Range(low=0.1, usual=0.2, high=0.3, why="Less of a week than this is no role, but a badge.")
    three_until: Range = Range(low=2, usual=4, high=6, why="Team size up to which somebody holds three roles.")


class Anchor(Document):
    """A team size that people quote: for comparison beside a plan, never as an input to it."""

    id: Slug
    name: Line
    people: Range
    doubt: Text = ""


_LINES = ((5, "director"), (3, "manager"), (1, "specialist"), (0, "entry"))
"""From which standing of a level on which line of the assumptions about joining counts."""


class Joining(Document):
    """How long it takes until somebody new is there, and until they are up to pace."""

    months_to_fill: Mapping[str, Range]
    months_to_full_pace: Mapping[str, Range]
    pace_while_learning: Range
    mentor_hours_per_week: Range
    searches_at_once: Range = Range(low=1, usual=2, high=4, why="Each search takes hours of those who lead.")

    @staticmethod
    def line(standing: int) -> str:
        """Under which name the months stand for somebody of a standing."""
        return next(name for least, name in _LINES if standing >= least)


class Pace(Document):
    """Pace at one kind of work by skill level against level 3, and what holding several roles costs."""

    level_1: Range
    level_2: Range
    level_3: Range
    level_4: Range
    switch_loss_per_role: Range
    counts_as_cover_from: Range


class Learning(Document):
    """Hours of one person until the next level of a skill is reached, beside somebody who has it."""

    to_level_1: Range = Range(low=8, usual=16, high=32, why="Sees it done and does parts of it with help.")
    to_level_2: Range = Range(low=16, usual=32, high=64, why="Does the usual cases until help is no longer asked for.")
    to_level_3: Range = Range(
        low=24, usual=48, high=96, why="Takes over hard cases beside the one who knows them; they come when they come."
    )
    to_level_4: Range = Range(low=60, usual=120, high=300, why="Sets how it is done here; years more than hours.")

    def between(self, level: int, aim: int) -> tuple[Range, ...]:
        """The steps from one level to another."""
        steps = (self.to_level_1, self.to_level_2, self.to_level_3, self.to_level_4)
        return steps[level:aim]


class Assumptions(Document):
    """The document `assumptions/team`."""

    title: Line
    replace_first: tuple[str, ...] = ()
    drivers: tuple[Driver, ...]
    hours: HoursOfWork
    spans: tuple[Span, ...]
    spans_doubt: Text = ""
    spans_seen: Mapping[str, Range] = {}
    ai_help: tuple[AiHelp, ...]
    ai_help_rules: AiRules
    pay: PayAssumed
    joining: Joining
    pace: Pace
    learning: Learning = Learning()
    weights: Weights = Weights()
    combine: tuple[Pair, ...] = ()
    keep_apart: tuple[Pair, ...] = ()
    keep_apart_always: tuple[Said, ...] = ()
    hiring_order: tuple[Principle, ...] = ()
    shapes: tuple[Shape, ...]
    anchors: tuple[Anchor, ...] = ()
    anchors_doubt: Text = ""

    def driver(self, ident: str) -> Driver:
        """The driver of this id. Raises KeyError."""
        return next(one for one in self.drivers if one.id == ident)
