"""Which fields must not be used: written after the outcome, copies of it, row numbers, constants.

From names nothing is taken. Each field is looked at alone: the rate of yes of each of its values is learnt on older
rows and foretells later ones. What separates a field written afterwards from a strong honest one is not how well it
ranks but how *sure* it makes: an honest field shifts the odds by degrees, a field written afterwards has values after
which hardly any doubt is left, and they cover much of the rows. Three signs, each on rows later than those it was
learnt on:

- **it tells the outcome alone**: it explains at least 35 per cent of the uncertainty (McFadden), ranks with an AUC of
  at least 0.85, and a quarter of the rows is nearly sure. Two bell curves that rank with an AUC of 0.80 explain 22
  per cent;
- **values that come with one outcome only**: together they cover so much that 10 per cent of the uncertainty is gone;
- **being filled comes with one outcome only**, or having another value than the usual one, such as another number than
  0 (5 per cent are enough: whoever knew the value knew the outcome).

Then fields are held against the leaks that were found: one that is filled only where a leak is was written no earlier
(`companions`). Strong fields that show none of these are kept and named to be looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.intervals import wilson
from marops.methods.prediction.companions import companion
from marops.methods.prediction.fields import Ready, is_key, ready
from marops.methods.prediction.measuring import area_under
from marops.methods.prediction.model import Excluded
from marops.methods.prediction.reading import Codes, Column, Floats

_BINS: Final = 20
_PRIOR: Final = 5.0
"""Each level's rate is drawn towards the usual one as by so many rows."""
LEAST_EXPLAINED, LEAST_AREA, LEAST_SURE, COPY = 0.35, 0.85, 0.25, 0.95
LEAST_BY_VALUES, LEAST_BY_FILLING = 0.10, 0.05
_NEARLY, _ONLY, _AT_MOST = 0.10, 0.03, 0.10
"""Of the rows of the other outcome that a value would have by the usual rate, so many are there: nearly sure, one only
(and at most so many by the interval)."""
_FEWEST: Final = 15
_UNTOUCHED: Final = 0.3
"""A value of so many rows may be the one that stands where nobody wrote."""
_TOUCHED: Final = ("filled", "another value")
_STRONG: Final = 0.20
_HINT: Final = 0.01
_FILLING: Final = 0.40


