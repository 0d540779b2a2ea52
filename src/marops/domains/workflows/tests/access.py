from tests.cast import Expect

from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters

VIEW, CHANGE = "workflows.view", "workflows.change"


def things(cast):
    plant_starters(
        actor=SETUP,
        starters=[
            Starter("crew", "marketing", template_crew()[0], "For every address"),
            Starter("workflow", "webinar", templates()["webinar"].document, "For every address"),
        ],
    )
    return {}


def _webinar(_world):
    return {"slug": "webinar"}


def _crew(_world):
    return {"slug": "marketing"}


def _step(_world):
    return {"slug": "webinar", "ident": templates()["webinar"].workflow.steps[0].id}


def _class(_world):
    return {"slug": "webinar", "ident": templates()["webinar"].workflow.classes[0].id}


EXPECT = {
    "workflows": Expect(right=VIEW),
    "workflows/templates": Expect(right=VIEW),
    "workflows/templates/<slug>/begin": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/new": Expect(right=CHANGE),
    "workflows/crews": Expect(right=VIEW),
    "workflows/crews/new": Expect(right=CHANGE),
    "workflows/crews/<slug:slug>": Expect(right=VIEW, args=_crew),
    "workflows/crews/<slug:slug>/change": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/undo": Expect(right=CHANGE, post_only=True, args=_crew),
    "workflows/crews/<slug:slug>/team": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/person": Expect(right=CHANGE, args=_crew),
    "workflows/crews/<slug:slug>/calendar": Expect(right=CHANGE, args=_crew),
    "workflows/<slug:slug>/edit": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/check": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/sketch": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/save": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug:slug>/outline": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/workflow": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/work": Expect(right=CHANGE, args=_webinar),
    "workflows/<slug:slug>/outline/work/<str:ident>": Expect(right=CHANGE, args=_class),
    "workflows/<slug:slug>/outline/steps/<str:ident>": Expect(right=CHANGE, args=_step),
    "workflows/<slug>": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/because": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/map.svg": Expect(right=VIEW, args=_webinar),
}
