"""Interviews and assessment sheets made from the five behaviours of each skill: nothing on them is invented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from marops.domains.team.rules.document import Document, Line, Range
from marops.domains.team.rules.roles import NeededSkill, Skill

ASKED_FROM = 2
"""Core skills are asked about from this level on."""


class Minutes(Document):
    """How long an interview takes, and its parts."""

    whole: Range
    skill: Range
    sample: Range
    theirs: Range


class Prompts(Document):
    """Questions, with places for behaviours."""

    begin: Line
    begin_new: Line
    below: Line
    above: Line
    wrong: Line


class Shows(Document):
    """What an answer shows."""

    good: Line
    more: Line
    less: Line


class Interviewing(Document):
    """How interviews are put together."""

    minutes: Minutes
    prompts: Prompts
    shows: Shows
    rules: Annotated[tuple[Line, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One skill's sheet: the wanted level, why it is asked, the questions, what answers show, the five behaviours."""

    skill: Skill
    wanted: int
    core: bool
    because: str
    questions: tuple[str, ...]
    shows: tuple[str, ...]

    @property
    def levels(self) -> tuple[tuple[int, str], ...]:
        """Level and behaviour, the lowest first."""
        return tuple(enumerate(self.skill.levels))


def sheet(how: Interviewing, skill: Skill, wanted: int, *, core: bool = False, because: str = "") -> Sheet:
    """The sheet of a skill at a wanted level from 1 to 4."""
    given = {"want": skill.levels[wanted], "skill": _in_a_sentence(skill.name), "below": skill.levels[wanted - 1],
             "above": skill.levels[min(4, wanted + 1)]}  # fmt: skip
    ask, show = how.prompts, how.shows
    questions = [ask.begin if wanted >= ASKED_FROM else ask.begin_new]
    questions += [ask.below] if wanted >= ASKED_FROM else []
    questions += [ask.above] if wanted < 4 else []
    shows = [show.good, *([show.more] if wanted < 4 else []), show.less]
    return Sheet(skill, wanted, core, because, tuple(one.format(**given) for one in [*questions, ask.wrong]),
                 tuple(one.format(**given) for one in shows))  # fmt: skip


def _in_a_sentence(name: str) -> str:
    """A name as it stands within a sentence; abbreviations keep their letters."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def chosen(
    how: Interviewing, needs: Sequence[NeededSkill], lack: Mapping[str, float]
) -> tuple[list[NeededSkill], list[NeededSkill]]:
    """Which skills are asked about in one talk, and which are not: core ones first, then by how much the team lacks
    them, as long as there is time.
    """
    asked = [one for one in needs if one.level >= 1]
    ordered = sorted(asked, key=lambda one: (not (one.core and one.level >= ASKED_FROM), -lack.get(one.skill, 0.0),
                                             -one.level, one.skill))  # fmt: skip
    minutes = how.minutes
    room = int((minutes.whole.usual - minutes.sample.usual - minutes.theirs.usual) // minutes.skill.usual)
    return ordered[:room], ordered[room:]
