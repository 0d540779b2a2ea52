"""Who sees which money: over REST, on pages and papers, from the command line and in jobs, as every named user."""

import json
import re
from datetime import date

import pytest
from tests.cast import PEOPLE

from marops.domains.workflows import public
from marops.domains.workflows.answering.comparing import extra_cost
from marops.domains.workflows.answering.outcomes import Setting, outcome
from marops.domains.workflows.asking import Ask, comparison, comparison_json, found_before, scenario_of
from marops.domains.workflows.papers.changes import tells_pay
from marops.domains.workflows.pay import seen
from marops.domains.workflows.permissions import PAY, VIEW
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.telling.words import hidden
from marops.domains.workflows.tests.flowground import crew, situation, workflow
from marops.domains.workflows.tests.test_papers import text_of
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.jobs import run_here
from marops.kernel.models import Job
from marops.kernel.permissions import may

pytestmark = pytest.mark.django_db
MONEY = re.compile(r"\bEUR\s*[−\d]")
PLAIN = {"mode": "json", "by_alias": True, "exclude_none": True}
GOES = {
    "title": "Ben goes",
    "changes": [
        {"change": "leave", "person": "ben"},
        {"change": "effort", "step": "newsletter/copy", "factor": 0.9, "one_off": 9000},
    ],
}
COMES = {
    "title": "A writer comes",
    "changes": [{"change": "hire", "name": "Writer", "skills": {"writing": 1}, "cost_per_year": 60_000}],
}
SHORT = Ask(months=2, runs=4, warm_up=1)
URL = "/api/v1/workflows/newsletter"


def planted(**changes):
    starters = [
        Starter("crew", "marketing", crew(**changes).model_dump(**PLAIN), "test"),
        Starter("workflow", "newsletter", workflow(14.0, unit="newsletter").model_dump(**PLAIN), "test"),
        Starter("scenario", "goes", GOES, "test"),
        Starter("scenario", "comes", COMES, "test"),
    ]
    plant_starters(actor=SETUP, starters=starters)


def compared(*keys, actor=SETUP):
    chosen = {key: scenario_of({"goes": GOES, "comes": COMES}[key], key) for key in keys}
    return comparison("newsletter", chosen, SHORT, actor=actor, deep=False)


def sums_in(found):
    """Every sum of money of a comparison that has more digits than anybody would write by chance."""
    told = []
    for option in found["options"]:
        told += [value for month in option["months"] for value in numbers(month["cost_each"])]
        told += numbers(option.get("total", {}).get("cost"))
    told += [value for line in found["lines"] if line["unit"] == "money" for value in numbers(line)]
    return {one for one in told if abs(one) > 1 and one != round(one, 3)}


def numbers(one):
    if isinstance(one, dict):
        return [each for value in one.values() for each in numbers(value)]
    if isinstance(one, list):
        return [each for value in one for each in numbers(value)]
    return [one] if isinstance(one, float) else []


def lines_of(found):
    return {one["figure"]: one for one in found["lines"]}


CHANGES = [
    {"change": "leave", "person": "ben"},
    {"change": "rehour", "person": "cy", "calendar": "office"},
    {"change": "train", "person": "dee", "skills": {"writing": 1}, "hours_away": 16, "start": 1},
    {"change": "hire", "name": "Writer", "skills": {"writing": 1}},
    {"change": "effort", "step": "newsletter/copy", "factor": 0.5},
    {"change": "assist", "step": "newsletter/copy", "effort": 0.5},
    {"change": "automate", "step": "newsletter/build"},
    {"change": "remove", "step": "newsletter/brief"},
    {"change": "reskill", "step": "newsletter/build", "skill": "writing"},
    {"change": "demand", "factor": 0.5},
    {"change": "limit", "limit": 3},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one["change"])
def test_what_moves_the_pay_of_a_crew_tells_what_somebody_is_paid_and_nothing_else_does(change):
    setting = Setting(Frame(date(2027, 1, 1), 3, "Europe/Berlin", 1), 1, 2)
    scenario = Scenario.model_validate({"title": "x", "changes": [change]})
    before = outcome(situation(8.0), setting, target="newsletter")
    after = outcome(situation(8.0), setting, target="newsletter", scenario=scenario)
    assert bool(abs(extra_cost(after, before)).max() > 0.01) == tells_pay(scenario)


@pytest.mark.parametrize("name", PEOPLE)
def test_over_rest_money_is_for_those_who_may_see_pay(cast, name):
    planted()
    kept = compared("goes", "comes")
    secret = sums_in(comparison_json(kept))
    assert len(secret) > 6
    client, actor = cast.client(name), cast.actor(name)
    answer = client.get(f"{URL}/comparisons", {"kept": kept["kept"]})
    if not may(actor, VIEW):
        assert answer.status_code == 403
        return
    found, whole = answer.json(), answer.content.decode()
    shown = {one for one in secret if repr(one) in whole}
    lines, options = lines_of(found), {one["key"]: one for one in found["options"]}
    simulated = client.post(f"{URL}/simulate", {"months": 2, "replications": 4}, content_type="application/json").json()
    if may(actor, PAY):
        assert shown == secret
        assert simulated["figures"]["cost_each"]["value"] > 0
        return
    assert lines["cost_each"]["baseline"]["value"] is None
    assert lines["cost_each"]["baseline"]["why"] == hidden()
    assert {one["value"] for one in lines["cost_each"]["options"] + lines["cost_each"]["differences"]} == {None}
    goes, comes = lines["extra_cost"]["options"]
    assert (goes["value"], goes["why"]) == (None, hidden())
    assert comes["value"] is not None
    assert options["goes"]["total"]["cost"]["difference"] is None
    assert options["comes"]["total"]["cost"]["difference"] is not None
    assert options["goes"]["total"]["throughput"]["difference"] is not None
    for option in options.values():
        for month in option["months"]:
            assert month["cost_each"]["value"] is None
            assert month["throughput"]["value"] is not None
            assert month["cost_each"].get("to_baseline", {"difference": None})["difference"] is None
    for cell in (simulated["figures"], *simulated["months"]):
        assert cell["cost_each"] == {"value": None, "low": None, "high": None, "why": hidden()}


