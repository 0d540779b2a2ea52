"""Cleaning that every text goes through, and the keys by which texts are compared."""

import re
import unicodedata

# Characters nobody sees: zero-width, soft hyphen, direction marks, the byte-order mark.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_DROP = {ord(char): None for char in INVISIBLE}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})

NULL_WORDS: frozenset[str] = frozenset(
    {
        "select", "select...", "select one", "please select", "-- select --", "--select--", "- select -", "choose",
        "n/a", "n.a.", "na", "#n/a", "n/d", "-", "--", "---", "\u2013", "\u2014", ".", "?", "null", "(null)", "<null>",
        "nil", "none", "nan", "(none)", "(blank)", "(empty)", "empty", "unknown", "(unknown)", "not set", "not set up",
        "not specified", "not provided", "not available", "undefined", "k.a.", "keine angabe", "unbekannt", "inconnu",
        "desconocido", "\\n", "[null]", "#ref!", "#value!", "#name?",
    }
)  # fmt: skip
"""Whole cells that mean "not answered", compared without case. A person may be called Na: names keep theirs."""

NAMES_KEEP: frozenset[str] = frozenset({"na", "nan", "nil", "null"})
"""Null words that are also names: a cell in a column of names keeps them."""


def clean(text: str) -> str:
    """Visible text in one line: NFC, one kind of space, nothing invisible, no space at the ends."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", text).translate(_DROP)).split())


def fold(text: str) -> str:
    """The text without case and accents, for search and comparison: "Müller-Straße" → "muller-strasse"."""
    if text.isascii():
        return text.lower()
    # Twice: letters in fancy dress (𝐀) have a case only once they are plain.
    flat = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().translate(_SPECIAL))
    return "".join(char for char in flat if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The folded words of a text: letters and digits only."""
    return re.findall(r"[^\W_]+", fold(text))
