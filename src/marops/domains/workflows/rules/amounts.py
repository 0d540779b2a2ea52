"""Hours as documents say them: a number, or a distribution with named parameters."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.methods.simulation.model import Amount

Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Kind = Literal["fixed", "exponential", "uniform", "triangular", "normal", "lognormal", "gamma", "quantiles"]

NEEDS: dict[str, tuple[str, ...]] = {
    "fixed": ("mean",),
    "exponential": ("mean",),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "gamma": ("mean", "sd"),
    "quantiles": ("values",),
}
"""What each kind of distribution has to say."""


class Spread(BaseModel):
    """A distribution of hours. `mean` and `sd` are those of the value; `values` are quantiles at equal steps from the
    smallest to the largest. `low` and `high` cut off where the kind does not need them itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    mean: Hours | None = None
    sd: Hours | None = None
    low: Hours | None = None
    mode: Hours | None = None
    high: Hours | None = None
    values: Annotated[tuple[Hours, ...], Field(max_length=1001)] = ()

    @model_validator(mode="after")
    def _complete(self) -> "Spread":
        for name in NEEDS[self.kind]:
            if getattr(self, name) in (None, ()):
                raise ValueError(f"{self.kind} needs {', '.join(NEEDS[self.kind])}")
        if self.values and (len(self.values) < 2 or list(self.values) != sorted(self.values)):
            raise ValueError("values are at least two numbers that do not fall")
        ordered = [one for one in (self.low, self.mode, self.high) if one is not None]
        if ordered != sorted(ordered):
            raise ValueError("low is not above mode, nor mode above high")
        return self

    def as_amount(self) -> Amount:
        """The same for the kernel."""
        return Amount(
            self.kind, self.mean or 0.0, self.sd or 0.0, self.low, self.high, self.mode or 0.0, tuple(self.values)
        )


HoursOrSpread = Hours | Spread
"""In a document: `effort: 3` is always three hours; `effort: {kind: lognormal, mean: 3, sd: 1}` varies."""


def amount_of(value: float | Spread) -> Amount:
    """Hours of a document for the kernel."""
    return value.as_amount() if isinstance(value, Spread) else Amount("fixed", mean=value)


def as_document(amount: Amount) -> dict[str, object]:
    """A distribution as a document says it: only what its kind needs, and its limits."""
    names = {*NEEDS[amount.kind], *(name for name in ("low", "high") if getattr(amount, name) is not None)}
    return {"kind": amount.kind, **{name: getattr(amount, name) for name in sorted(names)}}
