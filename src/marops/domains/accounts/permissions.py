"""Who may do what: rights of this domain, what an actor's roles add up to, and the masks over classes of fields."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.models import Account
from marops.domains.accounts.rules import AccessDocument, PersonGrants, add_up, overlap, shipped_roles
from marops.kernel.actors import Actor
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.permissions import Grants, Scope, right

VIEW = right("accounts.view", "See colleagues and what they may do")
MANAGE = right("accounts.manage", "Invite people, give and take roles")
TOKENS = right("tokens.make", "Make keys for programs")

FIELD_CLASSES: Mapping[str, str] = {
    "personal": right("personal.see", "See addresses, phones and names of leads"),
    "pay": right("pay.see", "See what people earn"),
    "assessment": right("assessment.see", "See how people were assessed"),
    "evidence": right("evidence.see", "See the evidence of a consent"),
    "secret": right("secret.see", "See keys and passwords of connected systems"),
}


@dataclass(frozen=True, slots=True)
class Masked:
    """Stands where a value is that this reader may not see."""

    field_class: str

    def __str__(self) -> str:
        return str(_("hidden"))

    def __bool__(self) -> bool:
        return False


def sees(field_class: str, grants: Grants) -> bool:
    """May the holder of `grants` read fields of this class?"""
    return FIELD_CLASSES[field_class] in grants


def mask(field_class: str, grants: Grants) -> Callable[[Any], Any]:
    """A function that lets values of this class through to those who may see them, and hides them from all others."""
    if sees(field_class, grants):
        return lambda value: value
    return lambda value: None if value is None else Masked(field_class)


class Seen:
    """A row as one reader sees it: attributes of a masked class answer `Masked`. For models that hold such fields."""

    def __init__(self, row: Any, classes: Mapping[str, str], grants: Grants) -> None:
        self._row = row
        self._hidden = {name: field_class for name, field_class in classes.items() if not sees(field_class, grants)}

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._row, name)
        return Masked(self._hidden[name]) if name in self._hidden and value is not None else value


@lru_cache(maxsize=8)
def _document(definition_id: UUID) -> AccessDocument:
    # A version is never rewritten, so its id is enough to remember it by.
    return AccessDocument.model_validate(Definition.objects.get(id=definition_id).document)


def roles_in_force() -> AccessDocument:
    """The access roles as they are defined now; the shipped ones until a workspace defines its own."""
    slot = _in_force.get()
    if slot:
        return _roles_of(slot[0])
    rows = Definition.objects.filter(kind="access", slug="roles", state=Definition.State.ACTIVE)
    found = rows.values_list("id", flat=True).first()
    if slot is not None:
        slot.append(found)
    return _roles_of(found)


def _roles_of(definition_id: UUID | None) -> AccessDocument:
    return _document(definition_id) if definition_id else shipped_roles()


# Rights already looked up while one request is served; None outside of requests, where nothing is remembered.
_remembered: ContextVar[dict[str, PersonGrants] | None] = ContextVar("remembered_rights", default=None)
_limit: ContextVar[frozenset[str] | None] = ContextVar("token_limit", default=None)
# Which definition of roles is in force: empty until it is known.
_in_force: ContextVar[list[UUID | None] | None] = ContextVar("roles_in_force", default=None)


@contextmanager
def rights_remembered() -> Iterator[None]:
    """Look each actor's rights up once while this lasts; a token's limits end with it too."""
    remembered, limit, in_force = _remembered.set({}), _limit.set(None), _in_force.set([])
    try:
        yield
    finally:
        _in_force.reset(in_force)
        _remembered.reset(remembered)
        _limit.reset(limit)


def forget_rights() -> None:
    """Roles were changed: look rights up again."""
    if (known := _remembered.get()) is not None:
        known.clear()
    if (slot := _in_force.get()) is not None:
        slot.clear()


def limit_to(rights: frozenset[str]) -> None:
    """A token is in use: until this request ends, nobody has more than these rights."""
    _limit.set(rights)
    forget_rights()


def rights_of_the_key() -> list[str] | None:
    """The rights of the key that this request is made with; None where a person is here."""
    limit = _limit.get()
    return None if limit is None else sorted(limit)


def token_in_use() -> bool:
    """Is this request made with a token?"""
    return _limit.get() is not None


AiRights = Callable[[str], Mapping[str, Scope]]
_ai_rights: list[AiRights] = []


def ai_rights_come_from(source: AiRights) -> None:
    """Tell who knows the rights of a registered use of AI. Until somebody does, an AI may nothing."""
    _ai_rights[:] = [source]


def grants_of(actor: Actor) -> PersonGrants:
    """What a person may by their roles; an AI what its registered use and its person both may."""
    known = _remembered.get()
    key = f"{actor.kind}:{actor.id}:{actor.on_behalf_of}:{actor.ai_use}"
    if known is not None and key in known:
        return known[key]
    found = _limited(_look_up(actor))
    if known is not None:
        known[key] = found
    return found


def _look_up(actor: Actor) -> PersonGrants:
    if actor.kind == "ai":
        person = person_grants(actor.on_behalf_of or "")
        held = overlap(person, _ai_rights[0](actor.ai_use or "") if _ai_rights else {})
        return replace(held, by_key=True)
    return person_grants(actor.id)


def _limited(grants: PersonGrants) -> PersonGrants:
    limit = _limit.get()
    if limit is None:
        return grants
    return replace(overlap(grants, dict.fromkeys(limit, Scope.ALL)), by_key=True)


def person_grants(account_id: str) -> PersonGrants:
    """What the account of this id may; nothing for accounts that are unknown or deactivated."""
    known = as_uuid(account_id)
    account = with_access().filter(id=known).first() if known else None
    return account_grants(account) if account else PersonGrants()


def account_grants(account: Account) -> PersonGrants:
    """What this account may; takes one read by `with_access()`."""
    if not account.active:
        return PersonGrants()
    found: Any = account
    holding = add_up(_roles_of(found.access_definition), found.role_slugs)
    return PersonGrants(
        holding.scopes,
        everything=holding.everything,
        account_id=account.id,
        team_ids=tuple(found.reporting_line),
        unit=account.unit,
        unit_ids=tuple(found.unit_people),
    )


_ROLES = "ARRAY(SELECT r.role FROM account_role r WHERE r.account_id = account.id ORDER BY r.role)"
_UNIT = "ARRAY(SELECT u.id FROM account u WHERE u.unit = account.unit AND account.unit <> '')"
_DEFINITION = "(SELECT d.id FROM definition d WHERE d.kind = 'access' AND d.slug = 'roles' AND d.state = 'active')"
_LINE = (
    "ARRAY(WITH RECURSIVE line AS (SELECT account.id UNION SELECT a.id FROM account a JOIN line"
    " ON a.manager_id = line.id) SELECT id FROM line)"
)


def with_access() -> Any:
    """Accounts with their roles, reporting line and the definition of roles, in one query."""
    # The columns hold nothing that anybody typed.
    return Account.objects.extra(  # noqa: S610
        select={"role_slugs": _ROLES, "reporting_line": _LINE, "access_definition": _DEFINITION, "unit_people": _UNIT}
    )


def remember(actor: Actor, account: Account) -> None:
    """Rights that came along with the account are not looked up a second time."""
    if (known := _remembered.get()) is not None:
        known[f"{actor.kind}:{actor.id}:{actor.on_behalf_of}:{actor.ai_use}"] = _limited(account_grants(account))
    if (slot := _in_force.get()) is not None:
        slot[:] = [getattr(account, "access_definition", None)]
