"""Reading people, companies, the fields of a workspace, and how good the records are."""

from marops.domains.contacts.queries.people import (
    COUNTED,
    Origin,
    as_plain,
    companies,
    custom_fields,
    custom_types,
    find_company,
    find_contact,
    find_contacts,
    find_for_shell,
    keep_contacts,
    look_at_everybody,
    origins_of,
    search_companies,
    values_of,
)

__all__ = [
    "COUNTED",
    "Origin",
    "as_plain",
    "companies",
    "custom_fields",
    "custom_types",
    "find_company",
    "find_contact",
    "find_contacts",
    "find_for_shell",
    "keep_contacts",
    "look_at_everybody",
    "origins_of",
    "search_companies",
    "values_of",
]
