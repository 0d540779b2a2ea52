"""The kinds of entries that the register keeps, and the key by which their names are compared. No database."""

import re
import unicodedata
from typing import Literal

Kind = Literal["channel", "source", "campaign", "platform", "unit"]


def folded(name: str) -> str:
    """The name without case, accents and punctuation: "Web-Seminar " and "web seminar" are one."""
    flat = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return " ".join(re.findall(r"[^\W_]+", "".join(one for one in flat if not unicodedata.combining(one))))


def slug_of(name: str) -> str:
    """A short name made of a name: small letters, digits and hyphens."""
    plain = "".join(one if one.isascii() else " " for one in folded(name))
    return "-".join(plain.split())[:60] or "unnamed"
