from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.domains.team.rules.newcomers import faults_of_playbook, tasks_for
from marops.domains.team.rules.playbook import Playbook
from marops.domains.team.rules.weeks import Days, Piece, due_day, first_of_week, plate
from marops.domains.team.starter import shipped

MONDAY = date(2026, 11, 2)


def weekdays(day):
    return day.weekday() < 5


def off(*days):
    return lambda day: day in days


ALWAYS = Days(weekdays)


@pytest.mark.parametrize(
    ("week", "due"), [(0, date(2026, 10, 30)), (1, date(2026, 11, 6)), (2, date(2026, 11, 13)), (13, date(2027, 1, 29))]
)
def test_a_task_is_due_on_the_last_working_day_of_its_week(week, due):
    assert due_day(MONDAY, week, ALWAYS, ALWAYS) == due


def test_who_begins_on_a_wednesday_has_weeks_of_seven_days():
    assert due_day(date(2026, 11, 4), 1, ALWAYS, ALWAYS) == date(2026, 11, 10)


def test_days_away_move_later_tasks_by_as_many_working_days():
    away = Days(weekdays, off(*(date(2026, 11, 9) + timedelta(days=n) for n in range(7))))
    assert due_day(MONDAY, 1, away, ALWAYS) == date(2026, 11, 6)
    assert due_day(MONDAY, 2, away, ALWAYS) == date(2026, 11, 20)
    assert due_day(MONDAY, 3, away, ALWAYS) == date(2026, 11, 27)


def test_holidays_move_nothing_but_the_day_itself():
    holiday = Days(lambda day: weekdays(day) and day != date(2026, 11, 13))
    assert due_day(MONDAY, 2, holiday, holiday) == date(2026, 11, 12)
    assert due_day(MONDAY, 3, holiday, holiday) == date(2026, 11, 20)


def test_nothing_is_due_while_whoever_does_it_is_away():
    mentor = Days(weekdays, off(date(2026, 11, 13), date(2026, 11, 16)))
    assert due_day(MONDAY, 2, ALWAYS, mentor) == date(2026, 11, 17)
    manager = Days(weekdays, off(date(2026, 10, 30)))
    assert due_day(MONDAY, 0, ALWAYS, manager) == date(2026, 10, 29)


@given(st.sets(st.integers(0, 120), max_size=40), st.sets(st.integers(0, 120), max_size=40), st.integers(1, 13))
def test_a_task_is_never_due_on_a_day_off_and_never_earlier_for_an_absence(mine, theirs, week):
    newcomer = Days(weekdays, off(*(MONDAY + timedelta(days=n) for n in mine)))
    doer = Days(weekdays, off(*(MONDAY + timedelta(days=n) for n in theirs)))
    due = due_day(MONDAY, week, newcomer, doer)
    assert doer.here(due)
    assert due >= due_day(MONDAY, week, ALWAYS, ALWAYS)
    assert due <= due_day(MONDAY, week + 1, newcomer, doer)


def test_a_calendar_without_work_does_not_hang():
    never = Days(lambda day: False)
    assert due_day(MONDAY, 2, never, never) == MONDAY + timedelta(days=13)


def test_weeks_begin_where_the_workspace_says():
    assert first_of_week(date(2026, 11, 22)) == date(2026, 11, 16)
    assert first_of_week(date(2026, 11, 22), 7) == date(2026, 11, 22)


STARTS = [MONDAY + timedelta(days=7 * n) for n in range(5)]


def test_work_of_a_responsibility_counts_inside_its_usual_hours():
    pieces = [Piece(MONDAY, 6.0, "a/x"), Piece(MONDAY, 3.0)]
    found = plate([(40, 0)] * 5, STARTS, MONDAY, pieces, {"a/x": 10.0}, plannable=0.5)
    assert (found.weeks[0].regular, found.weeks[0].due, found.weeks[0].open) == (10, 3, 20)
    more = plate([(40, 0)] * 5, STARTS, MONDAY, [Piece(MONDAY, 14.0, "a/x")], {"a/x": 10.0}, plannable=0.5)
    assert (more.weeks[0].load, more.weeks[0].over) == (14, 0)


def test_what_is_late_is_on_this_week_and_days_away_take_usual_work_along():
    pieces = [
        Piece(MONDAY - timedelta(days=9), 25.0),
        Piece(None, 5.0),
        Piece(MONDAY, None),
        Piece(date(2027, 9, 1), 9.0),
    ]
    found = plate([(40, 20), (40, 40), *[(40, 0)] * 3], STARTS, MONDAY, pieces, {"a/x": 8.0}, plannable=1.0, beside=4.0)
    assert (found.late, found.undated, found.unsized, found.dues) == (1, 1, 1, 2)
    first, gone = found.weeks[:2]
    assert (first.regular, first.beside, first.due, first.over) == (4, 2, 25, 11)
    assert (gone.open, gone.load, gone.share) == (0, 0, None)


@pytest.fixture
def book():
    return shipped()["playbook", "newcomer"]


def test_tasks_of_a_role_are_left_out_below_a_fifth_of_a_week(book):
    playbook = Playbook.model_validate(book)
    some = tasks_for(playbook, {"mops_coordinator": 0.19}, mentor=True, manager=True)
    all_of_it = tasks_for(playbook, {"mops_coordinator": 0.2}, mentor=True, manager=True)
    assert not any(one.roles for one in some)
    assert {one.roles for one in all_of_it} == {(), ("mops_coordinator",)}
    assert not any(one.who == "mentor" for one in tasks_for(playbook, {}, mentor=False, manager=True))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda book: book["tasks"][0].update(phase="never"), "/tasks/0/phase"),
        (lambda book: book["tasks"][0].update(week=12), "/tasks/0/week"),
        (lambda book: book["tasks"][1].update(id=book["tasks"][0]["id"]), "/tasks/1/id"),
        (lambda book: book["tasks"][0].update(roles=["nobody"]), "/tasks/0/roles"),
        (lambda book: book["tasks"][0].update(skill="nothing"), "/tasks/0/skill"),
        (lambda book: book["mentor"].update(skill="nothing"), "/mentor/skill"),
        (lambda book: book["phases"][1].update(ends_week=2), "/phases/1/ends_week"),
        (lambda book: book.update({"for": ["nobody"]}), "/for/0"),
    ],
)
def test_what_does_not_fit_in_a_playbook_is_named_by_its_place(book, change, pointer):
    import copy

    wrong = copy.deepcopy(book)
    change(wrong)
    found = faults_of_playbook(Playbook.model_validate(wrong), {"mops_coordinator"} | _roles(book), _skills())
    assert pointer in [one.pointer for one in found]


def _roles(book):
    return {role for one in book["tasks"] for role in one.get("roles", ())}


def _skills():
    return {one["id"] for one in shipped()["skills", "main"]["skills"]}


def test_the_shipped_playbook_fits(book):
    assert not faults_of_playbook(Playbook.model_validate(book), _roles(book), _skills())
