"""Every write is an action: one function, one transaction, with its audit row and its facts.

The wrapper, not the author, checks the right, asks the gates, opens the transaction and writes audit and facts.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction

from marops.kernel import audit, facts, gates, memo
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_ALLOWED, MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import AuditRow, FactInbox
from marops.kernel.permissions import require, turned_away
from marops.store.guard import forbid

P = ParamSpec("P")
R = TypeVar("R")

current_job: ContextVar[UUID | None] = ContextVar("current_job", default=None)
_running: ContextVar[str | None] = ContextVar("running_action", default=None)


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """What is known of an action without running it."""

    name: str
    effect: str
    right: str | None
    reversible: bool
    function: Callable[..., Any]


_ACTIONS: dict[str, ActionInfo] = {}


def actions() -> Mapping[str, ActionInfo]:
    """All registered actions."""
    return dict(sorted(_ACTIONS.items()))


@dataclass
class Act:
    """The running act: collects what is to be recorded about it, written when the function returns."""

    action: ActionInfo
    actor: Actor
    at: datetime
    _facts: list[FactInbox] = field(default_factory=list)
    _touched: list[UUID] = field(default_factory=list)
    _changes: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def fact(
        self,
        kind: str,
        *,
        contact_id: UUID | None = None,
        subject: tuple[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        occurred_at: datetime | None = None,
        key: str | None = None,
        touch: bool = True,
        **columns: Any,
    ) -> None:
        """Announce that something happened. `touch=False` for what the engine itself does about a contact."""
        if contact_id and touch:
            self._touched.append(contact_id)
        self._facts.append(
            FactInbox(
                id=new_id(),
                kind=kind,
                occurred_at=occurred_at or self.at,
                recorded_at=self.at,
                contact_id=contact_id,
                subject_type=subject[0] if subject else None,
                subject_id=str(subject[1]) if subject else None,
                actor_type=self.actor.kind,
                actor_id=self.actor.id,
                properties=dict(properties or {}),
                key=key,
                **columns,
            )
        )

    def facts_from(self, select: str, params: tuple[Any, ...] = ()) -> int:
        """Announce a set of facts by a query; see `facts.write_from`."""
        return facts.write_from(select, params)

    def changed(self, object_type: str, object_id: Any, *, before: Any = None, after: Any = None) -> None:
        """Record that an object changed, with its values before and after (kept apart, erasable)."""
        self._changes.append((object_type, str(object_id), before, after))

    def count(self, **counts: int) -> None:
        """Record what a bulk act did in numbers; it gets one audit row however many rows it wrote."""
        for name, number in counts.items():
            self._counts[name] = self._counts.get(name, 0) + number

    def _finish(self) -> None:
        fresh = facts.write(self._facts)
        kept = {fact.contact_id for fact in fresh if fact.contact_id}
        facts.touch([contact_id for contact_id in self._touched if contact_id in kept], self.at)
        audit.write(self._audit_rows())

    def _audit_rows(self) -> list[tuple[AuditRow, dict[str, Any]]]:
        if self._changes:
            return [
                (self._audit_row(object_type, object_id), {"before": before, "after": after})
                for object_type, object_id, before, after in self._changes
            ]
        if any(self._counts.values()) or self._facts:
            return [(self._audit_row(None, None), {})]
        return []  # nothing changed, so there is nothing to keep

    def _audit_row(self, object_type: str | None, object_id: str | None) -> AuditRow:
        return AuditRow(
            id=new_id(),
            at=self.at,
            action=self.action.name,
            effect=self.action.effect,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            on_behalf_of=self.actor.on_behalf_of,
            ai_use=self.actor.ai_use,
            object_type=object_type,
            object_id=object_id,
            job_id=current_job.get(),
            counts=self._counts,
        )


def action(
    name: str, *, effect: str, right: str | None = None, reversible: bool = False
) -> Callable[[Callable[Concatenate[Act, P], R]], Callable[P, R]]:
    """Make a write of `function(act, *, actor, …)`; callers leave `act` out.

    `effect` is what gates decide on (create, change, merge, erase, import, send …); `right` is checked first.
    """

    def wrap(function: Callable[Concatenate[Act, P], R]) -> Callable[P, R]:
        info = ActionInfo(name, effect, right, reversible, function)
        if name in _ACTIONS:
            raise ValueError(f"action {name!r} is registered twice")
        _ACTIONS[name] = info

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return _run(info, function, args, kwargs)

        # The public signature is the one without `act`.
        signature = inspect.signature(function)
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]  # inspect's own protocol
            parameters=list(signature.parameters.values())[1:]
        )
        run.__marops_action__ = info  # type: ignore[attr-defined]  # read by the architecture test
        return run

    return wrap


def _run(info: ActionInfo, function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    actor = kwargs.get("actor")
    if args or not isinstance(actor, Actor):
        raise TypeError(f"{info.name} takes keyword arguments only, among them actor")
    if running := _running.get():
        raise RuntimeError(f"{info.name} was called inside {running}; an action is one transaction and calls no other")
    if info.right:
        require(actor, info.right, info.name)
    question = gates.Question(info.name, info.effect, actor, kwargs, info.reversible, info.right)
    answers = gates.ask_all(question)
    token = _running.set(info.name)
    try:
        with transaction.atomic(durable=True), forbid(f"the transaction of {info.name}"):
            answers = gates.compare_again(question, answers)
            act = Act(info, actor, now())
            result = function(act, **kwargs)
            act._finish()
            for answer in answers.values():
                if answer.keep:
                    answer.keep()
        return result
    except MaropsError as error:
        if error.code == gates.MOVED:
            gates.ask_all(question)  # what stands against it by now is told instead, and kept
        if error.code == NOT_ALLOWED:
            turned_away(actor, info.name, error.detail)  # what was noted inside went with the transaction
        raise
    finally:
        _running.reset(token)
        memo.forget()
