"""An act of the house in the policy's words: its effect is one of the eleven actions, or nothing an AI ever does."""

from collections.abc import Mapping
from typing import Final

ACTION_OF: Final[Mapping[str, str]] = {
    "draft": "draft",
    "create": "draft",
    "note": "draft",
    "comment": "draft",
    "translate": "translate",
    "read": "summarise",
    "test": "summarise",
    "summarise": "summarise",
    "change": "classify",
    "stage": "classify",
    "import": "classify",
    "check": "classify",
    "classify": "classify",
    "score": "score",
    "segment": "segment",
    "assign": "route",
    "route": "route",
    "activate": "publish",
    "retire": "publish",
    "share": "publish",
    "publish": "publish",
    "send": "send",
    "spend": "spend",
    "merge": "delete",
    "erase": "delete",
    "delete": "delete",
}
"""Effect → the policy's word. Changing a record is sorting it, putting something in force is publishing it."""

NEVER: Final = frozenset({"review"})
"""Effects that no policy gives to an AI: a machine approves nothing, its own work least of all."""

_DATA_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("contacts", "leads", "opportunities", "quality"), "contact"),
    **dict.fromkeys(("accounts", "assessment", "pay", "personal", "secret", "team"), "confidential"),
}


def data_of(right: str | None) -> str:
    """Which data an act is about by the right it asks for; empty where that does not tell.

    So a use cannot reach people's records by saying in the register that it reads nothing of the kind.
    """
    return _DATA_OF.get((right or "").partition(".")[0], "")
