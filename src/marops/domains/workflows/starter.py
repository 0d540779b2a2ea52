"""What somebody may begin with: six workflows of marketing and a crew, all figures assumed and said to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Plain, Workflow
from marops.kernel.rules import read_yaml

_DATA = Path(__file__).with_name("data")
ORDER = ("newsletter", "content-piece", "webinar", "paid-campaign", "product-launch", "lead-hand-over")
CREW = "marketing"
"""The short name by which all templates know their crew."""


@dataclass(frozen=True, slots=True)
class Template:
    """A workflow to begin with: its short name and its document, plain and read."""

    slug: str
    document: Plain
    workflow: Workflow


@cache
def templates() -> Mapping[str, Template]:
    """The six workflows by short name, simple ones first."""
    found = {}
    for slug in ORDER:
        document = _plain(_DATA / "templates" / f"{slug}.yaml")
        found[slug] = Template(slug, document, Workflow.model_validate(document))
    return found


@cache
def template_crew() -> tuple[Plain, Crew]:
    """The crew that all templates name, plain and read."""
    document = _plain(_DATA / "crew.yaml")
    return document, Crew.model_validate(document)


def _plain(path: Path) -> Plain:
    document = read_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError(f"{path.name} is no document")
    return document
