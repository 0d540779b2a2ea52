"""The line drawings of the interface: one registry, drawn inline, so that a page asks for nothing more."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

_REGISTRY = Path(__file__).with_name("drawings.json")


@cache
def drawings(kind: str) -> Mapping[str, str]:
    """The paths of all drawings of a kind (`icons`, on 16 by 16; `emblems`, on 48 by 48) by their names."""
    return cast("Mapping[str, str]", json.loads(_REGISTRY.read_text(encoding="utf-8"))[kind])


@cache
def brand() -> str:
    """The mark of Marops, on 20 by 20."""
    return cast("str", json.loads(_REGISTRY.read_text(encoding="utf-8"))["brand"])
