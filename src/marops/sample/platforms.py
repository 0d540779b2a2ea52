"""What the company's platforms cost and how far they were used, as facts."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from marops.sample.world import DAYS, PLATFORMS, Platform

if TYPE_CHECKING:
    from marops.sample.generate import Recipe


def platform_facts(recipe: "Recipe") -> pa.Table:
    """A bill from each platform on the first of every month, and its use on every working day."""
    chance = random.Random(f"platforms {recipe.seed}")  # noqa: S311  # nothing secret: the same seed, the same company
    rows = list(_rows(recipe, chance))
    return pa.table({name: [row.get(name) for row in rows] for name in _NAMES})


_NAMES = (
    "id", "kind", "occurred_at", "recorded_at", "subject_type", "subject_id", "actor_type", "actor_id", "source",
    "properties", "platform", "cost",
)  # fmt: skip


def _rows(recipe: "Recipe", chance: random.Random) -> Iterator[dict[str, Any]]:
    for back in range(DAYS, 0, -1):
        day = recipe.today - timedelta(days=back)
        for one in PLATFORMS:
            if day.day == 1:
                # Prices rise a little once a year.
                cost = round(float(one.cost) * (1.0 if back < 365 else 0.95), 2)
                yield _fact(recipe, "platform.billed", one, recipe.before(back), cost=cost, properties="{}")
            if day.weekday() < 5 and (seats := _seats(one, back, chance)):
                at = recipe.before(back) + timedelta(hours=17, minutes=30)
                said = f'{{"platform": "{one.slug}", "seats": {seats}}}'
                yield _fact(recipe, "platform.used", one, at, properties=said)


def _seats(one: Platform, back: int, chance: random.Random) -> int:
    used = round(one.seats * one.used * (0.8 + 0.4 * chance.random()))
    return 0 if one.idle_since is not None and back < one.idle_since else min(one.seats, used)


def _fact(recipe: "Recipe", kind: str, one: Platform, at: datetime, **more: Any) -> dict[str, Any]:
    moment = at.astimezone(UTC)
    return {
        "id": str(recipe.made_id(kind, f"{one.slug} {at:%Y-%m-%d}", moment)),
        "kind": kind,
        "occurred_at": moment,
        "recorded_at": moment,
        "subject_type": "platform",
        "subject_id": one.slug,
        "actor_type": "system",
        "actor_id": "connector",
        "source": "sample",
        "platform": one.slug,
        **more,
    }
