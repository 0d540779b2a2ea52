r"""Patterns in rules: a small part of regular expressions that RE2, PostgreSQL and Java read alike,
none slowly.

Allowed are characters, `.`, `[…]` classes with ranges, `\d \w \s` and their capitals, `^`, `$`, `|`, groups, and the
repeats `? * + {n} {n,m}` after a single character or class. A group takes `?` only, and there are at most four open
repeats: the time a match takes then stays a small power of the text's length in engines that backtrack.
"""

import re
from typing import Final

LENGTH: Final = 200
OPEN_REPEATS: Final = 4
COUNT: Final = 100

_CLASSES: Final = {"d": "0-9", "w": "A-Za-z0-9_", "s": "\\x0B\\t\\n\\r\\f "}
_SINGLES: Final = {"t": "\\t", "n": "\\n", "r": "\\r"}
_REPEAT: Final = re.compile(r"\{(\d{1,3})(?:(,)(\d{1,3})?)?\}")


class BadPattern(ValueError):
    """What in the pattern cannot be used."""


def portable(pattern: str) -> str:
    r"""The pattern in words that mean the same everywhere (`\z` for the end of the text). Raises BadPattern."""
    if not pattern or len(pattern) > LENGTH:
        raise BadPattern(f"a pattern has 1 to {LENGTH} characters")
    parser = _Parser(pattern)
    result = parser.alternatives(0)
    if parser.at < len(pattern):
        raise BadPattern("a bracket ) closes nothing; write \\) for the character")
    return result


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.open_repeats = 0

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        taken = self.peek()
        self.at += 1
        return taken

    def alternatives(self, depth: int) -> str:
        if depth > 10:
            raise BadPattern("groups stand in each other too deeply")
        branches = [self.sequence(depth)]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence(depth))
        if len(branches) > 1 and "" in branches:
            raise BadPattern("one side of | is empty")
        return "|".join(branches)

    def sequence(self, depth: int) -> str:
        parts = []
        while self.peek() and self.peek() not in "|)":
            parts.append(self.piece(depth))
        return "".join(parts)

    def piece(self, depth: int) -> str:
        sign = self.take()
        if sign == "^":
            return self.unrepeated("\\A")
        if sign == "$":
            return self.unrepeated("\\z")
        if sign == "(":
            return self.group(depth)
        if sign in "*+?{":
            raise BadPattern(f"{sign} repeats nothing here; write \\{sign} for the character")
        return self.single(sign) + self.repeat()

    def single(self, sign: str) -> str:
        if sign == ".":
            return "[^\\n]"
        if sign == "[":
            return self.char_class()
        if sign == "\\":
            return self.escape()
        return literal(sign)

    def escape(self) -> str:
        sign = self.take()
        if sign.lower() in _CLASSES:
            return f"[{'^' if sign.isupper() else ''}{_CLASSES[sign.lower()]}]"
        if sign in _SINGLES:
            return _SINGLES[sign]
        if not sign or sign.isalnum():
            raise BadPattern(f"\\{sign} is not known here")
        return literal(sign)

    def group(self, depth: int) -> str:
        if self.peek() == "?":
            if self.pattern[self.at : self.at + 2] != "?:":
                raise BadPattern("(?…) is not known here, only (?:…)")
            self.at += 2
        inner = self.alternatives(depth + 1)
        if self.take() != ")":
            raise BadPattern("a bracket ( is not closed")
        if self.peek() == "?":
            self.take()
            return self.unrepeated(f"(?:{inner})?")
        return self.unrepeated(f"(?:{inner})", "a group can be optional (?), not repeated")

    def unrepeated(self, text: str, why: str = "^, $ and an optional group cannot be repeated") -> str:
        if self.peek() and self.peek() in "*+?{":
            raise BadPattern(why)
        return text

    def repeat(self) -> str:
        sign = self.peek()
        if not sign or sign not in "*+?{":
            return ""
        found = _REPEAT.match(self.pattern, self.at) if sign == "{" else None
        if sign == "{" and not found:
            raise BadPattern("{ starts a count like {2} or {2,5}; write \\{ for the character")
        text = found[0] if found else sign
        self.at += len(text)
        if sign in "*+" or (found and found[2] and not found[3]):
            self.count_open()
        if found:
            _check_count(int(found[1]), int(found[3]) if found[3] else None)
        return self.unrepeated(text, "a repeat cannot be repeated")

    def count_open(self) -> None:
        self.open_repeats += 1
        if self.open_repeats > OPEN_REPEATS:
            raise BadPattern(f"at most {OPEN_REPEATS} open repeats (*, +, {{n,}})")

    def char_class(self) -> str:
        negated = self.peek() == "^"
        if negated:
            self.take()
        items: list[str] = []
        while self.peek() != "]":
            if not self.peek():
                raise BadPattern("a bracket [ is not closed")
            items.append(self.class_item())
        self.take()
        if not items:
            raise BadPattern("[] holds nothing")
        return f"[{'^' if negated else ''}{''.join(items)}]"

    def class_item(self) -> str:
        first = self.class_char()
        if not _single(first) or self.peek() != "-" or self.pattern[self.at + 1 : self.at + 2] in ("]", ""):
            return first
        self.take()
        last = self.class_char()
        if not _single(last) or last[-1] < first[-1]:
            raise BadPattern(f"{first}-{last} is not a range")
        return f"{first}-{last}"

    def class_char(self) -> str:
        sign = self.take()
        if sign == "[":
            raise BadPattern("write \\[ for the character [ inside [ ]")
        if sign != "\\":
            return literal(sign)
        sign = self.take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign in _SINGLES:
            return _SINGLES[sign]
        if not sign or sign.isalnum():
            raise BadPattern(f"\\{sign} is not known inside [ ]")
        return literal(sign)


def literal(sign: str) -> str:
    """One character that stands for itself."""
    return f"\\{sign}" if sign in r"\^$.|?*+()[]{}-&~#/" else sign


def _single(item: str) -> bool:
    """Whether a part of a class is one character that can start or end a range."""
    return len(item) <= 2 and item not in _SINGLES.values()


def _check_count(low: int, high: int | None) -> None:
    if low > COUNT or (high or 0) > COUNT:
        raise BadPattern(f"a count is at most {COUNT}")
    if high is not None and high < low:
        raise BadPattern(f"{{{low},{high}}} counts backwards")
