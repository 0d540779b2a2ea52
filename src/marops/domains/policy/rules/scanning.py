"""Cedar text cut where a person would cut it: comments, head and clauses, so that none of it is ever lost."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 30
"""Brackets inside brackets; the parser below runs out of room far above it, and takes the process with it."""
_TOKEN = re.compile(r'(?P<comment>//[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*"?)|(?P<open>[([{])|(?P<close>[)\]}])', re.DOTALL)
_CLAUSE = re.compile(r"\b(when|unless)\b")


@dataclass(frozen=True, slots=True)
class Pieces:
    """One policy: what stands before it (comments, annotations), its head with the scope, its clauses, and the end.

    A comment belongs to the clause below it.
    """

    before: str
    head: str
    clauses: tuple[str, ...]
    after: str


def depth(text: str) -> int:
    """How many brackets stand inside each other at most, outside of texts and comments."""
    deepest = now = 0
    for token in _TOKEN.finditer(text):
        now += 1 if token["open"] else -1 if token["close"] else 0
        deepest = max(deepest, now)
    return deepest


def pieces(text: str) -> Pieces | None:
    """The pieces of a text that the parser takes for one policy; None where it is not cut that simply."""
    bare = _blanked(text)
    scope = re.search(r"\b(permit|forbid)\s*\(", bare)
    if scope is None or bare.count(";") != 1:
        return None
    end, stop = _closing(bare, scope.end() - 1, "()"), bare.index(";")
    clauses, at = [], end
    while end > 0 and (found := _CLAUSE.search(bare, at, stop)):
        brace = bare.find("{", found.end(), stop)
        at, first = _closing(bare, brace, "{}"), at
        if brace < 0 or at < 0:
            return None
        clauses.append(text[first:at].strip())
    if end < 0 or bare[at:stop].strip():
        return None
    return Pieces(text[: scope.start()], text[scope.start() : end].strip(), tuple(clauses), text[at:stop] + text[stop:])


def joined(cut: Pieces) -> str:
    """The text of the pieces."""
    body = "".join(f"\n{clause}" for clause in cut.clauses)
    return f"{cut.before}{cut.head}{body}{cut.after}"


def has_comment(text: str) -> bool:
    """Does a comment stand in it?"""
    return any(token["comment"] for token in _TOKEN.finditer(text))


def _blanked(text: str) -> str:
    """The same text with texts and comments as blanks, so that only the grammar's own signs are found."""
    return _TOKEN.sub(lambda token: token[0] if not (token["comment"] or token["text"]) else " " * len(token[0]), text)


def _closing(bare: str, opening: int, pair: str) -> int:
    """Where the bracket that opens here is closed again; -1 where it is not."""
    level = 0
    for at in range(max(opening, 0), len(bare)):
        level += (bare[at] == pair[0]) - (bare[at] == pair[1])
        if level == 0:
            return at + 1
    return -1


def words(text: str) -> Iterator[str]:
    """The bare words of a text outside of texts and comments."""
    yield from re.findall(r"[A-Za-z_]\w*", _blanked(text))
