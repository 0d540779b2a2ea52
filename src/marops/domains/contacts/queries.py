"""Reading people, companies and the fields of a workspace."""

import re

from django.db.models import Q

from marops.domains.contacts.models import Contact, CustomField, Identity
from marops.domains.contacts.rules.text import clean
from marops.kernel.actors import Actor
from marops.kernel.errors import AMBIGUOUS, NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import ContactAlias

_NUMBER = re.compile(r"L-(\d{1,18})", re.IGNORECASE)
_LISTED = 10


def custom_types(entity: str = "contact") -> dict[str, str]:
    """The custom fields of people (or companies) with their types, retired ones too: their names stay taken."""
    return dict(CustomField.objects.filter(entity=entity).values_list("slug", "type"))


def find_contact(ref: str, *, actor: Actor) -> Contact:
    """The contact that a reference names: L-number, id, e-mail, phone or any id in another system.

    Raises MaropsError `not-found`, or `ambiguous` with the references of those who answer to it.
    """
    given = clean(ref)
    if number := _NUMBER.fullmatch(given):
        found = list(Contact.objects.filter(number=int(number[1])))
    else:
        found = _known_as(given)
    if not found:
        raise MaropsError(NOT_FOUND, f"There is no lead {ref!r}.")
    if len(found) > 1:
        refs = [one.ref for one in found]
        raise MaropsError(AMBIGUOUS, f"{ref!r} is {', '.join(refs)}.", extra={"candidates": refs})
    return found[0]


def _known_as(given: str) -> list[Contact]:
    """Contacts with this id (also one that was merged away) or with an identity of this value."""
    ids = {given, given.casefold(), "+" + re.sub(r"\D", "", given)}
    who = Q(id__in=Identity.objects.filter(value__in=ids).values("contact_id"))
    if key := as_uuid(given):
        winner = ContactAlias.objects.filter(alias_id=key).values_list("contact_id", flat=True).first()
        who |= Q(id=winner or key)
    return list(Contact.objects.filter(who).order_by("number")[:_LISTED])
