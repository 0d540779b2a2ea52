"""Has what a log holds changed in its course: as a document, and in sentences."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.drift import LEVEL, Change, Drift, drift
from marops.methods.mining.log import Log, Timing

_SHOWN: Final = 12
_SAID: Final = 2


def drift_of(
    log: Log, timing: Timing, rows: NDArray[np.bool_] | None = None, *, title: Callable[[int], str] | None = None
) -> dict[str, Any]:
    """What changed, most surprising first; of these rows alone where they are named. `title`: of an activity.

    `compared`: was the log long enough to tell? `at`: the day from which on it was otherwise, about.
    """
    every = np.ones(len(log), dtype=np.bool_) if rows is None else rows
    waited = np.maximum(timing.started - timing.enabled, 0.0)
    found = drift(log.only(every), work=timing.worked[every], waiting=waited[every])
    changed = found.changed()
    named = title or log.activities.__getitem__
    day = (log.zero + timedelta(hours=found.at)).astimezone(log.zone).date()
    changes = [
        _change(one, "" if one.activity is None else str(named(one.activity)), found) for one in changed[:_SHOWN]
    ]
    return {
        "compared": found.span is not None,
        "changed": bool(changed),
        "at": day.isoformat() if changed else None,
        "span": found.span,
        "spans": found.spans,
        "cases": list(found.cases),
        "level": LEVEL,
        "says": _says(changes, day, found),
        "changes": changes,
    }


def _change(one: Change, name: str, found: Drift) -> dict[str, Any]:
    ratio = one.after / one.before if one.before > 0 else None
    figures = {key: round(getattr(one, key), 4) for key in ("before", "after", "difference", "low", "high", "p")}
    return {
        "kind": one.kind, "name": name, **figures, "ratio": None if ratio is None else round(ratio, 3),
        "says": _sentence(one, name, ratio, found),
    }  # fmt: skip


def _sentence(one: Change, name: str, ratio: float | None, found: Drift) -> str:
    """A change in words: something took 1.4× as long."""
    if ratio is None or one.after <= 0:
        return f"{name} was {'no longer' if one.after <= 0 else 'newly'} done"
    much = f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"
    words = {
        "cycle-time": f"cases took {much} as long",
        "arrivals": f"{much} as many cases came in a {found.span}",
        "activity": f"{name} was done {much} as often",
        "work": f"{name} took {much} as long",
        "waiting": f"work waited {much} as long for {name}",
    }
    return words[one.kind]


def _says(changes: list[dict[str, Any]], day: date, found: Drift) -> str:
    if found.span is None:
        return "The log is too short to tell whether it changed in its course."
    if not changes:
        return "No drift was found: the log is the same from its first day to its last, as far as chance lets one tell."
    said = ", ".join(one["says"] for one in changes[:_SAID])
    more = len(changes) - _SAID
    rest = f", and {more} more" if more > 0 else ""
    return f"The log changed around {day.day} {day:%B %Y}: {said}{rest}."
