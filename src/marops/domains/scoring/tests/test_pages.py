from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from marops.domains.contacts.public import Contact
from marops.domains.scoring.actions import set_stage
from marops.domains.scoring.queries import boards, documents
from marops.domains.scoring.queries.trial import compare
from marops.domains.scoring.rules import ScoreModel
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.definitions import activate, draft, load, versions
from marops.kernel.ids import new_id
from marops.kernel.models import Definition

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 11, 3, 9, tzinfo=UTC)


def _model(visits: float, at_least: float = 10) -> dict:
    return {
        "title": "Visits",
        "fit": {
            "cap": 20,
            "signals": [
                {"name": "big", "label": "Big", "points": 12, "when": {"field": "contact.employees", "at_least": 100}}
            ],
        },
        "engagement": {
            "cap": 40,
            "signals": [
                {"name": "came", "label": "Came often", "points": visits,
                 "when": {"field": "contact.visits", "at_least": 3}}
            ],
        },
        "grades": [{"grade": "A", "from_fit": 10}, {"grade": "B", "from_fit": 0}],
        "levels": [{"level": 1, "from_engagement": 8}, {"level": 2, "from_engagement": 0}],
        "mql": {"at_least": at_least, "cells": ["A1", "A2", "B1"]},
    }  # fmt: skip


@pytest.fixture
def scored(starters, run_stages):
    """Two big companies (one keen), three keen small ones, one of nothing, scored by a model that is easy to check."""
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="score", slug="main", document=_model(9)).pinned)
    shapes = [(200, 5), (200, 0), (5, 4), (5, 4), (5, 9), (5, 0)]
    people = [
        Contact.objects.create(id=new_id(), number=n, full_name=f"P{n}", employees=employees, visits=visits)
        for n, (employees, visits) in enumerate(shapes, 1)
    ]
    facts.touch([one.id for one in people], now())
    run_stages()
    return people


def test_the_matrix_and_the_distribution_count_everybody_once(scored):
    told = documents.model("main")
    assert told["matrix"] == {"A1": 1, "A2": 1, "B1": 3, "B2": 1}
    assert told["leads"] == sum(one["leads"] for one in told["points"]) == 6
    # 21 and 12 points stand in cells that count and reach 10; the keen small ones have 9.
    assert told["mql"] == 2


def test_another_threshold_is_answered_with_how_many_and_who(scored, cast):
    model = load(boards.model_in_force("main"))
    cells = boards.cells("main")
    assert {at: boards.at_threshold(model, cells, at) for at in (0, 9, 10, 13, 30)} == {0: 5, 9: 5, 10: 2, 13: 1, 30: 0}
    who = boards.between(cast.actor("hanna"), "main", model.mql.cells, 9, 10)
    assert [one["ref"] for one in who] == ["L-3", "L-4", "L-5"]
    assert boards.between(cast.actor("selma"), "main", model.mql.cells, 9, 10) == []
    assert boards.between(cast.actor("lena"), "main", model.mql.cells, 9, 10)[0]["name"] == "L-3"


def test_signals_say_to_how_many_they_give_points(scored):
    lines, estimated = boards.signals("main", load(boards.model_in_force("main")), 6)
    assert [(one["name"], one["leads"], one["average"]) for one in lines] == [("big", 2, 12.0), ("came", 4, 9.0)]
    assert not estimated


def test_a_draft_is_compared_on_the_leads_that_came_and_writes_nothing(scored, cast):
    after = ScoreModel.model_validate(_model(10.5))
    told = compare(
        cast.actor("hanna"),
        load(boards.model_in_force("main")),
        after,
        since=now() - timedelta(days=1),
        until=now() + timedelta(days=1),
        as_of=now(),
    )
    assert (told.leads, told.mql_before, told.mql_after, told.gained, told.lost) == (6, 2, 5, 3, 0)
    assert told.changed == 4
    assert {one.ref for one in told.examples} == {"L-3", "L-4", "L-5"}
    assert told.examples[0].why == "Came often (+1.5)"
    assert Definition.objects.filter(kind="score").count() == 2


def test_leads_of_another_time_are_not_compared(scored, cast):
    model = load(boards.model_in_force("main"))
    told = compare(
        cast.actor("hanna"), model, model, since=now() - timedelta(days=9), until=now() - timedelta(days=8), as_of=now()
    )
    assert told.leads == 0


def test_models_stand_side_by_side_and_lists_use_the_main_one(scored, run_stages):
    other = {**_model(1, at_least=1), "title": "Partners"}
    activate(actor=ENGINE, ref=draft(actor=ENGINE, kind="score", slug="partners", document=other).pinned)
    run_stages()
    assert {one["model"]: one["mql"] for one in documents.models()} == {"main": 2, "partners": 2}
    from marops.domains.routing.queries import LeadFilter, lead_page

    assert lead_page(ENGINE, LeadFilter(grade="A")).total == 2


