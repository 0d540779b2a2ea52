"""What the addresses of the house, the chart and planned structures answer."""

from tests.cast import Expect

from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters

VIEW, PLAN = "team.view", "team.plan"


def pictures_things(person):
    """A planned structure of one seat that somebody has."""
    seats = [{"id": "help", "roles": {"mops_coordinator": 1.0}, "person": person.ref}]
    plan = Starter("structure", "next-year", {"title": "Next year", "seats": seats}, "test")
    plant_starters(actor=SETUP, starters=[plan])


def _plan(_world):
    return {"slug": "next-year"}


def _seat(_world):
    return {"slug": "next-year", "ident": "help"}


PICTURES = {
    "team/house": Expect(right=VIEW),
    "team/chart": Expect(right=VIEW),
    "team/chart.pdf": Expect(right=VIEW),
    "team/structures": Expect(right=VIEW),
    "team/structures/new": Expect(right=PLAN),
    "team/structures/<slug:slug>": Expect(right=VIEW, args=_plan),
    "team/structures/<slug:slug>/about": Expect(right=PLAN, args=_plan),
    "team/structures/<slug:slug>/drop": Expect(right=PLAN, post_only=True, args=_plan),
    "team/structures/<slug:slug>/open": Expect(right=PLAN, post_only=True, args=_plan),
    "team/structures/<slug:slug>/settle": Expect(right=PLAN, post_only=True, args=_plan),
    "team/structures/<slug:slug>/seats/new": Expect(right=PLAN, args=_plan),
    "team/structures/<slug:slug>/seats/<slug:ident>": Expect(right=PLAN, args=_seat),
    "team/structures/<slug:slug>/seats/<slug:ident>/remove": Expect(right=PLAN, post_only=True, args=_seat),
    "api/v1/team/house": Expect(right=VIEW),
    "api/v1/team/chart": Expect(right=VIEW),
    "api/v1/team/structures": Expect(right=VIEW),
    "api/v1/team/structures/<slug>": Expect(right=VIEW, args=_plan),
}
