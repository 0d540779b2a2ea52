import json
from itertools import combinations_with_replacement

import pytest

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.models import Person
from marops.domains.team.papers.blueprint import blueprint_page
from marops.domains.team.queries.blueprint import KIND, asked_of, going, load_of
from marops.domains.team.queries.blueprint_told import Told, ask_blueprint
from marops.domains.team.rules.blueprint import Holder, NoPlanError, Question, blueprint, seats_of, shares
from marops.domains.team.rules.staffing import Ground, turned, usual
from marops.kernel.actors import SETUP
from marops.kernel.definitions import find
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import run_here
from marops.kernel.models import Job
from marops.methods.staffing.solve import best, held_fast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ground():
    assumed = assumptions()
    return Ground(catalogue(), assumed, {one.id: one.start for one in assumed.drivers})


def _shape(ground, ident):
    return next(one for one in ground.assumed.shapes if one.id == ident)


def test_the_best_of_a_real_team_is_the_best_of_every_choice(ground):
    for shape in ground.assumed.shapes:
        wanted = ground.wanted(shape, 2)
        kinds = [one for one in wanted.kinds if len(one.roles) == 1]
        narrowed = ground.wanted(shape, 2, kinds=kinds)
        every = []
        for pair in combinations_with_replacement(kinds, 2):
            counts = {}
            for one in pair:
                counts[one.id] = counts.get(one.id, 0) + 1
            every.append(held_fast(narrowed, counts).value)
        found = best(narrowed)
        assert found.proven
        assert found.value == pytest.approx(min(every), rel=1e-6)
        assert best(wanted).value <= found.value + 1e-3


def test_a_team_is_as_large_as_was_asked_and_says_what_it_leaves(ground):
    found = blueprint(ground, Question("size", 2), [Holder("P-1", {"mops_manager": 1.0})])
    assert [one["id"] for one in found["alternatives"]] == ["lean", "balanced", "senior-heavy"]
    for plan in found["alternatives"]:
        assert plan["proven"]
        assert sum(one["count"] for one in plan["seats"]) == 2
        assert len(plan["order"]) + len(plan["today"]) == 2
        assert plan["cost"]["low"] <= plan["cost"]["usual"] <= plan["cost"]["high"]
        assert plan["coverage"]["low"] <= plan["coverage"]["usual"] <= plan["coverage"]["high"]
        if plan["order"]:
            assert plan["order"][-1]["coverage"] == pytest.approx(plan["coverage"]["usual"])
            assert plan["order"][-1]["cost"] == pytest.approx(plan["cost"]["usual"], abs=2)
    assert json.loads(json.dumps(found)) == found
    assert blueprint(ground, Question("size", 2), [Holder("P-1", {"mops_manager": 1.0})]) == found


def test_a_budget_is_kept_and_too_little_is_refused_in_words(ground):
    lean = ground.assumed.model_copy(update={"shapes": (_shape(ground, "lean"),)})
    ground = Ground(ground.catalogue, lean, ground.amounts)
    plan = blueprint(ground, Question("budget", budget=150_000))["alternatives"][0]
    assert plan["cost"]["usual"] <= 150_000
    with pytest.raises(NoPlanError, match="cheapest seat costs") as refused:
        blueprint(ground, Question("budget", budget=1000))
    assert "or more" in refused.value.remedy
    with pytest.raises(NoPlanError, match="8 people cost at least") as refused:
        blueprint(ground, Question("size", 8, budget=150_000))
    assert "3 people or fewer" in refused.value.remedy


def test_a_load_beyond_every_team_is_refused(ground):
    amounts = ground.amounts | {"campaigns_per_month": ground.amounts["campaigns_per_month"].model_copy(
        update={"low": 1e6, "usual": 1e6, "high": 1e6})}  # fmt: skip
    with pytest.raises(NoPlanError, match="more than 200 people"):
        blueprint(Ground(ground.catalogue, ground.assumed, amounts), Question("load"))


def test_help_by_ai_and_the_load_move_the_hours(ground):
    lean = _shape(ground, "lean")
    work = sum(one.hours for one in ground.work(lean, 9, usual))
    assert sum(one.hours for one in ground.work(lean, 9, turned("ai_help_used", "high"))) < work
    assert sum(one.hours for one in ground.work(lean, 9, turned("load", "high"))) > work
    assert sum(one.hours for one in ground.work(lean, 12, usual)) > work
    half = Ground(ground.catalogue, ground.assumed, ground.amounts, instead={"driver.campaigns_per_month": 1.0})
    assert sum(one.hours for one in half.work(lean, 9, usual)) < work


def test_pairs_part_as_a_team_grows(ground):
    fits = frozenset(("vp_mops", "mops_manager"))
    assert ground.pair_cost(fits, 4) == 0
    assert 0 < ground.pair_cost(fits, 9) < ground.assumed.weights.other_pair.usual
    assert ground.pair_cost(fits, 11) is None
    apart = frozenset(("campaign_ops_manager", "marketing_data_analyst"))
    assert ground.pair_cost(apart, 4) > ground.assumed.weights.other_pair.usual
    assert ground.pair_cost(apart, 9) is None
    lean = _shape(ground, "lean")
    assert max(len(some) for some in ground.together(lean, 3)) == 3
    assert max(len(some) for some in ground.together(lean, 20)) == 1


def test_shares_are_twentieths_of_a_whole_and_none_is_lost():
    assert shares({"a": 60.0, "b": 1.0}) == {"a": 0.95, "b": 0.05}
    assert sum(shares({"a": 1.0, "b": 1.0, "c": 1.0}).values()) == pytest.approx(1)
    assert shares({"a": 0.0}) == {"a": 1.0}


