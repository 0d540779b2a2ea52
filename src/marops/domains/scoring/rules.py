"""The documents of scoring: a score model (fit and engagement) and a lifecycle; validation and words, no database."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from marops.kernel.clock import now
from marops.kernel.errors import FieldError
from marops.kernel.fields import REGISTRY, FieldType
from marops.kernel.rules import Did, Rule, Where, field_names, references
from marops.kernel.rules_meaning import Context, check
from marops.kernel.workspace import zone

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Points = Annotated[Decimal, Field(ge=-1000, le=1000, decimal_places=2)]
HalfLife = Annotated[int, Field(ge=1, le=3650)]
Cap = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]
Kinds = Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
PartName = Literal["fit", "engagement"]
PARTS: tuple[PartName, ...] = ("fit", "engagement")
LATER = frozenset({"score", "stage", "assignment", "prediction"})
"""Relations that are decided after the score: a score that asked them would chase its own tail."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_serializer(mode="wrap")
    def _short(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Documents are read and edited by people: what is not there is not written."""
        return {name: value for name, value in dump(self).items() if value is not False and value not in ([], ())}


class _Named(_Part):
    name: Slug
    label: str


class Signal(_Named):
    """A condition that is worth points: who somebody is, or what another system says they did."""

    points: Points
    when: Rule
    group: Slug | None = None


class Activity(_Named):
    """Facts that are worth points when they happen and less every day: half after `half_life` days.

    `cap` limits what all of them together are worth, whichever way they count; `where` asks more of a fact than its
    kind, as in rules.
    """

    kinds: Kinds
    where: Annotated[Where, Field(max_length=20)] | None = None
    points: Points
    half_life: HalfLife = 30
    cap: Cap | None = None
    group: Slug | None = None

    def asked(self) -> Rule | None:
        """What is asked of the facts beyond their kind, as a rule; None where the kind is all."""
        return Did(did=list(self.kinds), where=self.where) if self.where else None


class Group(_Named):
    """Signals that say much the same: together they count no more than `cap`, whichever way."""

    cap: Cap


class Fit(_Part):
    """Who they are."""

    cap: Cap
    groups: tuple[Group, ...] = ()
    signals: tuple[Signal, ...] = ()


class Engagement(_Part):
    """What they did."""

    cap: Cap
    groups: tuple[Group, ...] = ()
    signals: tuple[Signal, ...] = ()
    activities: tuple[Activity, ...] = ()


class Grade(_Part):
    """A letter, and the fit from which it is given."""

    grade: Annotated[str, Field(pattern=r"^[A-F][+-]?$")]
    from_fit: Decimal


class Level(_Part):
    """A number, and the engagement from which it is given; 1 is the keenest."""

    level: Annotated[int, Field(ge=1, le=9)]
    from_engagement: Decimal


class Mql(_Part):
    """Who is marketing qualified: in one of these cells of the matrix, with at least so many points in all."""

    at_least: Annotated[Decimal, Field(ge=0, le=2000, decimal_places=2)] = Decimal(0)
    cells: tuple[str, ...] = ()


class ScoreModel(_Part):
    """A scoring model. Missing values count nothing, and the score says which were missing."""

    title: str
    purpose: str = ""
    fit: Fit
    engagement: Engagement
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = (Level(level=1, from_engagement=Decimal(0)),)
    mql: Mql = Mql()

    @model_validator(mode="after")
    def _whole(self) -> "ScoreModel":
        names = [one.name for one in self.all_signals()]
        if len(set(names)) != len(names):
            raise ValueError("two signals have the same name")
        groups = [one.name for part in PARTS for one in self.part(part).groups]
        if len(set(groups)) != len(groups) or set(groups) & set(PARTS):
            raise ValueError("groups have names of their own, and are not called fit or engagement")
        for part in (self.fit, self.engagement):
            _check_groups(part)
        _check_steps("grades", [one.from_fit for one in self.grades], [one.grade for one in self.grades])
        _check_steps("levels", [one.from_engagement for one in self.levels], [one.level for one in self.levels])
        if unknown := [cell for cell in self.mql.cells if cell not in self.cells()]:
            raise ValueError(f"the matrix has no cell {', '.join(unknown)}; it has {', '.join(self.cells())}")
        return self

    def all_signals(self) -> tuple[Signal | Activity, ...]:
        """Everything that gives points, in the order of the document."""
        return (*self.fit.signals, *self.engagement.signals, *self.engagement.activities)

    def part(self, name: PartName) -> Fit | Engagement:
        """One of the two halves."""
        return self.fit if name == "fit" else self.engagement

    def signals(self) -> dict[str, tuple[PartName, Signal]]:
        """Every condition by name, with the part it belongs to."""
        return {one.name: (part, one) for part in PARTS for one in self.part(part).signals}

    def cells(self) -> tuple[str, ...]:
        """Every cell of the matrix, the best first: A1, A2, … D4."""
        return tuple(f"{one.grade}{other.level}" for one in self.grades for other in self.levels)

    def labels(self) -> dict[str, str]:
        """What each contribution is called, the limits among them."""
        named = {one.name: one.label for one in self.all_signals()}
        for part in PARTS:
            named |= {f"cap:{one.name}": f"{one.label}: at most {one.cap:g}" for one in self.part(part).groups}
            named[f"cap:{part}"] = f"{part.capitalize()} counts from 0 to {self.part(part).cap:g}"
        return named

    def parts(self) -> dict[str, PartName]:
        """To which half each contribution belongs."""
        found: dict[str, PartName] = {}
        for part in PARTS:
            held = self.part(part)
            givers: Sequence[Signal | Activity] = [*held.signals, *getattr(held, "activities", ())]
            found |= dict.fromkeys((one.name for one in givers), part)
            found |= dict.fromkeys((f"cap:{one.name}" for one in held.groups), part) | {f"cap:{part}": part}
        return found

    def asks(self) -> tuple[str, ...]:
        """The fields that the model looks at."""
        return tuple(dict.fromkeys(name for _, signal in self.signals().values() for name in field_names(signal.when)))


def _check_groups(part: Fit | Engagement) -> None:
    names = [one.name for one in part.groups]
    signals: Sequence[Signal | Activity] = [*part.signals, *getattr(part, "activities", ())]
    if unknown := {one.group for one in signals if one.group} - set(names):
        raise ValueError(f"there is no group {', '.join(sorted(unknown))}")


def _check_steps(what: str, bounds: Sequence[Decimal], names: Sequence[object]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"two {what} have the same name")
    if any(low >= high for high, low in pairwise(bounds)) or bounds[-1] > 0:
        raise ValueError(f"{what} go from the best down, and the last begins at 0")


def check_score(model: ScoreModel) -> Sequence[FieldError]:
    """What Pydantic cannot see: a score depends neither on segments nor on what is decided after it."""
    return list(_faults(model))


def _faults(model: ScoreModel) -> Iterator[FieldError]:
    for part, signal in model.signals().values():
        pointer = f"/{part}/signals/{signal.name}"
        if asked := references(signal.when):
            yield FieldError(
                "segment-in-score",
                f"“{signal.label}” asks for {asked[0]}; a score may not use segments.",
                "Write the segment's conditions here.",
                pointer=pointer,
            )
        for name in field_names(signal.when):
            found = REGISTRY.find_field(name)
            if found and found.relation in LATER:
                yield FieldError(
                    "decided-after-score",
                    f"“{signal.label}” asks for {name}, which is decided after the score.",
                    "Ask for what is known of the person and what they did.",
                    pointer=pointer,
                )
    context = Context(now(), zone())
    for number, one in enumerate(model.engagement.activities):
        rule = one.asked()
        for fault in check(rule, context) if rule else ():
            where = f"/engagement/activities/{number}{fault.pointer}"
            yield FieldError(fault.code, fault.message, fault.remedy, pointer=where, field=fault.field)


_LEVELS = ((1, "0.6"), (2, "0.3"), (3, "0.1"), (4, "0"))


def score_from_1(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew letters alone: the numbers are shares of the cap, and no cell is an MQL by itself."""
    cap = Decimal(str(document["engagement"]["cap"]))
    levels = [{"level": level, "from_engagement": str(cap * Decimal(share))} for level, share in _LEVELS]
    return {**document, "levels": levels, "mql": {"at_least": "0", "cells": []}}


class Returns(_Part):
    """What brings a contact back from a way out: facts of these kinds, into `to`, in a new cycle."""

    kinds: Kinds
    to: Slug


class Stage(_Named):
    """A step of the lifecycle. One with `when` is entered by rule; the others by what people do.

    `optional`: not on everybody's way, so that nobody passes over it. `out`: a way out of the path, entered from the
    stages in `after`. `said_at` names the field that tells when the value was said that `when` looks at: after a return
    only what was said since counts.
    """

    when: Rule | None = None
    says: str = ""
    optional: bool = False
    out: bool = False
    after: tuple[Slug, ...] = ()
    said_at: str | None = None
    returns: Returns | None = None


class Lifecycle(_Part):
    """The stages in order. A contact moves forward by rule; back only by a way out, and from there by a return."""

    title: str
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _whole(self) -> "Lifecycle":
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError("two stages have the same name")
        if not self.path():
            raise ValueError("at least one stage is not a way out")
        for stage in self.stages:
            self._check(stage, names)
        return self

    def _check(self, stage: Stage, names: Sequence[str]) -> None:
        if not stage.out and (stage.after or stage.returns):
            raise ValueError(f"{stage.name} is on the path; only ways out have after and returns")
        if stage.out and stage.when is not None and not stage.after:
            raise ValueError(f"{stage.name} has to say after which stages it can come")
        if unknown := set(stage.after) - set(names):
            raise ValueError(f"{stage.name} comes after stages that there are not: {', '.join(sorted(unknown))}")
        if stage.returns and stage.returns.to not in [one.name for one in self.path()]:
            raise ValueError(f"{stage.name} returns to {stage.returns.to}, which is not on the path")

    def path(self) -> tuple[Stage, ...]:
        """The stages that lead to the end, without the ways out."""
        return tuple(stage for stage in self.stages if not stage.out)

    def ranks(self) -> Mapping[str, int]:
        """The place of each stage on the path, from 0."""
        return {stage.name: number for number, stage in enumerate(self.path())}

    def find(self, name: str | None) -> Stage | None:
        """The stage of this name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def label(self, name: str) -> str:
        """What a stage is called; its name where it is not in this version."""
        found = self.find(name)
        return found.label if found else name

    def passed(self, before: str | None, after: str) -> list[str]:
        """The stages that a move passes over; whoever comes in, or back, has the whole path behind them."""
        ranks = self.ranks()
        first, last = ranks.get(before or "", -1), ranks.get(after, -1)
        return [one.name for one in self.path() if first < ranks[one.name] < last and not one.optional]


def check_lifecycle(document: Lifecycle) -> Sequence[FieldError]:
    """Every `said_at` has to name a time that there is."""
    return [
        FieldError(
            "unknown-field",
            f"“{stage.label}” asks when it was said, but {stage.said_at} is no time that is kept.",
            "Name a field of type time, such as disposition.at.",
            pointer=f"/stages/{number}/said_at",
        )
        for number, stage in enumerate(document.stages)
        if stage.said_at and not _is_time(stage.said_at)
    ]


def _is_time(name: str) -> bool:
    found = REGISTRY.find_field(name)
    return found is not None and found.type is FieldType.DATETIME and not found.path


def lifecycle_from_1(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had the ways out at the end of the path, where no rule ever reached them."""
    out = {"recycled", "disqualified"}
    stages = [
        {**one, "out": True} if one["name"] in out and one.get("when") is None else one for one in document["stages"]
    ]
    if all(one.get("out") for one in stages):
        stages = document["stages"]
    return {**document, "stages": stages}
