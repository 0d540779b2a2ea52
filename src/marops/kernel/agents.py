"""What AI agents are offered: tools and prompts, declared by domains in `mcp.py` and served by the site over MCP.

A tool is thin: it calls the queries and actions that pages call. Whoever serves it checks the key, the right and how
often it is asked; a tool that reads hands over through the gate, one that writes passes it in its action.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict

from marops.kernel.actors import Actor

Does = Literal["describe", "read", "propose", "act"]
"""`describe` tells of the house and of the agent itself, and asks no gate; `read` hands data over; `propose` makes
drafts that do nothing yet; `act` changes what counts."""


ASK_PEOPLE = (
    "Where only readers are missing, hand exactly this in for them instead of being refused. Once my_drafts says that"
    " it is approved, call this tool again with the same arguments."
)


class Given(BaseModel):
    """The arguments of a tool: a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Answered(BaseModel):
    """What a tool answers: the main fields by name, and more beside them."""

    model_config = ConfigDict(extra="allow")


class Nothing(Given):
    """No arguments."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a tool read: the answer, what it is about, and how many records it holds."""

    answer: Mapping[str, Any]
    subject: str
    records: int = 1


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `data` and `content` are the AI policy's words for what it reads; `reads` says which kinds of data it
    reads where that depends on who asks for what, the most sensitive last.
    """

    name: str
    title: str
    says: str
    does: Does
    given: type[BaseModel]
    answers: type[BaseModel]
    run: Callable[[Actor, Any], Any]
    right: str | None = None
    data: str = "internal"
    content: str = ""
    reads: Callable[[Actor, Any], tuple[str, ...]] | None = None
    overwrites: bool = False
    repeatable: bool = False

    @property
    def reads_only(self) -> bool:
        """It changes nothing but the trail."""
        return self.does in ("describe", "read")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A beginning that a person chooses in their agent: its arguments (name → what it is), and the words."""

    name: str
    title: str
    says: str
    arguments: Mapping[str, str]
    words: str


_TOOLS: dict[str, Tool] = {}
_PROMPTS: dict[str, Prompt] = {}


def tools() -> Mapping[str, Tool]:
    """All tools, by name."""
    return dict(sorted(_TOOLS.items()))


def prompts() -> Mapping[str, Prompt]:
    """All prompts, by name."""
    return dict(sorted(_PROMPTS.items()))


def tool(
    name: str, *, title: str, does: Does, answers: type[BaseModel], **more: Any
) -> Callable[[Callable[[Actor, Any], Any]], Callable[[Actor, Any], Any]]:
    """Offer `function(actor, given)` to agents; its docstring is what they read, its arguments are those of `given`.

    `more`: right, data, content, reads, overwrites, repeatable, as `Tool` has them.
    """

    def offer(function: Callable[[Actor, Any], Any]) -> Callable[[Actor, Any], Any]:
        if name in _TOOLS:
            raise ValueError(f"tool {name!r} is offered twice")
        hints, says = get_type_hints(function), " ".join((function.__doc__ or "").split())
        _TOOLS[name] = Tool(name, title, says, does, hints["given"], answers, function, **more)
        return function

    return offer


def prompt(name: str, *, title: str, says: str, words: str, arguments: Mapping[str, str] | None = None) -> None:
    """Offer a prompt; `words` holds each of its arguments in braces."""
    if name in _PROMPTS:
        raise ValueError(f"prompt {name!r} is offered twice")
    _PROMPTS[name] = Prompt(name, title, says, dict(arguments or {}), words)
