"""The catalogue of roles and skills: documents of kind `role` and `skills`, and both together as one graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from marops.domains.team.rules.document import Document, Level, Line, Origin, Range, Slug, Text

SkillKind = Literal[
    "leadership", "domain", "finance", "technology", "process", "analytics", "data", "compliance", "communication",
    "collaboration",
]  # fmt: skip
Basis = Literal["stated", "implied", "assumption"]
"""Whether a source says so, it follows from a source, or it is our guess."""
Months = Annotated[tuple[float, float], Field(description="From and to, months.")]
STANDING: Mapping[str, int] = {
    "entry": 0, "specialist": 1, "analyst": 1, "senior_specialist": 2, "manager_ic": 2, "manager": 3, "architect": 3,
    "senior_manager": 4, "director": 5, "head": 6, "executive": 7,
}  # fmt: skip
"""Levels of roles from the first job upwards; the same number stands beside each other."""
EMBLEMS = frozenset({
    "wizard", "captain", "archer", "sorceress", "seer", "ranger", "messenger", "keeper", "squire", "herald", "falconer",
    "warden", "mapmaker", "signpost",
})  # fmt: skip
"""The drawings that can stand for a role."""


class Skill(Document):
    """Something a person can do, and by what behaviour each of its five levels is recognised."""

    id: Slug
    name: Line
    kind: SkillKind
    summary: Text = ""
    levels: Annotated[tuple[Line, ...], Field(min_length=5, max_length=5)]
    evidence: tuple[str, ...] = ()
    """Short keys of traces in Marops that may speak for a level; see `evidence.py`."""


class Skills(Document):
    """The skills of this company: document `skills/main`."""

    title: Line
    skills: Annotated[tuple[Skill, ...], Field(min_length=1, max_length=400)]


class Load(Document):
    """How much work a responsibility makes: an amount of one driver of the assumptions times hours for each."""

    driver: Slug
    hours_per_unit: Annotated[tuple[float, float, float], Field(description="Low, usual, high.")]
    origin: Origin = "assumption"

    @field_validator("hours_per_unit")
    @classmethod
    def _in_order(cls, hours: tuple[float, float, float]) -> tuple[float, float, float]:
        if not 0 <= hours[0] <= hours[1] <= hours[2]:
            raise ValueError("the three are low, usual and high, none below nought")
        return hours


class Responsibility(Document):
    """Something a role answers for, the skills it takes, and the work it makes."""

    id: Slug
    text: Line
    skills: tuple[Slug, ...] = ()
    load: Load | None = None


class NeededSkill(Document):
    """A skill that a role asks for, from which level on, and whether it makes the role."""

    skill: Slug
    level: Level
    core: bool = False


class Experience(Document):
    """What one source says of the years a role takes; `in` names where they were spent."""

    source: Line
    years_min: float | None = None
    years_max: float | None = None
    in_: Annotated[str | None, Field(alias="in")] = None
    years_in_role: tuple[float, float] | None = None
    management_years: tuple[float, float | None] | None = None
    leadership_years: tuple[float, float | None] | None = None
    leadership_years_text: str | None = None
    campaign_workflow_years_min: float | None = None
    entry_level: bool = False

    @property
    def same_as(self) -> tuple[Any, ...]:
        """What two sources agree in or not: the years alone."""
        return self.years_min, self.years_max


class Step(Document):
    """A step from a role to the next: how sure it is, how long it usually takes, under what condition.

    `role` is the short name of a role, or in free words one that the catalogue has no page for.
    """

    role: Line
    as_: Annotated[str | None, Field(alias="as")] = None
    basis: Basis = "assumption"
    months: Months
    condition: Text = ""


class Persona(Document):
    """The figure that stands for a role, and what it is like; `emblem` names its drawing."""

    name: Line
    gist: Text = ""
    emblem: str = ""


class Proof(Document):
    """What would show that somebody owns a thing: a trace in Marops, what of it counts, and how much it says.

    `held` is "planned" where Marops keeps no such trace yet. `lacks` names what of it the trace does not tell: such a
    trace is a sign, and shows nothing by itself.
    """

    object: Line
    key: str = ""
    held: Literal["now", "planned"] = "planned"
    counts: Text = ""
    lacks: Text = ""
    strength: Literal["weak", "fair", "strong"] = "fair"

    @property
    def speaks(self) -> bool:
        """Does a trace of this kind alone show it?"""
        return self.held == "now" and not self.lacks


class FirstMove(Document):
    """A first small thing to do, and how long it takes."""

    says: Line
    hours: Range


class Requirement(Document):
    """One of the things to be able to decide on the new path, and what would show it."""

    id: Slug
    name: Line
    says: Text = ""
    leads_to: tuple[str, ...] = ()
    owner_of_evidence: str = ""
    evidence: tuple[Proof, ...] = ()
    first_move: FirstMove | None = None


class Rung(Document):
    """A step of the old path: what one does, and by what it is shown."""

    step: int
    does: Line
    shown_by: str = ""
    role: str = ""


class Owned(Document):
    """One of the things owned at the top of the new path, in this role's measure."""

    id: Slug
    name: Line
    scope: str = ""
    says: Text = ""
    evidence: tuple[Proof, ...] = ()


