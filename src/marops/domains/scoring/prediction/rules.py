"""The document of a predictive score: what counts as its outcome, when leads are looked at, and the model it learnt."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from marops.domains.scoring.rules import Kinds, Slug, _Named, _Part
from marops.kernel.errors import FieldError
from marops.kernel.facts import fact_kinds
from marops.methods.prediction.model import Model

LEAST_TRAINED = 0.6
"""The share of leads that the oldest part has, which is the one that is trained on for measuring."""
Days = Annotated[int, Field(ge=1, le=3650)]
Of = Literal["field", "filled", "since", "count", "last", "age", "weekday", "hour"]


class Outcome(_Part):
    """What counts: facts that say yes, facts that say no, and until how many days after a lead came in.

    Who has neither within that time is left out, or counts as a no.
    """

    yes: Kinds
    no: Kinds
    within_days: Days = 90
    undecided: Literal["leave_out", "no"] = "leave_out"

    @model_validator(mode="after")
    def _apart(self) -> "Outcome":
        if both := set(self.yes) & set(self.no):
            raise ValueError(f"{', '.join(sorted(both))} cannot say yes and no")
        return self

    @property
    def says(self) -> str:
        """The definition in words."""
        rest = "count as no" if self.undecided == "no" else "are left out"
        return (
            f"Yes: {_kinds_in_words(self.yes)}, within {self.within_days} days after the lead came in."
            f" No: {_kinds_in_words(self.no)} within that time, and no yes. Leads with neither {rest}."
        )


class LeftOut(_Named):
    """Fields that must not tell people apart, and what stands for them: a field is left out if its name has one of
    these words.
    """

    words: Annotated[tuple[Annotated[str, Field(min_length=2, max_length=60)], ...], Field(min_length=1)]
    why: str


class Band(_Named):
    """A name for likelihoods from so many per cent on."""

    from_percent: Annotated[float, Field(ge=0, le=100)]


class Input(_Part):
    """One thing that is looked at: a field, whether it is filled, the days since it; or facts: how many in the last
    days, how many days since the last one; or how old the lead is, and when it came in.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    label: str
    of: Of
    source: str = ""
    days: int = 0
    personal: bool = False


class Prediction(_Part):
    """A predictive score. Without `model` it has learnt nothing yet, and nobody is scored by it."""

    title: str
    purpose: str = ""
    outcome: Outcome
    looked_at_days: Annotated[tuple[Days, ...], Field(min_length=1, max_length=6)] = (1, 7, 28)
    facts: Annotated[tuple[str, ...], Field(max_length=30)] = ()
    recent_days: Days = 30
    least: Annotated[int, Field(ge=50, le=100_000)] = 200
    bands: Annotated[tuple[Band, ...], Field(min_length=2, max_length=6)]
    left_out: tuple[LeftOut, ...] = ()
    fields_left_out: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    inputs: tuple[Input, ...] = ()
    model: Model | None = None
    report: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> "Prediction":
        froms = [one.from_percent for one in self.bands]
        if any(high <= low for high, low in pairwise(froms)) or froms[-1] != 0:
            raise ValueError("bands go from the best down, and the last begins at 0")
        if len({one.name for one in self.bands}) != len(self.bands):
            raise ValueError("two bands have the same name")
        if max(self.looked_at_days) >= self.outcome.within_days:
            raise ValueError("leads are looked at before the time is over within which the outcome counts")
        names = {one.name for one in self.inputs}
        if self.model is not None and (unknown := [one.field for one in self.model.terms if one.field not in names]):
            raise ValueError(f"the model looks at {', '.join(unknown)}, which is not among the inputs")
        return self

    @cached_property
    def by_name(self) -> Mapping[str, Input]:
        """The inputs by name."""
        return {one.name: one for one in self.inputs}

    def label(self, name: str) -> str:
        """What people call an input."""
        found = self.by_name.get(name)
        return found.label if found else name

    def band_of(self, chance: float) -> Band:
        """The band that a likelihood is in."""
        return next(one for one in self.bands if 100 * chance >= one.from_percent)

    def settings(self) -> dict[str, Any]:
        """The document without what was learnt."""
        found = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {name: value for name, value in found.items() if name not in ("inputs", "model", "report")}


def check_prediction(document: Prediction) -> Sequence[FieldError]:
    """What Pydantic cannot see: kinds of facts that there are not."""
    return list(_faults(document))


def _faults(document: Prediction) -> Iterator[FieldError]:
    known = fact_kinds()
    places = (("/outcome/yes", document.outcome.yes), ("/outcome/no", document.outcome.no), ("/facts", document.facts))
    for pointer, kinds in places:
        for kind in kinds:
            if kind not in known:
                said = f"There is no kind of fact called {kind!r}."
                yield FieldError("unknown", said, "The reference of facts lists them.", pointer)
    if counted := set(document.facts) & {*document.outcome.yes, *document.outcome.no}:
        said = f"{', '.join(sorted(counted))} is the outcome and cannot foretell it."
        yield FieldError("leak", said, "Leave it out of the facts that are looked at.", "/facts")


def stands_for(document: Prediction, name: str, label: str) -> LeftOut | None:
    """Which list of what must not tell people apart a field belongs to, by the words of its name."""
    for given in (name.rpartition(".")[2], label):
        words = _words(given)
        for one in document.left_out:
            for word in one.words:
                asked = _words(word)
                alone = len(asked) == 1 and len(asked[0]) <= 3  # “age” is a field of its own, and a part of “page age”
                if words == asked or (not alone and _within(asked, words)):
                    return one
    return None


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()


def _within(asked: list[str], words: list[str]) -> bool:
    return any(words[at : at + len(asked)] == asked for at in range(len(words) - len(asked) + 1))


def _kinds_in_words(kinds: Sequence[str]) -> str:
    known = fact_kinds()
    said = [known[kind].says.lower() if kind in known else kind for kind in kinds]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"


__all__ = ["Band", "Input", "LeftOut", "Outcome", "Prediction", "Slug", "check_prediction", "stands_for"]
