"""The papers about workflows as PDF: which template each has, and its picture as a file of its own."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from marops.domains.workflows.charts.alone import alone
from marops.kernel import printing

HERE = Path(__file__).parent

Template = Literal["brief", "options"]


def pdf(template: Template, told: dict[str, Any], at: datetime | None) -> bytes:
    """The paper. The same content and time give the same bytes."""
    return printing.pdf(HERE / f"{template}.typ", told, at)


def png(template: Template, told: dict[str, Any], *, ppi: float = 110) -> list[bytes]:
    """Its pages as pictures."""
    return printing.png(HERE / f"{template}.typ", told, ppi=ppi)


def room(template: Template, told: dict[str, Any]) -> dict[str, float]:
    """How many millimetres were `left` for the picture, at which `size` of letters in points."""
    return printing.room(HERE / f"{template}.typ", told)


def picture(svg: str) -> str:
    """A picture of the pages as a file of its own; empty where there is none."""
    return alone(svg) if svg else ""
