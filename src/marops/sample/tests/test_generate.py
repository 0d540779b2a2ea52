import json
import re
from datetime import date, timedelta

import pytest

from marops.domains.contacts.public import fold, titles
from marops.domains.routing.dealing import seats_from
from marops.kernel.facts import COLUMNS
from marops.methods.turns import deal
from marops.sample import work
from marops.sample.tests.ground import TODAY, company
from marops.sample.world import DAYS, LEGAL, PEOPLE, PLATFORMS, SIZES

EXAMPLE = re.compile(r"[\w.+-]+@([\w-]+\.)*example$")
TABLES = ("contacts", "identities", "consents", "passages", "stages", "owners", "clocks", "dispositions")
WHOLE = ("deals", "deal_moves", "imports", "import_findings", "pool_deals", "pool_seats", "quality_days", "readings")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with company(tmp_path_factory.mktemp("sample")) as one:
        yield one


def everything(one):
    tables = {name: one.rows(name, 0, 10_000) for name in TABLES} | {name: one.rows(name) for name in WHOLE}
    facts = [one.facts(month) for month in (0, 12, 23)] + [one.work_facts()]
    return {name: sorted(map(str, rows.to_pylist())) for name, rows in tables.items()} | {
        f"facts {n}": sorted(map(str, rows.to_pylist())) for n, rows in enumerate(facts)
    }


@pytest.mark.slow
def test_the_same_seed_on_the_same_day_is_the_same_company(made, tmp_path):
    with company(tmp_path) as again:
        assert everything(again) == everything(made)


@pytest.mark.parametrize("other", [{"seed": 2}, {"today": TODAY + timedelta(days=1)}])
def test_another_seed_or_day_is_another_company(made, tmp_path, other):
    with company(tmp_path, **other) as another:
        theirs, ours = another.rows("contacts", 0, 10_000), made.rows("contacts", 0, 10_000)
        assert theirs.column("email").to_pylist() != ours.column("email").to_pylist()
        assert theirs.column("created_at").to_pylist() != ours.column("created_at").to_pylist()


def test_forty_people_work_there():
    assert len(PEOPLE) == 40
    assert len({one.slug for one in PEOPLE}) == len({one.name for one in PEOPLE}) == 40
    assert 12 <= len([one for one in PEOPLE if one.role == "sales_owner"]) <= 15
    known = {one.slug for one in PEOPLE}
    assert all(one.manager in known | {""} for one in PEOPLE)
    assert 12 <= len(PLATFORMS) <= 20
    assert SIZES == {"small": 6_000, "large": 200_000}


def test_nobody_can_be_reached(made):
    for row in made.rows("contacts", 0, 10_000).to_pylist():
        assert EXAMPLE.fullmatch(row["email"]), row["email"]
        assert row["phone"] is None or re.fullmatch(
            r"\+(441632960|447700900|3319900\d|493023125|496990009|494066969|492214710|498999998|1\d{3}55501|468465004)\d{2,3}",
            row["phone"],
        )


def test_people_stand_as_the_product_would_keep_them(made):
    rows = made.rows("contacts", 0, 10_000).to_pylist()
    assert len(rows) == 1_500
    assert len({row["email"] for row in rows}) == len({row["id"] for row in rows}) == 1_500
    for row in rows[:400]:
        assert titles.read(row["job_title"]) == (row["seniority"], row["job_function"]), row["job_title"]
        words = " ".join(one for one in (row["full_name"], row["email"], row["company_name"]) if one)
        assert row["search_text"] == fold(words)


def test_the_history_fills_two_years_and_ends_where_today_begins(made):
    start, end = made.recipe.before(DAYS), made.recipe.before(0)
    assert (end - start).days == DAYS
    seen = []
    for month in range(24):
        rows = made.facts(month)
        assert set(rows.column_names) <= set(COLUMNS)
        moments = rows.column("occurred_at").to_pylist()
        assert all(start - timedelta(hours=12) <= one < end for one in moments)
        seen.append(len(moments))
    assert min(seen) > 0
    assert sum(seen[12:]) > sum(seen[:12])  # it grows


