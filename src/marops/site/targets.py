"""Targets: the value that each figure is held against, decided by people and versioned like every definition."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel import memo
from marops.kernel.definitions import Kind, Starter, active, load
from marops.kernel.errors import FieldError
from marops.kernel.fields import nearest
from marops.kernel.metrics import METRICS


class Target(BaseModel):
    """What a figure should reach (or stay below, where less is better), and why that."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[Decimal, Field(ge=-1_000_000_000, le=1_000_000_000_000)]
    why: Annotated[str, Field(max_length=500)] = ""


class Targets(BaseModel):
    """The definition `targets/main`: metric → target. Shares are 0 to 1, times are minutes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    targets: Annotated[Mapping[str, Target], Field(max_length=500)] = {}


def check_targets(document: Targets) -> list[FieldError]:
    """What Pydantic cannot see: targets of figures that there are not."""
    return list(_unknown(document))


def _unknown(document: Targets) -> Iterator[FieldError]:
    known = METRICS.all()
    for name in document.targets:
        if name not in known:
            meant = nearest(name, known)
            yield FieldError(
                "metric",
                f"There is no metric {name}.",
                f"Did you mean {meant}?" if meant else "marops metrics lists them.",
                pointer=f"/targets/{name}",
            )


KIND = Kind("targets", "Targets", Targets, check=check_targets)
STARTERS = [
    Starter(
        "targets",
        "main",
        {
            "title": "Targets",
            "targets": {
                "sla.hit_rate": {"value": "0.9"},
                "speed.working": {"value": "60"},
                "sales.acceptance": {"value": "0.6"},
                "quality.score": {"value": "85"},
            },
        },
        "Part of the starter set: what teams like yours begin with. Put your own in their place.",
    )
]


def in_force() -> Mapping[str, Target]:
    """The targets of today by metric."""
    return memo.once("targets", _in_force)


def _in_force() -> Mapping[str, Target]:
    document: Targets | None = next((load(one) for one in active("targets") if one.slug == "main"), None)
    return document.targets if document else {}
