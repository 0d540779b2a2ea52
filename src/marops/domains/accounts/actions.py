"""Writes about people: letting them in, giving and taking roles, their settings, their keys."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from marops.domains.accounts.models import Account, AccountRole, OneTimeLink, SignInAttempt, Token
from marops.domains.accounts.permissions import MANAGE, TOKENS, forget_rights, roles_in_force
from marops.domains.accounts.queries import administrators, sha256, uses_of_ai
from marops.domains.accounts.rules import ADMINISTRATOR
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.ids import next_number
from marops.kernel.permissions import Grants, grants, rights

LINK_LIVES = {
    OneTimeLink.Purpose.FIRST: timedelta(days=7),
    OneTimeLink.Purpose.INVITATION: timedelta(days=7),
    OneTimeLink.Purpose.RESET: timedelta(hours=2),
}
LONGEST_TOKEN = timedelta(days=366)

LAST_ADMINISTRATOR = problem(
    "last-administrator",
    "Nobody would be left who may give access",
    status=409,
    remedy="Make somebody else administrator first.",
)
LINK_USED = problem(
    "link-used",
    "This link does not open anything any more",
    status=410,
    remedy="Links work once and for a limited time. Ask an administrator for a new one.",
)


def _make(email: str, name: str, roles: list[str]) -> Account:
    if Account.objects.filter(email__iexact=email).exists():
        fault = FieldError("taken", _("Somebody has an account under this address already."), field="email")
        raise MaropsError(INVALID, errors=[fault])
    row = Account(email=email, name=name, number=next_number("account_number"), password=make_password(None))
    row.save(force_insert=True)
    AccountRole.objects.bulk_create([AccountRole(account=row, role=role) for role in roles])
    return row


def _link(account: Account, purpose: OneTimeLink.Purpose, actor: Actor, at: datetime) -> str:
    """A fresh secret; earlier links of the same purpose stop working."""
    OneTimeLink.objects.filter(account=account, purpose=purpose, used_at__isnull=True).update(used_at=at)
    secret = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        token_sha256=sha256(secret),
        purpose=purpose,
        account=account,
        created_by=actor.id,
        created_at=at,
        expires_at=at + LINK_LIVES[purpose],
    )
    return secret


def _check_roles(roles: list[str]) -> None:
    known = {role.slug for role in roles_in_force().roles}
    if unknown := [slug for slug in roles if slug not in known]:
        fault = FieldError("unknown", f"There is no access role {', '.join(unknown)}.", field="roles")
        raise MaropsError(INVALID, errors=[fault])


def _get(account_id: UUID) -> Account:
    row = Account.objects.select_for_update().filter(id=account_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    return row


@action("account.first", effect="create")
def start_first_administrator(act: Act, *, actor: Actor, email: str, name: str) -> str:
    """Make the first administrator, who names themselves on arrival, and answer the secret of the link that lets
    them in. Asked again before they came, it answers a fresh link. Raises `conflict` once somebody signed in.
    """
    waiting = administrators().filter(last_login__isnull=True).first()
    if administrators().filter(last_login__isnull=False).exists():
        raise MaropsError(CONFLICT, "There is an administrator already.")
    row = waiting or _make(email, name, [ADMINISTRATOR])
    act.changed("account", row.id, after={"roles": [ADMINISTRATOR]})
    return _link(row, OneTimeLink.Purpose.FIRST, actor, act.at)


@action("account.invite", effect="create", right=MANAGE, reversible=True)
def invite(act: Act, /, *, actor: Actor, email: str, name: str, roles: list[str], **more: Any) -> tuple[Account, str]:
    """Make an account for somebody and answer it with the secret of its invitation. `more`: manager_id, unit."""
    _check_roles(roles)
    row = _make(email, name, roles)
    row.desk = next((role for role in roles if role != ADMINISTRATOR), "")
    for field, value in more.items():
        setattr(row, field, value)
    row.save()
    act.changed("account", row.id, after={"email": email, "name": name, "roles": sorted(roles)})
    return row, _link(row, OneTimeLink.Purpose.INVITATION, actor, act.at)


@action("account.make_link", effect="create", right=MANAGE)
def make_link(act: Act, *, actor: Actor, account_id: UUID) -> str:
    """A link an administrator hands over: an invitation again, or a new password for somebody who forgot theirs."""
    row = _get(account_id)
    if not row.active:
        raise MaropsError(CONFLICT, _("Let this person in again first."))
    purpose = OneTimeLink.Purpose.RESET if row.last_login else OneTimeLink.Purpose.INVITATION
    act.changed("account", row.id, after={"link": purpose})
    return _link(row, purpose, actor, act.at)


@action("account.ask_reset", effect="create")
def ask_reset(act: Act, *, actor: Actor, email: str) -> tuple[Account, str] | None:
    """Somebody forgot their password: the account with the secret of a link, None where there is no such account."""
    row = Account.objects.filter(email__iexact=email, active=True).first()
    if row is None:
        return None
    act.changed("account", row.id, after={"link": "reset"})
    return row, _link(row, OneTimeLink.Purpose.RESET, actor, act.at)


@action("account.arrive", effect="change")
def arrive(act: Act, /, *, actor: Actor, secret: str, password: str, **about: str) -> Account:
    """Use a one-time link: set the password, and for the first administrator address and name. Ends all sessions.

    Raises MaropsError `link-used` for links that were used or have run out.
    """
    link = OneTimeLink.objects.select_for_update().filter(token_sha256=sha256(secret)).first()
    if link is None or link.used_at or link.expires_at <= act.at:
        raise MaropsError(LINK_USED)
    row = _get(link.account_id)
    if not row.active:
        raise MaropsError(LINK_USED)
    if link.purpose == OneTimeLink.Purpose.FIRST:
        row.email = about.get("email") or row.email
    if link.purpose != OneTimeLink.Purpose.RESET:
        row.name = about.get("name") or row.name
    _set_password(row, password)
    OneTimeLink.objects.filter(account=row, used_at__isnull=True).update(used_at=act.at)
    act.changed("account", row.id, after={"arrived_by": link.purpose})
    return row


def _set_password(row: Account, password: str) -> None:
    row.password = make_password(password)
    row.session_epoch += 1
    row.save()


@action("account.change_password", effect="change")
def change_password(act: Act, *, actor: Actor, account_id: UUID, password: str) -> Account:
    """A person's own new password; every other session of theirs ends."""
    _only_self(actor, account_id)
    row = _get(account_id)
    _set_password(row, password)
    act.changed("account", row.id, after={"password": "changed"})
    return row


