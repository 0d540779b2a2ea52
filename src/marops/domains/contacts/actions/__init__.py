"""Writes of contacts: what the engine found out about records, and remedies applied in bulk."""

from marops.domains.contacts.actions.checking import CHECKED, LIKENESS, keep_day, keep_likeness, keep_quality
from marops.domains.contacts.actions.fixing import FIXED, apply_fix, undo_fix
from marops.domains.contacts.actions.merging import merge_contacts, part_contacts

__all__ = [
    "CHECKED",
    "FIXED",
    "LIKENESS",
    "apply_fix",
    "keep_day",
    "keep_likeness",
    "keep_quality",
    "merge_contacts",
    "part_contacts",
    "undo_fix",
]