class TestPages:
    def test_change_makes_a_draft_that_only_somebody_else_puts_in_force(self, scored, cast):
        client = cast.client("priya")
        form = {"fit-signals-0-points": "12", "engagement-signals-0-points": "10.5", "fit-cap": "20", "at_least": "10"}
        form |= {"engagement-cap": "40", "grade-A": "10", "level-1": "8", "cells": ["A1", "A2", "B1"], "reason": "More"}
        answer = client.post("/scoring/main/change", form)
        assert answer.status_code == 302
        made = versions("score", "main")[0]
        assert (made.state, made.reason) == ("draft", "More")
        assert load(made).engagement.signals[0].points == 10.5
        assert "3 more would be MQLs" in client.get(answer.url).content.decode()
        assert client.post(f"/scoring/main/{made.version}/activate").status_code == 409
        assert cast.client("hanna").post(f"/scoring/main/{made.version}/activate").status_code == 302
        assert boards.model_in_force("main").version == made.version

    def test_faults_of_the_numbers_are_said_in_place(self, scored, cast):
        form = {"fit-signals-0-points": "many", "reason": ""}
        answer = cast.client("priya").post("/scoring/main/change", form)
        assert answer.status_code == 422

    def test_grades_out_of_order_are_said(self, scored, cast):
        form = {"fit-signals-0-points": "12", "engagement-signals-0-points": "9", "fit-cap": "20", "at_least": "10"}
        form |= {"engagement-cap": "40", "grade-A": "-5", "level-1": "8", "cells": ["A1"], "reason": "More"}
        answer = cast.client("priya").post("/scoring/main/change", form)
        assert answer.status_code == 422
        assert "from the best down" in answer.content.decode()

    def test_the_model_page_supposes_a_threshold(self, scored, cast):
        told = cast.client("hanna").get("/scoring/main?at_least=9").content.decode()
        assert "3 leads would be MQLs too" in told
        assert "P3" in told

    def test_a_stage_is_set_on_its_page(self, scored, cast):
        answer = cast.client("samuel").post("/leads/L-6/stage", {"stage": "sql", "reason": "Called us"})
        assert answer.url == "/leads/L-6"
        assert boards.stage_of(scored[5].id) == "sql"

    def test_a_model_that_there_is_not_is_not_found(self, scored, cast):
        assert cast.client("hanna").get("/scoring/nothing").status_code == 404


class TestRest:
    def test_models_one_model_and_the_lifecycle(self, scored, cast):
        client = cast.client("hanna")
        assert client.get("/api/v1/scoring").json()["items"][0]["mql"] == 2
        told = client.get("/api/v1/scoring/main?at_least=9").json()
        assert {"at_least": 9, "mql": 5} in told["thresholds"]
        stages = client.get("/api/v1/lifecycle").json()["stages"]
        assert {one["name"]: one["now"] for one in stages if one["now"]} == {"lead": 4, "mql": 2}

    def test_a_changed_document_is_tried_and_faults_are_named(self, scored, cast):
        client = cast.client("hanna")
        body = {"document": _model(10.5), "since": str(now().date())}
        told = client.post("/api/v1/scoring/main/simulate", body, content_type="application/json").json()
        assert told["mql"] == {"before": 2, "after": 5, "gained": 3, "lost": 0}
        body["document"]["grades"] = []
        refused = client.post("/api/v1/scoring/main/simulate", body, content_type="application/json")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/grades"


def test_the_lifecycle_counts_stays_ways_on_and_leaks(starters, run_stages):
    with time_machine.travel(START, tick=False) as clock:
        people = [Contact.objects.create(id=new_id(), number=n, company_name="N") for n in (1, 2, 3)]
        facts.touch([one.id for one in people], now())
        run_stages()
        for number, days in ((0, 2), (1, 4)):
            clock.move_to(START + timedelta(days=days))
            set_stage(actor=ENGINE, contact_id=people[number].id, stage="mql", reason="x")
        clock.move_to(START + timedelta(days=10))
        set_stage(actor=ENGINE, contact_id=people[0].id, stage="recycled", reason="x")
        document = boards.lifecycle_in_force()[1]
        steps = boards.steps(document, now())
    # Two left lead after 2 and 4 days; one of the two MQLs went out after 8.
    assert (steps["lead"].now, steps["lead"].days, steps["lead"].left) == (1, 3.0, 2)
    assert (steps["lead"].came, steps["lead"].went_on, steps["lead"].went_out) == (3, 2, 0)
    assert (steps["mql"].days, steps["mql"].went_out) == (8.0, 1)
    assert boards.leaks(document, START + timedelta(days=11)) == [("mql", "recycled", 1)]
