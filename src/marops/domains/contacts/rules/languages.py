"""Languages as tags of BCP 47, and time zones by their IANA names."""

import re
from functools import cache
from zoneinfo import available_timezones

from marops.domains.contacts.rules.text import clean, fold

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)
_NATIVE = {
    "deutsch": "de", "francais": "fr", "espanol": "es", "italiano": "it", "portugues": "pt", "nederlands": "nl",
    "polski": "pl", "svenska": "sv", "dansk": "da", "suomi": "fi", "cestina": "cs", "turkce": "tr", "norsk": "no",
    "mandarin": "zh", "farsi": "fa", "flemish": "nl", "castilian": "es", "greek": "el",
}  # fmt: skip


def normalise(raw: str) -> str | None:
    """The language's tag: "German" → de, "en_gb" → en-GB; None where the words name no language."""
    text = clean(raw)
    if found := _TAG.fullmatch(text):
        language, script, region = found.groups()
        if language.lower() in _codes():
            parts = [language.lower(), script.title() if script else "", region.upper() if region else ""]
            return "-".join(part for part in parts if part)
    name = fold(text.split("(")[0].split("-")[0].strip())
    return _NATIVE.get(name) or _names().get(name)


@cache
def _codes() -> frozenset[str]:
    import pycountry

    return frozenset(one.alpha_2 for one in pycountry.languages if hasattr(one, "alpha_2"))


@cache
def _names() -> dict[str, str]:
    import pycountry

    return {fold(one.name.split("(")[0].strip()): one.alpha_2 for one in pycountry.languages if hasattr(one, "alpha_2")}


def zone(raw: str) -> str | None:
    """The IANA name of a time zone, however it is capitalised; None for anything else."""
    return _zones().get(clean(raw).lower().replace(" ", "_"))


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}
