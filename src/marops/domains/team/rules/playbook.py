"""A playbook: document `playbook/SLUG`, the tasks of a newcomer's first weeks and who does them."""

from typing import Annotated, Literal

from pydantic import Field

from marops.domains.team.rules.document import Document, Level, Line, Range, Slug, Text


class Hours(Document):
    """What a task takes from the one who does it: low, usual, high."""

    low: float
    usual: float
    high: float


class Mentor(Document):
    """Who should be at a newcomer's side, and what it takes of them."""

    says: Text = ""
    skill: Slug = "coaching"
    wanted_level: Level = 2
    hours_per_week: Range


class Phase(Document):
    """A part of the first weeks, and what it is for."""

    id: Slug
    title: Line
    ends_week: Annotated[int, Field(ge=1, le=104)]
    aim: Text = ""


class PlaybookTask(Document):
    """Something to do: in which week, by whom, and how one sees that it is done. `roles` left out: for everybody."""

    id: Slug
    week: Annotated[int, Field(ge=0, le=104)]
    phase: Slug
    who: Literal["newcomer", "mentor", "manager"]
    says: Line
    done_when: Text = ""
    object: str = ""
    skill: str = ""
    roles: tuple[Slug, ...] = ()
    hours: Hours


class Playbook(Document):
    """The first weeks of somebody new, as tasks. `for_` names roles, or `any`."""

    title: Line
    for_: Annotated[tuple[str, ...], Field(alias="for")] = ("any",)
    hours_origin: str = "assumption"
    mentor: Mentor
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    rules: tuple[Text, ...] = ()
    tasks: Annotated[tuple[PlaybookTask, ...], Field(min_length=1, max_length=200)]
