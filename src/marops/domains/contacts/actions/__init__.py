"""Writes of contacts: what was found out about records, remedies applied in bulk, and records that become one."""

from marops.domains.contacts.actions.checking import CHECKED, LIKENESS, keep_day, keep_likeness, keep_quality
from marops.domains.contacts.actions.companies import merge_companies, part_companies
from marops.domains.contacts.actions.enrichment import derive, set_enrichment
from marops.domains.contacts.actions.fixing import FIXED, apply_fix, undo_fix
from marops.domains.contacts.actions.matching import keep_matches, keep_new_matches, tell_apart
from marops.domains.contacts.actions.merging import merge_contacts, part_contacts
from marops.domains.contacts.actions.vocabularies import accept_words, count_words, forget_words, reject_words

__all__ = [
    "CHECKED",
    "FIXED",
    "LIKENESS",
    "accept_words",
    "apply_fix",
    "count_words",
    "derive",
    "forget_words",
    "keep_day",
    "keep_likeness",
    "keep_matches",
    "keep_new_matches",
    "keep_quality",
    "merge_companies",
    "merge_contacts",
    "part_companies",
    "part_contacts",
    "reject_words",
    "set_enrichment",
    "tell_apart",
    "undo_fix",
]
