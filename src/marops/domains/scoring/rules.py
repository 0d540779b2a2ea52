"""The documents of scoring: a score model (fit and engagement) and a lifecycle; validation and words, no database."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.kernel.errors import FieldError
from marops.kernel.rules import Rule, field_names, references

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Points = Annotated[Decimal, Field(ge=-1000, le=1000, decimal_places=2)]
HalfLife = Annotated[int, Field(ge=1, le=3650)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Named(_Part):
    name: Slug
    label: str


class Signal(_Named):
    """A condition that is worth points: who somebody is, or what another system says they did."""

    points: Points
    when: Rule


class Activity(_Named):
    """Facts that are worth points when they happen and less every day: half after `half_life` days, up to `cap`."""

    kinds: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    points: Points
    half_life: HalfLife = 30
    cap: Annotated[Decimal, Field(gt=0, le=1000)] | None = None


class Fit(_Part):
    """Who they are."""

    cap: Annotated[Decimal, Field(gt=0, le=1000)]
    signals: tuple[Signal, ...] = ()


class Engagement(_Part):
    """What they did."""

    cap: Annotated[Decimal, Field(gt=0, le=1000)]
    signals: tuple[Signal, ...] = ()
    activities: tuple[Activity, ...] = ()


class Grade(_Part):
    """A grade and the fit from which it is given."""

    grade: Annotated[str, Field(pattern=r"^[A-F][+-]?$")]
    from_fit: Decimal


class ScoreModel(_Part):
    """A scoring model. Missing values count nothing, and the score says which were missing."""

    title: str
    purpose: str = ""
    fit: Fit
    engagement: Engagement
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> "ScoreModel":
        names = [signal.name for signal in (*self.fit.signals, *self.engagement.signals, *self.engagement.activities)]
        if len(set(names)) != len(names):
            raise ValueError("two signals have the same name")
        bounds = [grade.from_fit for grade in self.grades]
        if bounds != sorted(bounds, reverse=True) or bounds[-1] > 0:
            raise ValueError("grades go from the best down, and the last begins at 0")
        return self

    def signals(self) -> dict[str, tuple[Literal["fit", "engagement"], Signal]]:
        """Every condition by name, with the part it belongs to."""
        parts = {signal.name: ("fit", signal) for signal in self.fit.signals}
        parts |= {signal.name: ("engagement", signal) for signal in self.engagement.signals}
        return parts  # type: ignore[return-value]  # the literals are narrower than str

    def labels(self) -> dict[str, str]:
        """What each contribution is called."""
        return {
            one.name: one.label for one in (*self.fit.signals, *self.engagement.signals, *self.engagement.activities)
        }

    def asks(self) -> tuple[str, ...]:
        """The fields that the model looks at."""
        return tuple(dict.fromkeys(name for _, signal in self.signals().values() for name in field_names(signal.when)))


def check_score(model: ScoreModel) -> Sequence[FieldError]:
    """What Pydantic cannot see: a score may not depend on a segment, which may depend on a score."""
    return [
        FieldError(
            "segment-in-score",
            f"“{signal.label}” asks for {references(signal.when)[0]}; a score may not use segments.",
            "Write the segment's conditions here.",
            pointer=f"/{part}/signals/{signal.name}",
        )
        for part, signal in model.signals().values()
        if references(signal.when)
    ]


class Stage(_Part):
    """A step of the lifecycle. One with `when` is entered by rule; the others by what people and sales do."""

    name: Slug
    label: str
    when: Rule | None = None
    says: str = ""


class Lifecycle(_Part):
    """The stages in order. A contact moves forward by rule, never back by itself."""

    title: str
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _whole(self) -> "Lifecycle":
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError("two stages have the same name")
        return self

    def label(self, name: str) -> str:
        """What a stage is called; its name where it is not in this version."""
        return next((stage.label for stage in self.stages if stage.name == name), name)


def grade_of(model: ScoreModel, fit: Decimal) -> str:
    """The grade that this much fit gets."""
    return next(grade.grade for grade in model.grades if fit >= grade.from_fit or grade is model.grades[-1])
