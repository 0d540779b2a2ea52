"""A log as the methods need it, with what its other columns say of activities and people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from marops.domains.workflows.models import EventLog
from marops.domains.workflows.queries import columns_of, log_of, names_of
from marops.methods.mining.log import NOBODY, Codes, Log

BESIDE: Final = ("role", "skill", "platform", "touch")
_APART: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes one workflow: all of the log, or (facts) one of its classes, by its position."""

    title: str
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """A log with, by activity, the usual value of each further column; by person, their usual role; and costs.

    Where each class becomes a workflow of its own, activities of different classes are different: each stands in the
    log's list once for each class.
    """

    log: Log
    parts: tuple[Part, ...]
    usual: Mapping[str, Mapping[int, str]]
    platforms: Mapping[int, tuple[str, ...]]
    role_of: Mapping[int, str]
    cost: np.ndarray[Any, np.dtype[np.float64]]
    zone: str

    def title_of(self, activity: int) -> str:
        """An activity's name."""
        return self.log.activities[activity].rpartition(_APART)[2]

    def belongs(self, activity: int, part: Part) -> bool:
        """Is this activity one of the part's?"""
        return part.within is None or int(self.log.activities[activity].partition(_APART)[0]) == part.within


def material_of(row: EventLog) -> Material:
    """All that is read of a log before anything is found in it."""
    by_class = row.format == "facts"
    log = log_of(row)
    rows = columns_of(row, ("role_no", "skill_no", "platform_no", "touch_no", "cost"))
    parts = tuple(Part(name, at) for at, name in enumerate(log.classes)) if by_class else (Part(row.title),)
    log = _apart(log) if by_class else log
    usual: dict[str, dict[int, str]] = {}
    platforms: dict[int, tuple[str, ...]] = {}
    roles: dict[int, str] = {}
    for kind in BESIDE:
        values = rows[f"{kind}_no"].to_numpy()
        values = np.nan_to_num(values.astype(np.float64), nan=-1).astype(np.int32)
        names = names_of(row, kind)
        usual[kind] = {one: names[many[0]] for one, many in _often(log.activity, values).items()}
        if kind == "platform":
            platforms = {
                one: tuple(names[code] for code in many[:3]) for one, many in _often(log.activity, values).items()
            }
        if kind == "role":
            roles = {one: names[many[0]] for one, many in _often(log.resource, values).items() if one != NOBODY}
    cost = rows["cost"].to_numpy().astype(np.float64)
    return Material(log, parts, usual, platforms, roles, cost, log.zone.key)


def _apart(log: Log) -> Log:
    """Activities of different classes made different."""
    key = log.work_class.astype(np.int64) * len(log.activities) + log.activity
    found, codes = np.unique(key, return_inverse=True)
    names = [f"{one // len(log.activities)}{_APART}{log.activities[one % len(log.activities)]}" for one in found]
    values = {name: getattr(log, name) for name in Log.__slots__}
    return Log(**values | {"activities": tuple(names), "activity": codes.astype(np.int32)})


def _often(keys: Codes, values: Codes) -> dict[int, list[int]]:
    """For each key the values that come with it in at least a tenth of its rows, the most frequent first."""
    some = values >= 0
    if not some.any():
        return {}
    wide = int(values.max()) + 1
    pairs, counts = np.unique(keys[some].astype(np.int64) * wide + values[some], return_counts=True)
    total = np.bincount(keys[keys >= 0])
    found: dict[int, list[tuple[int, int]]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        key, value = divmod(pair, wide)
        if key < 0 or count * 10 >= total[key]:
            found.setdefault(key, []).append((-count, value))
    return {key: [value for _, value in sorted(many)] for key, many in found.items()}
