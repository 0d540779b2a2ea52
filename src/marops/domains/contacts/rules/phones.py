"""Phone numbers in E.164, with the country guessed from the person and else from the workspace."""

import re
from collections.abc import Iterable

from marops.domains.contacts.rules.text import clean

_EXTENSION = re.compile(r"(?:\s*(?:ext\.?|extension|x|#|durchwahl|dw|poste)\s*\.?:?\s*)(\d{1,6})$", re.IGNORECASE)


def normalise(raw: str, country: str | None) -> str | None:
    """The number in E.164, or None if it is not a valid number of the named country, nor of that it names itself."""
    import phonenumbers as pn

    text = _EXTENSION.sub("", clean(raw).lstrip("'").replace("(0)", ""))
    if sum(char.isdigit() for char in text) < 5:
        return None
    for number, region in _readings(text, country):
        try:
            found = pn.parse(number, region)
        except pn.NumberParseException:
            continue
        if pn.is_valid_number(found):
            return f"+{found.country_code}{pn.national_significant_number(found)}"
    return None


def _readings(text: str, country: str | None) -> Iterable[tuple[str, str | None]]:
    if text.startswith("+"):
        yield text, None
        return
    if text.startswith("00"):
        yield "+" + text[2:], None
    if country:
        yield text, country
    digits = re.sub(r"\D", "", text)
    if not text.startswith("0") and len(digits) >= 10:  # "49 30 1234567" without its plus
        yield "+" + digits, None


def normalise_many(pairs: list[tuple[str, str | None]]) -> list[str | None]:
    """`normalise` for a list; what a process of the pool is given."""
    return [normalise(raw, country) for raw, country in pairs]
