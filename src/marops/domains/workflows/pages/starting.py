"""What a new workflow begins with: nothing, a template, or a copy of another one."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from marops.domains.workflows.sheets.edits import new_id
from marops.domains.workflows.sheets.opened import workflows
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.errors import INVALID, FieldError, MaropsError

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CREW: Mapping[str, Any] = {
    "title": "",
    "calendars": {"office": {"title": "Office hours", "hours": OFFICE}},
    "calendar": "office",
    "people": [],
}
"""A crew of nobody yet, with the hours of an office."""


def starts() -> list[tuple[str, Any]]:
    """What a new workflow can begin with."""
    offered: list[tuple[str, Any]] = [("", _("Nothing"))]
    offered += [
        (f"template/{slug}", _("Template: %(title)s") % {"title": one.workflow.title})
        for slug, one in templates().items()
    ]
    offered += [(f"copy/{one.slug}", _("Copy of %(title)s") % {"title": one.document["title"]}) for one in workflows()]
    return offered


def begun(start: str, *, title: str, unit: str, crew: str) -> dict[str, Any]:
    """The document that a new workflow begins with. Raises MaropsError `invalid` where there is no such start."""
    kind, _slash, slug = start.partition("/")
    if not start:
        one = {"id": new_id(unit, (), "work"), "name": unit[:1].upper() + unit[1:], "arrivals": {"per_month": 4}}
        return {"title": title, "crew": crew, "unit": unit, "classes": [one], "steps": []}
    if kind == "template" and slug in templates():
        found: Mapping[str, Any] = templates()[slug].document
    else:
        found = next((row.document for row in workflows() if kind == "copy" and row.slug == slug), {})
    if not found:
        raise MaropsError(INVALID, errors=[FieldError("unknown", _("There is no such beginning."), field="start")])
    kept = {name: value for name, value in found.items() if name not in ("source", "schema_version")}
    return {**kept, "title": title, "unit": unit, "crew": crew}


def new_crew(start: str, title: str) -> dict[str, Any]:
    """The crew of a new workflow: the one that templates know, or nobody yet with the hours of an office."""
    kept = template_crew()[0] if start.startswith("template/") else CREW
    return {**kept, "title": title}