class Answer(Document):
    """Something a role is measured by."""

    says: Line
    object: str = ""
    held: Literal["now", "planned"] = "planned"


class Sign(Document):
    """A sign that one of two hires should come first, and by what it is measured."""

    sign: Line
    measured_by: str = ""
    object: str = ""
    held: Literal["now", "planned"] = "planned"


class Before(Document):
    """When this role should be hired before another one, and when not."""

    role: str
    says: Text
    first_when: tuple[Sign, ...] = ()
    other_first_when: tuple[Sign, ...] = ()
    compare: Text = ""
    doubt: Text = ""
    ramp_up_months: Range | None = None
    smallest_team: Range | None = None


class Role(Document):
    """A role: document `role/SLUG`. Inside ones belong to the team; the others are where people come from and go to."""

    title: Line
    aliases: tuple[Line, ...] = ()
    level: str
    inside: bool = False
    custom: bool = False
    basis: Basis = "stated"
    details: Basis = "assumption"
    note: Text = ""
    warning: Text = ""
    summary: Text
    core: tuple[Line, ...] = ()
    responsibilities: tuple[Responsibility, ...] = ()
    skills: tuple[NeededSkill, ...] = ()
    experience: tuple[Experience, ...] = ()
    conflict: Literal["none", "minor", "real"] = "none"
    previous: tuple[Line, ...] = ()
    backgrounds: tuple[Line, ...] = ()
    next: tuple[Step, ...] = ()
    persona: Persona | None = None
    kpis: tuple[Line, ...] = ()
    tools: tuple[Line, ...] = ()
    regulations: tuple[Line, ...] = ()
    manages: tuple[Slug, ...] = ()
    manages_by_us: tuple[Slug, ...] = ()
    """Those of `manages` that no source names: our default."""
    old_path: tuple[Rung, ...] = ()
    old_path_doubt: Text = ""
    new_path: tuple[Requirement, ...] = ()
    new_path_doubt: Text = ""
    owns: tuple[Owned, ...] = ()
    closest: tuple[Slug, ...] = ()
    answers_for: tuple[Answer, ...] = ()
    does_not_answer_for: tuple[Line, ...] = ()
    before: tuple[Before, ...] = ()

    @field_validator("level")
    @classmethod
    def _level(cls, level: str) -> str:
        if level not in STANDING:
            raise ValueError(f"{level!r} is none of {', '.join(STANDING)}")
        return level

    @property
    def needs(self) -> Mapping[str, int]:
        """Skill → level."""
        return {one.skill: one.level for one in self.skills}


@dataclass(frozen=True)
class Catalogue:
    """Every role and skill in force, joined: what pages, coverage, blueprints and careers read."""

    roles: Mapping[str, Role]
    skills: Mapping[str, Skill]
    retired: Mapping[str, str] = field(default_factory=dict)
    """Short name → what a role was called that is no longer in force."""

    @cached_property
    def inside(self) -> Mapping[str, Role]:
        """The roles of the team itself, in the order of their standing, the highest first."""
        ordered = sorted(self.roles.items(), key=lambda pair: (-STANDING[pair[1].level], pair[0]))
        return {slug: role for slug, role in ordered if role.inside or role.custom}

    @cached_property
    def responsibilities(self) -> Mapping[str, tuple[str, Responsibility]]:
        """Key `role/responsibility` → (short name of the role, responsibility), of the roles inside."""
        return {f"{slug}/{one.id}": (slug, one) for slug, role in self.inside.items() for one in role.responsibilities}

    def title(self, slug: str) -> str:
        """What a role is called, or was; of one that the catalogue never had, its short name in words."""
        role = self.roles.get(slug)
        if role:
            return role.title
        return self.retired.get(slug) or slug.replace("-", " ").replace("_", " ").capitalize()

    def words(self, role: str) -> str:
        """The title of a role that a step names, by its short name or in free words."""
        return self.title(role) if role in self.roles or role in self.retired else role

    def skill_name(self, ident: str) -> str:
        """What a skill is called."""
        skill = self.skills.get(ident)
        return skill.name if skill else ident.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Beside:
    """A role beside: what it is called, its address ("" where it has no page), how sure the step is, what it takes."""

    title: str
    url: str
    inside: bool
    basis: str = "stated"
    says: str = ""
