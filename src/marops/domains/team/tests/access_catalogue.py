"""What the addresses of the catalogue answer."""

from tests.cast import Expect

VIEW, CHANGE, ACTIVATE, SET_UP = "team.view", "definitions.change", "definitions.activate", "workspace.set_up"


def _role(_world):
    return {"slug": "mops_coordinator"}


def _skill(_world):
    return {"ident": "coaching"}


CATALOGUE = {
    "team/roles": Expect(right=VIEW),
    "team/roles/new": Expect(right=CHANGE),
    "team/roles/emblems": Expect(right=SET_UP, post_only=True),
    "team/roles/<slug:slug>": Expect(right=VIEW, args=_role),
    "team/roles/<slug:slug>/edit": Expect(right=CHANGE, args=_role),
    "team/roles/<slug:slug>/text": Expect(right=CHANGE, args=_role),
    "team/roles/<slug:slug>/retire": Expect(right=ACTIVATE, post_only=True, args=_role),
    "team/skills": Expect(right=VIEW),
    "team/skills/new": Expect(right=CHANGE),
    "team/skills/text": Expect(right=CHANGE),
    "team/skills/<slug:ident>": Expect(right=CHANGE, args=_skill),
    "api/v1/team/roles": Expect(right=VIEW),
    "api/v1/team/roles/<slug>": Expect(right=VIEW, args=_role),
    "api/v1/team/skills": Expect(right=VIEW),
}
