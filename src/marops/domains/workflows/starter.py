"""What somebody may begin with: six workflows of marketing and a crew, all figures assumed and said to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from marops.kernel.definitions import kinds
from marops.kernel.rules import read_yaml

Plain = dict[str, Any]

_DATA = Path(__file__).with_name("data")
ORDER = ("newsletter", "content-piece", "webinar", "paid-campaign", "product-launch", "lead-hand-over")
CREW = "marketing"
"""The short name by which all templates know their crew."""


@dataclass(frozen=True, slots=True)
class Template:
    """A workflow to begin with: its short name and its document, plain and as its kind reads it."""

    slug: str
    document: Plain
    workflow: Any  # a Workflow


@cache
def templates() -> Mapping[str, Template]:
    """The six workflows by short name, simple ones first."""
    found = {}
    for slug in ORDER:
        document = _plain(_DATA / "templates" / f"{slug}.yaml")
        found[slug] = Template(slug, document, kinds()["workflow"].model.model_validate(document))
    return found


@cache
def template_crew() -> tuple[Plain, Any]:
    """The crew that all templates name, plain and read."""
    document = _plain(_DATA / "crew.yaml")
    return document, kinds()["crew"].model.model_validate(document)


def _plain(path: Path) -> Plain:
    document = read_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError(f"{path.name} is no document")
    return document
