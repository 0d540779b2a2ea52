"""The pipeline as a definition: its stages in order, what each means, and how names in files lead to them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.errors import FieldError

MAIN = "main"
"""The short name of the workspace's pipeline."""

Outcome = Literal["open", "won", "lost"]
_WORD = re.compile(r"[a-z0-9]+")
_WON = re.compile(r"\bwon\b|\bgewonnen\b|\bgagn|\bganad", re.IGNORECASE)
_LOST = re.compile(r"\blost\b|\bverloren\b|\bperdu|\bperdid|\bdisqualified\b|\babandoned\b|\bomitted\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody's part in a deal."""

    contact_id: UUID
    role: str = ""
    primary: bool = False


class Stage(BaseModel):
    """One stage of a deal. `also` lists names by which other systems and files call it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    label: Annotated[str, Field(min_length=1, max_length=80)]
    probability: Annotated[Decimal, Field(ge=0, le=1)]
    outcome: Outcome = "open"
    also: list[Annotated[str, Field(min_length=1, max_length=120)]] = []


class Pipeline(BaseModel):
    """The definition `pipeline/main`: stages in order, each with its probability, and which mean won and lost."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(min_length=1)]
    purpose: str = ""
    stages: Annotated[list[Stage], Field(min_length=3, max_length=60)]

    def stage(self, name: str) -> Stage | None:
        """The stage of this short name."""
        return next((one for one in self.stages if one.name == name), None)

    def meant(self, said: str) -> Stage | None:
        """The stage that these words name, whatever their case and punctuation."""
        wanted = folded(said)
        return next((one for one in self.stages if wanted in _names(one)), None)

    def first(self, outcome: Outcome) -> Stage:
        """The first stage with this outcome; `check_pipeline` sees to it that there is one."""
        return next(one for one in self.stages if one.outcome == outcome)


def _names(stage: Stage) -> set[str]:
    return {folded(one) for one in (stage.name, stage.label, *stage.also)}


def folded(text: str) -> str:
    """Words as they are compared: no case, accents, spaces or punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(_WORD.findall(plain)) or text.strip().lower()


def stage_name(said: str) -> str:
    """A short name for a stage that a file calls `said`: "Legal review" → legal_review."""
    plain = unicodedata.normalize("NFKD", said).encode("ascii", "ignore").decode().lower()
    found = "_".join(_WORD.findall(plain))[:58].strip("_")
    if not found:
        return "stage_" + "_".join(f"{ord(char):x}" for char in said.strip()[:8])
    return found if found[0].isalpha() else f"s_{found}"


def likely_outcome(said: str) -> Outcome:
    """What a stage that nobody has defined probably means, by its words."""
    if _WON.search(said) and not re.search(r"\bnot won\b", said, re.IGNORECASE):
        return "won"
    return "lost" if _LOST.search(said) else "open"


def check_pipeline(pipeline: Pipeline) -> Sequence[FieldError]:
    """What a pipeline needs beyond its shape: names that differ, and a way to win and to lose."""
    return [*_repeats(pipeline), *_missing(pipeline)]


def _repeats(pipeline: Pipeline) -> Iterator[FieldError]:
    taken: dict[str, str] = {}
    for number, stage in enumerate(pipeline.stages):
        for name in _names(stage):
            if taken.setdefault(name, stage.name) != stage.name or _comes_twice(pipeline, number):
                yield FieldError(
                    "stage-twice",
                    f"“{stage.label}” goes by a name that “{taken[name]}” has too.",
                    "Give every stage names of its own.",
                    pointer=f"/stages/{number}",
                    field="stages",
                )
                break


def _comes_twice(pipeline: Pipeline, number: int) -> bool:
    return pipeline.stages[number].name in {one.name for one in pipeline.stages[:number]}


def _missing(pipeline: Pipeline) -> Iterator[FieldError]:
    for outcome in ("open", "won", "lost"):
        if not any(stage.outcome == outcome for stage in pipeline.stages):
            yield FieldError(
                "stage-missing",
                f"No stage has the outcome {outcome}.",
                "Every deal needs a way to be open, won and lost.",
                pointer="/stages",
                field="stages",
            )
