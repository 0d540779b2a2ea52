"""One lead's page, told: who may do what, the path with what was passed over, days that can be read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from marops.domains.routing import telling
from marops.domains.routing.charts import course, used
from marops.domains.routing.rules import MOVES, STATES

NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def disposition(state: str) -> dict[str, Any]:
    return {"state": state, "next": [word for word in STATES if word in MOVES[state]]}


@pytest.mark.parametrize(
    ("state", "mine", "may_dispose", "may_assign", "main", "hands_over"),
    [
        ("none", True, True, False, "accepted", False),
        ("accepted", True, True, True, "working", False),
        ("working", True, True, False, "won", False),
        ("none", False, True, True, None, True),  # somebody else's lead
        ("none", False, True, False, "accepted", False),  # reached, and cannot be handed over
        ("none", False, False, False, None, False),
        ("won", True, True, True, "working", False),
    ],
)
def test_there_is_one_main_action_for_each_reader(
    state: str, mine: bool, may_dispose: bool, may_assign: bool, main: str | None, hands_over: bool
) -> None:
    told = telling.acts(disposition(state), mine=mine, may_dispose=may_dispose, may_assign=may_assign)
    assert (told["main_word"] or {}).get("word") == main
    assert told["hand_over_first"] is hands_over
    assert not (told["main_word"] and told["hand_over_first"])


def test_who_has_not_taken_a_lead_rejects_it_and_who_has_loses_it() -> None:
    for state, word in (("none", "rejected"), ("accepted", "lost"), ("working", "lost")):
        told = telling.acts(disposition(state), mine=True, may_dispose=True, may_assign=False)
        assert [one["word"] for one in told["with_reason"]] == [word]


def step(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.upper(),
        "now": False,
        "out": False,
        "optional": False,
        "at": None,
        "how": None,
    } | more


@time_machine.travel(NOON, tick=False)
def test_the_path_says_what_was_reached_passed_over_and_comes_next() -> None:
    reached = {"how": "reached", "at": (NOON - 2 * DAY).isoformat()}
    steps = [
        step("subscriber", optional=True), step("lead", **reached), step("mql", how="passed", at=reached["at"]),
        step("sal", now=True, **reached), step("sql"), step("recycled", out=True),
    ]  # fmt: skip
    stage = {"path": steps, "since": (NOON - 26 * HOUR).isoformat(), "out": False}
    due = {"state": "runs", "due_at": (NOON + HOUR).isoformat()}
    told = telling.path(stage, due)
    assert [(one["name"], one["state"]) for one in told] == [
        ("LEAD", "done"), ("MQL", "passed"), ("SAL", "now"), ("SQL", "next"),
    ]  # fmt: skip
    assert told[1]["note"] == "passed over"
    assert "1 d 2 h so far" in told[2]["note"]
    assert told[3]["note"].startswith("touch due today")


@time_machine.travel(NOON, tick=False)
def test_a_lead_that_left_the_path_shows_where_it_left() -> None:
    reached = {"how": "reached", "at": (NOON - 2 * DAY).isoformat()}
    steps = [
        step("lead", **reached),
        step("mql", **reached),
        step("sal"),
        step("recycled", out=True, now=True, **reached),
    ]
    told = telling.path({"path": steps, "since": reached["at"], "out": True}, None)
    assert [one["name"] for one in told] == ["LEAD", "MQL", "RECYCLED"]


def entry(kind: str, at: datetime, says: str = "", actor: str = "system", by: str = "engine") -> dict[str, Any]:
    return {"kind": kind, "at": at.isoformat(), "says": says or kind, "actor": actor, "by": by, "definition": None}


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_a_day_of_many_pages_is_one_line_and_of_scores_the_last_is_told() -> None:
    timeline = [
        entry("lead.scored", NOON, "Scored 61.4353, grade A2."),
        entry("page.viewed", NOON - HOUR),
        entry("page.viewed", NOON - 2 * HOUR),
        entry("lead.scored", NOON - 3 * HOUR, "Scored 40.1, grade B2."),
        entry("lead.created", NOON - DAY, "Came in."),
    ]
    days = telling.days(timeline, "L-1")
    assert [[one["what"] for one in day["entries"]] for day in days] == [
        ["Scored 61, grade A2", "Read 2 pages"],
        ["Came in"],
    ]
    assert days[0]["label"].startswith("Today")
    assert [one["kind"] for one in days[0]["entries"]] == ["auto", "them"]
    assert [len(telling.days(timeline, "L-1", shown)) for shown in ("them", "sales", "engine")] == [2, 0, 1]
    assert [one["count"] for one in telling.story_tabs(timeline, "")] == [5, 3, 2]


def test_the_course_of_a_score_is_a_line_of_steps_that_ends_today() -> None:
    drawn = course([(NOON - 4 * DAY, 20.0), (NOON - 2 * DAY, 80.0)], until=NOON, threshold=65.0)
    assert drawn is not None
    assert drawn.path.startswith("M2.0 ")
    assert drawn.path.count("H") == 2
    assert float(drawn.last_y) < float(drawn.threshold_y), "80 stands above 65"
    assert course([(NOON, 20.0)], until=NOON, threshold=None) is None


def test_the_clock_is_used_up_when_its_time_is_over() -> None:
    assert used(NOON, NOON + 4 * HOUR, NOON + HOUR) == "63.0"
    assert used(NOON, NOON + 4 * HOUR, NOON + 9 * HOUR) == "252.0"
    assert used(NOON, NOON + 4 * HOUR, NOON - HOUR) == "0.0"
