"""Is the later part of a log different from the earlier one beyond chance: how long cases take, how many come, what is
done to them?

Neighbouring cases share the same queues, so they are not shuffled one by one but in spans: weeks, or days of a short
log. Spans change places between earlier and later, 2,000 times; what is seen is judged against what that makes. With
many activities something always seems to have changed, so each difference, in units of its own spread, is judged
against the largest one of each shuffle (Westfall and Young's correction). The chance to report anything at all where
nothing changed is then at most the level. The number of cases that come has a shuffle of its own, so both halves of the
answer are corrected for being two (Bonferroni). A swing that lasts several spans still looks like a change.

Cases that began shortly before the log ends are in it only as far as they were quick; they do not count for how long
cases take.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats, Log
from marops.methods.mining.structure_order import begins

Kind = Literal["cycle-time", "arrivals", "activity"]
Span = Literal["week", "day"]

LEVEL: Final = 0.05
CORRECTION: Final = "Westfall–Young over all measures of cases, Bonferroni between these and arrivals"
_HOURS: Final[dict[Span, float]] = {"week": 168.0, "day": 24.0}
_SPANS: Final = 10
"""Fewer tell nothing."""
_SHUFFLES: Final = 2_000
_SEED: Final = 20261122
_SEEN: Final = 10
"""An activity done less often is not looked at."""
_QUICK: Final = 0.95


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after, their difference with its 95 % interval, and how surprising it is (corrected).

    `cycle-time`: mean hours of a case. `arrivals`: cases a span. `activity`: how often it is done in a case, as a mean.
    """

    kind: Kind
    activity: int | None
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Drift:
    """What was compared, most surprising first. `span` None: the log is too short to tell, nothing was compared.

    `at`: hours since the log's zero at which later begins. `spans`: how many there are.
    """

    span: Span | None
    spans: int
    at: float
    cases: tuple[int, int]
    changes: tuple[Change, ...]

    def changed(self, level: float = LEVEL) -> tuple[Change, ...]:
        """What changed beyond chance."""
        return tuple(one for one in self.changes if one.p <= level)


@dataclass(frozen=True, slots=True)
class _Cases:
    """The cases of a log: when they came, in which span, how long they took."""

    number: NDArray[np.int64]  # of each row
    began: Floats
    took: Floats
    counts: NDArray[np.bool_]  # is how long it took known for sure?

    @classmethod
    def of(cls, log: Log) -> "_Cases":
        _, number = np.unique(log.case, return_inverse=True)
        count = int(number.max()) + 1 if len(number) else 0
        began, ended = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(began, number, begins(log))
        np.maximum.at(ended, number, log.ended)
        took = ended - began
        latest = ended.max(initial=-np.inf) - (np.quantile(took, _QUICK) if count else 0)
        sure = began <= latest
        return cls(number.astype(np.int64), began, took, sure if 2 * sure.sum() >= count else np.ones(count, np.bool_))


