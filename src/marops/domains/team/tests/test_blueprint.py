import json
from dataclasses import replace
from decimal import Decimal
from itertools import combinations_with_replacement

import pytest
from tests.cast import PEOPLE

from marops.domains.team.actions.people import add_person
from marops.domains.team.actions.records import set_pay
from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.models import Pay, Person
from marops.domains.team.papers.blueprint import blueprint_page
from marops.domains.team.queries.blueprint import KIND, answer, asked_of, counted, going, kept_answer, key_of, load_of
from marops.domains.team.queries.blueprint_told import Told, ask_blueprint
from marops.domains.team.rules.blueprint import NoPlanError, Question, _plan, blueprint, seats_of
from marops.domains.team.rules.blueprint_plan import Holder, between, drawn, shares
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.pay_bands import own_bands
from marops.domains.team.rules.roles import STANDING
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
        fewer = plan["id"] == "senior-heavy"
        assert plan["proven"]
        assert sum(one["count"] for one in plan["seats"]) == plan["people"] == (1 if fewer else 2)
        assert len(plan["order"]) + len(plan["today"]) == plan["people"]
        assert plan["coverage"]["low"] < plan["coverage"]["usual"] < plan["coverage"]["high"]
        assert sum(plan["parts"].values()) == pytest.approx(plan["common"], abs=3)
        assert plan["cost"]["low"] <= plan["cost"]["usual"] <= plan["cost"]["high"]
        assert plan["coverage"]["low"] <= plan["coverage"]["usual"] <= plan["coverage"]["high"]
        if plan["order"]:
            assert plan["order"][-1]["coverage"] == pytest.approx(plan["coverage"]["usual"])
            assert plan["order"][-1]["cost"] == pytest.approx(plan["cost"]["usual"], abs=2)
            assert plan["begins"]["coverage"] + sum(one["adds"] for one in plan["order"]) == pytest.approx(
                plan["coverage"]["usual"], abs=1e-3
            )
    assert [one["id"] for one in sorted(found["alternatives"], key=lambda it: it["common"])] == found["ranking"]
    assert sum(one["first_in"] for one in found["alternatives"]) >= 1
    assert json.loads(json.dumps(found)) == found
    assert blueprint(ground, Question("size", 2), [Holder("P-1", {"mops_manager": 1.0})]) == found


def test_fewer_and_more_senior_is_fewer_than_every_other(ground):
    shape = _shape(ground, "senior-heavy")
    assert shape.size_share.usual == 0.8
    assert _plan(ground, Question("size", 5), shape, []).people == 4
    bought = _plan(ground, Question("budget", budget=500_000), shape, [4, 6])
    weight = ground.assumed.weights.budgeted.usual
    questions = [replace(ground.wanted(shape, n, budget=500_000 / 12), pay_weight=weight) for n in (1, 2, 3)]
    sizes = {one.exactly: best(one).value for one in questions}
    assert bought.choice.value == pytest.approx(min(sizes.values()))
    assert bought.choice.value == pytest.approx(sizes[bought.people])
    kept = replace(ground, keep={"mops_manager": 3})
    assert _plan(kept, Question("size", 3), shape, []).people == 3
    assert _plan(ground, Question("size", 3), _shape(ground, "balanced"), []).people == 3


def test_seats_without_work_are_said_to_have_none(ground):
    amounts = {
        name: of.model_copy(update={"low": 0.0, "usual": 0.0, "high": 0.0}) for name, of in ground.amounts.items()
    }
    lean = ground.assumed.model_copy(update={"shapes": (_shape(ground, "lean"),)})
    idle = Ground(ground.catalogue, lean, amounts)
    (plan,) = blueprint(idle, Question("size", 8))["alternatives"]
    used = sum(one["booked"] * one["hours"] * one["count"] for one in plan["seats"])
    assert used <= sum(one.hours for one in idle.work(_shape(ground, "lean"), 8, usual)) + 0.5
    assert any(one["booked"] < 0.5 for one in plan["seats"])


