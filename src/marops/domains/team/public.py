"""What other domains may use of the team."""

from marops.domains.team.actions.people import add_absence, add_person, change_person, remove_absence
from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.models import (
    STANDARD,
    Absence,
    Assessment,
    Assignment,
    Evidence,
    Pay,
    Person,
    RoleHeld,
    Shown,
    Vacancy,
)
from marops.domains.team.ports import HandOff, passed_on
from marops.domains.team.queries.coverage_told import coverage_json
from marops.domains.team.queries.hand_offs import hand_off_of, role_of_actors, summed
from marops.domains.team.queries.hours import (
    Clock,
    Presence,
    absences,
    absences_at,
    clock_of,
    find_person,
    hours_of,
    main_roles,
    people,
    people_by_account,
    people_of,
    person_of,
    presences,
)
from marops.domains.team.queries.pay import sealed_pay
from marops.domains.team.rules.calendars import WorkingCalendar, hours_in_words

__all__ = [
    "STANDARD",
    "Absence",
    "Assessment",
    "Assignment",
    "Clock",
    "Evidence",
    "HandOff",
    "Pay",
    "Person",
    "Presence",
    "RoleHeld",
    "Shown",
    "Vacancy",
    "WorkingCalendar",
    "absences",
    "absences_at",
    "add_absence",
    "add_person",
    "calendars",
    "catalogue",
    "change_person",
    "clock_of",
    "coverage_json",
    "find_person",
    "hand_off_of",
    "hours_in_words",
    "hours_of",
    "main_roles",
    "passed_on",
    "people",
    "people_by_account",
    "people_of",
    "person_of",
    "presences",
    "remove_absence",
    "role_of_actors",
    "sealed_pay",
    "summed",
]
