"""Papers as PDF: Typst templates of ours get all that was written as one JSON value, so none of it is ever source.

A template imports what all papers share as `/kernel/paper.typ`.
"""

import json
import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The time in a file whose answer has none."""
LONGEST_WORD = 24
"""A longer one may be broken anywhere after so many letters."""
_OTHER_SCRIPTS = re.compile("[\u0590-\u1dff\u2e80-\ud7ff\uf900-\ufffd\U00010000-\U0010ffff]")


def pdf(template: Path, told: dict[str, Any], at: datetime | None) -> bytes:
    """The paper. The same content and time give the same bytes."""
    import typst

    found: Any = typst.compile(**_given(template, told), format="pdf", timestamp=int((at or EPOCH).timestamp()))
    return bytes(found)


def png(template: Path, told: dict[str, Any], *, ppi: float = 110) -> list[bytes]:
    """Its pages as pictures."""
    import typst

    found: Any = typst.compile(**_given(template, told), format="png", ppi=ppi)
    return list(found) if isinstance(found, list) else [found]


def room(template: Path, told: dict[str, Any]) -> dict[str, float]:
    """How many millimetres were `left` for the picture, at which `size` of letters in points."""
    import typst

    found = typst.query(**_given(template, told), selector="<room>", field="value", one=True)
    answer: dict[str, float] = json.loads(found)
    return answer


def _given(template: Path, told: dict[str, Any]) -> dict[str, Any]:
    values = json.dumps(_breakable(told), ensure_ascii=False, default=str)
    return {
        "input": template,
        "root": ROOT,
        "font_paths": _fonts(others=bool(_OTHER_SCRIPTS.search(values))),
        "ignore_system_fonts": True,
        "sys_inputs": {"paper": values},
    }


@cache
def _fonts(*, others: bool) -> Any:
    """Inter, and the fonts inside Typst; `others`: also those of the machine, for scripts that Inter has not."""
    import typst

    return typst.Fonts(include_system_fonts=others, font_paths=[str(files("fontpkg_inter") / "files")])


def _breakable(told: Any) -> Any:
    """The same value; words that no column holds may be broken. Pictures are left as they are."""
    if isinstance(told, dict):
        return {key: one if key == "map" else _breakable(one) for key, one in told.items()}
    if isinstance(told, (list, tuple)):
        return [_breakable(one) for one in told]
    if isinstance(told, str) and len(told) > LONGEST_WORD:
        return _LONG.sub(lambda found: found[0] + "\u200b", told)
    return told


_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")
