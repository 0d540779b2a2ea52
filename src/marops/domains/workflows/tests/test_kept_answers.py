"""Which kept answer is shown, when it is asked anew, and in how many queries pages find what was kept."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marops.domains.team.public import Absence, Person
from marops.domains.workflows.actions import keep_answer
from marops.domains.workflows.asking import Ask, bottleneck, comparison, found_before, latest, results_of, scenario_of
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.papers import kept
from marops.domains.workflows.rules.answers import as_plain
from marops.domains.workflows.tests.answered import BOTTLENECK, COMPARISON, MEASURED
from marops.domains.workflows.tests.flowground import crew, workflow
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters

pytestmark = pytest.mark.django_db
PLAIN = {"mode": "json", "by_alias": True, "exclude_none": True}
FEWER = {"title": "Less comes in", "changes": [{"change": "demand", "factor": 0.8}]}
SHORT = Ask(months=2, runs=3, warm_up=1)
OTHER = Ask(months=2, runs=3, warm_up=1, seed=7)


def planted(count=1, people=None):
    starters = [Starter("crew", "marketing", crew(**({"people": people} if people else {})).model_dump(**PLAIN), "t")]
    names = ["newsletter", *(f"newsletter-{n}" for n in range(1, count))]
    starters += [Starter("workflow", one, workflow().model_dump(**PLAIN), "t") for one in names]
    plant_starters(actor=SETUP, starters=starters)
    return names


def keep(kind, slug="newsletter", *, at="2026-11-01T10:00Z", **asked):
    found = {"answer": as_plain(BOTTLENECK), "measured": as_plain(MEASURED), "paid": 0}
    if kind == "comparison":
        found = {"answer": as_plain(COMPARISON), "paid": 0}
    row = keep_answer(
        actor=SETUP, workflow=slug, kind=kind, digest=f"{WorkflowAnswer.objects.count():064}", asked=asked,
        answer=found, seconds=1.0, sample=False,
    )  # fmt: skip
    row.at = datetime.fromisoformat(at)
    row.save(update_fields=["at"])
    return row


def test_a_question_that_pages_do_not_ask_is_not_shown_before_the_one_they_do(db):
    planted()
    trial = keep("bottleneck", at="2026-11-01T10:00Z", months=3)
    assert latest("newsletter", "bottleneck") == trial
    usual = keep("bottleneck", at="2026-11-02T10:00Z", months=18, usual=True)
    keep("bottleneck", at="2026-11-03T10:00Z", months=3, runs=5)
    assert latest("newsletter", "bottleneck") == usual
    assert results_of("newsletter").at == usual.at
    newer = keep("bottleneck", at="2026-11-04T10:00Z", months=18, usual=True)
    assert latest("newsletter", "bottleneck") == newer


def test_what_is_asked_again_is_the_last_answer_again(db):
    planted()
    chosen = {"fewer": scenario_of(FEWER, "fewer")}
    first = comparison("newsletter", chosen, SHORT, actor=SETUP, deep=False)
    second = comparison("newsletter", chosen, OTHER, actor=SETUP, deep=False)
    assert found_before("newsletter", "comparison")["kept"] == second["kept"]
    again = comparison("newsletter", chosen, SHORT, actor=SETUP, deep=False)
    assert again["kept"] == first["kept"]
    assert found_before("newsletter", "comparison")["kept"] == first["kept"]
    assert WorkflowAnswer.objects.count() == 2


def test_only_the_questions_of_pages_are_usual(db):
    planted()
    chosen = {"fewer": scenario_of(FEWER, "fewer")}
    quick = Ask(months=18, runs=100, seed=1)
    assert "usual" not in comparison("newsletter", chosen, SHORT, actor=SETUP, deep=False)["asked"]
    assert comparison("newsletter", chosen, quick, actor=SETUP, deep=False)["asked"]["usual"] is True
    assert "usual" not in comparison("newsletter", chosen, Ask(first=date(2027, 3, 1), runs=100), actor=SETUP,
                                     deep=False)["asked"]  # fmt: skip


def test_the_paper_is_of_the_answer_that_was_asked_for(db):
    planted()
    asked = bottleneck("newsletter", SHORT, actor=SETUP)
    other = bottleneck("newsletter", OTHER, actor=SETUP)
    page, last = kept.brief_of("newsletter", asked["kept"]), kept.brief_of("newsletter")
    seeds = [[one for one in paper.sources if "seed" in one] for paper in (page, last)]
    assert "seed 1" in str(seeds[0])
    assert "seed 7" in str(seeds[1])
    assert kept.brief_pdf("newsletter", other["kept"]) == kept.brief_pdf("newsletter")


def test_who_is_away_is_part_of_the_question(db):
    person = Person.objects.create(number=81, name="Ann")
    people = [one.model_dump(**PLAIN) for one in crew().people]
    planted(people=[people[0] | {"person": "P-81"}, *people[1:]])
    chosen = {"fewer": scenario_of(FEWER, "fewer")}
    before = comparison("newsletter", chosen, SHORT, actor=SETUP, deep=False)
    first = date.fromisoformat(before["asked"]["first"])
    # But for the last days: with nobody to plan in all the time, nothing could be asked.
    begins = datetime(first.year, first.month, first.day).astimezone()
    Absence.objects.create(person=person, starts=begins, ends=begins + timedelta(days=50), made_by="test")
    after = comparison("newsletter", chosen, SHORT, actor=SETUP, deep=False)
    assert after["kept"] != before["kept"]
    used = [one["options"][0]["months"][1]["throughput"]["value"] for one in (before, after)]
    assert used[0] > used[1]


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return seen


def test_the_list_finds_all_answers_at_once(cast):
    names = planted(9)
    client = cast.client("hanna")
    for name in names[:2]:
        keep("bottleneck", name, usual=True)
    few = len(queries(client, "/workflows"))
    for name in names[2:]:
        keep("bottleneck", name, usual=True)
        keep("bottleneck", name, months=3)
        keep("comparison", name, scenarios={"fewer": FEWER})
    many = queries(client, "/workflows")
    assert len(many) == few
    assert sum("workflow_answer" in one["sql"] for one in many.captured_queries) == 1


def test_the_page_of_scenarios_finds_their_results_at_once(cast):
    planted(3)
    documents = {f"fewer-{n}": {**FEWER, "title": f"Less {n}"} for n in range(6)}
    plant_starters(actor=SETUP, starters=[Starter("scenario", key, one, "t") for key, one in documents.items()])
    client = cast.client("hanna")
    keep("comparison", scenarios={"fewer-0": documents["fewer-0"]})
    few = len(queries(client, "/workflows/scenarios"))
    for n, key in enumerate(documents):
        keep("comparison", ["newsletter", "newsletter-1"][n % 2], scenarios={key: documents[key]})
    assert len(queries(client, "/workflows/scenarios")) == few


def test_a_page_looks_for_a_comparison_without_reading_all_of_them(cast):
    planted()
    client = cast.client("hanna")
    url = "/workflows/newsletter?with=redesign&with=hire"
    wanted = {one.key: {"title": one.title} for one in COMPARISON.options}
    keep("comparison", scenarios=wanted, usual=True)
    few = len(queries(client, url))
    for _ in range(20):
        keep("comparison", scenarios={**wanted, "more": FEWER}, usual=True)
        keep("comparison", scenarios={"hire": wanted["hire"]}, usual=True)
    keep("comparison", scenarios=wanted)
    seen = queries(client, url)
    assert len(seen) == few
    read = [one["sql"] for one in seen.captured_queries if '"answer"' in one["sql"] and "workflow_answer" in one["sql"]]
    assert all(re.search(r"LIMIT (1|21)\b|DISTINCT ON", one) for one in read)
