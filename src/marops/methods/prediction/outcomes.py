"""The column that is to be foretold: two values, and which of them is the yes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.prediction.reading import Codes, Column, Refused, key_of

_YES: Final = frozenset({"1", "yes", "y", "true", "t", "won", "win", "closed won", "converted", "success", "ja", "oui"})
_NO: Final = frozenset({"0", "no", "n", "false", "f", "lost", "loss", "closed lost", "not converted", "nein", "non"})
_OR: Final = " or "


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of each row: 1, 0, or -1 where the row says none; and how it was read."""

    values: Codes
    yes: str
    no: str
    says: str


def plain(key: str) -> str:
    """1.0 is 1."""
    return key[:-2] if key.endswith(".0") and key[:-2].lstrip("-").isdigit() else key


def outcome_of(column: Column, name: str, yes: str | None = None, no: Collection[str] = ()) -> Outcome:
    """Which rows are a yes; with `no`, all other values say nothing. Raises Refused for a column without two values."""
    keys = [plain(key) for key in column.keys]
    counts = np.bincount(column.codes, minlength=len(keys))
    total: dict[str, int] = {}
    for key, count in zip(keys, counts.tolist(), strict=True):
        if key and count:
            total[key] = total.get(key, 0) + count
    told = {key: column.label(next(one for one in column.keys if plain(one) == key)) for key in total}
    chosen, says = _yes(total, told, name, yes)
    others = [key for key in total if key != chosen]
    if no:
        others = _named(no, total, told, name, chosen)
        says = f"{says}, {', '.join(f'“{told[key]}”' for key in others)} as no; other rows are left out"
    of_word = np.array([int(key == chosen) if key == chosen or key in others else -1 for key in keys], dtype=np.int64)
    return Outcome(of_word[column.codes], told[chosen], _no_words(others, told, given=bool(no)), says)


def _no_words(others: Sequence[str], told: Mapping[str, str], *, given: bool) -> str:
    return _OR.join(told[key] for key in others) if given or len(others) == 1 else "anything else"


def _named(no: Collection[str], total: Mapping[str, int], told: Mapping[str, str], name: str, chosen: str) -> list[str]:
    found = [plain(key_of(one)) for one in no]
    for given, key in zip(no, found, strict=True):
        if key not in total or key == chosen:
            raise Refused(
                f"The column “{name}” has no other value “{given}”; it has {_few(dict(told))}.", "Give one of them."
            )
    return found


def outcomes_like(column: Column, yes: str, no: str) -> Codes:
    """The outcome of each row as a model knows it: 1, 0, or -1 for any other value."""
    yes_key, no_keys = plain(key_of(yes)), {plain(key_of(one)) for one in no.split(_OR)}
    anything = no == "anything else"

    def of(key: str) -> int:
        key = plain(key)
        return 1 if key == yes_key else 0 if key and (anything or key in no_keys) else -1

    return np.array([of(key) for key in column.keys], dtype=np.int64)[column.codes]


def _yes(total: dict[str, int], told: dict[str, str], name: str, wanted: str | None) -> tuple[str, str]:
    if len(total) < 2:
        what = f"has only the value “{next(iter(told.values()))}”" if total else "is empty"
        remedy = "Name a column that says of each row whether it came to the outcome or not, such as 1 and 0."
        raise Refused(f"The column “{name}” {what}, so there is nothing to tell apart.", remedy)
    if wanted is not None:
        key = plain(key_of(wanted))
        if key not in total:
            raise Refused(f"The column “{name}” has no value “{wanted}”; it has {_few(told)}.", "Give one of them.")
        return key, f"“{told[key]}” counts as yes, as you said"
    if len(total) > 2:
        remedy = (
            "Name a column with two values, or say which one is the yes, with --yes VALUE, and which ones the no, with"
            " --no VALUE; without --no all others are."
        )
        raise Refused(f"The column “{name}” has {len(total):,} different values ({_few(told)}), not two.", remedy)
    known = [key for key in total if key in _YES] or [key for key in total if _other(total, key) in _NO]
    if len(known) == 1:
        return known[0], f"“{told[known[0]]}” counts as yes"
    rarer = min(total, key=lambda key: (total[key], key))
    return rarer, f"“{told[rarer]}” counts as yes, being the rarer one; --yes says otherwise"


def _other(total: dict[str, int], key: str) -> str:
    return next(one for one in total if one != key)


def _few(told: dict[str, str]) -> str:
    names = sorted(told.values())
    return ", ".join(f"“{one}”" for one in names[:6]) + (" …" if len(names) > 6 else "")
