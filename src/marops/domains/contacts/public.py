"""What other domains may use of contacts."""

from marops.domains.contacts.fields import COMPANY, CONTACT, Standard
from marops.domains.contacts.models import Company, Contact, Identity
from marops.domains.contacts.queries import custom_types, find_contact
from marops.domains.contacts.rules import companies, countries, emails, languages, names, phones, sources, titles
from marops.domains.contacts.rules.text import INVISIBLE, NAMES_KEEP, NULL_WORDS, clean, fold, words

__all__ = [
    "INVISIBLE",
    "NAMES_KEEP",
    "NULL_WORDS",
    "Company",
    "Contact",
    "Identity",
    "Standard",
    "clean",
    "companies",
    "company_fields",
    "contact_fields",
    "countries",
    "custom_types",
    "emails",
    "find_contact",
    "fold",
    "names",
    "phones",
    "sources",
    "titles",
    "words",
]  # fmt: skip


def contact_fields() -> tuple[Standard, ...]:
    """The standard fields of people."""
    return CONTACT


def company_fields() -> tuple[Standard, ...]:
    """The standard fields of companies."""
    return COMPANY