def drift(log: Log, at: float | None = None) -> Drift:
    """Compare the later part of a log with the earlier one; `at` is where later begins, else the middle of its time."""
    cases = _Cases.of(log)
    span = _span(cases.began)
    if span is None:
        return Drift(None, 0, at or 0.0, (len(cases.began), 0), ())
    zero, width = float(cases.began.min()), _HOURS[span]
    place = ((cases.began - zero) // width).astype(np.int64)
    spans = int(place.max()) + 1
    first = spans // 2 if at is None else round((at - zero) / width)
    if not 2 <= first <= spans - 2:
        return Drift(None, spans, zero + first * width, (len(cases.began), 0), ())
    later = np.arange(spans) >= first
    sizes = (int((~later[place]).sum()), int(later[place].sum()))
    changes = [*_of_cases(log, cases, place, later), *_of_arrivals(place, later)]
    changes.sort(key=lambda one: one.p)
    return Drift(span, spans, zero + first * width, sizes, tuple(changes))


def _span(began: Floats) -> Span | None:
    """Weeks where there are enough of them, else days."""
    whole = float(began.max() - began.min()) if len(began) else 0.0
    spans: tuple[Span, ...] = ("week", "day")
    return next((one for one in spans if whole >= _SPANS * _HOURS[one]), None)


def _of_cases(log: Log, cases: _Cases, place: NDArray[np.int64], later: NDArray[np.bool_]) -> list[Change]:
    """How long cases take, and how often each activity is done in them."""
    spans = len(later)
    done = np.zeros((spans, len(log.activities)))
    np.add.at(done, (place[cases.number], log.activity), 1)
    looked = np.nonzero(done.sum(axis=0) >= _SEEN)[0]
    every, sure = np.bincount(place, minlength=spans), np.bincount(place[cases.counts], minlength=spans)
    took = np.bincount(place[cases.counts], cases.took[cases.counts], minlength=spans)
    sums = np.column_stack([took, done[:, looked]])
    sizes = np.column_stack([sure, *([every] * len(looked))]).astype(np.float64)
    found = _compared(sums, sizes, later)
    kinds: list[tuple[Kind, int | None]] = [("cycle-time", None), *(("activity", int(one)) for one in looked)]
    return [Change(*kind, *figures) for kind, figures in zip(kinds, found, strict=True)]


def _of_arrivals(place: NDArray[np.int64], later: NDArray[np.bool_]) -> list[Change]:
    """How many cases come in a span; the last one is hardly whole."""
    counts = np.bincount(place, minlength=len(later))[:-1].astype(np.float64)
    found = _compared(counts[:, None], np.ones((len(counts), 1)), later[:-1])
    return [Change("arrivals", None, *figures) for figures in found]


def _compared(
    sums: Floats, sizes: Floats, later: NDArray[np.bool_]
) -> list[tuple[float, float, float, float, float, float]]:
    """Of each measure (sums over sizes, by span): before, after, difference, its interval, corrected p."""
    seen = _differences(sums, sizes, later[None, :])[0]
    luck = np.random.Generator(np.random.PCG64(_SEED))
    shuffled = _differences(sums, sizes, luck.permuted(np.tile(later, (_SHUFFLES, 1)), axis=1))
    spread = np.sqrt((shuffled**2).mean(axis=0))
    # A measure that never differs (each case once) is never a surprise.
    steady = spread <= 1e-12 * np.maximum(np.abs(seen), 1)
    scale = np.where(steady, np.inf, spread)
    largest = np.abs(shuffled / scale).max(axis=1)
    beyond = (largest[:, None] >= np.abs(seen / scale)[None, :] - 1e-12).sum(axis=0)
    p = np.minimum(2 * (1 + beyond) / (_SHUFFLES + 1), 1.0)
    (before, doubt), (after, doubts) = (_mean(sums[half], sizes[half]) for half in (~later, later))
    around = _quantile(len(later) - 2) * np.sqrt(doubt + doubts)
    return list(zip(*(one.tolist() for one in (before, after, seen, seen - around, seen + around, p)), strict=True))


def _differences(sums: Floats, sizes: Floats, later: NDArray[np.bool_]) -> Floats:
    """Of each measure the mean of the later spans less that of the earlier ones, for each way to call spans later."""
    sides = [side.astype(np.float64) for side in (later, ~later)]
    means = [(side @ sums) / np.maximum(side @ sizes, 1) for side in sides]
    return np.asarray(means[0] - means[1])


def _mean(sums: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Mean over the cases of some spans and its variance, spans being what is drawn."""
    whole = np.maximum(sizes.sum(axis=0), 1)
    mean = sums.sum(axis=0) / whole
    spans = len(sums)
    return mean, ((sums - mean * sizes) ** 2).sum(axis=0) / whole**2 * spans / max(spans - 1, 1)


def _quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))