@dataclass(frozen=True, slots=True)
class Level:
    """A value on all rows looked at: how many, how many yes, and what of the uncertainty it takes away."""

    words: str
    rows: int
    yes: int
    gain: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says of the outcome on later rows."""

    area: float
    explained: float
    sure: float
    pure: tuple[Level, ...]
    filling: tuple[Level, ...]

    @property
    def figures(self) -> dict[str, float]:
        """Rounded, for the report."""
        pure = sum(level.gain for level in self.pure)
        told = {"auc": self.area, "explained": self.explained, "sure": self.sure, "one_outcome": pure}
        return {name: round(value, 4) for name, value in told.items()}

    @property
    def by_filling(self) -> bool:
        """Does being filled, or not, come with one outcome only?"""
        return any(
            level.gain >= (LEAST_BY_FILLING if level.words.startswith(_TOUCHED) else LEAST_BY_VALUES)
            for level in self.filling
        )


Looked = tuple[Ready | None, Excluded | None]
"""A field made ready for training, where it may be used; and what is told of it, if anything."""


def scan(
    columns: Mapping[str, Column], outcome: Codes, older: Codes, later: Codes, keep: Collection[str] = ()
) -> dict[str, Looked]:
    """Every field, looked at. `outcome` is 1 or 0 for each row; `older` and `later` are the rows to look at."""
    found = {name: _alone(name, column, outcome, older, later, keep) for name, column in columns.items()}
    leaks = [name for name, (field, told) in found.items() if field is None and told and told.kind == "leak"]
    both = np.concatenate([older, later])
    for name, (field, told) in found.items():
        beside = companion(name, columns, leaks, outcome, both) if field is not None and name not in keep else None
        if beside and beside.kind == "leak":
            found[name] = (None, beside)
        elif beside and not told:
            found[name] = (field, beside)
    return found


def _alone(name: str, column: Column, outcome: Codes, older: Codes, later: Codes, keep: Collection[str]) -> Looked:
    """One field by itself."""
    both = np.concatenate([older, later])
    if fault := _useless(column, name, both):
        return None, fault
    field = ready(column, name, older)
    evidence = evidence_of(field, outcome, older, later)
    if not (fault := _leak(name, evidence)):
        return field, _watched(name, field, evidence, column, both)
    if name not in keep:
        return None, fault
    return field, fault.model_copy(update={"why": f"{fault.why} It is used because you said so."})


def evidence_of(field: Ready, outcome: Codes, older: Codes, later: Codes) -> Evidence:
    """How a field alone foretells later rows."""
    codes, cuts = field.binned(older, _BINS)
    usual = float(outcome[older].mean())
    size = int(codes.max(initial=0)) + 1
    rows = np.bincount(codes[older], minlength=size)
    yes = np.bincount(codes[older], weights=outcome[older], minlength=size)
    rate = (yes + _PRIOR * usual) / (rows + _PRIOR)
    chance, seen = rate[codes[later]], outcome[later]
    varied = 0 < seen.sum() < len(seen)
    doubt = entropy(float(seen.mean()))
    left = -float(np.mean(np.where(seen == 1, np.log(chance), np.log1p(-chance)))) if varied else doubt
    sure = (rate >= 1 - _NEARLY * (1 - usual)) | (rate <= _NEARLY * usual)
    area = area_under(chance, seen)[0] if varied else 0.5
    both = np.concatenate([older, later])
    pure = _pure(codes, outcome, both, [field.words_of(code, cuts) for code in range(size)])
    filling = _filling(field, codes, cuts, outcome, both)
    explained = 1 - left / doubt if varied else 0.0
    return Evidence(area, explained, float(sure[codes[later]].mean()), tuple(pure), tuple(filling))


def entropy(share: float) -> float:
    """The uncertainty of a yes or no, in nats."""
    return -sum(part * float(np.log(part)) for part in (share, 1 - share) if part > 0)


def _pure(codes: Codes, outcome: Codes, both: Codes, words: list[str]) -> list[Level]:
    """Values that come with one outcome only."""
    usual = float(outcome[both].mean())
    rows = np.bincount(codes[both], minlength=len(words))
    yes = np.bincount(codes[both], weights=outcome[both], minlength=len(words))
    found = []
    for code in np.flatnonzero(rows >= _FEWEST).tolist():
        count, hits = int(rows[code]), int(yes[code])
        if _one_only(count, hits, usual):
            gain = count / len(both) * _told(hits / count, usual) / max(entropy(usual), 1e-9)
            found.append(Level(words[code], count, hits, gain))
    return found


def _filling(field: Ready, codes: Codes, cuts: Floats, outcome: Codes, both: Codes) -> list[Level]:
    """The same for being filled at all, and for another value than the one that stands where nobody wrote."""
    seen = np.bincount(codes[both])
    usual = int(seen.argmax())
    found = []
    if seen[0]:
        found += _pure((codes > 0).astype(np.int64), outcome, both, ["empty", "filled"])
    if usual and seen[usual] >= _UNTOUCHED * len(both):
        words = field.words_of(usual, cuts)
        other = ((codes > 0) & (codes != usual)).astype(np.int64)
        found += _pure(other, outcome, both, [f"{words} or empty" if seen[0] else words, f"another value than {words}"])
    return found


def _one_only(rows: int, yes: int, usual: float) -> bool:
    for others, share in ((rows - yes, 1 - usual), (yes, usual)):
        if share > 0 and others <= _ONLY * rows * share and wilson(others / rows, rows)[1] <= _AT_MOST * share * 2:
            return True
    return False


def _told(rate: float, usual: float) -> float:
    return sum(
        part * float(np.log(part / whole)) for part, whole in ((rate, usual), (1 - rate, 1 - usual)) if part > 0 < whole
    )


def _useless(column: Column, name: str, rows: Codes) -> Excluded | None:
    """An empty column, one value in every row, or a value of its own in every row."""
    filled = column.filled[rows]
    count, share = int(filled.sum()), float(filled.mean())
    if not count:
        return Excluded(field=name, kind="constant", why="It is empty in every row.", figures={"filled": 0.0})
    used = np.bincount(column.codes[rows], minlength=len(column.words)) > 0
    different = {key for key, there in zip(column.keys, used.tolist(), strict=True) if key and there}
    if count == len(rows) and len(different) == 1:
        only = column.label(next(iter(different)))
        return Excluded(field=name, kind="constant", why=f"Every row says “{only}”.", figures={"values": 1.0})
    if count == len(rows) and column.days() is not None:
        why = "It is a date in every row, and a day of the past says nothing of the next lead."
        return Excluded(field=name, kind="constant", why=why, figures={"values": float(len(different))})
    if share >= 0.99 and column.days() is None and is_key(column):
        own = f"{len(different):,} in {count:,} rows"
        why = f"Nearly every row has a value of its own ({own}), so it names the row and says nothing of the next."
        return Excluded(field=name, kind="id", why=why, figures={"values": float(len(different)), "rows": float(count)})
    return None


def _leak(name: str, found: Evidence) -> Excluded | None:
    if found.explained >= COPY:
        why = f"It says the same as the outcome: alone it foretells {found.explained:.0%} of it on later rows."
        return Excluded(field=name, kind="copy", why=why, figures=found.figures)
    example = _example(found.pure)
    if found.explained >= LEAST_EXPLAINED and found.area >= LEAST_AREA and found.sure >= LEAST_SURE:
        why = (
            f"It tells the outcome nearly alone: an AUC of {found.area:.2f} on later rows, of which {found.sure:.0%}"
            f" have a value that leaves hardly any doubt{example}. It was probably written when the outcome was known."
        )
        return Excluded(field=name, kind="leak", why=why, figures=found.figures)
    if found.by_filling:
        why = f"Whether it is filled tells the outcome{_example(found.filling)}. It was probably filled afterwards."
        return Excluded(field=name, kind="leak", why=why, figures=found.figures)
    if sum(level.gain for level in found.pure) >= LEAST_BY_VALUES:
        why = f"It has values that come with one outcome only{example}. They were probably written afterwards."
        return Excluded(field=name, kind="leak", why=why, figures=found.figures)
    return None


def _example(levels: tuple[Level, ...]) -> str:
    """The values that give it away most, in words."""
    kept = sorted(levels, key=lambda level: -level.gain)[:2]
    told = []
    for level in kept:
        share = level.yes / level.rows
        told.append(f"{level.words}: {level.yes:,} of {level.rows:,} rows are a yes ({share:.0%})")
    return f" ({'; '.join(told)})" if told else ""


def _watched(name: str, field: Ready, found: Evidence, column: Column, rows: Codes) -> Excluded | None:
    if found.explained >= _STRONG:
        why = (
            f"Strong alone: an AUC of {found.area:.2f} on later rows{_example(found.pure)}. Nothing shows that it was"
            " written after the outcome, so it is used; make sure that it is known when a lead is scored."
        )
        return Excluded(field=name, kind="strong", why=why, figures=found.figures)
    if hints := [one for one in found.filling if one.words.startswith(_TOUCHED) and one.gain >= _HINT]:
        why = (
            f"Whether it is filled tells the outcome of few rows{_example(tuple(hints))}. It is used; make sure that it"
            " is known when a lead is scored."
        )
        return Excluded(field=name, kind="strong", why=why, figures=found.figures)
    fifths = np.array_split(column.filled[rows], 4)
    first, last = float(fifths[0].mean()), float(fifths[-1].mean())
    if abs(first - last) >= _FILLING:
        why = (
            f"Filled in {first:.0%} of the oldest rows and {last:.0%} of the newer ones; what it says may have changed."
        )
        return Excluded(field=name, kind="filling", why=why, figures={"filled_first": first, "filled_last": last})
    return None
