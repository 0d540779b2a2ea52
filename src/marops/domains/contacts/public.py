"""What other domains may use of contacts."""

from marops.domains.contacts.actions import (
    accept_words,
    apply_fix,
    forget_words,
    merge_companies,
    merge_contacts,
    part_companies,
    part_contacts,
    reject_words,
    set_enrichment,
    tell_apart,
)
from marops.domains.contacts.fields import COMPANY, CONTACT, FOLLOWS, Standard
from marops.domains.contacts.jobs import join as join_pair
from marops.domains.contacts.jobs import (
    preview_fix,
    run_enrichment,
    run_fix,
    run_joining,
    run_matching,
    run_words,
    take_back,
)
from marops.domains.contacts.models import Company, Contact, CustomField, Identity
from marops.domains.contacts.permissions import FIX, VIEW, visible, visible_sql
from marops.domains.contacts.queries import (
    Origin,
    custom_fields,
    custom_types,
    find_company,
    find_contact,
    find_contacts,
    keep_contacts,
    look_at_everybody,
    origins_of,
    values_of,
)
from marops.domains.contacts.queries.cost import cost as quality_cost
from marops.domains.contacts.queries.cost import deals_of
from marops.domains.contacts.queries.enrichment import enrichment, from_outside, preview_enrichment
from marops.domains.contacts.queries.fixes import find_fix, fix_json
from marops.domains.contacts.queries.fixes import preview as preview_change
from marops.domains.contacts.queries.freshness import freshness
from marops.domains.contacts.queries.merges import company_merge_of, company_merges, merge_json, merge_of, merges
from marops.domains.contacts.queries.pairs import Pair as MatchedPair
from marops.domains.contacts.queries.pairs import pair_json
from marops.domains.contacts.queries.pairs import report as match_report
from marops.domains.contacts.queries.pairs import waiting as matched_pairs
from marops.domains.contacts.queries.quality import Narrowing
from marops.domains.contacts.queries.quality import many as many_leads
from marops.domains.contacts.queries.quality import summary as quality_summary
from marops.domains.contacts.queries.vocabularies import checked_field, find_group, preview_words
from marops.domains.contacts.queries.vocabularies import overview as vocabularies
from marops.domains.contacts.rules import companies, countries, emails, languages, names, phones, sources, titles
from marops.domains.contacts.rules.enrichment import derived_from
from marops.domains.contacts.rules.identity import Kind as MatchKind
from marops.domains.contacts.rules.remedies import OUTSIDE
from marops.domains.contacts.rules.text import INVISIBLE, NAMES_KEEP, NULL_WORDS, clean, fold, words
from marops.domains.contacts.story import custom_labels, in_words
from marops.domains.contacts.story import label as field_label
from marops.domains.contacts.telling import lines_of
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
    "FOLLOWS",
    "INVISIBLE",
    "NAMES_KEEP",
    "NULL_WORDS",
    "OUTSIDE",
    "VIEW",
    "Company",
    "Contact",
    "CustomField",
    "Identity",
    "MatchKind",
    "MatchedPair",
    "Narrowing",
    "Origin",
    "People",
    "Standard",
    "Written",
    "accept_words",
    "also_changed",
    "apply_fix",
    "checked_field",
    "clean",
    "companies",
    "company_fields",
    "company_merge_of",
    "company_merges",
    "contact_fields",
    "countries",
    "custom_fields",
    "custom_labels",
    "custom_types",
    "deals_of",
    "derived_from",
    "emails",
    "enrichment",
    "field_label",
    "find_company",
    "find_contact",
    "find_contacts",
    "find_fix",
    "find_group",
    "fix_json",
    "fold",
    "folded",
    "forget_words",
    "freshness",
    "from_outside",
    "in_words",
    "join_pair",
    "keep_contacts",
    "known_rows",
    "languages",
    "lines_of",
    "look_at_everybody",
    "many_leads",
    "match_report",
    "matched_pairs",
    "merge_companies",
    "merge_contacts",
    "merge_json",
    "merge_of",
    "merges",
    "names",
    "origins_of",
    "pair_json",
    "part_companies",
    "part_contacts",
    "phones",
    "preview_change",
    "preview_enrichment",
    "preview_fix",
    "preview_words",
    "quality_cost",
    "quality_summary",
    "reject_words",
    "resolve_people",
    "run_enrichment",
    "run_fix",
    "run_joining",
    "run_matching",
    "run_words",
    "set_enrichment",
    "settle_companies",
    "settle_people",
    "sources",
    "take_back",
    "tell_apart",
    "titles",
    "values_of",
    "visible",
    "visible_sql",
    "vocabularies",
    "words",
    "write_people",
]


def contact_fields() -> tuple[Standard, ...]:
    """The standard fields of people."""
    return CONTACT


def company_fields() -> tuple[Standard, ...]:
    """The standard fields of companies."""
    return COMPANY
