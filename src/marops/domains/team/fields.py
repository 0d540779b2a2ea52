"""What the settings of a person can be: the calendars in force."""

from marops.domains.team.models import STANDARD
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.domains.team.starter import STANDARD_CALENDAR
from marops.kernel.definitions import active, load


def calendars() -> dict[str, WorkingCalendar]:
    """Short name → calendar, those in force; `standard` is always among them."""
    found: dict[str, WorkingCalendar] = {one.slug: load(one) for one in active("calendar")}
    return {STANDARD: WorkingCalendar.model_validate(STANDARD_CALENDAR), **found}