def _only_self(actor: Actor, account_id: UUID) -> None:
    if actor.kind != "human" or actor.id != str(account_id):
        raise MaropsError(NOT_ALLOWED, _("Everybody changes only their own."))


_OWN_SETTINGS = frozenset({"name", "zone", "language", "theme", "desk"})


@action("account.change_settings", effect="change", reversible=True)
def change_settings(act: Act, /, *, actor: Actor, account_id: UUID, **values: str) -> Account:
    """A person's own name, zone, language, theme and desk. Raises `invalid` for an unknown zone."""
    _only_self(actor, account_id)
    if unknown := set(values) - _OWN_SETTINGS:
        raise TypeError(f"not settings of a person: {sorted(unknown)}")
    if values.get("zone") and values["zone"] not in available_timezones():
        raise MaropsError(INVALID, errors=[FieldError("zone", _("This is not a time zone."), field="zone")])
    row = _get(account_id)
    before = {name: getattr(row, name) for name in values}
    if before == values:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    act.changed("account", row.id, before=before, after=values)
    return row


@action("account.give_roles", effect="change", right=MANAGE, reversible=True)
def give_roles(act: Act, /, *, actor: Actor, account_id: UUID, roles: list[str], **more: Any) -> Account:
    """Let the account hold exactly these access roles. `more`: manager_id, unit.

    Raises MaropsError `last-administrator` where nobody would be left to give access.
    """
    _check_roles(roles)
    row = _get(account_id)
    before = {"roles": sorted(row.roles.values_list("role", flat=True)), **{name: getattr(row, name) for name in more}}
    if more.get("manager_id"):
        _check_line(row, more["manager_id"])
    for field, value in more.items():
        setattr(row, field, value)
    row.save()
    row.roles.exclude(role__in=roles).delete()
    held = set(row.roles.values_list("role", flat=True))
    AccountRole.objects.bulk_create([AccountRole(account=row, role=role) for role in roles if role not in held])
    _keep_an_administrator()
    after = {"roles": sorted(roles), **more}
    if before != after:
        act.changed("account", row.id, before=before, after=after)
    forget_rights()
    return row


def _check_line(row: Account, manager_id: UUID) -> None:
    above: UUID | None = manager_id
    seen: set[UUID] = set()
    while above and above not in seen:
        if above == row.id:
            fault = FieldError("circle", _("This person reports to them, directly or not."), field="manager")
            raise MaropsError(INVALID, errors=[fault])
        seen.add(above)
        above = Account.objects.filter(id=above).values_list("manager_id", flat=True).first()


def _keep_an_administrator() -> None:
    # All of them are locked, so that two people cannot each remove the other at the same moment.
    list(Account.objects.select_for_update().filter(roles__role=ADMINISTRATOR).order_by("id").values_list("id"))
    if not administrators().exists():
        raise MaropsError(LAST_ADMINISTRATOR)


@action("account.deactivate", effect="change", right=MANAGE, reversible=True)
def deactivate(act: Act, *, actor: Actor, account_id: UUID) -> Account:
    """Lock somebody out: sessions end, keys and links stop working, nothing they made is lost."""
    row = _get(account_id)
    row.active, row.session_epoch = False, row.session_epoch + 1
    row.save(update_fields=["active", "session_epoch"])
    row.tokens.filter(revoked_at__isnull=True).update(revoked_at=act.at)
    row.links.filter(used_at__isnull=True).update(used_at=act.at)
    _keep_an_administrator()
    act.changed("account", row.id, before={"active": True}, after={"active": False})
    forget_rights()
    return row


