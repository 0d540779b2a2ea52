"""The working calendar that an empty workspace begins with."""

from marops.kernel.definitions import Starter

STANDARD_CALENDAR = {
    "title": "Monday to Friday, nine to five",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}

STARTERS = [
    Starter(
        "calendar",
        "standard",
        STANDARD_CALENDAR,
        "Part of the starter set: the hours that everybody keeps who has no calendar of their own.",
    )
]