def test_people_work_in_working_hours_and_less_on_weekends(made):
    touched = made.ask(
        "SELECT zone, isodow(timezone(zone, touched_at)), hour(timezone(zone, touched_at) - INTERVAL 1 MICROSECOND)"
        " FROM handled WHERE touched_at IS NOT NULL"
    )
    assert touched
    assert all(day <= 5 and 9 <= hour < 17 for _, day, hour in touched)
    [(on_weekends,)] = made.ask("SELECT avg((isodow(came_at) >= 6)::INT) FROM lead WHERE NOT old_list")
    assert 0 < on_weekends < 0.12


def test_stages_follow_each_other_in_time(made):
    backwards = made.ask("SELECT count(*) FROM passage WHERE moment < before_since")
    starts = made.ask("SELECT DISTINCT stage FROM passage WHERE step = 1")
    assert (backwards, starts) == ([(0,)], [("lead",)])
    left = made.ask(
        "SELECT DISTINCT a.stage FROM passage a JOIN passage b ON b.number = a.number AND b.step = a.step + 1"
        " WHERE b.cycle > a.cycle"
    )
    assert left == [("recycled",)]  # only from there does anybody come back
    [(deals, people)] = made.ask("SELECT count(*), count(DISTINCT number) FROM deal")
    assert 0 < deals == people


def test_pools_were_dealt_as_the_product_deals(made):
    kept = made.rows("pool_deals").to_pylist()
    dealt = {(one["rule"], one["turn"]): json.loads(one["seats"]) for one in kept}
    [(handled,)] = made.ask("SELECT count(*) FROM handled")
    assert len(dealt) == len(kept) == handled > 100
    takers = dict(made.ask("SELECT (rule, turn - 1), dashed(first_owner) FROM handled"))
    for (rule, turn), seats in dealt.items():
        [taker] = deal(seats_from(seats, "prefer"), 1, turn=turn).takers()
        able = [one for one in seats if one["state"] != "absent"]
        assert able[taker]["account"] == takers[rule, turn]


def test_a_deal_has_a_line_for_every_morning_on_which_it_was_open(made):
    lines = made.rows("deal_lines").to_pylist()
    deals = {one["id"]: one for one in made.rows("deals").to_pylist()}
    assert len({(one["day"], one["opportunity_id"]) for one in lines}) == len(lines)
    for one in lines:
        deal = deals[one["opportunity_id"]]
        assert deal["opened_at"].date() <= one["day"] <= (deal["closed_at"] or made.recipe.before(0)).date()
    moved = made.rows("deal_moves").to_pylist()
    last = {one["opportunity_id"]: one for one in sorted(moved, key=lambda one: one["at"])}
    assert {deal: (one["to_stage"], one["amount"]) for deal, one in last.items()} == {
        deal: (one["stage"], one["amount"]) for deal, one in deals.items()
    }
    still_open = {one["id"] for one in deals.values() if one["state"] == "open"}
    last = max(one["day"] for one in lines)
    assert {one["opportunity_id"] for one in lines if one["day"] == last} <= still_open


def test_work_waits_is_done_and_sometimes_comes_back():
    found = work.campaigns(TODAY, DAYS, 1)
    tasks = [task for one in found for task in one.tasks]
    assert len(found) > 200
    assert all(task.enabled <= task.started <= task.ended for task in tasks)
    assert {task.step.touch for task in tasks} == {"human", "ai", "automatic"}
    again = [task for task in tasks if task.rework_of]
    assert 0.01 < len(again) / len(tasks) < 0.1
    reviews = [task for task in tasks if task.step.name == LEGAL]
    assert {task.started.weekday() for task in reviews} == {1}
    busy = {}
    for task in sorted(tasks, key=lambda one: one.started):
        if task.person:
            assert busy.get(task.person.slug, task.started) <= task.started, "one thing at a time"
            busy[task.person.slug] = task.ended
    assert work.campaigns(TODAY, DAYS, 1) == found
    assert work.campaigns(date(2026, 1, 5), DAYS, 1) != found
