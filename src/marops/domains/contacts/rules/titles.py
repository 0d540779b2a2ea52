"""Job titles: how senior, and in which function, by key words in several languages."""

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from marops.domains.contacts.rules.text import words

SENIORITIES = (
    "owner", "c_level", "vp", "director", "head", "manager", "senior", "specialist", "junior", "intern", "student"
)  # fmt: skip
"""From the most senior; where a title names several, the order in `_RANK` decides."""

# An intern stays one whatever the department is called; "assistant to the CEO" is no CEO.
_RANK = (
    "intern", "student", "vp", "owner", "c_level", "director", "head", "manager", "senior", "junior",
    "specialist",
)  # fmt: skip
_SERVES = frozenset({"assistant", "assistent", "assistentin", "assistante", "asistente", "secretary", "sekretarin"})
_LONGEST = 4


class Title(NamedTuple):
    """What a job title says. Each part may be None."""

    seniority: str | None
    function: str | None


def read(title: str) -> Title:
    """Seniority and function of a job title."""
    tokens = words(title.replace("R&D", "r d"))
    hits = list(_hits(tokens, _table()))
    senior = {value for what, value, _, _ in hits if what == "seniority"}
    if _SERVES & set(tokens[:2]) and "manager" not in tokens and "director" not in tokens[:2]:
        senior = {"junior"}
    seniority = next((rank for rank in _RANK if rank in senior), None)
    return Title(seniority, _function(hits))


def _hits(tokens: list[str], table: dict[tuple[str, ...], list[tuple[str, str]]]) -> list[tuple[str, str, int, int]]:
    """What the words mean; longer expressions hide the shorter ones in them."""
    found: list[tuple[str, str, int, int]] = []
    taken: dict[str, set[int]] = {"seniority": set(), "function": set()}
    for size in range(_LONGEST, 0, -1):
        for start in range(len(tokens) - size + 1):
            for what, value in table.get(tuple(tokens[start : start + size]), ()):
                places = set(range(start, start + size))
                if not places & taken[what]:
                    taken[what] |= places
                    found.append((what, value, size, start))
    return found


def _function(hits: list[tuple[str, str, int, int]]) -> str | None:
    functions = [hit for hit in hits if hit[0] == "function"]
    # A named department says more than "management"; a longer expression more than a word; the last word counts.
    functions.sort(key=lambda hit: (hit[1] != "management", hit[1] not in ("engineering", "data"), hit[2], -hit[3]))
    return functions[-1][1] if functions else None


@cache
def _table() -> dict[tuple[str, ...], list[tuple[str, str]]]:
    text = resources.files("marops.domains.contacts").joinpath("data", "titles.csv").read_text(encoding="utf-8")
    table: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for what, value, spelling in csv.reader(text.splitlines()[1:]):
        table.setdefault(tuple(spelling.split()), []).append((what, value))
    return table


FUNCTIONS = (
    "marketing", "sales", "it", "engineering", "data", "product", "design", "finance", "human_resources", "operations",
    "purchasing", "legal", "support", "education", "medical", "administration", "management"
)  # fmt: skip
"""The functions a title can name."""
