"""Names of people: spelt as their bearers would, changed as little as can be."""

import re

from marops.domains.contacts.rules.text import clean, fold

_PARTICLES = frozenset({
    "af", "al", "am", "an", "auf", "av", "ben", "bin", "da", "dal", "de", "degli", "dei", "del", "della", "den", "der",
    "des", "di", "do", "dos", "du", "e", "el", "het", "i", "ibn", "la", "las", "le", "los", "op", "'t", "ten", "ter",
    "tot", "und", "van", "vom", "von", "y", "zu", "zum", "zur",
})  # fmt: skip
_SUFFIXES = {"ii": "II", "iii": "III", "iv": "IV", "phd": "PhD", "md": "MD", "mba": "MBA", "cpa": "CPA", "jr": "Jr",
             "sr": "Sr", "jr.": "Jr.", "sr.": "Sr.", "dr": "Dr", "dr.": "Dr.", "ph.d.": "Ph.D."}  # fmt: skip
_MC = re.compile(r"\b(Mc)([a-z])(?=[a-z]{2})")
_PREFIXED = re.compile(r"(?:^|(?<=[-\s]))(O|D|L|Dell|M)(['\u2019])([^\W\d_])")
_PART = re.compile(r"[^\W\d_]+")


def normalise(raw: str) -> str | None:
    """The name with its spaces put right; written in capitals or small letters throughout, it gets the usual case.

    None where nothing is left, or where there is no letter in it.
    """
    text = clean(raw).strip(" ,;")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'\u201c\u201d":
        text = text[1:-1].strip()
    if not text or not _PART.search(text):
        return None
    return recase(text) if _one_case(text) else text


def _one_case(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    # Two capitals may be initials (J. R., AJ) or a short name: both stay.
    return (text.isupper() and len(letters) > 2) or (text.islower() and len(letters) > 1)


def recase(text: str) -> str:
    """The usual case for a name in capitals: JEAN-LUC DE LA TOUR → Jean-Luc de la Tour."""
    parts = text.split(" ")
    return " ".join(_one(part, first=number == 0, last=number == len(parts) - 1) for number, part in enumerate(parts))


def _one(part: str, *, first: bool, last: bool) -> str:
    lower = part.lower()
    if not first and not last and lower in _PARTICLES:
        return lower
    if not first and lower in _SUFFIXES:
        return _SUFFIXES[lower]
    spelt = _PART.sub(lambda found: found[0][0].title() + found[0][1:].lower(), part)
    spelt = re.sub(r"(?<=['\u2019])([^\W\d_])(?=$|\s|-)", lambda found: found[0].lower(), spelt)
    spelt = _PREFIXED.sub(lambda found: found[1] + found[2] + found[3].upper(), spelt)
    return _MC.sub(lambda found: found[1] + found[2].upper(), spelt)


def full(given: str | None, family: str | None) -> str | None:
    """Given and family name in one; None where there is neither."""
    return " ".join(part for part in (given, family) if part) or None


def key(name: str | None) -> str:
    """The name as it is compared: folded words, in any order."""
    return " ".join(sorted(re.findall(r"[^\W_]+", fold(name)))) if name else ""
