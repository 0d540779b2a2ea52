"""What other domains may use of accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marops.domains.accounts.actions import make_token, note_token_use, revoke_token, start_first_administrator
from marops.domains.accounts.models import Account, AccountRole, Token
from marops.domains.accounts.permissions import (
    FIELD_CLASSES,
    TOKENS,
    Masked,
    Seen,
    account_grants,
    ai_rights_come_from,
    limit_to,
    mask,
    remember,
    rights_of_the_key,
    rights_remembered,
    roles_in_force,
    sees,
)
from marops.domains.accounts.queries import administrators, names, token_owner, who_may
from marops.domains.accounts.rules import scope_rule
from marops.kernel.actors import SETUP, Actor
from marops.kernel.clock import now
from marops.kernel.errors import NOT_ALLOWED, MaropsError, problem
from marops.kernel.permissions import may, require

__all__ = [
    "BAD_TOKEN",
    "FIELD_CLASSES",
    "TOKENS",
    "Account",
    "AccountRole",
    "Agent",
    "Masked",
    "Seen",
    "Token",
    "actor_of",
    "agent_by_token",
    "ai_rights_come_from",
    "by_token",
    "first_sign_in_link",
    "key_with",
    "keys_for",
    "limit_to",
    "make_token",
    "mask",
    "names",
    "needs",
    "owner_of_last_resort",
    "person_by_key",
    "remember",
    "revoke_token",
    "rights_of_the_key",
    "rights_remembered",
    "roles_in_force",
    "scope_rule",
    "sees",
    "who_may",
]

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
BAD_TOKEN = problem(
    "bad-token", "This key does not open anything", status=401, remedy="Make a new one under Your account, Keys."
)
_USE_NOTED_EVERY = timedelta(minutes=5)
FIRST_EMAIL = "administrator@marops.invalid"
AGENTS_KEY = problem(
    "agents-key",
    "This key belongs to an AI agent",
    status=403,
    remedy="Agents come in by MCP, where every reading is noted too; see `marops mcp`. Programs use keys of their own.",
)


def first_sign_in_link() -> str | None:
    """The path that lets the first administrator in, fresh each time; None once one has signed in."""
    if administrators().filter(last_login__isnull=False).exists():
        return None
    secret = start_first_administrator(actor=SETUP, email=FIRST_EMAIL, name="Administrator")
    return f"/welcome/{secret}"


def owner_of_last_resort() -> Account | None:
    """The administrator who owns what nobody else does: the one who came first."""
    return administrators().order_by("number").first()


def actor_of(request: HttpRequest) -> Actor:
    """Who asks. Raises MaropsError `not-allowed` for a request without a person."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise MaropsError(NOT_ALLOWED, "Sign in first.")
    return actor


def by_token(request: HttpRequest, secret: str) -> Account:
    """Let the request act as the owner of a key, with no more rights than the key has.

    Raises MaropsError `bad-token` for keys that are unknown, revoked or run out, `agents-key` for those of agents.
    """
    at = now()
    found = token_owner(secret, at)
    if found is None:
        raise MaropsError(BAD_TOKEN)
    token, account = found
    if token.ai_use:
        raise MaropsError(AGENTS_KEY)
    actor = Actor("human", str(account.id))
    limit_to(frozenset(token.rights))
    remember(actor, account)
    request.__dict__["actor"] = actor
    if token.last_used_at is None or at - token.last_used_at > _USE_NOTED_EVERY:
        note_token_use(actor=actor, token_id=token.id)
    return account


def person_by_key(secret: str) -> Actor:
    """The owner of a program's key, who holds no more than the key from now on; for a command, which knows nobody.

    Raises MaropsError as `by_token` does.
    """
    found = token_owner(secret, now())
    if found is None:
        raise MaropsError(BAD_TOKEN)
    token, account = found
    if token.ai_use:
        raise MaropsError(AGENTS_KEY)
    limit_to(frozenset(token.rights))
    actor = Actor("human", str(account.id))
    note_token_use(actor=actor, token_id=token.id)
    return actor


def key_with(secret: str, right: str) -> Token | None:
    """The key of this secret, if both the key and its owner hold `right` just now; for doors without a session."""
    at = now()
    found = token_owner(secret, at)
    if found is None or found[0].ai_use or right not in found[0].rights or right not in account_grants(found[1]):
        return None
    token, account = found
    if token.last_used_at is None or at - token.last_used_at > _USE_NOTED_EVERY:
        note_token_use(actor=Actor("human", str(account.id)), token_id=token.id)
    return token


@dataclass(frozen=True, slots=True)
class Agent:
    """An AI agent that came with its key: who it is to the house, and for whom it works."""

    key: UUID
    name: str
    actor: Actor
    person: str
    until: datetime


def agent_by_token(secret: str) -> Agent:
    """The agent of a key. Raises MaropsError `bad-token` for keys that open nothing, and for those of programs."""
    at = now()
    found = token_owner(secret, at)
    if found is None or not found[0].ai_use:
        raise MaropsError(BAD_TOKEN)
    token, account = found
    # No id of an account: nothing may take an agent for a person.
    actor = Actor("ai", f"agent-{token.id.hex[-12:]}", on_behalf_of=str(account.id), ai_use=token.ai_use)
    if token.last_used_at is None or at - token.last_used_at > _USE_NOTED_EVERY:
        note_token_use(actor=Actor("human", str(account.id)), token_id=token.id)
    return Agent(token.id, token.name, actor, account.name, token.expires_at)


def keys_for(right: str) -> QuerySet[Token]:
    """Everybody's keys that may do exactly this one thing, newest first, with their owners."""
    return Token.objects.filter(rights=[right]).select_related("account").order_by("-created_at")


def needs(right: str, *others: str) -> Callable[[View[P]], View[P]]:
    """A page that only those open who hold `right` (or one of `others`), in any scope; others get `not-allowed`."""

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = actor_of(request)
            require(actor, next((one for one in others if may(actor, one)), right))
            return view(request, *args, **kwargs)

        guarded.__dict__["needs_right"] = right
        return cast("View[P]", guarded)

    return wrap
