"""Is one word a slip of the pen for another? Letters only; what a whole value means is for `rules.vocabularies`."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources

from marops.domains.contacts.rules.text import words

SHORTEST = 5
"""Words of fewer letters are never taken for slips: between VP and SVP, Sr and Jr, one letter is a different word."""
LONG = 8
"""From so many letters two slips are believed, else one."""
OFTEN = 3.0
"""The word that is meant must be so many times as frequent as the slip."""


def slip(rare: str, common: str, most: int = 2) -> float | None:
    """How sure it is that `rare` was meant as `common`, from their letters alone; None: it is another word.

    At most `most` slips are believed in one word.

    Refused are other first letters (inbound, outbound), other endings (trainer, trainee) and words that both exist.
    """
    if len(rare) < SHORTEST or rare == common or not (rare + common).isalpha():
        return None
    if rare[0] != common[0] or known(rare):
        return None
    if rare in (f"{common}s", common.removesuffix("s")):
        return 0.85  # a plural
    allowed = min(most, 2 if min(len(rare), len(common)) >= LONG else 1)
    far = distance(rare, common, allowed)
    if far > allowed or _other_ending(rare, common):
        return None
    return _sure(rare, common, far)


def _sure(rare: str, common: str, far: int) -> float:
    if sorted(set(rare)) == sorted(set(common)):
        return 0.98 if far == 1 else 0.96  # letters doubled, dropped from a pair or swapped: none is strange
    return 0.95 if far == 1 else 0.9


def _other_ending(rare: str, common: str) -> bool:
    """Do they differ only in how they end (manage, manager; analyst, analysis)?"""
    shared = next(
        (n for n, (a, b) in enumerate(zip(rare, common, strict=False)) if a != b), min(map(len, (rare, common)))
    )
    left, right = rare[shared:], common[shared:]
    if left[-1:] == right[-1:] and left != right and left and right:
        return False  # it is inside: directer, director
    if len(left) <= 2 and len(right) <= 2:
        # A letter lost or doubled at the very end of a long word is a slip; another letter there is another word.
        return not (len(common) >= LONG + 1 and (left == "" or left == common[-1]) and len(right) <= 1)
    return False


def distance(left: str, right: str, most: int) -> int:
    """Letters to put in, take out, change or swap with their neighbour (restricted Damerau-Levenshtein); above `most`
    any number may be answered.
    """
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i] + [0] * len(right)
        for j, b in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


class Neighbours:
    """Frequent words, found again from words with up to two slips: by what both leave when letters are dropped."""

    def __init__(self, common: Iterable[str]) -> None:
        self._by: dict[str, list[str]] = {}
        for word in common:
            if len(word) >= SHORTEST - 1:
                for left in _dropped(word):
                    self._by.setdefault(left, []).append(word)

    def near(self, word: str) -> set[str]:
        """Words that may be near; `slip` judges."""
        return {one for left in _dropped(word) for one in self._by.get(left, ())} - {word}


def _dropped(word: str) -> set[str]:
    once = {word[:n] + word[n + 1 :] for n in range(len(word))}
    if len(word) < LONG - 1:
        return {word} | once
    return {word} | once | {one[:n] + one[n + 1 :] for one in once for n in range(len(one))}


def meant(counts: Mapping[str, int], most: int = 2) -> dict[str, tuple[str, float]]:
    """Slips among words with their frequencies: the slip, what was meant, and how sure. Of two that fit, none."""
    common = [word for word, times in counts.items() if times >= OFTEN]
    near = Neighbours(common)
    found: dict[str, tuple[str, float]] = {}
    for rare, times in counts.items():
        if len(rare) < SHORTEST or not rare.isalpha():
            continue
        fits = [
            (sure * weight(times, counts[word]), counts[word], word)
            for word in near.near(rare)
            if counts[word] >= OFTEN * times and (sure := slip(rare, word, most)) is not None
        ]
        fits.sort(reverse=True)
        if fits and (len(fits) == 1 or fits[1][1] * 5 < fits[0][1] or fits[1][0] < fits[0][0] - 0.05):
            found[rare] = (fits[0][2], fits[0][0])
    return {rare: _followed(rare, found) for rare in found}


def _followed(rare: str, found: Mapping[str, tuple[str, float]]) -> tuple[str, float]:
    """What is meant in the end, where what a slip was taken for is a slip itself."""
    word, sure = found[rare]
    while word in found:  # each step leads to a word that is more frequent
        word, more = found[word]
        sure *= more
    return word, sure


def weight(rare: int, common: int) -> float:
    """How far frequencies speak for a slip: a word ten times as frequent does fully, three times as frequent less."""
    times = common / max(1, rare)
    return 1.0 if times >= 10 else 0.97 if times >= 5 else 0.9


@cache
def _words() -> frozenset[str]:
    titles = (spelling for _, _, spelling in _table("titles.csv"))
    return frozenset(word for text in (*titles, *(line[0] for line in _table("words.csv"))) for word in words(text))


def known(word: str) -> bool:
    """Is it a word that exists, whatever it resembles? Those of job titles, and those easily taken for another."""
    return word in _words()


@cache
def short_forms() -> dict[str, tuple[str, ...]]:
    """Abbreviations and what they stand for, in words: mgr → manager, vp → vice president."""
    return {short: tuple(words(full)) for short, full in _table("short_forms.csv")}


def _table(name: str) -> Iterator[list[str]]:
    text = resources.files("marops.domains.contacts").joinpath("data", name).read_text(encoding="utf-8")
    return csv.reader(text.splitlines()[1:])