def test_half_of_the_draws_lie_on_each_side_of_the_usual_value():
    of = Range(low=100, usual=1500, high=20_000)
    assert [drawn(of, place) for place in (0, 0.5, 1)] == [100, 1500, 20_000]
    assert drawn(of, 0.125) == pytest.approx(800)
    assert drawn(of, 0.875) == pytest.approx(10_750)
    assert between([float(one) for one in range(11)]) == {"usual": 5, "low": 1, "high": 9}


@pytest.mark.parametrize(
    ("roles", "people", "kind", "many"),
    [
        (["mops_manager"], 12, "coach", 7), (["mops_manager"], 60, "supervisor", 10),
        (["mops_manager"], 100, "facilitator", 15), (["mops_manager"], 190, "coordinator", 18),
        (["mops_manager", "campaign_ops_manager"], 60, "player-coach", 5), (["mops_coordinator"], 12, None, 0),
    ],
)  # fmt: skip
def test_each_kind_of_leading_has_its_place(ground, roles, people, kind, many):
    held = [ground.catalogue.roles[one] for one in roles]
    found = ground.leads_as(held, people)
    assert (found.id if found else None, ground.leads(held, people)) == (kind, many)


def test_looking_over_what_ai_made_takes_hours(ground):
    lean, senior = _shape(ground, "lean"), _shape(ground, "senior-heavy")
    without = replace(ground, instead={"ai_review": 0.0})
    more = {one.role: one.hours for one in ground.work(senior, 10, usual)}
    for one in without.work(senior, 10, usual):
        # One and a half hours a week for ten people, with all of AI's help used.
        added = 1.5 * 52 / 12 if one.role == "workflow_architect" else 0.0
        assert more[one.role] - one.hours == pytest.approx(added)
    assert ground.reviewer(lean, 10) == "marketing_automation_manager"
    assert ground.review(lean, 10, usual) == pytest.approx(0.8 * 1.5 * 52 / 12)


def test_hiring_takes_the_months_of_finding_and_of_learning(ground):
    plan = blueprint(ground, Question("size", 4))["alternatives"][1]
    joining = ground.assumed.joining
    lines = [joining.line(STANDING[one["level_id"]]) for one in plan["order"]]
    free = [0.0, 0.0]
    for step, line in zip(plan["order"], lines, strict=True):
        free.sort()
        free[0] += joining.months_to_fill[line].usual
        assert step["months"]["there"]["usual"] == free[0]
        assert step["months"]["at_pace"]["usual"] == free[0] + joining.months_to_full_pace[line].usual
        assert step["months"]["there"]["low"] <= free[0] <= step["months"]["there"]["high"]
    one_by_one = sum(joining.months_to_fill[line].high for line in lines)
    assert plan["months"]["there"]["high"] == one_by_one


def test_a_budget_is_kept_and_too_little_is_refused_in_words(ground):
    lean = ground.assumed.model_copy(update={"shapes": (_shape(ground, "lean"),)})
    ground = Ground(ground.catalogue, lean, ground.amounts)
    plan = blueprint(ground, Question("budget", budget=150_000))["alternatives"][0]
    # The money is there: what is left would not buy another seat.
    cheapest = min(one.cost for one in ground.kinds(_shape(ground, "lean"), 1)) * 12
    assert 150_000 - cheapest < plan["cost"]["usual"] <= 150_000
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
    seats = seats_of(plan, assumptions().spans)
    assert {one.get("leads_as") for one in seats} == {None, "player-coach"}
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
    assert "decides which is first" in shown
    assert "instead of 2" in shown or "All in all it comes to" in shown
    pdf = client.get("/team/blueprint.pdf?limit=size&size=2&d-markets=2")
    assert pdf.content.startswith(b"%PDF")
    kept = client.post(
        "/team/blueprint/keep", {"limit": "size", "size": "2", "d-markets": "2", "alternative": "balanced"}
    )
    assert kept["Location"] == "/team/structures/balanced-2"
    assert find("structure/balanced-2").document["made_by"] == "blueprint"
    assert client.get("/team/structures/balanced-2").status_code == 200
    assert "comes out best" not in client.get("/team/blueprint?limit=size&size=2&d-markets=3").content.decode()


