"""What other domains may use of contacts."""

from marops.domains.contacts.actions import merge_contacts, part_contacts
from marops.domains.contacts.fields import COMPANY, CONTACT, Standard
from marops.domains.contacts.jobs import preview_fix, run_fix, take_back
from marops.domains.contacts.models import Company, Contact, CustomField, Identity
from marops.domains.contacts.permissions import FIX, VIEW, visible
from marops.domains.contacts.queries import (
    Origin,
    custom_fields,
    custom_types,
    find_contact,
    find_contacts,
    keep_contacts,
    look_at_everybody,
    origins_of,
    values_of,
)
from marops.domains.contacts.queries.merges import merge_json, merge_of, merges
from marops.domains.contacts.queries.quality import Narrowing
from marops.domains.contacts.queries.quality import many as many_leads
from marops.domains.contacts.queries.quality import summary as quality_summary
from marops.domains.contacts.rules import companies, countries, emails, languages, names, phones, sources, titles
from marops.domains.contacts.rules.text import INVISIBLE, NAMES_KEEP, NULL_WORDS, clean, fold, words
from marops.domains.contacts.story import custom_labels, in_words
from marops.domains.contacts.story import label as field_label
from marops.domains.contacts.writing import (
    People,
    Written,
    also_changed,
    folded,
    known_rows,
    resolve_people,
    settle_companies,
    settle_people,
    write_people,
)

__all__ = [
    "FIX",
    "INVISIBLE",
    "NAMES_KEEP",
    "NULL_WORDS",
    "VIEW",
    "Company",
    "Contact",
    "CustomField",
    "Identity",
    "Narrowing",
    "Origin",
    "People",
    "Standard",
    "Written",
    "also_changed",
    "clean",
    "companies",
    "company_fields",
    "contact_fields",
    "countries",
    "custom_fields",
    "custom_labels",
    "custom_types",
    "emails",
    "field_label",
    "find_contact",
    "find_contacts",
    "fold",
    "folded",
    "in_words",
    "keep_contacts",
    "known_rows",
    "languages",
    "look_at_everybody",
    "many_leads",
    "merge_contacts",
    "merge_json",
    "merge_of",
    "merges",
    "names",
    "origins_of",
    "part_contacts",
    "phones",
    "preview_fix",
    "quality_summary",
    "resolve_people",
    "run_fix",
    "settle_companies",
    "settle_people",
    "sources",
    "take_back",
    "titles",
    "values_of",
    "visible",
    "words",
    "write_people",
]


def contact_fields() -> tuple[Standard, ...]:
    """The standard fields of people."""
    return CONTACT


def company_fields() -> tuple[Standard, ...]:
    """The standard fields of companies."""
    return COMPANY
