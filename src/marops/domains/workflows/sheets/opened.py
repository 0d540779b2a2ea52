"""A workflow that is open for drawing: one's sketch of it, else what is saved, and what its forms choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from marops.domains.workflows.models import Sketch
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.sheets.checking import Trouble, troubles
from marops.domains.workflows.sheets.edits import with_ways
from marops.domains.workflows.sheets.forms import Known
from marops.kernel import definitions
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition


@dataclass(frozen=True, slots=True)
class Opened:
    """What is drawn at. `base`: the version it began from, 0 for a new one; `newest`: the one that is saved last."""

    slug: str
    document: dict[str, Any]
    base: int
    newest: Definition | None
    sketch: Sketch | None
    crew: Crew | None

    @property
    def title(self) -> str:
        """What the workflow is called."""
        return str(self.document.get("title") or self.slug)

    @property
    def overtaken(self) -> bool:
        """Did somebody save a version after this sketch was begun?"""
        return self.newest is not None and self.newest.version > self.base

    def troubles(self) -> list[Trouble]:
        """What is wrong with it as it stands."""
        return troubles(self.document, self.crew)

    def known(self) -> Known:
        """What its forms offer to choose from."""
        steps = self.document["steps"]
        platforms = {one for step in steps for one in step.get("platforms", ())} | _platforms_in_use()
        people = self.crew.people if self.crew else ()
        skills = {skill for one in people for skill in one.skills} | {step.get("skill", "") for step in steps}
        calendars = self.crew.calendars if self.crew else {}
        return Known(
            steps=[(one["id"], one["name"]) for one in steps],
            classes=[(one["id"], one["name"]) for one in self.document["classes"]],
            crews=crews(),
            skills=sorted(skills - {""}),
            platforms=sorted(platforms),
            calendars=[(slug, one.title or slug) for slug, one in calendars.items()],
            people=[(one.id, one.name) for one in people],
        )


def _platforms_in_use() -> set[str]:
    rows = definitions.active("workflow")
    return {one for row in rows for step in row.document.get("steps", ()) for one in step.get("platforms", ())}


def opened(actor: Actor, slug: str) -> Opened:
    """What somebody draws at under this name. Raises MaropsError `not-found` where there is neither."""
    sketch = Sketch.objects.filter(slug=slug, by=actor.id).first()
    newest = newest_of("workflow", slug)
    row = _in_force(slug) or newest
    if sketch is None and row is None:
        raise MaropsError(NOT_FOUND, _("There is no workflow %(name)r.") % {"name": slug})
    if sketch is not None:
        document, base = sketch.document, sketch.base
    else:
        document = definitions.load(row).model_dump(mode="json", by_alias=True, exclude_none=True)  # type: ignore[arg-type]  # one of the two is there
        base = newest.version if newest else 0
    drawn = with_ways(document)
    return Opened(slug, drawn, base, newest, sketch, crew_of(drawn))


def sketches_of(actor: Actor) -> list[dict[str, Any]]:
    """What somebody draws and has not saved: short name, title, when, and whether there is a saved version of it."""
    rows = Sketch.objects.filter(by=actor.id).order_by("-changed_at")
    return [
        {
            "slug": one.slug,
            "title": one.document.get("title") or one.slug,
            "at": one.changed_at,
            "saved": bool(one.base),
        }
        for one in rows
    ]


def _in_force(slug: str) -> Definition | None:
    return next((one for one in definitions.active("workflow") if one.slug == slug), None)


def newest_of(kind: str, slug: str) -> Definition | None:
    """The version that was saved last."""
    return Definition.objects.filter(kind=kind, slug=slug).order_by("-version").first()


def crew_of(document: Mapping[str, Any]) -> Crew | None:
    """The crew that a workflow names, as it is in force; None where there is none of this name."""
    slug = document.get("crew")
    row = next((one for one in definitions.active("crew") if one.slug == slug), None)
    return definitions.load(row) if row else None


def crews() -> list[tuple[str, str]]:
    """All crews by short name and title."""
    return [(one.slug, str(one.document.get("title", one.slug))) for one in definitions.active("crew")]


def workflows() -> list[Definition]:
    """All workflows in force."""
    return definitions.active("workflow")


def free_slug(kind: str, wanted: str) -> str:
    """A short name that no definition of this kind has, nor anybody's sketch, nor a page."""
    taken = set(Definition.objects.filter(kind=kind, slug__startswith=wanted).values_list("slug", flat=True))
    if kind == "workflow":
        taken |= set(Sketch.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    taken |= definitions.kinds()[kind].reserved
    number, found = 2, wanted
    while found in taken:
        found, number = f"{wanted}-{number}", number + 1
    return found
