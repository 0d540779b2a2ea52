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

WORDS_ONLY: Final = frozenset({"draft", "translate", "summarise"})
"""What only makes words: they are read as the draft they are, or by who asked for them."""

LOOKS_ONLY: Final = frozenset({"check", "test", "read"})
"""Effects that change nothing that anybody acts on."""

REVIEWS: Final = "review"
NEVER: Final = frozenset({REVIEWS, "set_up"})
"""Effects that no policy gives to an AI: a machine approves nothing, its own work least of all, and neither fills a
workspace with what is in force at once nor puts a former state of it back."""

FOR_PEOPLE: Final = frozenset({
    "accounts.manage", "ai.stop", "assistant.manage", "backup.make", "sample.manage", "tokens.make", "webhooks.manage",
    "workspace.set_up",
})  # fmt: skip
"""Rights whose acts no policy gives to an AI: who may do what here, what stops an AI, and where data goes by itself."""

_DATA_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("contacts", "leads", "opportunities", "quality"), "contact"),
    **dict.fromkeys(("accounts", "assessment", "pay", "personal", "secret", "team"), "confidential"),
}


def data_of(right: str | None) -> str:
    """Which data an act is about by the right it asks for; empty where that does not tell.

    So a use cannot reach people's records by saying in the register that it reads nothing of the kind.
    """
    return _DATA_OF.get((right or "").partition(".")[0], "")
