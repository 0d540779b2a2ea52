"""People, roles and keys over REST."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from marops.domains.accounts import actions, queries
from marops.domains.accounts.forms import AgentForm, InviteForm, RolesForm, TokenForm
from marops.domains.accounts.mail import link_url, send_invitation, sends_mail
from marops.domains.accounts.models import Account, Token
from marops.domains.accounts.permissions import MANAGE, TOKENS, VIEW
from marops.domains.accounts.public import actor_of
from marops.domains.accounts.queries import roles_of
from marops.kernel.forms import validated
from marops.kernel.permissions import grants, require
from marops.kernel.rest import Page, Paging, Strict, checked_limit, page, place_of

router = Router(tags=["accounts"])


class PersonOut(Strict):
    """Somebody with an account."""

    id: UUID
    ref: str
    name: str
    email: str
    active: bool
    roles: list[str]
    reports_to: UUID | None
    unit: str
    created_at: datetime
    last_login: datetime | None


def _person(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "ref": one.ref,
        "name": one.name,
        "email": one.email,
        "active": one.active,
        "roles": roles_of(one),
        "reports_to": one.manager_id,
        "unit": one.unit,
        "created_at": one.created_at,
        "last_login": one.last_login,
    }


class MeOut(Strict):
    """Who asks, and what they may do here: with a key, only what the key may."""

    person: PersonOut
    rights: dict[str, str]


@router.get("/me", response=MeOut, url_name="me")
def me(request: HttpRequest) -> Any:
    """Who asks, and what they may do."""
    actor = actor_of(request)
    held = grants(actor)
    one = queries.myself(actor)
    return {"person": _person(one), "rights": queries.scopes_in_words(held)}


class PeopleIn(Paging):
    """What a list of people is narrowed to."""

    q: str = ""
    role: str = ""
    state: str = ""


@router.get("/people", response=Page[PersonOut], url_name="people")
def people(request: HttpRequest, given: Query[PeopleIn]) -> Any:
    """People and their roles, in the order they came."""
    limit = checked_limit(given.limit)
    rows = queries.people(actor_of(request), words=given.q, role=given.role, state=given.state).order_by("number")
    if given.after:
        rows = rows.filter(number__gt=place_of(given.after, int)[0])
    return page(rows[: limit + 1], limit, at=lambda one: (one.number,), show=_person)


class InviteIn(Strict):
    """Whom to invite."""

    email: str
    name: str
    roles: list[str] = Field(default_factory=list)
    manager: UUID | None = None
    unit: str = ""


class InvitedOut(Strict):
    """The new account; `link` lets its holder in once, and is null where it was sent by mail instead."""

    person: PersonOut
    link: str | None


@router.post("/people", response={201: InvitedOut}, url_name="invite")
def invite(request: HttpRequest, body: InviteIn) -> Any:
    """Invite somebody."""
    actor = actor_of(request)
    require(actor, MANAGE)
    given = validated(InviteForm, body.model_dump())
    one, secret = actions.invite(
        actor=actor, email=given["email"], name=given["name"], roles=given["roles"], **_place(given)
    )
    send_invitation(one, secret, by=queries.myself(actor).name)
    return Status(
        201, {"person": _person(queries.person(actor, one.ref)), "link": None if sends_mail() else link_url(secret)}
    )


def _place(given: dict[str, Any]) -> dict[str, Any]:
    return {"manager_id": given["manager"].id if given["manager"] else None, "unit": given["unit"]}


@router.get("/people/{ref}", response=PersonOut, url_name="person")
def person(request: HttpRequest, ref: str) -> Any:
    """One person, by reference U-3, id or address."""
    return _person(queries.person(actor_of(request), ref))


class RolesIn(Strict):
    """The access roles somebody shall hold from now on, and where they stand."""

    roles: list[str]
    manager: UUID | None = None
    unit: str = ""


@router.put("/people/{ref}/roles", response=PersonOut, url_name="person-roles")
def give_roles(request: HttpRequest, ref: str, body: RolesIn) -> Any:
    """Let somebody hold exactly these access roles."""
    actor = actor_of(request)
    require(actor, MANAGE)
    one = queries.person(actor, ref)
    given = validated(RolesForm, body.model_dump(), account=one)
    actions.give_roles(actor=actor, account_id=one.id, roles=given["roles"], **_place(given))
    return _person(queries.person(actor, ref))


@router.post("/people/{ref}/deactivate", response=PersonOut, url_name="person-deactivate")
def deactivate(request: HttpRequest, ref: str) -> Any:
    """Lock somebody out."""
    actor = actor_of(request)
    require(actor, MANAGE)
    actions.deactivate(actor=actor, account_id=queries.person(actor, ref).id)
    return _person(queries.person(actor, ref))


@router.post("/people/{ref}/reactivate", response=PersonOut, url_name="person-reactivate")
def reactivate(request: HttpRequest, ref: str) -> Any:
    """Let somebody in again."""
    actor = actor_of(request)
    require(actor, MANAGE)
    actions.reactivate(actor=actor, account_id=queries.person(actor, ref).id)
    return _person(queries.person(actor, ref))


class RoleOut(Strict):
    """An access role; `everything` also covers rights that come later."""

    slug: str
    title: str
    says: str
    everything: bool
    rights: dict[str, str]


@router.get("/roles", response=Page[RoleOut], url_name="roles")
def roles(request: HttpRequest) -> Any:
    """The access roles in force."""
    require(actor_of(request), VIEW)
    held, _domains = queries.matrix()
    return {"items": [role.model_dump() for role in held], "next": None}


class TokenOut(Strict):
    """A key, without its secret."""

    id: UUID
    name: str
    prefix: str
    rights: list[str]
    ai_use: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def _token(one: Token) -> dict[str, Any]:
    return {name: getattr(one, name) for name in TokenOut.model_fields}


@router.get("/tokens", response=Page[TokenOut], url_name="tokens")
def tokens(request: HttpRequest) -> Any:
    """One's own keys."""
    actor = actor_of(request)
    require(actor, TOKENS)
    return {"items": [_token(one) for one in queries.own_tokens(queries.myself(actor).id, agents=None)], "next": None}


class TokenIn(Strict):
    """A key to make; `days` is 7, 30, 90 or 365. With `ai_use` an AI agent's; `rights` is empty then.

    An agent's key is made by who is signed in: no key makes one.
    """

    name: str
    rights: list[str]
    days: int = 90
    ai_use: str = ""


class MadeToken(Strict):
    """A new key with its secret, which is never shown again."""

    token: TokenOut
    secret: str


@router.post("/tokens", response={201: MadeToken}, url_name="token-make")
def make_token(request: HttpRequest, body: TokenIn) -> Any:
    """Make a key with some of one's own rights."""
    actor = actor_of(request)
    require(actor, TOKENS)
    if body.ai_use:
        given = validated(AgentForm, body.model_dump(exclude={"rights"}), uses=queries.uses_of_ai())
        one, secret = actions.make_token(actor=actor, rights_asked=body.rights, **given)
    else:
        given = validated(TokenForm, body.model_dump(exclude={"ai_use"}), held=grants(actor))
        asked = {"name": given["name"], "rights_asked": given["rights"], "days": given["days"]}
        one, secret = actions.make_token(actor=actor, **asked)
    return Status(201, {"token": _token(one), "secret": secret})


@router.delete("/tokens/{token_id}", response=TokenOut, url_name="token-revoke")
def revoke(request: HttpRequest, token_id: UUID) -> Any:
    """Stop a key from working."""
    return _token(actions.revoke_token(actor=actor_of(request), token_id=token_id))