def test_everybody_but_one_reports_to_a_leader_with_room():
    plan = {
        "today": [{"seat": "x", "ref": "P-4"}],
        "seats": [
            {"id": "m", "count": 2, "leads": 3, "roles": [{"role": "mops_manager", "share": 1.0}]},
            {"id": "x", "count": 4, "leads": 0, "roles": [{"role": "mops_coordinator", "share": 1.0}]},
        ],
    }
    seats = seats_of(plan)
    assert [one.get("manager") for one in seats].count(None) == 1
    assert [one["person"] for one in seats if "person" in one] == ["P-4"]
    assert len({one["id"] for one in seats}) == 6
    managers = [one.get("manager") for one in seats if one["roles"] == {"mops_coordinator": 1.0}]
    assert {managers.count(one) for one in set(managers)} <= {1, 2, 3}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "size"), ({"size": 0}, "size"), ({"size": 10_000}, "size"), ({"budget": -1}, "budget"),
        ({"budget": float("nan")}, "budget"), ({"size": 3, "amounts": {"moons": 1}}, "amounts.moons"),
        ({"size": 3, "amounts": {"markets": "many"}}, "amounts.markets"),
        ({"size": 3, "amounts": {"markets": -1}}, "amounts.markets"),
        ({"size": 3, "instead": {"hours.unplanned_share": 1.5}}, "instead.hours.unplanned_share"),
    ],
)  # fmt: skip
def test_absurd_questions_are_refused_at_their_field(given, field):
    with pytest.raises(MaropsError) as refused:
        asked_of(**given)
    assert [one.field for one in refused.value.errors] == [field]


def test_a_load_comes_as_yaml_or_csv():
    assert load_of("leads_per_month: 2000\nmarkets: 3", "load.yaml") == {"leads_per_month": 2000, "markets": 3}
    assert load_of("driver,amount\nmarkets,3\n", "load.csv") == {"markets": "3"}
    for text, name in (("- 1", "x.yaml"), ("a,b\n1,2", "x.csv"), (": : :", "x.yaml")):
        with pytest.raises(MaropsError):
            load_of(text, name)


def test_the_page_asks_once_keeps_the_answer_and_makes_a_structure(cast):
    client = cast.client("hanna")
    page = client.post("/team/blueprint/ask", {"limit": "size", "size": "2", "d-markets": "2"})
    assert page.status_code == 302
    assert page["Location"] == "/team/blueprint?limit=size&size=2&d-markets=2"
    assert client.post("/team/blueprint/ask", {"limit": "size", "size": "2", "d-markets": "2"}).status_code == 302
    (job,) = Job.objects.filter(kind=KIND)
    assert "Working it out" in client.get(page["Location"]).content.decode()
    run_here(job.id)
    shown = client.get(page["Location"]).content.decode()
    assert "comes out best" in shown
    assert "given for this plan" in shown
    assert "placeholder pay" in shown
    pdf = client.get("/team/blueprint.pdf?limit=size&size=2&d-markets=2")
    assert pdf.content.startswith(b"%PDF")
    kept = client.post(
        "/team/blueprint/keep", {"limit": "size", "size": "2", "d-markets": "2", "alternative": "balanced"}
    )
    assert kept["Location"] == "/team/structures/balanced-2"
    assert find("structure/balanced-2").document["made_by"] == "blueprint"
    assert client.get("/team/structures/balanced-2").status_code == 200
    assert "comes out best" not in client.get("/team/blueprint?limit=size&size=2&d-markets=3").content.decode()


def test_what_was_refused_is_said_on_the_page(cast):
    client = cast.client("hanna")
    wrong = client.post("/team/blueprint/ask", {"limit": "size", "size": "9999"})
    assert wrong.status_code == 422
    assert "cannot be planned" in wrong.content.decode()
    page = client.post("/team/blueprint/ask", {"limit": "budget", "budget": "10"})
    with pytest.raises(MaropsError):
        run_here(Job.objects.get(kind=KIND).id)
    assert "cheapest seat costs" in client.get(page["Location"]).content.decode()


def test_assumptions_are_changed_on_their_page(cast):
    client = cast.client("hanna")
    page = client.get("/team/assumptions").content.decode()
    assert "hours.unplanned_share.usual" in page
    form = client.get("/team/assumptions").context["form"]
    data = {name: "" if field.initial is None else field.initial for name, field in form.fields.items()}
    before = assumptions().hours.meeting_share
    data |= {"hours.unplanned_share.low": "0.3", "hours.unplanned_share.usual": "0.2"}
    assert client.post("/team/assumptions", data).status_code == 422
    data |= {"hours.unplanned_share.low": "0.15", "hours.unplanned_share.usual": "0.25"}
    assert client.post("/team/assumptions", data).status_code == 302
    client.get("/team/assumptions")
    document = find("assumptions/team").document
    assert document["hours"]["unplanned_share"]["usual"] == 0.25
    assert document["hours"]["meeting_share"]["usual"] == before.usual


def test_nobody_without_the_right_is_answered(cast):
    client = cast.client("mina")
    assert client.get("/team/blueprint").status_code == 403
    answer = client.post("/api/v1/team/blueprint", json.dumps({"size": 2}), content_type="application/json")
    assert answer.status_code == 403
    with pytest.raises(MaropsError):
        next(going(asked_of(size=2), cast.actor("mina")))


def test_rest_the_command_and_paper_tell_the_same():
    Person.objects.create(number=8801, name="Ines Bauer")
    found, told = ask_blueprint(SETUP, size=1)
    assert told.best["people"] == 1
    assert found["people_today"] == 0
    assert isinstance(told, Told)
    assert blueprint_page(told).startswith(b"%PDF")
