"""Workflows and a crew that tests share."""

from datetime import timedelta

from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.crew import WEEKDAYS, Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def crew(**changes):
    document = {
        "title": "Marketing",
        "zone": "Europe/Berlin",
        "calendar": "office",
        "calendars": {"office": {"hours": OFFICE}, "tuesdays": {"hours": {"tue": [["10:00", "16:00"]]}}},
        "people": [
            {"id": "ann", "name": "Ann", "skills": {"writing": 1, "planning": 1}, "cost_per_hour": 50},
            {"id": "ben", "name": "Ben", "skills": {"writing": 1.25}, "cost_per_hour": 50},
            {"id": "cy", "name": "Cy", "skills": {"legal": 1}, "calendar": "tuesdays", "cost_per_hour": 80},
            {"id": "dee", "name": "Dee", "skills": {"email": 1}, "cost_per_hour": 50},
        ],
        **changes,
    }
    return Crew.model_validate(document)


STEPS = [
    {"id": "brief", "name": "Brief", "skill": "planning", "effort": 2},
    {"id": "copy", "name": "Copy", "skill": "writing", "effort": {"kind": "lognormal", "mean": 5, "sd": 2}},
    {
        "id": "legal",
        "name": "Legal review",
        "skill": "legal",
        "effort": 2,
        "review": True,
        "rework": {"probability": 0.25, "back_to": "copy", "at_most": 3},
    },
    {"id": "build", "name": "Build e-mail", "skill": "email", "effort": 3},
    {"id": "send", "name": "Send", "touch": "automatic", "effort": 0.1},
]


def workflow(per_month=12.0, **changes):
    document = {
        "title": "Newsletter",
        "crew": "marketing",
        "classes": [{"id": "newsletter", "name": "Newsletter", "arrivals": {"per_month": per_month}}],
        "steps": STEPS,
        "promise": {"hours": 480},
        **changes,
    }
    return Workflow.model_validate(document)


def situation(per_month=12.0, *, people=None, **changes):
    hands = crew(**({"people": people} if people else {}))
    return Situation({"newsletter": workflow(per_month, **changes)}, hands)


def one_step(per_month, *, effort=1, hours=480, people=({"id": "a", "name": "A"},), step=None, **changes):
    """One step, done day and night unless somebody says otherwise."""
    crew = Crew.model_validate(
        {
            "title": "Crew",
            "zone": "UTC",
            "calendar": "always",
            "calendars": {
                "always": {"hours": {day: [["00:00", "24:00"]] for day in WEEKDAYS}},
                "office": {"hours": OFFICE},
                "tuesdays": {"hours": {"tue": [["09:00", "17:00"]]}},
                "sundays": {"hours": {"sun": [["09:00", "17:00"]]}},
            },
            "people": [{"skills": {"work": 1}, **one} for one in people],
        }
    )
    flow = Workflow.model_validate(
        {
            "title": "Piece",
            "crew": "crew",
            "classes": [{"id": "piece", "name": "Piece", "arrivals": {"per_month": per_month}}],
            "steps": [{"id": "work", "name": "Work", "skill": "work", "effort": effort, **(step or {})}],
            "promise": {"hours": hours},
            **changes,
        }
    )
    return Situation({"piece": flow}, crew)


def plant_webinar():
    """The crew and the webinar of the templates, in force."""
    starters = [
        Starter("crew", "marketing", template_crew()[0], "test"),
        Starter("workflow", "webinar", templates()["webinar"].document, "test"),
    ]
    plant_starters(actor=SETUP, starters=starters)


def done(case, what, start, hours=2.0):
    """A fact: a piece of work on a letter was finished."""
    return FactInbox(
        id=new_id(), kind="task.finished", occurred_at=start + timedelta(hours=hours),
        recorded_at=start + timedelta(hours=hours), actor_type="human", actor_id="Ann", case_id=case,
        case_class="letter", activity=what, skill="writing", touch="human", platform="plankboard", enabled_at=start,
        started_at=start, ended_at=start + timedelta(hours=hours), attempt=1, cost=0,
    )  # fmt: skip


def day(back):
    """Nine in the morning, so many days ago."""
    return now().replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=back)
