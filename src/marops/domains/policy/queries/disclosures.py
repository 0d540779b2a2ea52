"""The words for readers in force, and the law as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marops.domains.policy.rules.disclosing import Disclosure, Occasion, occasion_of
from marops.domains.policy.rules.uses import AiUse
from marops.kernel.definitions import active, load, versions
from marops.kernel.models import Definition
from marops.kernel.rules import read_yaml

KIND, SLUG = "disclosure", "house"
_DATA = Path(__file__).parents[1] / "data"
PLAIN = "en"
"""Said where there are no words in a reader's language."""


@cache
def shipped() -> Disclosure:
    """The words of Marops."""
    return Disclosure.model_validate(read_yaml((_DATA / "disclosures.yaml").read_text(encoding="utf-8")))


def in_force() -> Definition | None:
    """The words of this workspace, where it wrote some."""
    return next((row for row in active(KIND) if row.slug == SLUG), None)


def newest() -> Definition | None:
    """The version that is worked on."""
    return next(iter(versions(KIND, SLUG)), None)


def text(occasion: Occasion, language: str = PLAIN) -> str:
    """The words for an occasion: the workspace's, else Marops's own, in the reader's language, else in English."""
    row = in_force()
    kept = [load(row), shipped()] if row else [shipped()]
    found = (one.text(occasion, spoken) for spoken in (language, PLAIN) for one in kept)
    return next((one for one in found if one), "")


def words_of(use: AiUse, language: str = PLAIN) -> str:
    """What readers are told of what this use makes; nothing where it says nothing."""
    if not use.discloses:
        return ""
    return use.disclosure or text(occasion_of(use), language)


@cache
def law() -> Mapping[str, Any]:
    """Dates and articles with their sources. Not legal advice."""
    found = read_yaml((_DATA / "law.yaml").read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError("the law is no mapping")
    return found
