"""What other domains may use of the team."""

from marops.domains.team.actions.addresses import link_account
from marops.domains.team.actions.people import add_absence, add_person, change_person, remove_absence
from marops.domains.team.actions.roster import load_people, preview_people
from marops.domains.team.catalogue import catalogue
from marops.domains.team.fields import calendars
from marops.domains.team.models import (
    STANDARD,
    Absence,
    Assessment,
    Assignment,
    Evidence,
    GrowthGoal,
    GrowthMove,
    GrowthPlan,
    GrowthReview,
    Pay,
    Person,
    RoleHeld,
    Shown,
    Vacancy,
)
from marops.domains.team.papers.blueprint import blueprint_page
from marops.domains.team.ports import (
    Answerable,
    Came,
    Effect,
    HandOff,
    answers_for,
    at_hand,
    effect_of_opening,
    grown,
    passed_on,
    tools_in_use,
)
from marops.domains.team.queries.blueprint import load_of
from marops.domains.team.queries.blueprint_told import ask_blueprint
from marops.domains.team.queries.career_told import career_json
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
from marops.domains.team.queries.openings import cost as opening_cost
from marops.domains.team.queries.openings import find_opening
from marops.domains.team.queries.pay import sealed_pay
from marops.domains.team.queries.roster_out import people_file
from marops.domains.team.queries.roster_plan import plan_json
from marops.domains.team.rules.calendars import WorkingCalendar, hours_in_words
from marops.domains.team.rules.moves import Offer

__all__ = [
    "STANDARD",
    "Absence",
    "Answerable",
    "Assessment",
    "Assignment",
    "Came",
    "Clock",
    "Effect",
    "Evidence",
    "GrowthGoal",
    "GrowthMove",
    "GrowthPlan",
    "GrowthReview",
    "HandOff",
    "Offer",
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
    "answers_for",
    "ask_blueprint",
    "at_hand",
    "blueprint_page",
    "calendars",
    "career_json",
    "catalogue",
    "change_person",
    "clock_of",
    "coverage_json",
    "effect_of_opening",
    "find_opening",
    "find_person",
    "grown",
    "hand_off_of",
    "hours_in_words",
    "hours_of",
    "link_account",
    "load_of",
    "load_people",
    "main_roles",
    "opening_cost",
    "passed_on",
    "people",
    "people_by_account",
    "people_file",
    "people_of",
    "person_of",
    "plan_json",
    "presences",
    "preview_people",
    "remove_absence",
    "role_of_actors",
    "sealed_pay",
    "summed",
    "tools_in_use",
]
