"""What a field can be set to: people, roles, and the calendars in force."""

from typing import Any

from django.utils.translation import gettext as _

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import STANDARD, Person
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.domains.team.starter import STANDARD_CALENDAR
from marops.kernel.definitions import active, load


def calendars() -> dict[str, WorkingCalendar]:
    """Short name → calendar, those in force; `standard` is always among them."""
    found: dict[str, WorkingCalendar] = {one.slug: load(one) for one in active("calendar")}
    return {STANDARD: WorkingCalendar.model_validate(STANDARD_CALENDAR), **found}


def people_choices(nobody: Any, *, sign_in: bool = False) -> list[tuple[str, Any]]:
    """Who works here, by name, below the words for nobody; with `sign_in` only those who have an account."""
    rows = Person.objects.filter(active=True).order_by("name", "number")
    if sign_in:
        rows = rows.exclude(account_id=None)
    return [("", nobody), *((str(pk), name) for pk, name in rows.values_list("id", "name"))]


def role_choices(none: Any) -> list[tuple[str, Any]]:
    """The roles of the catalogue, those of the team before all others, below the words for none."""
    known = catalogue()
    inside = [(slug, role.title) for slug, role in known.inside.items()]
    others = [(slug, role.title) for slug, role in known.roles.items() if slug not in known.inside]
    others.sort(key=lambda pair: pair[1])
    return [("", none), (_("Of the team"), inside), (_("Others"), others)]
