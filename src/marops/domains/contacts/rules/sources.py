"""Where a lead came from, as one code whatever the spelling."""

import csv
from functools import cache
from importlib import resources

from marops.domains.contacts.rules.text import words


def normalise(raw: str) -> str | None:
    """The source's code: "Google", "google.com" and "GOOGLE" are `google`. An unknown source becomes a code itself."""
    key = " ".join(words(raw))
    return _known().get(key) or key.replace(" ", "_")[:80] or None


def label(code: str) -> str:
    """What people call the source."""
    return labels().get(code) or (code[:1].upper() + code[1:]).replace("_", " ")


@cache
def labels() -> dict[str, str]:
    """The sources we know by name: code → label."""
    return {code: name for code, name, _ in _table()}


@cache
def _known() -> dict[str, str]:
    found = {" ".join(words(spelling)): code for code, _, spelling in _table()}
    # Each code is a spelling of itself, so that to normalise twice is to normalise once.
    return found | {" ".join(words(code)): code for code, _, _ in _table()}


def _table() -> list[list[str]]:
    text = resources.files("marops.domains.contacts").joinpath("data", "sources.csv").read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()[1:]))