@action("account.reactivate", effect="change", right=MANAGE, reversible=True)
def reactivate(act: Act, *, actor: Actor, account_id: UUID) -> Account:
    """Let somebody in again, with the roles they had."""
    row = _get(account_id)
    row.active = True
    row.save(update_fields=["active"])
    act.changed("account", row.id, before={"active": False}, after={"active": True})
    forget_rights()
    return row


@action("token.make", effect="create", right=TOKENS, reversible=True)
def make_token(
    act: Act, *, actor: Actor, name: str, rights_asked: list[str], days: int, ai_use: str = ""
) -> tuple[Token, str]:
    """A key with some of the person's own rights; its secret is answered once and never kept.

    With `ai_use` it is an AI agent's under that use of the register, and names no rights of its own. Raises MaropsError
    `invalid` for rights the person does not hold, a use that is not in force and lives of more than a year, and
    `not-allowed` to an AI, which would come back as the person it works for, and to a key that makes an agent's: an
    agent holds what its person may, and a key may less.
    """
    if actor.kind == "ai":
        raise MaropsError(NOT_ALLOWED, _("Only people make keys."))
    held = grants(actor)
    if ai_use and held.by_key:
        raise MaropsError(NOT_ALLOWED, _("A key makes no agent's key: sign in and make it under Your account."))
    faults = list(_faults_of_key(held, rights_asked, days, ai_use))
    if faults or held.account_id is None:
        raise MaropsError(INVALID, errors=faults)
    secret = f"mrp_{secrets.token_urlsafe(32)}"
    row = Token.objects.create(
        account_id=held.account_id,
        name=name,
        prefix=secret[:10],
        token_sha256=sha256(secret),
        rights=sorted(set(rights_asked)),
        ai_use=ai_use,
        created_at=act.at,
        expires_at=act.at + timedelta(days=days),
    )
    after = {"name": name, "rights": row.rights, "expires_at": row.expires_at}
    act.changed("token", row.id, after=after | ({"ai_use": ai_use} if ai_use else {}))
    return row, secret


def _faults_of_key(held: Grants, rights_asked: list[str], days: int, ai_use: str) -> Iterator[FieldError]:
    for one in rights_asked:
        if one not in rights() or one not in held:
            yield FieldError("right", f"{one} is not a right you hold.", field="rights")
    if not 1 <= days <= LONGEST_TOKEN.days:
        yield FieldError("days", _("A key lives from 1 to 366 days."), field="days")
    if ai_use and ai_use not in uses_of_ai():
        said = _("The use %(use)s is not in the register of AI uses in force.") % {"use": ai_use}
        yield FieldError("use", said, _("Put it in force first, or choose another."), field="ai_use")
    if ai_use and rights_asked:
        said = _("An agent's key names no rights: it holds what its use and its person both may.")
        yield FieldError("rights", said, _("Leave the rights out."), field="rights")


@action("token.revoke", effect="change")
def revoke_token(act: Act, *, actor: Actor, token_id: UUID) -> Token:
    """Stop a key from working, for ever. One's own, or anybody's for those who manage access; a key that does so has
    to hold the right to make keys.
    """
    row, held = Token.objects.select_for_update().filter(id=token_id).first(), grants(actor)
    own = row is not None and actor.id == str(row.account_id) and (not held.by_key or TOKENS in held)
    if row is None or not (own or MANAGE in held):
        raise MaropsError(NOT_FOUND)
    if row.revoked_at is None:
        row.revoked_at = act.at
        row.save(update_fields=["revoked_at"])
        act.changed("token", row.id, after={"revoked": True})
    return row


@action("token.use", effect="note")
def note_token_use(act: Act, *, actor: Actor, token_id: UUID) -> None:
    """Remember when a key was used last; said at most every five minutes, so that reading stays reading."""
    Token.objects.filter(id=token_id).update(last_used_at=act.at)


@action("account.sign_in", effect="note")
def note_sign_in(act: Act, *, actor: Actor, account_id: UUID, forget: list[str]) -> None:
    """Somebody signed in: recorded, and their failed tries are forgotten."""
    SignInAttempt.objects.filter(who_sha256__in=forget).delete()
    act.changed("account", account_id)


@action("account.fail_sign_in", effect="note")
def note_failure(act: Act, *, actor: Actor, who: list[str]) -> None:
    """A sign-in failed for this address from this place; what is older than a day is forgotten."""
    SignInAttempt.objects.filter(at__lt=act.at - timedelta(days=1)).delete()
    SignInAttempt.objects.bulk_create([SignInAttempt(who_sha256=one, at=act.at) for one in who])
