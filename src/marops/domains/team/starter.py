"""What an empty workspace begins with: a working calendar, roles and skills, assumptions, a playbook."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marops.kernel.definitions import Starter
from marops.kernel.rules import read_yaml

STANDARD_CALENDAR = {
    "title": "Monday to Friday, nine to five",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
_DATA = Path(__file__).with_name("data")
_SAYS = {
    "role": "Part of the starter set: a guidepost, to be changed as it is here.",
    "skills": "Part of the starter set: fifty skills, and by what behaviour each level is recognised.",
    "assumptions": "Part of the starter set: what plans assume until your own figures take their place.",
    "playbook": "Part of the starter set: somebody's first ninety days.",
}


@cache
def shipped() -> Mapping[tuple[str, str], dict[str, Any]]:
    """(kind, short name) → document, of everything that ships with the catalogue."""
    found = {("skills", "main"): _read("skills.yaml"), ("assumptions", "team"): _read("assumptions.yaml")}
    for path in sorted((_DATA / "roles").glob("*.yaml")):
        found["role", path.stem] = _read(f"roles/{path.name}")
    for path in sorted((_DATA / "playbooks").glob("*.yaml")):
        found["playbook", path.stem] = _read(f"playbooks/{path.name}")
    return found


def _read(name: str) -> dict[str, Any]:
    document = read_yaml((_DATA / name).read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError(f"{name} is no document")
    return document


class Starters:
    """All of it, as definitions; read when somebody asks, for a command that needs none should not wait for it."""

    def __iter__(self) -> Iterator[Starter]:
        said = "Part of the starter set: the hours that everybody keeps who has no calendar of their own."
        yield Starter("calendar", "standard", STANDARD_CALENDAR, said)
        for (kind, slug), document in shipped().items():
            yield Starter(kind, slug, document, _SAYS[kind])
