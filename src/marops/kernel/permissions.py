"""Rights, their scopes, and the classes of fields that not everybody may read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_ALLOWED, MaropsError


class Scope(IntEnum):
    """How far a right reaches; a wider scope includes the narrower ones."""

    OWN = 1
    TEAM = 2
    UNIT = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Right:
    """A right, `domain.verb`, and what it lets a person do."""

    name: str
    says: str
    scoped: bool = False


_RIGHTS: dict[str, Right] = {}


def right(name: str, says: str, *, scoped: bool = False) -> str:
    """Register a right and answer its name. A `scoped` right may be given for own, team, unit or all rows."""
    one = Right(name, says, scoped)
    if _RIGHTS.setdefault(name, one) != one:
        raise ValueError(f"right {name!r} is registered twice")
    return name


def rights() -> Mapping[str, Right]:
    """All registered rights."""
    return dict(sorted(_RIGHTS.items()))


@dataclass(frozen=True, slots=True)
class Grants:
    """What one actor may do: right → scope; plus what scopes are measured against."""

    scopes: Mapping[str, Scope] = field(default_factory=dict)
    everything: bool = False
    account_id: UUID | None = None
    team_ids: tuple[UUID, ...] = ()
    unit: str = ""
    by_key: bool = False
    """A program acts with a person's key: it is not that person, and gets nothing from whom they are or lead."""

    def scope(self, name: str) -> Scope | None:
        """How far the right reaches, None where it is not held."""
        if name not in _RIGHTS:
            raise KeyError(f"no such right: {name}")
        return Scope.ALL if self.everything else self.scopes.get(name)

    def __contains__(self, name: str) -> bool:
        return self.scope(name) is not None


class _Source(Protocol):
    def __call__(self, actor: Actor, /) -> Grants: ...


_source: list[Callable[[Actor], Grants]] = []


def rights_come_from(source: _Source) -> None:
    """Tell the kernel who knows the rights of people (the accounts domain does)."""
    _source[:] = [source]


def grants(actor: Actor) -> Grants:
    """What `actor` may do. The system may everything; an AI no more than the person it acts for."""
    if actor.kind == "system":
        return Grants(everything=True)
    return _source[0](actor) if _source else Grants()


def may(actor: Actor, name: str) -> bool:
    """Does the actor hold this right, in any scope?"""
    return name in grants(actor)


_noting: list[Callable[[Actor, str, str], None]] = []


def refusals_are_noted_by(note: Callable[[Actor, str, str], None]) -> None:
    """Tell the kernel who notes what an AI was refused for want of a right: the AI, what it wanted, why not."""
    _noting[:] = [note]


def turned_away(actor: Actor, wanted: str, why: str) -> None:
    """Note that an AI was refused before any gate was asked. Of people and the system nothing is noted."""
    if actor.kind == "ai" and _noting:
        _noting[0](actor, wanted, why)


def require(actor: Actor, name: str, wanted: str = "") -> Scope:
    """The scope in which the actor holds the right; MaropsError `not-allowed` where it does not.

    `wanted` names the act that asks; an AI that is refused stands in its trail with it.
    """
    scope = grants(actor).scope(name)
    if scope is None:
        said = f"This needs the right “{_RIGHTS[name].says}” ({name})."
        turned_away(actor, wanted or name, said)
        raise MaropsError(NOT_ALLOWED, said)
    return scope
