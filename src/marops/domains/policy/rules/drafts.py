"""What an AI hands in to be read: the shapes it can have, and the digest that an approval is bound to."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel import audit

LONGEST = 200_000
_PLAIN = (str, int, float, bool, type(None))


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextContent(_Content):
    """Words for somebody: in which language, and whether they are plain or marked up."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    language: Annotated[str, Field(max_length=35)] = ""
    media: Annotated[str, Field(max_length=100)] = "text/plain"


class ActContent(_Content):
    """An act of the house, by its name and arguments: approved, exactly this act passes once."""

    action: Annotated[str, Field(min_length=1, max_length=100)]
    arguments: dict[str, Any] = {}


class DefinitionContent(_Content):
    """A document that becomes a draft of a definition."""

    kind: Annotated[str, Field(min_length=1, max_length=100)]
    slug: Annotated[str, Field(min_length=1, max_length=200)]
    document: dict[str, Any]


SHAPES: Mapping[str, type[_Content]] = {"text": TextContent, "act": ActContent, "definition": DefinitionContent}


def content_sha256(content: Mapping[str, Any]) -> str:
    """The digest of a content's one spelling."""
    return hashlib.sha256(audit.canonical(content)).hexdigest()


def act_content(action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An act as a draft holds it. Raises TypeError for an argument that is not plain."""
    return {"action": action, "arguments": {name: _plain(one) for name, one in arguments.items() if name != "actor"}}


def act_sha256(action: str, arguments: Mapping[str, Any]) -> str:
    """The digest of an act as a draft holds it; empty where an argument is not plain, so nothing is bound to it."""
    try:
        return content_sha256(act_content(action, arguments))
    except (TypeError, UnicodeEncodeError):
        return ""


def _plain(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    raise TypeError(type(value))


def storable(content: Mapping[str, Any]) -> bool:
    """Can a database keep it? Not half a character, nor the character that is none."""
    try:
        spelt = audit.canonical(content)
    except (UnicodeEncodeError, RecursionError):
        return False
    return b"\\u0000" not in spelt.replace(rb"\\", b"")