@pytest.mark.parametrize("name", PEOPLE)
def test_the_pay_of_who_goes_is_on_no_page_and_paper_for_others(cast, name):
    planted()
    kept = compared("goes")
    client, actor = cast.client(name), cast.actor(name)
    asked = f"?answer={kept['kept']}"
    urls = ["/workflows/newsletter?with=goes", f"/workflows/newsletter/comparison{asked}"]
    answers = [client.get(url) for url in urls]
    if not may(actor, VIEW):
        assert {one.status_code for one in answers} == {403}
        return
    assert {one.status_code for one in answers} == {200}
    page, paper = (one.content.decode() for one in answers)
    assert "EUR 9,000" in page  # what its own document says is for everybody
    assert "EUR 9,000 once" in paper
    page, paper = (re.sub(r"EUR 9,000\b", "", one) for one in (page, paper))
    assert bool(MONEY.search(page)) == may(actor, PAY)
    assert ("not shown" in page) != may(actor, PAY)
    assert (hidden() in page) != may(actor, PAY)
    assert not MONEY.search(paper)
    printed = client.get(f"/workflows/newsletter/comparison.pdf{asked}")
    assert "EUR" not in re.sub(r"EUR9,000", "", text_of(printed.content)[1].replace(" ", ""))


@pytest.mark.parametrize("name", PEOPLE)
def test_what_a_whole_crew_costs_is_printed_for_those_alone_who_may_see_pay(cast, name):
    planted()
    kept = compared("comes")
    client, actor = cast.client(name), cast.actor(name)
    if not may(actor, VIEW):
        return
    page = client.get(f"/workflows/newsletter/comparison?answer={kept['kept']}").content.decode()
    cost = page[page.index("Cost of each") :][:900]
    assert ("not shown" in cost) != may(actor, PAY)
    assert "Costs more in all" in page
    _, text = text_of(client.get(f"/workflows/newsletter/comparison.pdf?answer={kept['kept']}").content)
    assert ("notshown" in text.replace(" ", "")) != may(actor, PAY)


@pytest.mark.parametrize("name", ["vera", "hanna", "marco", "ada"])
def test_it_is_the_same_for_programs_and_jobs(cast, name):
    planted()
    actor = cast.actor(name)
    secret = sums_in(comparison_json(compared("goes", "comes")))
    told = json.dumps(public.comparison_json(compared("goes", "comes", actor=actor)))
    assert '"figure": "extra_cost"' in told
    assert all(repr(one) in told for one in secret) == may(actor, PAY)
    simulated = public.simulation("newsletter", SHORT, actor=actor)["figures"]["cost_each"]
    assert (simulated["value"] is None) != may(actor, PAY)
    body = {"scenarios": ["goes"], "months": 2, "replications": 4}
    started = cast.client(name).post(f"{URL}/comparisons", body, content_type="application/json")
    assert started.status_code == 202
    run_here(Job.objects.get(number=int(started.json()["job"].removeprefix("J-"))).id)
    job = cast.client(name).get(f"/api/v1/jobs/{started.json()['job']}").json()
    assert job["state"] == "done"
    assert not any(repr(one) in json.dumps(job) for one in secret)
    if not may(actor, PAY):
        found = cast.client(name).get(f"{URL}/comparisons").json()
        assert lines_of(found)["extra_cost"]["options"][0]["value"] is None


def test_an_answer_without_anybody_who_asks_is_as_anybody_may_see_it(db):
    planted()
    kept = compared("comes")
    assert lines_of(comparison_json(kept))["cost_each"]["baseline"]["value"] > 0
    bare = found_before("newsletter", "comparison")
    assert lines_of(comparison_json(bare))["cost_each"]["baseline"]["value"] is None


def test_where_nobody_is_said_to_be_paid_there_is_nothing_to_hide(cast):
    free = [one.model_dump(**PLAIN) | {"cost_per_hour": 0} for one in crew().people]
    planted(people=free)
    kept = compared("goes", "comes", actor=cast.actor("hanna"))
    assert lines_of(comparison_json(kept))["extra_cost"]["options"][0]["value"] == 9000


def test_with_two_people_paid_the_month_that_pays_is_not_shown_either(cast):
    kept = {
        "paid": 2, "asked": {"scenarios": {"comes": COMES}},
        "options": [{"key": "comes", "months": [], "break_even_month": {"value": 3.0, "low": 2.0, "high": 4.0}}],
        "answer": {
            "options": [{"key": "comes"}], "lines": [], "flip": "Counted in money, the other comes first.",
            "series": [{"option": "comes", "break_even": {"value": 2.0, "low": 1.0, "high": 3.0}}],
        },
    }  # fmt: skip
    shown = seen(kept, cast.actor("hanna"))
    assert shown["options"][0]["break_even_month"]["value"] is None
    assert shown["answer"]["series"][0]["break_even"]["value"] is None
    assert shown["answer"]["flip"].startswith("Only those who may see pay")
    assert kept["options"][0]["break_even_month"]["value"] == 3.0
    more = seen(kept | {"paid": 3}, cast.actor("hanna"))
    assert more["options"][0]["break_even_month"]["value"] == 3.0