def test_bands_are_medians_where_enough_are_paid_and_scaled_elsewhere():
    bands = {"entry": Range(low=20_000, usual=40_000, high=60_000), "manager": Range(low=50_000, usual=80_000)}
    few = own_bands([("entry", 30_000.0)] * 4, bands)
    assert (few.bands, few.ratio, few.people) == (bands, None, 4)
    paid = [("entry", amount) for amount in (30_000.0, 44_100.0, 48_000.0, 51_600.0, 90_000.0)]
    found = own_bands([*paid, ("manager", 100_000.0)], bands)
    entry, manager = found.bands["entry"], found.bands["manager"]
    assert (entry.low, entry.usual, entry.high) == (44_000, 48_000, 52_000)
    # Sorted, pay stands to its band as 0.75, 1.1025, 1.2, 1.25, 1.29, 2.25: the middle is 1.225.
    assert found.ratio == pytest.approx(1.225)
    assert (manager.low, manager.usual, manager.high) == (61_000, 98_000, None)
    assert found.as_json() == {"people": 6, "levels": {"entry": 5}, "ratio": 1.23, "enough": 5}


@pytest.fixture
def paid(cast):
    for number, name in enumerate(("hanna", "tomasz", "priya", "lena", "samuel")):
        row = add_person(actor=SETUP, account_id=getattr(cast, name).id, role="mops_coordinator")
        set_pay(actor=SETUP, person_id=row.id, amount=Decimal(61_000 + 1000 * number), currency="EUR")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_costs_rest_on_pay_for_those_who_may_see_it_and_nobody_else_learns_of_it(cast, paid):
    where = "/team/blueprint?limit=size&size=1"
    vera = cast.client("vera")
    asked = vera.post("/team/blueprint/ask", {"limit": "size", "size": "1", "pay": "own"})
    assert asked["Location"] == f"{where}&pay=own"
    job = Job.objects.get(kind=KIND)
    run_here(job.id)
    job.refresh_from_db()
    shown = vera.get(f"{where}&pay=own").content.decode()
    assert "the pay of 5 people kept here: medians for entry (5)" in shown
    found = kept_answer(job, cast.actor("vera"))
    secret = f"{found['alternatives'][0]['cost']['usual']}"
    assert list(job.result) == ["sealed"]
    said = Told(found, {}).answer
    for name in PEOPLE:
        client = cast.client(name)
        doors = [f"{where}&pay=own", where, "/team/blueprint.pdf?limit=size&size=1&pay=own", f"/jobs/{job.ref}",
                 f"/team/blueprint/jobs/{job.ref}", "/jobs", "/audit", "/team/structures"]  # fmt: skip
        text = "".join(str(client.get(door).content) for door in doors)
        post = {"size": 1, "pay": "own"}
        answer = client.post("/api/v1/team/blueprint", json.dumps(post), content_type="application/json")
        allowed = name in ("vera", "ada")
        assert (answer.status_code == 200) == allowed, name
        assert (said in text or secret in text or "people kept here" in text) == allowed, name
        assert allowed or secret not in answer.content.decode()
    with pytest.raises(MaropsError):
        counted(asked_of(size=1, pay="own"), cast.ai("hanna"))


def test_without_the_right_a_question_is_the_same_whatever_is_paid(cast, paid):
    hanna = cast.actor("hanna")
    key = key_of(asked_of(size=1), hanna)
    assert counted(asked_of(size=1), hanna).pay == "bands"
    assert counted(asked_of(size=1), cast.actor("vera")).pay == "own"
    # What is refused stays with its job for all to see: no amount that was made of pay stands in it.
    with pytest.raises(MaropsError, match="by the pay that is kept here") as refused:
        answer(asked_of(budget=10, pay="own"), SETUP)
    assert "EUR" not in f"{refused.value}{refused.value.remedy}"
    Pay.objects.all().delete()
    assert key_of(asked_of(size=1), hanna) == key
    assert counted(asked_of(size=1), cast.actor("vera")).pay == "bands"


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
