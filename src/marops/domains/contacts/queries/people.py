"""Reading people, companies and the fields of a workspace."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import sees
from marops.domains.contacts.fields import FOLLOWS
from marops.domains.contacts.models import Company, CompanyMerge, Contact, CustomField, Identity, Merge
from marops.domains.contacts.permissions import VIEW
from marops.domains.contacts.rules import emails, phones
from marops.domains.contacts.rules.companies import key as company_key
from marops.domains.contacts.rules.text import clean
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import AMBIGUOUS, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import touch_from
from marops.kernel.ids import as_uuid
from marops.kernel.models import ContactAlias
from marops.kernel.permissions import grants
from marops.kernel.shell import Found, Hit
from marops.kernel.workspace import workspace

_NUMBER = re.compile(r"L-(\d{1,18})", re.IGNORECASE)
_MOST = 10


def custom_types(entity: str = "contact") -> dict[str, str]:
    """The custom fields of people (or companies) with their types, retired ones too: their names stay taken."""
    return dict(CustomField.objects.filter(entity=entity).values_list("slug", "type"))


def custom_fields(entity: str = "contact") -> list[CustomField]:
    """The custom fields in use, by label."""
    return list(CustomField.objects.filter(entity=entity, retired_at=None).order_by("label"))


def find_contact(ref: str, *, actor: Actor) -> Contact:
    """The person that `ref` names: L-number, id, e-mail, phone or any id of another system.

    Raises MaropsError `not-found`, or `ambiguous` with everybody the reference fits. Whether the actor may see that
    person is for the caller to ask, who knows the owner. For those who may not see addresses, an address names
    nobody: or whoever guesses one would learn whose it is.
    """
    found = find_contacts(ref, personal=sees("personal", grants(actor)))
    if not found:
        raise MaropsError(NOT_FOUND, f"No lead answers to {ref!r}.")
    if len(found) > 1:
        raise MaropsError(
            AMBIGUOUS,
            f"{ref!r} fits several leads: {', '.join(one.ref for one in found)}.",
            errors=[FieldError("ambiguous", one.ref, "Use this reference.") for one in found],
            extra={"candidates": [one.ref for one in found]},
        )
    return found[0]


def find_contacts(ref: str, *, personal: bool = True) -> list[Contact]:
    """Everybody whom the reference fits, at most ten; merged people lead to whom they became.

    Without `personal`, addresses and phones fit nobody.
    """
    text = clean(ref)
    if number := _NUMBER.fullmatch(text):
        if found := list(Contact.objects.filter(number=int(number[1]))):
            return found
        gone = Merge.objects.filter(loser_number=int(number[1]), undone_at=None).values_list("loser_id", flat=True)
        return list(Contact.objects.filter(id__in=_followed(gone)))
    ids = set(_by_identity(text) if personal else _by_external_id(text))
    if (as_id := as_uuid(text)) is not None:
        ids |= {as_id}
    return list(Contact.objects.filter(id__in=_followed(ids)).order_by("number")[:_MOST])


def _by_external_id(text: str) -> Iterator[UUID]:
    known = Identity.objects.filter(kind="external", value__in={text, text.lower()})
    yield from known.values_list("contact_id", flat=True)[:_MOST]


def _by_identity(text: str) -> Iterator[UUID]:
    """Ids of people known by this value, whatever kind of key it is."""
    own = Identity.objects.filter(kind__in=["email", "external"], value__in={text, text.lower()})
    mail = emails.normalise(text) if "@" in text else None
    number = phones.normalise(text, workspace().country or None) if _like_a_phone(text) else None
    if mail and mail != text:
        own |= Identity.objects.filter(kind__in=["email", "external"], value=mail)
    yield from own.values_list("contact_id", flat=True)[:_MOST]
    if shared := [value for value in (mail, number) if value]:
        yield from Identity.objects.filter(kind__in=["phone", "mailbox"], value__in=shared).values_list(
            "contact_id", flat=True
        )[:_MOST]


def _like_a_phone(text: str) -> bool:
    return sum(char.isdigit() for char in text) >= 6 and re.fullmatch(r"\+?[\d\s()./-]+", text) is not None


def _followed(ids: Iterable[UUID]) -> set[UUID]:
    """The ids with those of merged people replaced by the person they became, however often that was."""
    found = set(ids)
    while became := dict(ContactAlias.objects.filter(alias_id__in=found).values_list("alias_id", "contact_id")):
        found = {became.get(one, one) for one in found}
    return found


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the import's number, the row of its file, and when.

    What a bulk fix set bears the number of the fix with a minus; what was derived also says by what.
    """

    import_number: int
    row: int
    at: str
    derived: str = ""

    @property
    def fix(self) -> int | None:
        """The number of the fix that set it, if one did."""
        return -self.import_number if self.import_number < 0 else None


