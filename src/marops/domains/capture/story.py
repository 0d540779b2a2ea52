"""Where a lead's values came from, in words: the story's section `sources`."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marops.domains.capture.models import Import
from marops.domains.contacts.public import (
    Contact,
    Origin,
    custom_labels,
    derived_from,
    field_label,
    origins_of,
    sources,
)
from marops.kernel.actors import Actor
from marops.kernel.workspace import sample_present


def sources_section(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """Which imports made this record what it is, and for each field which row of which file."""
    contact = Contact.objects.get(id=contact_id)
    origins, own = origins_of(contact), custom_labels()
    runs = {
        run.number: run for run in Import.objects.filter(number__in={one.import_number for one in origins.values()})
    }
    records = [
        _record(runs.get(number), number, origins) for number in sorted({o.import_number for o in origins.values()})
    ]
    return {
        "source": contact.source,
        "why": _why(contact, records),
        "records": records,
        "fields": {
            field_label(name, own): {
                "import": _ref(one.import_number),
                "row": one.row,
                "at": one.at,
                "derived_from": derived_from(one.derived),
            }
            for name, one in origins.items()
        },
    }


def _ref(number: int) -> str:
    """What the number of an origin names: an import, the intake, or (with a minus) a fix of faults."""
    if number < 0:
        return f"F-{-number}"
    return f"I-{number}" if number else "intake"


def _record(run: Import | None, number: int, origins: Mapping[str, Origin]) -> dict[str, Any]:
    given = [one for one in origins.values() if one.import_number == number]
    row = Counter(one.row for one in given).most_common(1)[0][0]
    file = f" of “{run.file_name}”" if run else ""
    fields = "1 field" if len(given) == 1 else f"{len(given)} fields"
    if number < 0:
        says = f"{fields} by fix F-{-number} ({max(one.at for one in given)[:10]})."
    elif not number:
        says = f"{fields} from a website or a program (intake, {max(one.at for one in given)[:10]})."
    else:
        says = f"{fields} from row {row:,}{file} (import I-{number}, {max(one.at for one in given)[:10]})."
    return {
        "import": _ref(number),
        "file": run.file_name if run else None,
        "row": row,
        "at": max(one.at for one in given),
        "fields": len(given),
        "says": says,
    }


def _why(contact: Contact, records: list[dict[str, Any]]) -> str:
    came = f"Source: {sources.label(contact.source)}." if contact.source else "Nobody noted a source."
    if not records:
        return f"{came} {_without_import()}."
    brought = [one for one in records if not one["import"].startswith("F-")]
    fixed = len(records) - len(brought)
    put = f"; {'a fix' if fixed == 1 else f'{fixed} fixes'} put values right" if fixed else ""
    if not brought:
        return f"{came} {_without_import()}{put}."
    first = min(brought, key=lambda one: str(one["at"])) if brought[0]["import"] == "intake" else brought[0]
    later = len(brought) - 1
    more = (f"; {later} later import{'s' if later > 1 else ''} changed the record" if later else "") + put
    how = "over the intake" if first["import"] == "intake" else f"with import {first['import']}"
    return f"{came} Came in {how}{more}."


def _without_import() -> str:
    return "Part of the sample company" if sample_present() else "Entered here, not from a file"


def says_started(fact: Mapping[str, Any]) -> str:
    """`import.started` in words."""
    return f"Import I-{fact.get('subject_id')} began."


def says_finished(fact: Mapping[str, Any]) -> str:
    """`import.finished` in words."""
    said = fact.get("properties") or {}
    return (
        f"Import I-{fact.get('subject_id')} ended: {said.get('created', 0):,} created,"
        f" {said.get('updated', 0):,} updated, {said.get('rejected', 0):,} rejected."
    )
