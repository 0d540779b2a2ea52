"""Reads about people, their roles, their links and keys."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.models import Account, OneTimeLink, SignInAttempt, Token
from marops.domains.accounts.permissions import account_grants, roles_in_force, with_access
from marops.domains.accounts.rules import ADMINISTRATOR, COUNTED, AccessDocument
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.permissions import Grants, Right, Scope, may, require, rights
from marops.kernel.shell import Found, Hit


def sha256(secret: str) -> str:
    """The hash under which a link or a key is kept. The secrets are random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def people(actor: Actor, *, words: str = "", role: str = "", state: str = "") -> QuerySet[Account]:
    """Accounts with their roles, by name. Raises MaropsError `not-allowed`."""
    require(actor, "accounts.view")
    found: QuerySet[Account] = with_access().order_by("name", "number")
    if words:
        found = found.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if role:
        found = found.filter(roles__role=role)
    if state == "invited":
        found = found.filter(active=True, last_login__isnull=True)
    elif state:
        found = found.filter(active=state == "active")
    return found


def person(actor: Actor, ref: str) -> Account:
    """The account of a reference U-3, an id or an address. Raises MaropsError `not-found` or `not-allowed`."""
    require(actor, "accounts.view")
    number = ref[2:] if ref.upper().startswith("U-") else ""
    one_id = as_uuid(ref)
    if number.isdigit():
        row = with_access().filter(number=int(number)).first()
    elif one_id:
        row = with_access().filter(id=one_id).first()
    else:
        row = with_access().filter(email__iexact=ref).first()
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no person {ref}.")
    found: Account = row
    return found


def myself(actor: Actor) -> Account:
    """The account of a person who acts. Raises MaropsError `not-found` for actors that are no person."""
    known = as_uuid(actor.id)
    found: Account | None = with_access().filter(id=known).first() if known else None
    if found is None:
        raise MaropsError(NOT_FOUND)
    return found


def roles_of(account: Account) -> list[str]:
    """The access roles of an account that was read by `with_access()`, as sessions and lists read them."""
    return list(getattr(account, "role_slugs", []))


def scopes_in_words(held: Grants) -> dict[str, str]:
    """Right → how far it reaches: own, team, unit or all."""
    return {name: scope.name.lower() for name in rights() if (scope := held.scope(name))}


def names(ids: Sequence[UUID | str]) -> dict[str, str]:
    """Account id → name, for what others wrote; ids that are no account are left out."""
    known = [one for given in ids if (one := as_uuid(str(given)))]
    return {str(pk): name for pk, name in Account.objects.filter(id__in=known).values_list("id", "name")}


def administrators() -> QuerySet[Account]:
    """Active people who may everything."""
    everything = [role.slug for role in roles_in_force().roles if role.everything] or [ADMINISTRATOR]
    return Account.objects.filter(active=True, roles__role__in=everything).distinct()


def open_link(secret: str, at: datetime) -> OneTimeLink | None:
    """The link of this secret, if it can still be used."""
    link = OneTimeLink.objects.select_related("account").filter(token_sha256=sha256(secret)).first()
    return link if link and link.used_at is None and link.expires_at > at and link.account.active else None


def failures(who: str, at: datetime) -> list[datetime]:
    """When sign-ins failed lately for this address or from this place."""
    return list(SignInAttempt.objects.filter(who_sha256=who, at__gt=at - COUNTED).values_list("at", flat=True))


def own_tokens(account_id: UUID, *, agents: bool | None = False) -> QuerySet[Token]:
    """A person's keys, newest first: those of programs, or of AI agents; None for both."""
    rows = Token.objects.filter(account_id=account_id).order_by("-created_at")
    return rows if agents is None else rows.exclude(ai_use="") if agents else rows.filter(ai_use="")


def token_owner(secret: str, at: datetime) -> tuple[Token, Account] | None:
    """The key of this secret with its owner (by `with_access()`), if both may still be used."""
    token = Token.objects.filter(token_sha256=sha256(secret), revoked_at__isnull=True, expires_at__gt=at).first()
    owner = with_access().filter(id=token.account_id, active=True).first() if token else None
    return (token, owner) if token and owner else None


def uses_of_ai() -> dict[str, str]:
    """Short name → title of the uses in the register of AI uses in force, under which an agent may have a key."""
    rows = Definition.objects.filter(kind="ai_use", state=Definition.State.ACTIVE).order_by("slug")
    return {slug: str(document.get("title", slug)) for slug, document in rows.values_list("slug", "document")}


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """One right and, per role, how far it reaches ('' where the role does not hold it)."""

    right: Right
    scopes: tuple[str, ...]


def matrix() -> tuple[list[Any], list[tuple[str, list[MatrixLine]]]]:
    """The access roles, and the rights by domain with each role's scope: what the page prints."""
    roles = roles_in_force().roles
    domains: dict[str, list[MatrixLine]] = {}
    for name, one in rights().items():
        scopes = tuple("all" if role.everything else str(role.rights.get(name, "")) for role in roles)
        domains.setdefault(name.split(".")[0], []).append(MatrixLine(one, scopes))
    return roles, sorted(domains.items())


def others_who_may(actor: Actor, right: str) -> bool:
    """Is there somebody else who holds this right? Four eyes bind once there is."""
    others = with_access().filter(active=True, last_login__isnull=False).exclude(id=as_uuid(actor.id))
    return any(right in account_grants(one) for one in others)


def who_may(right: str) -> dict[UUID, Scope]:
    """Account that is open → the scope in which it holds this right."""
    scopes = {one.id: account_grants(one).scope(right) for one in with_access().filter(active=True)}
    return {account_id: scope for account_id, scope in scopes.items() if scope is not None}


def faults_of_roles(document: AccessDocument) -> list[FieldError]:
    """What must also hold for access roles: known rights, names once, and a role that may everything."""
    return list(_faults_of_roles(document))


def _faults_of_roles(document: AccessDocument) -> Iterator[FieldError]:
    slugs = [role.slug for role in document.roles]
    for number, role in enumerate(document.roles):
        if slugs.count(role.slug) > 1:
            yield FieldError("twice", f"The role {role.slug} stands here twice.", pointer=f"/roles/{number}/slug")
        for name, scope in role.rights.items():
            pointer = f"/roles/{number}/rights/{name}"
            if name not in rights():
                yield FieldError("right", f"There is no right {name}.", pointer=pointer)
            elif scope != "all" and not rights()[name].scoped:
                message = f"{name} reaches everything or nothing; it cannot be held for {scope} alone."
                yield FieldError("scope", message, "Write all, or leave the right out.", pointer)
    if not any(role.slug == ADMINISTRATOR and role.everything for role in document.roles):
        message = "The administrator must be able to do everything."
        yield FieldError("administrator", message, "Keep the role administrator with everything: true.", "/roles")


def search_people(actor: Actor, words: str, limit: int) -> list[Hit]:
    """Colleagues whose name or address holds the words, for the palette."""
    if not may(actor, "accounts.view"):
        return []
    found = Account.objects.filter(active=True).filter(Q(name__icontains=words) | Q(email__icontains=words))
    return [
        Hit(_("Colleague"), one.name, reverse("access-person", args=[one.ref]), one.ref, "account")
        for one in found.order_by("name")[:limit]
    ]


def find_person(actor: Actor, object_id: str) -> Found | None:
    """A colleague as an object of the shell."""
    known = as_uuid(object_id) if may(actor, "accounts.view") else None
    one = Account.objects.filter(id=known).first() if known else None
    return Found(one.name, reverse("access-person", args=[one.ref])) if one else None