def origins_of(contact: Contact) -> dict[str, Origin]:
    """For each filled field, custom ones too (`custom.<slug>`), where its value came from."""
    from marops.domains.contacts.fields import CONTACT

    filled = [one.name for one in CONTACT if getattr(contact, one.name) is not None]
    filled += [f"custom.{slug}" for slug in contact.custom]
    known = contact.provenance
    found = {name: known.get(name) or known.get(FOLLOWS.get(name, name)) or known.get("*") for name in filled}
    return {name: Origin(*entry) for name, entry in found.items() if entry}


def values_of(contact: Contact) -> dict[str, Any]:
    """Every filled standard field of a person, as JSON takes it."""
    from marops.domains.contacts.fields import CONTACT

    values = {one.name: getattr(contact, one.name) for one in CONTACT}
    return {name: as_plain(value) for name, value in values.items() if value is not None}


def as_plain(value: Any) -> Any:
    """A value as JSON takes it."""
    from decimal import Decimal

    if isinstance(value, datetime):
        return iso_utc(value)
    return float(value) if isinstance(value, Decimal) else value


COUNTED = 10_000
_COMPANY_REF = re.compile(r"O-(\d{1,18})", re.IGNORECASE)
_COMPANY_SORTS = {
    "name": ("name_key", "id"),
    "-name": ("-name_key", "-id"),
    "newest": ("-number",),
    "-newest": ("number",),
}


def companies(*, words: str = "", sort: str = "name") -> QuerySet[Company]:
    """Companies whose name or domain begins with the words, in order."""
    found = Company.objects.all()
    if words.strip():
        begins = clean(words)
        found = found.filter(Q(name_key__startswith=company_key(begins)) | Q(domain__startswith=begins.lower()))
    return found.order_by(*_COMPANY_SORTS.get(sort, _COMPANY_SORTS["name"]))


def find_company(ref: str) -> Company:
    """The company of this reference, id or domain; one that became part of another leads there.

    Raises MaropsError `not-found`.
    """
    text = clean(ref)
    found = None
    if number := _COMPANY_REF.fullmatch(text):
        found = Company.objects.filter(number=int(number[1])).first() or _became(loser_number=int(number[1]))
    elif key := as_uuid(text):
        found = Company.objects.filter(id=key).first() or _became(loser_id=key)
    found = found or Company.objects.filter(domain=text.lower()).first() or _became(loser__domain=text.lower())
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no company {ref!r}.")
    return found


def _became(**which: Any) -> Company | None:
    """The company that one became which went by a merge, however often that was."""
    gone = CompanyMerge.objects.filter(**which, undone_at=None).order_by("-at").first()
    if gone is None:
        return None
    return Company.objects.filter(id=gone.winner_id).first() or _became(loser_id=gone.winner_id)


def search_companies(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Companies for the palette."""
    if grants(actor).scope(VIEW) is None or not words.strip():
        return
    for one in companies(words=words)[:limit]:
        yield Hit(_("Company"), one.name, reverse("contacts:company", args=[one.ref]), one.domain or "")


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """The company of this id as comments and history show it; None for those who may not see companies."""
    key = as_uuid(object_id)
    found = Company.objects.filter(id=key).first() if key and VIEW in grants(actor) else None
    return Found(found.name, reverse("contacts:company", args=[found.ref])) if found else None


def keep_contacts(cursor: Any) -> None:
    """No contact goes until this transaction ends: a deletion waits for the lock that this shares with its like.

    Whoever writes rows of contacts without a foreign key takes it first, and then leaves out those who are gone.
    """
    cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext('marops.contact.going'))")


def look_at_everybody(as_of: datetime) -> int:
    """A new rule or model is in force: everybody goes through the stages again. Answers how many that are."""
    return touch_from("SELECT id FROM contact", as_of)
