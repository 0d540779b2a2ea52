"""Has a process changed in the course of its log beyond chance: how long cases take, how many come, what is done to
them, how long a step takes and waits? And since when?

Neighbouring cases share the same queues, so they are not shuffled one by one but in spans: weeks, or days of a short
log. Every place in the middle seven tenths of the time at which later could begin is tried, some two dozen at most. The
order of the spans is shuffled 2,000 times; what is seen is judged against what that makes. With many steps and many
places something always seems to have changed somewhere, so each difference, in units of its own spread, is judged
against the largest one of each shuffle, over all measures and places (Westfall and Young's correction). The chance to
report anything at all where nothing changed is then at most the level. The number of cases that come has a shuffle of
its own, so both halves of the answer are corrected for being two (Bonferroni). What is reported is before and after the
one place at which the most surprising difference is largest: a change is dated, not measured to the day. A swing that
lasts several spans still looks like a change.

Cases that began shortly before the log ends are in it only as far as they were quick; they do not count for how long
cases take.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats, Log
from marops.methods.mining.structure_order import begins

Kind = Literal["cycle-time", "arrivals", "activity", "work", "waiting"]
Span = Literal["week", "day"]

LEVEL: Final = 0.05
CORRECTION: Final = "Westfall–Young over all measures of cases and all places, Bonferroni between these and arrivals"
_HOURS: Final[dict[Span, float]] = {"week": 168.0, "day": 24.0}
_SPANS: Final = 10
"""Fewer tell nothing."""
_SHUFFLES: Final = 2_000
_AT_ONCE: Final = 200
_PLACES: Final = 24
_EDGE: Final = 0.15
_SEED: Final = 20261122
_SEEN: Final = 10
"""An activity done less often is not looked at."""
_LOOKED: Final = 100
"""Of more activities those done most often are looked at."""
_FEW: Final = 5
"""Fewer cases or pieces of work on one side tell nothing about a place."""
_SIDE: Final = 0.1
"""Nor does a side with less than a tenth of all."""
_QUICK: Final = 0.98


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after, their difference with its 95 % interval, and how surprising it is (corrected).

    `cycle-time`: mean hours of a case. `arrivals`: cases a span. `activity`: how often it is done in a case, as a mean.
    `work`, `waiting`: mean hours of a piece of it.
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

    `at`: hours since the log's zero at which later begins, the first moment of a span. `spans`: how many there are.
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


def drift(log: Log, at: float | None = None, *, work: Floats | None = None, waiting: Floats | None = None) -> Drift:
    """Compare the later part of a log with the earlier one. `at` is where later begins; left out, it is looked for.

    `work`, `waiting`: hours of each row.
    """
    cases = _Cases.of(log)
    span = _span(cases.began)
    if span is None:
        return Drift(None, 0, at or 0.0, (len(cases.began), 0), ())
    zero, width = float(cases.began.min()), _HOURS[span]
    place = ((cases.began - zero) // width).astype(np.int64)
    spans = int(place.max()) + 1
    given = None if at is None else round((at - zero) / width)
    if given is not None and not 2 <= given <= spans - 2:
        return Drift(None, spans, zero + given * width, (len(cases.began), 0), ())
    tried = _tried(spans) if given is None else np.array([given])
    measures = _of_cases(log, cases, place, spans, {"work": work, "waiting": waiting})
    arrivals = _of_arrivals(place, spans)
    tests = [_Test.of(one, tried) for one in (measures, arrivals)]
    first = int(tried[int(np.argmax(np.maximum(*(one.surprise for one in tests))))])
    changes = [change for one, test in zip((measures, arrivals), tests, strict=True) for change in test.at(one, first)]
    changes.sort(key=lambda one: one.p)
    later = place >= first
    return Drift(span, spans, zero + first * width, (int((~later).sum()), int(later.sum())), tuple(changes))


def _span(began: Floats) -> Span | None:
    """Weeks where there are enough of them, else days."""
    whole = float(began.max() - began.min()) if len(began) else 0.0
    spans: tuple[Span, ...] = ("week", "day")
    return next((one for one in spans if whole >= _SPANS * _HOURS[one]), None)


def _tried(spans: int) -> NDArray[np.int64]:
    """The spans with which later could begin."""
    edge = max(2, int(np.ceil(_EDGE * spans)))
    return np.unique(np.linspace(edge, spans - edge, _PLACES).round().astype(np.int64))


@dataclass(frozen=True, slots=True)
class _Measures:
    """Of each measure, by span, a sum and over how many it is. `few`: fewer than so many on one side tell nothing."""

    kinds: tuple[tuple[Kind, int | None], ...]
    sums: Floats
    sizes: Floats
    few: int = 1


def _of_cases(
    log: Log, cases: _Cases, place: NDArray[np.int64], spans: int, hours: dict[Kind, Floats | None]
) -> _Measures:
    """How long cases take, how often each activity is done in them, how long it takes and waits."""
    span = place[cases.number]
    done = _by_activity(log, span, spans, np.ones(len(log)))
    often = np.argsort(-done.sum(axis=0), kind="stable")[:_LOOKED]
    looked = np.sort(often[done.sum(axis=0)[often] >= _SEEN])
    every, sure = np.bincount(place, minlength=spans), np.bincount(place[cases.counts], minlength=spans)
    took = np.bincount(place[cases.counts], cases.took[cases.counts], minlength=spans)
    kinds: list[tuple[Kind, int | None]] = [("cycle-time", None), *(("activity", int(one)) for one in looked)]
    sums: list[Any] = [took[:, None], done[:, looked]]
    sizes: list[Any] = [sure[:, None], np.tile(every[:, None], len(looked))]
    for kind, values in hours.items():
        if values is not None:
            kinds += [(kind, int(one)) for one in looked]
            sums.append(_by_activity(log, span, spans, values)[:, looked])
            sizes.append(done[:, looked])
    return _Measures(tuple(kinds), np.hstack(sums).astype(np.float64), np.hstack(sizes).astype(np.float64), _FEW)


def _by_activity(log: Log, span: NDArray[np.int64], spans: int, values: Floats) -> Floats:
    many = len(log.activities)
    found = np.bincount(span * many + log.activity, weights=values, minlength=spans * many)
    return np.asarray(found.reshape(spans, many), dtype=np.float64)


def _of_arrivals(place: NDArray[np.int64], spans: int) -> _Measures:
    """How many cases come in a span; the last one is hardly whole."""
    counts = np.bincount(place, minlength=spans)[:-1].astype(np.float64)
    return _Measures((("arrivals", None),), counts[:, None], np.ones((spans - 1, 1)))


@dataclass(frozen=True, slots=True)
class _Test:
    """How surprising each measure's difference is at each place, in units of its spread over the shuffles; the largest
    surprise of each shuffle. `surprise`: the largest one that is seen at each place, as a share of the shuffles'.
    """

    tried: NDArray[np.int64]
    surprises: Floats  # by place and measure
    largest: Floats
    surprise: Floats

    @classmethod
    def of(cls, measures: _Measures, tried: NDArray[np.int64]) -> "_Test":
        """Shuffle them."""
        luck = np.random.Generator(np.random.PCG64(_SEED))
        spans = len(measures.sums)
        seen = _differences(measures, np.arange(spans)[None, :], tried)[0]
        orders = luck.permuted(np.tile(np.arange(spans), (_SHUFFLES, 1)), axis=1)
        drawn = [_differences(measures, orders[one : one + _AT_ONCE], tried) for one in range(0, _SHUFFLES, _AT_ONCE)]
        counts = sum(np.isfinite(one).sum(axis=0) for one in drawn)
        squares = sum((np.nan_to_num(one).astype(np.float64) ** 2).sum(axis=0) for one in drawn)
        spread = np.sqrt(squares / np.maximum(counts, 1))
        # A measure that never differs (each case once) is never a surprise.
        spread = np.where(spread <= 1e-6 * np.maximum(np.abs(np.nan_to_num(seen)), 1), np.inf, spread)
        # Near the ends a difference is of few and easily large: it weighs what its share of the time allows (CUSUM).
        share = tried / spans
        weight = np.sqrt(4 * share * (1 - share))[:, None] / spread
        largest = np.concatenate([np.abs(np.nan_to_num(one) * weight).max(axis=(1, 2)) for one in drawn])
        surprises = np.abs(np.nan_to_num(seen) * weight)
        return cls(tried, surprises, largest, surprises.max(axis=1) / max(float(largest.mean()), 1e-12))

    def at(self, measures: _Measures, first: int) -> list[Change]:
        """Each measure before and after a place, with its corrected p."""
        row = int(np.flatnonzero(self.tried == first)[0])
        beyond = (self.largest[:, None] >= self.surprises[row][None, :] - 1e-6).sum(axis=0)
        p = np.minimum(2 * (1 + beyond) / (_SHUFFLES + 1), 1.0)
        later = np.arange(len(measures.sums)) >= first
        (before, doubt), (after, doubts) = (
            _mean(measures.sums[half], measures.sizes[half]) for half in (~later, later)
        )
        around = _quantile(len(later) - 2) * np.sqrt(doubt + doubts)
        difference = after - before
        figures = (before, after, difference, difference - around, difference + around, p)
        rows = zip(*(one.tolist() for one in figures), strict=True)
        return [Change(*kind, *row) for kind, row in zip(measures.kinds, rows, strict=True)]


def _differences(measures: _Measures, orders: NDArray[np.int64], tried: NDArray[np.int64]) -> NDArray[np.float32]:
    """By order of the spans, place and measure: the mean of the later spans less that of the earlier ones; NaN where
    one side has too little.
    """
    before = [np.cumsum(one[orders], axis=1)[:, tried - 1] for one in (measures.sums, measures.sizes)]
    whole = [one.sum(axis=0) for one in (measures.sums, measures.sizes)]
    sums, sizes = before
    later = whole[1] - sizes
    found = (whole[0] - sums) / np.maximum(later, 1) - sums / np.maximum(sizes, 1)
    least = np.maximum(measures.few, _SIDE * whole[1])
    return np.where((sizes >= least) & (later >= least), found, np.nan).astype(np.float32)


def _mean(sums: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """Mean over the cases of some spans and its variance, spans being what is drawn."""
    whole = np.maximum(sizes.sum(axis=0), 1)
    mean = sums.sum(axis=0) / whole
    spans = len(sums)
    return mean, ((sums - mean * sizes) ** 2).sum(axis=0) / whole**2 * spans / max(spans - 1, 1)


def _quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))
