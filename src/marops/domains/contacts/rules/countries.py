"""Countries as ISO 3166-1 alpha-2: from codes, names in many languages, old names and common misspellings."""

import csv
from functools import cache
from importlib import resources

from marops.domains.contacts.rules.text import words

LANGUAGES = ("de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "fi", "cs", "tr", "ru", "ja", "zh_CN")


def normalise(raw: str) -> str | None:
    """The two-letter code, or None where the words name no country."""
    return known().get(key(raw))


def key(raw: str) -> str:
    """What is looked up: folded words without articles."""
    return " ".join(word for word in words(raw) if word not in ("the", "of", "and")) or " ".join(words(raw))


@cache
def known() -> dict[str, str]:
    """Every spelling we know, folded, with its code. Ours, with misspellings, win over those of the standard."""
    return {**standard(), **_ours()}


@cache
def standard() -> dict[str, str]:
    """The names of the standard in many languages, folded, with their codes."""
    import gettext

    import pycountry

    found: dict[str, str] = {}
    for language in LANGUAGES:
        names = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for one in pycountry.countries:
            found.setdefault(key(names.gettext(one.name)), one.alpha_2)
    for one in pycountry.countries:
        for name in (one.name, getattr(one, "official_name", ""), getattr(one, "common_name", ""), one.alpha_3):
            if name:
                found[key(name)] = one.alpha_2
        found[key(one.name.partition(",")[0])] = found.get(key(one.name.partition(",")[0]), one.alpha_2)
    for one in pycountry.countries:
        found[one.alpha_2.lower()] = one.alpha_2
    return found


def _ours() -> dict[str, str]:
    text = resources.files("marops.domains.contacts").joinpath("data", "countries.csv").read_text(encoding="utf-8")
    return {key(spelling): code for code, spelling in csv.reader(text.splitlines()[1:])}


def name(code: str) -> str:
    """The country's name in English; the code itself where it is none."""
    import pycountry

    one = pycountry.countries.get(alpha_2=code)
    return getattr(one, "common_name", one.name) if one else code
