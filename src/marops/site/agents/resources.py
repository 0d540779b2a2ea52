"""What agents may keep beside their work: the policy, how they stand, the form of documents, definitions in force."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marops.domains.policy import public as policy
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.site.agents import calls, mcp


@dataclass(frozen=True, slots=True)
class Place:
    """An address, what stands there, and who answers; `data` is set where it hands the company's data over."""

    uri: str
    name: str
    title: str
    says: str
    answer: Callable[..., Any]
    reads: bool = False


PLACES = (
    Place("marops://policy", "policy", "The AI policy", "The one page in force: what AI may do on its own, once a gate"
          " is passed, and never.", policy.page),
    Place("marops://me", "me", "How this agent stands", "Its use, person, rights, limits and what stops it.",
          policy.standing),
    Place("marops://kinds", "kinds", "Kinds of definitions", "What can be drafted here, with what each is for.",
          mcp.kinds_of),
)  # fmt: skip
TEMPLATES = (
    Place("marops://kinds/{kind}", "kind", "The form of a kind", "The JSON schema of one kind's documents.",
          mcp.kind_of),
    Place("marops://definitions/{kind}/{slug}", "definition", "A definition", "The version in force, else the newest.",
          lambda actor, kind, slug: mcp.definition_json(actor, f"{kind}/{slug}"), reads=True),
)  # fmt: skip


def read(secret: str, uri: str) -> dict[str, Any]:
    """What stands at an address. Raises MaropsError `not-found`, and `gate-refused` for what is not to be read."""
    with calls.let_in(secret) as agent:
        place, given = _place(uri)

        def answer(actor: Actor) -> Any:
            return place.answer(actor, *given)

        what = " ".join([place.name, "/".join(given)])
        if not place.reads:
            return calls.plain(answer(agent.actor))
        return calls.read(agent.actor, what, answer, mcp.data_of_kind(given[0]))


def _place(uri: str) -> tuple[Place, tuple[str, ...]]:
    for one in (*PLACES, *TEMPLATES):
        if match := re.fullmatch(re.sub(r"\\{\w+\\}", "([a-z0-9_-]+)", re.escape(one.uri)), uri):
            return one, match.groups()
    raise MaropsError(NOT_FOUND, f"There is nothing at {uri}.")
