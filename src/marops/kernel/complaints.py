"""What Pydantic complains about, in plain sentences with a remedy."""

from collections.abc import Mapping
from typing import Any

_SAID: Mapping[str, tuple[str, str]] = {
    "missing": ("This is missing.", "Add it."),
    "extra_forbidden": ("There is no such key here.", "Take it out, or correct its spelling."),
    "literal_error": ("This is none of the values that there are.", "Use {expected}."),
    "enum": ("This is none of the values that there are.", "Use {expected}."),
    "int": ("This is no whole number.", "Write digits alone, such as 42."),
    "float": ("This is no number.", "Write digits and a point, such as 1250.50."),
    "decimal": ("This is no number.", "Write digits and a point, such as 1250.50."),
    "decimal_max_places": ("This number has too many decimals.", "Use at most {decimal_places}."),
    "decimal_max_digits": ("This number is too long.", "Use at most {max_digits} digits."),
    "bool": ("This is neither true nor false.", "Write true or false."),
    "datetime": ("This is no moment.", "Write it as 2026-01-31T10:00:00Z."),
    "timezone": ("This moment has no zone.", "Write it as 2026-01-31T10:00:00Z."),
    "date": ("This is no day.", "Write it as 2026-01-31."),
    "uuid": ("This is no id.", "Use an id as Marops answers it."),
    "string_type": ("This is no text.", "Put it in quotes."),
    "string_too_short": ("This is too short.", "Write at least {min_length} characters."),
    "string_too_long": ("This is too long.", "Write at most {max_length} characters."),
    "string_pattern_mismatch": ("This is not written as it has to be.", "It has to match {pattern}."),
    "too_short": ("Too few stand here.", "Give at least {min_length}."),
    "too_long": ("Too many stand here.", "Give at most {max_length}."),
    "list": ("This is no list.", "Give a list, also where it holds one thing alone."),
    "tuple": ("This is no list.", "Give a list, also where it holds one thing alone."),
    "dict": ("This is no object.", "Give an object: keys with their values."),
    "model": ("This is no object.", "Give an object: keys with their values."),
    "greater_than_equal": ("This is too small.", "Use {ge} or more."),
    "greater_than": ("This is too small.", "Use more than {gt}."),
    "less_than_equal": ("This is too large.", "Use {le} or less."),
    "less_than": ("This is too large.", "Use less than {lt}."),
    "json_invalid": ("This is no JSON.", "Correct it; a program that checks JSON says where it breaks."),
}


def said(fault: Mapping[str, Any]) -> tuple[str, str]:
    """Message and remedy for one of Pydantic's errors; words of our own validators are kept."""
    kind = str(fault["type"])
    message, remedy = _SAID.get(kind) or _SAID.get(kind.partition("_")[0]) or _plain(fault)
    told = {name: f"{one:.12g}" if isinstance(one, float) else one for name, one in (fault.get("ctx") or {}).items()}
    return message, remedy.format_map(told)


def _plain(fault: Mapping[str, Any]) -> tuple[str, str]:
    words = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{words[:1].upper()}{words[1:]}.", "Correct this value."
