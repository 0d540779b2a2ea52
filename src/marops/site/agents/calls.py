"""A call by an agent: its key, how often it asks, its arguments, the gate, and the answer as a document.

Everything is looked up anew for each call, so that a revoked key, a role taken away, a new policy or a kill switch
counts at once, in a session that is open too.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from pydantic import BaseModel, ValidationError

from marops.domains.accounts.public import Agent, agent_by_token, rights_remembered
from marops.domains.policy.public import ask_to_read, hand_over, tools_of
from marops.kernel.actors import Actor
from marops.kernel.agents import Read, Tool, tools
from marops.kernel.config import config
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import INVALID, NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.limits import Limiter, too_many
from marops.kernel.memo import remembered
from marops.kernel.permissions import grants, require
from marops.site.urls import PARTS

Run = Callable[[Actor], Any]


def load() -> None:
    """Have every domain say what it offers to agents."""
    for name in (*PARTS, "marops.site.agents"):
        if find_spec(f"{name}.mcp"):
            import_module(f"{name}.mcp")


@cache
def limiter() -> Limiter:
    """The buckets of agents, one for each key."""
    minute = config().agent_rate
    return Limiter(minute / 60, max(1, minute))


@contextmanager
def let_in(secret: str) -> Iterator[Agent]:
    """The agent of this key, for one call. Raises MaropsError `bad-token`, `too-many-requests`."""
    with rights_remembered(), remembered():
        agent = agent_by_token(secret)
        verdict = limiter().take(str(agent.key))
        if not verdict.allowed:
            raise too_many(verdict)
        yield agent


def known(secret: str) -> None:
    """Is this key let in, and not too often? For what is the same for everybody. Raises MaropsError as `let_in`."""
    with let_in(secret):
        return


def offered(secret: str) -> list[Tool]:
    """The tools whose right this agent holds just now, and that its use names if it names any.

    Which of them it may use, the gate says when it does.
    """
    with let_in(secret) as agent:
        held = grants(agent.actor)
        may = [one for one in tools().values() if one.right is None or one.right in held]
        return [one for one in may if not _unnamed(agent.actor, one)]


def _unnamed(actor: Actor, wanted: Tool) -> bool:
    """Does the register name this use's tools, and not this one? What only tells of the house is always there."""
    named = tools_of(actor.ai_use or "")
    return bool(named) and wanted.does != "describe" and wanted.name not in named


def call(secret: str, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a tool answers. Raises MaropsError: `not-found`, `invalid`, `not-allowed`, `gate-refused`, those of acts."""
    with let_in(secret) as agent:
        wanted = tools().get(name)
        if wanted is None:
            raise MaropsError(NOT_FOUND, f"There is no tool {name}.", remedy=f"There are {', '.join(tools())}.")
        given = _checked(wanted, arguments)
        if wanted.right:
            require(agent.actor, wanted.right)
        if _unnamed(agent.actor, wanted):
            said = f"The register names the tools of {agent.actor.ai_use}, and {name} is none of them."
            raise MaropsError(NOT_ALLOWED, said)
        if wanted.does == "read":
            what = _named(name, given)
            data = wanted.reads(agent.actor, given) if wanted.reads else (wanted.data,)
            return read(agent.actor, what, lambda actor: wanted.run(actor, given), data, wanted.content)
        return plain(wanted.run(agent.actor, given))


def read(actor: Actor, what: str, run: Run, data: tuple[str, ...], content: str = "") -> dict[str, Any]:
    """Ask the gate about each kind of data, look up, and hand over through the gate: refused at either, nothing leaves
    the house.
    """
    for one in data:
        ask_to_read(actor, subject=what, data=one, content=content)
    found = run(actor)
    told = found if isinstance(found, Read) else Read(found, what)
    answer = plain(told.answer)
    digest = hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()
    hand_over(actor=actor, subject=told.subject, data=data[-1], content=content, records=told.records, sha256=digest)
    return answer


def _named(name: str, given: BaseModel) -> str:
    """What is asked for, for the trail: with its reference, but never with an address or a name that finds people."""
    ref = str(getattr(given, "ref", ""))
    return f"{name} {ref}" if re.fullmatch(r"[A-Z]{1,2}-\d{1,12}", ref) else name


def _checked(wanted: Tool, arguments: Mapping[str, Any]) -> BaseModel:
    try:
        return wanted.given.model_validate(arguments)
    except ValidationError as error:
        faults = pydantic_faults(error, arguments)
        raise MaropsError(INVALID, f"{wanted.name} cannot use what was sent.", errors=faults) from None


def plain(answer: Any) -> dict[str, Any]:
    """The answer in JSON's own values."""
    told: dict[str, Any] = json.loads(json.dumps(answer, cls=DjangoJSONEncoder))
    return told
