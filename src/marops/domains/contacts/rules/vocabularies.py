"""Vocabularies: which spellings of a field mean one word. What is found is proposed; what people accept is kept."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from marops.domains.contacts.rules import spelling
from marops.domains.contacts.rules.companies import key as company_key
from marops.domains.contacts.rules.text import clean, fold
from marops.kernel.errors import FieldError

FIELDS = ("job_title", "company_name", "industry", "country", "region", "city", "source", "source_detail", "campaign")
"""The standard fields with words of people's own choosing; a workspace's own fields of text join them."""
NAMES = frozenset({"company_name", "city", "region"})
"""Fields of names: a name may be any word, so that only long ones are believed to be misspelt, by one letter."""
CUSTOM = "custom."
LONGEST = 120
"""Longer values are sentences, not words."""
_DIGITS = re.compile(r"\d+")
_LITTLE = frozenset({"of", "the", "for", "and", "a", "an"})
# "C++" and "C#" are words, "R&D" is one too; what else is neither letter nor digit parts words.
_TOKEN = re.compile(r"r&d|[^\W_]+[+#]*")


class Term(BaseModel):
    """One word, and the spellings that become it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    becomes: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    spellings: Annotated[tuple[str, ...], Field(min_length=1, description="Read without regard to capitals.")]


class Vocabulary(BaseModel):
    """What values of a field become when they come in, and which spellings people said are words of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: Annotated[str, Field(description="job_title, industry … or custom.<name>.")]
    terms: tuple[Term, ...] = ()
    apart: Annotated[tuple[tuple[str, str], ...], Field(description="Pairs (spelling, word) that are not one.")] = ()

    @property
    def becomes(self) -> dict[str, str]:
        """Spelling without capitals → word."""
        return {key(one): term.becomes for term in self.terms for one in term.spellings}


def key(text: str) -> str:
    """How a spelling is looked up: in one line, without capitals; PostgreSQL's lower() of a clean value is the same."""
    return clean(text).lower()


def faults_of(document: Vocabulary) -> Iterator[FieldError]:
    """A spelling that would become two words, a chain of words, and a field that has no vocabulary."""
    if not is_field(document.field):
        said = f"{document.field!r} has no vocabulary."
        yield FieldError("field", said, f"Use one of {', '.join(FIELDS)} or custom.<name>.", pointer="/field")
    seen: dict[str, str] = {}
    for number, term in enumerate(document.terms):
        for one in term.spellings:
            if seen.setdefault(key(one), term.becomes) != term.becomes:
                yield FieldError("spelling", f"{one!r} becomes two words.", "Leave it in one.", f"/terms/{number}")
        becomes = seen.get(key(term.becomes), term.becomes)
        if becomes != term.becomes:
            said = f"{term.becomes!r} becomes {becomes!r} itself."
            yield FieldError("becomes", said, "Join the two terms.", f"/terms/{number}/becomes")


_OWN = re.compile(r"custom\.[a-z0-9_-]+")


def is_field(name: str) -> bool:
    """Can the field have a vocabulary?"""
    return name in FIELDS or _OWN.fullmatch(name) is not None


def slug_of(field: str) -> str:
    """The definition's short name: job-title for job_title."""
    return field.replace(CUSTOM, "own-").replace("_", "-")


# --- proposals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spelling:
    """One spelling of a word: how often it occurs, why it is taken for the word, and how sure that is."""

    value: str
    count: int
    why: str
    sure: float


@dataclass(frozen=True, slots=True)
class Group:
    """A word, how often it stands as it should, and the spellings that could become it, the most frequent first."""

    becomes: str
    count: int
    spellings: tuple[Spelling, ...]

    @property
    def moved(self) -> int:
        """How many values would change."""
        return sum(one.count for one in self.spellings)

    @property
    def sure(self) -> float:
        """As sure as its least sure spelling."""
        return min(one.sure for one in self.spellings)


CASE, SAME, LEGAL, SHORT, SLIP = "capitals", "spacing and signs", "legal form", "abbreviation", "misspelt"
_SURE = {CASE: 1.0, SAME: 0.99, LEGAL: 0.92, SHORT: 0.95}


def proposals(field: str, counts: Mapping[str, int], known: Vocabulary | None = None,
              dictionary: Mapping[str, str] | None = None) -> list[Group]:  # fmt: skip
    """Groups of spellings of one word among distinct values with their counts, those that move most first.

    Each rare spelling goes to the frequent one. `known` is left out: what is accepted already, and pairs held apart.
    `dictionary` (spelling → word) gives words that are right whether they occur or not.
    """
    values = {one: times for one, times in counts.items() if one and len(one) <= LONGEST}
    work = _Work(field, values, known or Vocabulary(field=field), dictionary or {})
    return work.groups()


