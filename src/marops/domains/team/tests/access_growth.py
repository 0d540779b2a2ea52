from tests.cast import Expect

from marops.domains.team.models import GrowthGoal, GrowthPlan
from marops.kernel.ids import new_id

VIEW = "team.view"
# Who leads somebody in the world of this test; nobody else opens the map of those who lead.
_LEADS = {"hanna": 200, "dylan": 200}


def growth_things(person):
    """A plan of somebody, shared with nobody."""
    plan = GrowthPlan.objects.create(person=person, aim="Fly")
    return {"plan": plan, "goal": GrowthGoal.objects.create(plan=plan, says="Soon")}


def prepare_growth(patch):
    """The pages are asked inside a transaction, where the lake cannot look."""
    patch.setattr("marops.domains.team.queries.traces.query_engine", _Nothing)


class _Nothing:
    def rows(self, *_given):
        return []


def _person(world):
    return {"ref": world.things["person"].ref}


def _goal(world):
    return {"part": "goals", "ident": world.things["goal"].id, "what": "reached"}


def _goal_at(world):
    return {"part": "goals", "ident": world.things["goal"].id}


def _ident(world):
    return {"ident": new_id()}


GROWTH = {
    "career": Expect(right=VIEW),
    "career/<str:ref>": Expect(right=VIEW, args=_person),
    "growth": Expect(right=VIEW),
    "growth/adopt": Expect(right=VIEW, post_only=True),
    "growth/delete": Expect(right=VIEW, post_only=True),
    "growth/export.<str:form>": Expect(only=frozenset({"selma"}), otherwise=dict.fromkeys(
        ("hanna", "tomasz", "dylan", "mina"), 404), args=lambda _world: {"form": "md"}),
    "growth/mentor/<uuid:plan_id>": Expect(
        right=VIEW, post_only=True, args=lambda world: {"plan_id": world.things["plan"].id}
    ),
    "growth/of/<str:ref>": Expect(right=VIEW, status=404, otherwise={"selma": 302}, nobody=302, args=_person),
    "growth/<slug:part>": Expect(right=VIEW, post_only=True, args=lambda _world: {"part": "goals"}),
    "growth/<slug:part>/<uuid:ident>": Expect(only=frozenset({"selma"}), refused=404, args=_goal_at,
                                              otherwise={"nils": 403}),
    "growth/<slug:part>/<uuid:ident>/<slug:what>": Expect(right=VIEW, post_only=True, args=_goal),
    "team/growth": Expect(right=VIEW, status=403, otherwise=_LEADS),
    "api/v1/team/career": Expect(right=VIEW),
    "api/v1/team/career/<ref>": Expect(right=VIEW, args=_person),
    "api/v1/team/growth": Expect(only=frozenset({"selma"}), otherwise=dict.fromkeys(
        ("hanna", "tomasz", "dylan", "mina"), 404)),
    "api/v1/team/growth/of/<ref>": Expect(right=VIEW, status=404, otherwise={"selma": 200}, args=_person),
    "api/v1/team/growth/goals": Expect(right=VIEW, post_only=True),
    "api/v1/team/growth/goals/<ident>": Expect(right=VIEW, post_only=True, method="delete", args=_ident),
    "api/v1/team/growth/moves": Expect(right=VIEW, post_only=True),
    "api/v1/team/growth/moves/<ident>": Expect(right=VIEW, post_only=True, method="delete", args=_ident),
    "api/v1/team/growth/reviews": Expect(right=VIEW, post_only=True),
    "api/v1/team/growth/reviews/<ident>": Expect(right=VIEW, post_only=True, method="delete", args=_ident),
}  # fmt: skip
