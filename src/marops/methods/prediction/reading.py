"""Columns of texts, read as what they hold: numbers, dates or levels; and what counts as empty.

Everything works on the different words of a column, of which there are few, and on a code for each row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Kind = Literal["number", "category", "filled"]

SPACES: Final = " \t\r\n\u00a0"
EMPTY: Final = ("", "select", "null", "nan", "n/a", "#n/a")
"""Words that mean that nothing was said; “Select” is what forms write that nobody touched."""
NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_MOST: Final = 0.98
"""So large a share of the filled cells has to be numbers, or dates; the others count as empty."""
_NUMBER = re.compile(NUMBER)
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[t ](\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?: ?(?:z|[+-]\d\d:?\d\d))?)?$")
_PARTS = re.compile(r"(\d\d?)([./-])(\d\d?)\2(\d{4})(?:[t ,]+(\d\d?):(\d\d)(?::(\d\d))?)?$")


class Refused(Exception):
    """It cannot be done with this file: what is wrong, and what to do."""

    def __init__(self, says: str, remedy: str) -> None:
        super().__init__(says)
        self.remedy = remedy


def key_of(word: str) -> str:
    """How two words are compared: without spaces around, in small letters, and "" for all that means empty."""
    key = word.strip(SPACES).lower()
    return "" if key in EMPTY else key


@dataclass(frozen=True)
class Column:
    """A column: its different words, and for each row which one it has."""

    words: Sequence[str]
    codes: Codes

    @cached_property
    def keys(self) -> list[str]:
        """The words as they are compared; several words may have one key."""
        return [key_of(word) for word in self.words]

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Of each row: does it say anything?"""
        return np.array([key != "" for key in self.keys], dtype=bool)[self.codes]

    @cached_property
    def levels(self) -> tuple[list[str], Codes]:
        """The different keys, sorted, and which one each row has."""
        names = sorted(set(self.keys))
        place = {name: at for at, name in enumerate(names)}
        return names, np.array([place[key] for key in self.keys], dtype=np.int64)[self.codes]

    def numbers(self, decimal: str) -> Floats:
        """Of each row the number, or NaN."""
        return self._of_words([number_of(key, decimal) for key in self.keys])

    def days(self) -> Floats | None:
        """Of each row the day, with its time as a fraction, or NaN; None where this is no column of dates."""
        kept = [key for key in self.keys if key]
        if not kept or not (_ISO.match(kept[0]) or _PARTS.match(kept[0])):
            return None
        days = self.moments(month_first=self.month_first)
        return days if _most(days, self.filled) else None

    @cached_property
    def month_first(self) -> bool:
        """3/14/2026 has the month first; where nothing shows it, the day comes first."""
        return _month_first([key for key in self.keys if key])

    def moments(self, *, month_first: bool) -> Floats:
        """Of each row the day, with its time as a fraction, or NaN for what is no date."""
        return self._of_words([day_of(key, month_first) for key in self.keys])

    def label(self, key: str) -> str:
        """A key as it is written in the file."""
        return next((word.strip(SPACES) for word, one in zip(self.words, self.keys, strict=True) if one == key), key)

    def _of_words(self, values: Sequence[float]) -> Floats:
        found: Floats = np.array(values, dtype=np.float64)[self.codes] if len(values) else np.zeros(0)
        return found


def column_of(table: pa.Table, name: str) -> Column:
    """A column of an Arrow table."""
    values = table[name].combine_chunks() if isinstance(table[name], pa.ChunkedArray) else table[name]
    if isinstance(values, pa.ChunkedArray):  # an empty table has no chunk to give
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], pa.string())
    coded = pc.dictionary_encode(pc.fill_null(pc.cast(values, pa.string()), ""))
    return Column(coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False).astype(np.int64))


def number_of(key: str, decimal: str) -> float:
    """The number a word says, or NaN; the other of point and comma parts thousands."""
    plain = key.replace(",", "") if decimal == "." else key.replace(".", "").replace(",", ".")
    return float(plain) if _NUMBER.match(plain) else float("nan")


def decimal_of(column: Column) -> str | None:
    """Which sign parts the fraction, or None where this is no column of numbers."""
    kept = [key for key in column.keys if key]
    if not kept or not any(sign.isdigit() for sign in kept[0]):
        return None
    comma = sum(1 for key in kept if re.search(r",\d{1,2}$|,\d{4,}$", key)) > len(kept) / 20
    for decimal in (",", ".") if comma else (".", ","):
        if _most(column.numbers(decimal), column.filled):
            return decimal
    return None


def sign_in(column: Column, expected: str) -> str:
    """Which sign parts the fraction in this column: the expected one, unless the cells show the other."""
    other = "," if expected == "." else "."
    kept = [key for key in column.keys if key]
    shown = {
        sign: sum(1 for key in kept if re.search(rf"\d{re.escape(sign)}\d{{1,2}}$", key)) for sign in (expected, other)
    }
    whole = any(sign.isdigit() for key in kept[:1] for sign in key)
    return other if whole and shown[other] > max(len(kept) / 20, 3 * shown[expected]) else expected


def day_of(key: str, month_first: bool) -> float:
    """The day a word in small letters says, counted from year 1, or NaN; its zone is not looked at."""
    if found := _ISO.match(key):
        parts: tuple[Any, ...] = found.groups()
        year, month, day = parts[:3]
        clock = parts[3:6]
    elif found := _PARTS.match(key):
        one, sign, two, year, *clock_ = found.groups()
        month, day = (one, two) if month_first and sign != "." else (two, one)
        clock = tuple(clock_)
    else:
        return float("nan")
    try:
        whole = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return float("nan")
    hour, minute, second = (int(part or 0) for part in clock)
    return whole + (hour * 3600 + minute * 60 + second) / 86400


def _month_first(keys: Sequence[str]) -> bool:
    """3/14/2026 has the month first; where nothing shows it, the day comes first."""
    found = [match for key in keys if (match := _PARTS.match(key))]
    return any(int(match[3]) > 12 for match in found) and not any(int(match[1]) > 12 for match in found)


def _most(values: Floats, filled: NDArray[np.bool_]) -> bool:
    count = int(filled.sum())
    return count > 0 and int((~np.isnan(values[filled])).sum()) >= _MOST * count
