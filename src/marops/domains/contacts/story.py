"""A lead's story as contacts tells it: who it is, how good the record is, and what facts about people say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marops.domains.accounts.public import mask
from marops.domains.contacts.fields import CONTACT, FOLLOWS
from marops.domains.contacts.models import Contact, ContactQuality, CustomField
from marops.domains.contacts.queries.freshness import ages_of
from marops.domains.contacts.queries.pairs import twins_of
from marops.domains.contacts.rules import countries, sources
from marops.domains.contacts.rules.quality import QualityRule
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import find, load
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import grants
from marops.kernel.rules_sentence import inner
from marops.kernel.workspace import zone

_LABELS = {one.name: one.label for one in CONTACT} | {"company": "Company"}
_PERSONAL = frozenset(one.name for one in CONTACT if one.personal)


def contact_section(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """Who this is: reference, name, every filled field in words, and the ids by which the person is known elsewhere."""
    contact = Contact.objects.select_related("company").get(id=contact_id)
    hide = mask("personal", grants(actor))
    labels = custom_labels()
    fields = {
        one.label: str(hide(in_words(one.name, value)) if one.personal else in_words(one.name, value))
        for one in CONTACT
        if (value := getattr(contact, one.name)) is not None
    }
    own = {labels.get(slug, slug): in_words(slug, value) for slug, value in contact.custom.items()}
    return {
        "id": str(contact.id),
        "ref": contact.ref,
        "name": str(hide(contact.full_name)) if contact.full_name else contact.ref,
        "company": {"ref": contact.company.ref, "name": contact.company.name} if contact.company else None,
        "fields": fields | own,
        "originals": {
            label(name, labels): str(hide(value)) if name in _PERSONAL else value
            for name, value in contact.originals.items()
        },
        "ages": ages_of(contact.id),
        "known_as": [
            _known_as(one.kind, one.system, one.value, hide) for one in contact.identities.order_by("kind", "system")
        ],
        "created_at": iso_utc(contact.created_at),
        "updated_at": iso_utc(contact.updated_at),
    }


def _known_as(kind: str, system: str, value: str, hide: Any) -> dict[str, str]:
    if kind == "external":
        return {"kind": kind, "system": system, "value": value}
    return {"kind": kind, "system": "", "value": str(hide(value))}


def custom_labels() -> dict[str, str]:
    """Custom fields of people with their labels."""
    return dict(CustomField.objects.filter(entity="contact").values_list("slug", "label"))


def label(name: str, own: Mapping[str, str]) -> str:
    """What people call a field: standard, or `custom.<slug>`."""
    return own.get(name.removeprefix("custom."), name) if name.startswith("custom.") else _LABELS.get(name, name)


def in_words(name: str, value: Any) -> str:
    """A value as people read it: countries and sources by name, yes and no, minutes, local time."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(zone()):%-d %b %Y, %H:%M}"
        case int() if name == "seconds_on_site":
            return f"{value // 60} min {value % 60} s" if value >= 60 else f"{value} s"
    if name == "country":
        return countries.name(value)
    if name == "source":
        return sources.label(value)
    found = REGISTRY.find_field(f"contact.{name}") if name in ("seniority", "job_function", "email_kind") else None
    names = {choice.value: choice.label for choice in found.known_choices()} if found else {}
    return (
        names.get(value) or f"{value:f}".rstrip("0").rstrip(".")
        if hasattr(value, "as_tuple")
        else str(names.get(value, value))
    )


def says_created(fact: Mapping[str, Any]) -> str:
    """`lead.created` on a timeline."""
    said = fact.get("properties") or {}
    if said.get("via") == "intake":
        return "Said who they are on a website or in a program."
    return f"Came in with import I-{said['import']}." if said.get("import") else "Came in."


def says_updated(fact: Mapping[str, Any]) -> str:
    """`lead.updated` on a timeline: which fields, never their values."""
    said = fact.get("properties") or {}
    own = custom_labels() if any(name.startswith("custom.") for name in said.get("fields") or ()) else {}
    names = [_CHANGES.get(name) or label(name, own) for name in said.get("fields") or () if name not in FOLLOWS]
    what = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    by = f" by import I-{said['import']}" if said.get("import") else ""
    if said.get("fix"):
        by = f" back by taking back fix F-{said['fix']}" if said.get("undone") else f" by fix F-{said['fix']}"
    return f"Changed{by}: {what}." if what else f"Changed{by}."


_CHANGES = {"identities": "another id or address", "consent": "consent", "company": "company"}


def says_quality(fact: Mapping[str, Any]) -> str:
    """`contact.quality_changed` on a timeline."""
    said = fact.get("properties") or {}
    way = "better" if said.get("to", 0) > said.get("from", 0) else "worse"
    return f"The record got {way}: quality {said.get('from')} → {said.get('to')}."


def says_merged(fact: Mapping[str, Any]) -> str:
    """`contact.merged` on the timeline of the record that stayed."""
    return f"L-{(fact.get('properties') or {}).get('number')} was found to be the same person and became part of this."


def says_parted(fact: Mapping[str, Any]) -> str:
    """`contact.parted` in words."""
    return f"Was found not to be the same person as L-{(fact.get('properties') or {}).get('number')} after all."


def says_fixed(fact: Mapping[str, Any]) -> str:
    """`quality.fixed` in words."""
    said = fact.get("properties") or {}
    return f"Fix F-{fact.get('subject_id')} put {said.get('contacts', 0):,} records right."


def says_undone(fact: Mapping[str, Any]) -> str:
    """`quality.fix_undone` in words."""
    said = fact.get("properties") or {}
    return f"Fix F-{fact.get('subject_id')} was taken back on {said.get('contacts', 0):,} records."


def quality_section(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """How good the record is, and each fault with its remedy."""
    row = ContactQuality.objects.filter(contact_id=contact_id).first()
    twins = twins_of(contact_id, actor)
    if row is None:
        said = "Not checked yet: the engine has not looked at this record."
        return {"score": None, "faults": [], "twins": twins, "why": said}
    faults = [_fault(pinned) for pinned in row.faults]
    return {
        "score": row.score,
        "faults": faults,
        "twins": twins,
        "checked_at": iso_utc(row.checked_at),
        "why": _words(row.score, faults),
    }


def _fault(pinned: str) -> dict[str, Any]:
    rule: QualityRule = load(find(pinned))
    return {
        "name": pinned.partition("/")[2].partition("@")[0],
        "title": rule.title,
        "severity": rule.severity,
        "dimension": rule.dimension,
        "remedy": rule.remedy,
        "definition": pinned,
    }


def _words(score: int, faults: list[dict[str, Any]]) -> str:
    if not faults:
        return "No rule finds a fault in this record."
    names = "; ".join(inner(fault["title"]) for fault in faults)
    return f"Quality {score} of 100: {names}."