class _Work:
    """The steps for one field. A class is a set of values that mean the same; it has one head."""

    def __init__(self, field: str, counts: Mapping[str, int], known: Vocabulary, dictionary: Mapping[str, str]) -> None:
        self.field, self.counts, self.dictionary = field, counts, dictionary
        self.done = {key(one) for term in known.terms for one in term.spellings}
        self.heads = {key(term.becomes) for term in known.terms}
        self.apart = {(key(one), key(word)) for one, word in known.apart}
        self.to: dict[str, tuple[str, str, float]] = {}
        self.tokens = {value: tokens(value) for value in counts}

    def groups(self) -> list[Group]:
        self._same_letters()
        if self.field == "company_name":
            self._legal_forms()
        else:
            self._short_forms()
        self._slips()
        found: dict[str, list[Spelling]] = defaultdict(list)
        for value in self.to:
            head, why, sure = self._followed(value)
            if not self._settled(value, head):
                found[head].append(Spelling(value, self.counts.get(value, 0), why, round(sure, 3)))
        groups = [
            Group(head, self.counts.get(head, 0), tuple(sorted(ones, key=lambda one: (-one.count, one.value))))
            for head, ones in found.items()
        ]
        return sorted(groups, key=lambda one: (-one.moved, one.becomes))

    def _settled(self, value: str, head: str) -> bool:
        return key(value) in self.done or (key(value), key(head)) in self.apart or value == head

    def _followed(self, value: str) -> tuple[str, str, float]:
        """Where a chain of steps ends, with the weightiest reason; as sure as all of them together."""
        head, why, sure = self.to[value]
        seen = {value}
        while head in self.to and head not in seen:
            seen.add(head)
            head, further, more = self.to[head]
            why, sure = (why if _SURE.get(why, 0.9) < _SURE.get(further, 0.9) else further), sure * more
        return head, why, sure

    def _open(self) -> Iterator[str]:
        """Values that mean themselves so far."""
        return (value for value in self.counts if value not in self.to)

    def _gather(self, parts: Mapping[Any, Sequence[str]], why: str) -> None:
        """Of values that are the same by a key, all become the most frequent one."""
        for values in parts.values():
            if len(values) > 1:
                head = max(values, key=self._rank)
                for value in values:
                    if value != head and (key(value), key(head)) not in self.apart:
                        why_ = CASE if key(value) == key(head) else why
                        self.to[value] = (head, why_, _SURE[why_])

    def _rank(self, value: str) -> tuple[bool, int, bool, bool, str]:
        """Who is head: a word accepted before, then the most frequent, then the one not in one case throughout."""
        return key(value) in self.heads, self.counts[value], not value.isupper(), not value.islower(), value

    def _same_letters(self) -> None:
        """Capitals, accents, spaces and signs."""
        parts: dict[Any, list[str]] = defaultdict(list)
        for value in self._open():
            if self.tokens[value]:
                parts["".join(self.tokens[value]) if not _DIGITS.search(value) else self.tokens[value]].append(value)
        self._gather(parts, SAME)

    def _legal_forms(self) -> None:
        """One company with and without its legal form; two different legal forms may be two companies."""
        parts: dict[Any, list[str]] = defaultdict(list)
        for value in self._open():
            if (name := company_key(value)) and len(name) > 3:
                parts[name].append(value)
        for values in parts.values():
            forms = {" ".join(tokens(value)[len(company_key(value).split()) :]) for value in values} - {""}
            if len(forms) <= 1:
                self._gather({"": values}, LEGAL)

    def _short_forms(self) -> None:
        """Mgr and manager, VP and Vice President, with and without a little word."""
        parts: dict[Any, list[str]] = defaultdict(list)
        for value in self._open():
            parts[expanded(self.tokens[value])].append(value)
        self._gather(parts, SHORT)

    def _slips(self) -> None:
        """Misspelt words: looked for word by word, weighted by how often each word occurs in all values."""
        frequent: Counter[str] = Counter()
        for value, times in self.counts.items():
            for word in self.tokens[value]:
                frequent[word] += times
        for word in (word for said in self.dictionary for word in tokens(said)):
            frequent[word] += 1_000
        meant = spelling.meant(frequent, 1 if self.field in NAMES else 2)
        by_tokens: dict[tuple[str, ...], str] = {}
        for value in sorted(self.counts, key=self._rank):
            by_tokens[self.tokens[value]] = value
        for value in list(self._open()):
            if wrong := [word for word in self.tokens[value] if word in meant]:
                self._put_right(value, wrong, meant, by_tokens)

    def _put_right(self, value: str, wrong: Sequence[str], meant: Mapping[str, tuple[str, float]],
                   by_tokens: Mapping[tuple[str, ...], str]) -> None:  # fmt: skip
        if self.field in NAMES and any(len(word) < spelling.LONG for word in wrong):
            return  # a name may be any word
        right = tuple(meant[word][0] if word in meant else word for word in self.tokens[value])
        sure = 0.93 if self.field in NAMES else 1.0
        for word in wrong:
            sure *= meant[word][1]
        head = by_tokens.get(right) or self.dictionary.get(" ".join(right))
        if head is None and self.field not in NAMES and len(right) > 1:
            head = rewritten(value, {word: meant[word][0] for word in wrong})
        elif (
            head is not None and self.counts.get(head, 0) < self.counts[value] and head not in self.dictionary.values()
        ):
            return  # the rare goes to the frequent, never the other way
        if head and head != value:
            self.to[value] = (head, SLIP, sure)


def tokens(value: str) -> tuple[str, ...]:
    """The words of a value, without case and accents."""
    return tuple(_TOKEN.findall(fold(value).replace("&amp;", "&").replace(" & ", " and ")))


def expanded(words: Iterable[str]) -> tuple[str, ...]:
    """The words with abbreviations written out and little words left out."""
    short = spelling.short_forms()
    full = [one for word in words for one in short.get(word, (word,))]
    return tuple(word for word in full if word not in _LITTLE) or tuple(full)


def rewritten(value: str, words: Mapping[str, str]) -> str:
    """The value with words put right, each in the case it was written in."""

    def put(found: re.Match[str]) -> str:
        right = words.get(fold(found[0]))
        if right is None:
            return found[0]
        if found[0].isupper():
            return right.upper()
        return right.capitalize() if found[0][:1].isupper() else right

    return re.sub(r"[^\W_]+", put, value)
