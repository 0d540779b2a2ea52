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


EXPECT = {
    "workflows": Expect(right=VIEW),
    "workflows/templates": Expect(right=VIEW),
    "workflows/templates/<slug>/begin": Expect(right=CHANGE, post_only=True, args=_webinar),
    "workflows/<slug>": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/because": Expect(right=VIEW, args=_webinar),
    "workflows/<slug>/map.svg": Expect(right=VIEW, args=_webinar),
}
