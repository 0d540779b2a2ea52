"""What happens when, in cases small enough to work out by hand."""

import numpy as np
import pytest

from marops.methods.amounts import mean
from marops.methods.simulation.kernel import Unsimulable, simulate
from marops.methods.simulation.model import (
    ELAPSED,
    Ability,
    Amount,
    Arrivals,
    Batch,
    Edge,
    Entry,
    Flow,
    Node,
    Person,
    Token,
    WorkClass,
)
from marops.methods.simulation.tests.shops import (
    calendar,
    days,
    exponential,
    fixed,
    model,
    moments,
    one_class,
    people,
    steps,
)

OFFICE = days(0, 40, (9, 17))


def run(nodes, crew, classes, **others):
    return simulate(model(nodes, crew, classes, **others), seed=7, replications=1, record=True)


def tasks(runs, *columns):
    return list(zip(*(np.round(getattr(runs.tasks, name), 9).tolist() for name in columns), strict=True))


def test_work_begins_within_hours_and_pauses_outside_them():
    runs = run(steps(10), people(1, calendar=0), [one_class(moments(3))], calendars=[OFFICE])
    assert tasks(runs, "ready", "started", "ended", "worked") == [(3, 9, 24 + 11, 10)]
    assert runs.worked.sum() == 10


def test_work_that_ends_with_the_day_leaves_the_next_for_the_morning():
    runs = run(steps(8), people(1, calendar=0), [one_class(moments(1, 2))], calendars=[OFFICE])
    assert tasks(runs, "started", "ended") == [(9, 17), (24 + 9, 24 + 17)]
    # two arrivals, two wake-ups, two ends
    assert runs.events.tolist() == [6]


@pytest.mark.parametrize("parts", [(1.1, 2.2, 4.7), (0.1,) * 80, (2.3, 3.3, 2.4)])
def test_rounding_makes_no_second_day(parts):
    """Efforts that add up to eight hours fill the day, although their sums as floating numbers do not."""
    runs = run(
        steps(*parts, 1), people(1, *range(len(parts) + 1), calendar=0), [one_class(moments(9))], calendars=[OFFICE]
    )
    told = tasks(runs, "started", "ended")
    assert told[-2][1] == 17
    assert told[-1] == (24 + 9, 24 + 10)


def test_nobody_wakes_up_for_nothing():
    runs = run(steps(1), people(5, calendar=0), [one_class(moments(10))], calendars=[days(0, 40, (9, 17))])
    assert runs.events.tolist() == [2]


def test_a_gap_within_the_day_and_a_leave_pause_work():
    hours = calendar((9, 12), (13, 17), (24 * 3 + 9, 24 * 3 + 12))
    runs = run(steps(8), people(1, calendar=0), [one_class(moments(10))], calendars=[hours])
    assert tasks(runs, "started", "ended") == [(10, 24 * 3 + 11)]


def test_share_and_speed():
    crew = [Person("half", 0, (Ability(0, speed=2.0),), share=0.5, cost=10.0)]
    runs = run(steps(6), crew, [one_class(moments(9))], calendars=[OFFICE])
    assert tasks(runs, "started", "ended", "worked") == [(9, 15, 3)]
    assert runs.worked.sum() == 3
    assert runs.cost.sum() == 30
    assert runs.available.sum() == 40 * 8 / 2


def test_ramp_is_read_when_a_piece_begins():
    crew = [Person("new", ELAPSED, (Ability(0),), ramp=((0.0, 0.5), (10.0, 1.0)))]
    runs = run(steps(3), crew, [one_class(moments(0, 5, 100))])
    assert tasks(runs, "started", "ended", "worked") == [(0, 6, 6), (6, 6 + 3 / 0.8, 3.75), (100, 103, 3)]


def test_abilities_begin_and_end():
    crew = [Person("p", ELAPSED, (Ability(0, since=20.0, until=30.0),))]
    runs = run(steps(6), crew, [one_class(moments(1, 2, 3))], end=200.0)
    assert tasks(runs, "started", "ended") == [(20, 26), (26, 32)]
    assert runs.in_work.sum() == pytest.approx((25 + 30 + 197) / 200)


def test_ability_that_begins_at_night_is_used_in_the_morning():
    crew = [Person("p", 0, (Ability(0, since=20.0),))]
    runs = run(steps(1), crew, [one_class(moments(10))], calendars=[OFFICE])
    assert tasks(runs, "started") == [(24 + 9,)]


def test_two_in_hand_share_the_time():
    """Alone for an hour, two for 6 hours (3 each), then the longer one alone."""
    nodes = [Node("a", 0, effort=fixed(4)), Node("b", 0, effort=fixed(5))]
    crew = people(1, 0, 1, at_once=2)
    runs = run(nodes, crew, [one_class(moments(0)), one_class(moments(1), 1, "other")])
    assert tasks(runs, "node", "started", "ended", "worked") == [(0, 0, 7, 4), (1, 1, 9, 5)]
    assert runs.worked.sum() == 9


def test_three_pieces_two_places_on_a_calendar():
    runs = run(steps(6), people(1, calendar=0, at_once=2), [one_class(moments(9, 9, 10))], calendars=[OFFICE])
    # 9 to 17: four hours each; 33 to 37 the other two of both; the third alone from 37 to 41, and from 57 to 59
    assert tasks(runs, "started", "ended") == [(9, 37), (9, 37), (37, 59)]
    assert runs.worked.sum() == 18


def test_a_new_piece_goes_to_fewest_in_hand_then_longest_idle_then_first():
    runs = run(steps(2), people(3), [one_class(moments(0, 1, 3.5, 4))])
    assert tasks(runs, "case", "person") == [(0, 0), (1, 1), (2, 2), (3, 0)]
    runs = run(steps(8), people(2, at_once=2), [one_class(moments(0, 1, 2))])
    assert [one[1] for one in sorted(tasks(runs, "case", "person"))] == [0, 1, 0]


def test_who_comes_free_takes_the_best_head_of_all_nodes():
    nodes = [Node("a", 0, effort=fixed(10)), Node("b", 0, effort=fixed(10))]
    classes = [
        one_class(moments(0, 1, 3), 0, "plain"),
        one_class(moments(2), 1, "also plain"),
        one_class(moments(4), 1, "urgent", priority=1),
    ]
    runs = run(nodes, people(1, 0, 1), classes)
    assert tasks(runs, "work_class", "case") == [(0, 0), (2, 0), (0, 1), (1, 0), (0, 2)]


def test_by_due_date():
    classes = [
        WorkClass("slow", 0, moments(0, 1), (Entry(0, 0),), due=fixed(100)),
        WorkClass("fast", 0, moments(2), (Entry(0, 0),), due=fixed(20)),
        WorkClass("any time", 0, moments(0.5), (Entry(0, 0),)),
    ]
    runs = run(steps(10), people(1), classes, flows=(Flow("flow", by_due=True),))
    assert tasks(runs, "work_class", "ended") == [(0, 10), (1, 20), (0, 30), (2, 40)]
    assert runs.late.sum() == 0
    late = run(steps(10), people(1), classes)
    assert tasks(late, "work_class", "ended") == [(0, 10), (2, 20), (0, 30), (1, 40)]
    assert late.late.sum() == 1
    assert late.cases.late.tolist() == [False, False, False, True]


def test_due_dates_run_on_their_clock():
    work = WorkClass("c", 0, moments(16), (Entry(0, 0),), due=fixed(2), due_clock=0)
    early = run(steps(1), people(1), [work], calendars=[OFFICE])
    assert not early.late.any()
    slow = run(steps(18.5), people(1), [work], calendars=[OFFICE])
    assert slow.late.sum() == 1


def test_all_that_happens_at_one_moment_is_known_before_anybody_chooses():
    """At ten somebody comes free, and a better piece comes in."""
    classes = [one_class(moments(0, 1), key="plain"), one_class(moments(10), key="urgent", priority=1)]
    runs = run(steps(10), people(1), classes)
    assert tasks(runs, "work_class", "case") == [(0, 0), (1, 0), (0, 1)]


def test_opening_hours_hold_back_the_beginning_only():
    runs = run([Node("legal", 0, effort=fixed(5), opens=0)], people(2), [one_class(moments(1, 2, 30))],
               calendars=[calendar((24, 26), (100, 101))])  # fmt: skip
    assert tasks(runs, "ready", "started", "ended") == [(1, 24, 29), (2, 24, 29), (30, 100, 105)]


def test_opening_hours_and_hours_of_people_have_to_meet():
    crew = people(1, calendar=1)
    spans = [calendar((24, 26), (100, 110)), calendar((25.5, 27), (50, 60), (104, 120))]
    runs = run([Node("legal", 0, effort=fixed(1), opens=0)], crew, [one_class(moments(1, 2, 3))], calendars=spans)
    assert tasks(runs, "started", "ended") == [(25.5, 26.5), (104, 105), (105, 106)]


def test_a_limit_per_node():
    runs = run([Node("room", 0, effort=fixed(4), limit=2)], people(5), [one_class(moments(0, 0, 1))])
    assert tasks(runs, "started") == [(0,), (0,), (4,)]


def test_work_that_needs_nobody():
    nodes = [Node("robot", 0, effort=fixed(3), alone=True, limit=1, cost=2.0)]
    runs = run(nodes, (), [one_class(moments(0, 1))])
    assert tasks(runs, "started", "ended", "person") == [(0, 3, -1), (3, 6, -1)]
    assert runs.cost.sum() == 4
    assert runs.spent.sum() == 4
    on_clock = [Node("robot", 0, effort=fixed(3), alone=True, alone_clock=0)]
    assert tasks(run(on_clock, (), [one_class(moments(15))], calendars=[OFFICE]), "ended") == [(24 + 10,)]


def test_outside_and_delay_run_on_their_clocks():
    nodes = [Node("n", 0, effort=fixed(1), outside=fixed(4), outside_clock=0, delay=fixed(3))]
    runs = run(nodes, people(1), [one_class(moments(15))], calendars=[OFFICE])
    assert tasks(runs, "enabled", "outside", "delay", "ready", "started") == [(15, 20, 3, 38, 38)]
    assert (runs.outside.sum(), runs.delayed.sum(), runs.waited.sum()) == (20, 3, 0)


def test_batches_by_size_and_by_waiting():
    nodes = [Node("n", 0, effort=fixed(1), batch=Batch(3, wait=10.0))]
    runs = run(nodes, people(3), [one_class(moments(0, 1, 2, 20, 25))])
    assert tasks(runs, "enabled", "ready", "ended", "batch") == [
        (0, 2, 3, -1), (1, 2, 3, -1), (2, 2, 3, -1), (20, 30, 31, -1), (25, 30, 31, -1)]  # fmt: skip
    assert runs.batched.sum() == 2 + 1 + 10 + 5


def test_a_batch_done_together_is_one_job():
    nodes = [
        Node("sort", 0, edges=(Edge(1),)),
        Node("n", 0, effort=fixed(2), batch=Batch(3, together=True, each=0.25)),
    ]
    runs = run(nodes, people(3, 1), [one_class(moments(0, 1, 2, 3, 4, 9))])
    assert (
        tasks(runs, "started", "ended", "person", "worked", "batch") == [(2, 5, 0, 1, 0)] * 3 + [(9, 12, 1, 1, 1)] * 3
    )
    assert runs.worked.sum() == 6
    assert runs.visits[0].tolist() == [6, 6]


def test_a_job_of_several_pieces_goes_by_the_best_of_them():
    classes = [
        one_class(moments(0), 1, "first"),
        one_class(moments(1), 0, "plain"),
        one_class(moments(2), 0, "urgent", priority=1),
        one_class(moments(1.5), 1, "waits"),
    ]
    nodes = [
        Node("job", 0, effort=fixed(4), batch=Batch(2, together=True, each=0.0)),
        Node("other", 0, effort=fixed(5)),
    ]
    runs = run(nodes, people(1, 0, 1), classes)
    assert tasks(runs, "work_class", "ended") == [(0, 5), (1, 9), (2, 9), (3, 14)]


def fork(**join):
    return [
        Node("start", 0, split_all=True, edges=(Edge(1), Edge(2))),
        Node("left", 0, effort=fixed(3), alone=True, edges=(Edge(3),)),
        Node("right", 0, effort=fixed(5), alone=True, edges=(Edge(3),)),
        Node("join", 0, effort=fixed(1), alone=True, **join),
    ]


def test_parallel_branches_are_joined():
    runs = run(fork(join_all=True), (), [one_class(moments(0, 1))])
    assert tasks(runs, "node", "ended") == [(1, 3), (1, 4), (2, 5), (2, 6), (3, 6), (3, 7)]
    assert runs.finished.sum() == 2
    assert runs.cases.hours.tolist() == [6, 6]
    loose = run(fork(), (), [one_class(moments(0))])
    assert tasks(loose, "node", "ended", "visit") == [(1, 3, 1), (3, 4, 1), (2, 5, 1), (3, 6, 2)]
    assert loose.cases.finished.tolist() == [6]


def test_two_tokens_on_one_edge_do_not_make_a_join():
    nodes = [
        Node("start", 0, split_all=True, edges=(Edge(1), Edge(1), Edge(2))),
        Node("twice", 0, effort=fixed(1), alone=True, edges=(Edge(3),)),
        Node("late", 0, effort=fixed(9), alone=True, edges=(Edge(3),)),
        Node("join", 0, join_all=True),
    ]
    runs = run(nodes, (), [one_class(moments(0))], end=100.0)
    assert runs.visits[0].tolist() == [1, 2, 1, 1]
    assert runs.finished.sum() == 0  # one token is left, for ever


def test_rework_ends_after_so_many_times():
    nodes = [
        Node("do", 0, effort=fixed(2), alone=True, repeat=0.5, edges=(Edge(1),)),
        Node("check", 0, edges=(Edge(0, 0.999999, at_most=2), Edge(2, 0.000001))),
        Node("end", 0),
    ]
    runs = run(nodes, (), [one_class(moments(0))])
    assert tasks(runs, "visit", "ended", "worked") == [(1, 2, 2), (2, 3, 1), (3, 4, 1)]
    assert runs.finished.sum() == 1


def test_a_way_that_may_no_longer_be_taken_and_no_other_ends_the_case():
    nodes = [Node("do", 0, effort=fixed(1), alone=True, edges=(Edge(0, 1.0, at_most=3),))]
    assert run(nodes, (), [one_class(moments(0))]).cases.hours.tolist() == [4]


def test_ways_are_taken_with_their_probabilities():
    nodes = [Node("choose", 0, edges=(Edge(1, 0.2), Edge(2, 0.5), Edge(3, 0.3))), *[Node(str(i), 0) for i in range(3)]]
    shop = model(nodes, (), [one_class(moments(*range(20_000)))], end=20_000.0)
    shares = simulate(shop, seed=1, replications=1).visits[0, 1:] / 20_000
    assert np.allclose(shares, (0.2, 0.5, 0.3), atol=0.012)


def test_classes_without_work_at_a_node_pass_through():
    nodes = [
        Node("brief", 0, effort=fixed(2), outside=fixed(7), classes=frozenset({1}), edges=(Edge(1),)),
        Node("make", 0, effort=fixed(1)),
    ]
    runs = run(nodes, people(2, 0, 1), [one_class(moments(0)), one_class(moments(0), key="other")])
    assert tasks(runs, "work_class", "node", "ended") == [(0, 1, 1), (1, 0, 9), (1, 1, 10)]
    assert runs.visits[0].tolist() == [1, 2]


def test_limit_of_a_workflow_lets_others_wait_best_first():
    classes = [one_class(moments(0, 1, 2), key="plain"), one_class(moments(3), key="urgent", priority=1)]
    runs = run(steps(10), people(4), classes, flows=(Flow("flow", limit=1),))
    told = tasks(runs, "work_class", "case", "enabled", "ended")
    assert told == [(0, 0, 0, 10), (1, 0, 10, 20), (0, 1, 20, 30), (0, 2, 30, 40)]
    assert runs.waited.sum() == 0
    assert runs.cases.hours.tolist() == [10, 17, 29, 38]


def test_limit_of_a_workflow_that_goes_by_due_date():
    classes = [
        WorkClass("slow", 0, moments(0, 1), (Entry(0, 0),), due=fixed(100)),
        WorkClass("fast", 0, moments(2), (Entry(0, 0),), due=fixed(20)),
    ]
    runs = run(steps(10), people(4), classes, flows=(Flow("flow", limit=1, by_due=True),))
    assert tasks(runs, "work_class", "ended") == [(0, 10), (1, 20), (0, 30)]


def test_limit_of_a_workflow_refuses():
    runs = run(steps(10), people(4), [one_class(moments(0, 1, 2, 10, 11))], flows=(Flow("f", limit=2, refuse=True),))
    assert (runs.arrived.sum(), runs.refused.sum(), runs.finished.sum()) == (5, 1, 4)
    assert tasks(runs, "case") == [(0,), (1,), (3,), (4,)]


def test_entries_change_where_later_cases_begin():
    nodes = [Node("old", 0, effort=fixed(5), alone=True), Node("new", 0, effort=fixed(1), alone=True)]
    work = WorkClass("c", 0, moments(0, 9, 10, 12), (Entry(-1e9, 0), Entry(10.0, 1)))
    assert tasks(run(nodes, (), [work]), "case", "node") == [(0, 0), (2, 1), (3, 1), (1, 0)]


def test_arrivals_come_through_the_inverse_of_what_is_expected():
    arrivals = Arrivals(fixed(1), np.array([0.0, 10, 20, 30]), np.array([5.0, 6, 6, 16]))
    runs = run([Node("gate", 0)], (), [one_class(arrivals)], end=29.5)
    assert runs.cases.arrived.tolist() == [10, *range(21, 30)]
    assert runs.cases.case.tolist() == list(range(10))


def test_months():
    runs = run(steps(8), people(1), [one_class(moments(1, 14))], months=(0.0, 5.0, 10.0, 20.0, 25.0))
    assert runs.arrived[0, 0].tolist() == [1, 0, 1, 0]
    assert runs.finished[0, 0].tolist() == [0, 1, 0, 1]
    assert runs.lead_hours[0, 0].tolist() == [0, 8, 0, 8]
    assert runs.worked[0, 0].tolist() == [4, 4, 6, 2]
    assert runs.in_work[0, 0].tolist() == [4 / 5, 4 / 5, 6 / 10, 2 / 5]
    assert runs.available[0].tolist() == [5, 5, 10, 5]


def test_warm_up_is_simulated_and_not_counted():
    runs = run(steps(8), people(1), [one_class(moments(-20, -4, -3, -2))], end=100.0, begin=-10.0)
    assert tasks(runs, "case", "started", "ended") == [(1, -4, 4), (2, 4, 12), (3, 12, 20)]
    assert runs.arrived.sum() == 0
    assert (runs.finished.sum(), runs.lead_hours.sum()) == (3, 8 + 15 + 22)
    assert runs.worked.sum() == 20
    assert runs.in_work.sum() == pytest.approx((4 + 12 + 20) / 100)
    assert (runs.visits.sum(), runs.waited.sum()) == (2, 7 + 14)


def test_work_that_is_there_already():
    nodes = [
        Node("a", 0, effort=fixed(6), outside=fixed(9), delay=fixed(2), delay_clock=0, edges=(Edge(1),)),
        Node("b", 0, effort=fixed(1), alone=True),
    ]
    there = (
        Token(-1, 0, 0, "work", -50.0, since=-30.0, left=3.0, person=0),
        Token(-2, 0, 0, "queue", -40.0, since=-20.0),
        Token(-3, 0, 0, "queue", -60.0, since=-25.0),
        Token(-4, 0, 0, "outside", -10.0, since=-8.0, left=1.0),
        Token(-5, 0, 0, "delay", -10.0, since=-8.0, left=5.0),
        Token(-6, 0, 1, "work", -90.0, due=-1.0, since=-1.0, left=4.0),
    )
    runs = run(nodes, people(1), [one_class(moments())], tokens=there, calendars=[calendar((2, 900))])
    assert tasks(runs, "case", "node", "started", "ended") == [
        (-1, 0, -30, 3), (-6, 1, -1, 4), (-1, 1, 3, 4), (-3, 0, 3, 9), (-3, 1, 9, 10), (-2, 0, 9, 15),
        (-2, 1, 15, 16), (-4, 0, 15, 21), (-4, 1, 21, 22), (-5, 0, 21, 27), (-5, 1, 27, 28),
    ]  # fmt: skip
    assert tasks(runs, "case", "outside", "delay", "ready")[7] == (-4, 9, 3, 4)
    assert tasks(runs, "case", "outside", "delay", "ready")[9] == (-5, 0, 15, 7)
    assert runs.arrived.sum() == 0
    assert runs.late.sum() == 1
    assert runs.finished.sum() == 6


def test_a_piece_that_is_done_goes_on_at_once():
    # One branch is done, the other is in the queue of nobody's node: the join comes when that one ends.
    there = [Token(-1, 0, 1, "done", 0.0), Token(-1, 0, 2, "queue", 0.0)]
    runs = run(fork(join_all=True), (), [one_class(moments())], tokens=there)
    assert runs.finished.sum() == 1
    alone = run(fork(join_all=True), (), [one_class(moments())], tokens=[Token(-1, 0, 2, "queue", 0.0)])
    assert runs.cases.finished[0] == alone.cases.finished[0]


def test_tokens_of_one_case_are_joined():
    there = tuple(Token(-1, 0, node, "work", -9.0, since=-1.0, left=left) for node, left in ((1, 2.0), (2, 6.0)))
    runs = run(fork(join_all=True), (), [one_class(moments())], tokens=there)
    assert tasks(runs, "node", "ended") == [(1, 2), (2, 6), (3, 7)]
    assert runs.cases.arrived.tolist() == [-9]


def test_two_in_the_hands_of_one_person_at_the_beginning_share_their_time():
    there = tuple(Token(-1 - at, 0, 0, "work", -9.0, since=-1.0, left=2.0, person=0) for at in range(2))
    runs = run(steps(1), people(1), [one_class(moments(1))], tokens=there)
    assert tasks(runs, "case", "started", "ended") == [(-1, -1, 4), (-2, -1, 4), (0, 4, 5)]


def test_gates_with_hours():
    nodes = [Node("gate", 0, opens=0, edges=(Edge(1),)), Node("work", 0, effort=fixed(1))]
    runs = run(nodes, people(2, 1), [one_class(moments(10, 30))], calendars=[calendar((24, 26), (48, 49))])
    assert tasks(runs, "enabled", "started") == [(24, 24), (48, 48)]


def test_an_effort_of_nothing_takes_a_person_for_no_time():
    runs = run(steps(0, 2), people(1, 0, 1), [one_class(moments(1, 1))])
    assert tasks(runs, "case", "node", "started", "ended") == [(0, 0, 1, 1), (1, 0, 1, 1), (0, 1, 1, 3), (1, 1, 3, 5)]


def test_at_the_end_work_in_hand_counts_and_nothing_else():
    runs = run(steps(10), people(1), [one_class(moments(5, 6))], end=12.0)
    assert runs.worked.sum() == 7
    assert not len(runs.tasks.case)
    assert runs.in_work.sum() == pytest.approx((7 + 6) / 12)


@pytest.mark.parametrize("effort", [None, 0.0])
def test_going_round_without_time_is_told(effort):
    nodes = [Node("loop", 0, effort=None if effort is None else fixed(effort), alone=True, edges=(Edge(0),))]
    with pytest.raises(Unsimulable, match=r"hour 3, at loop"):
        run(nodes, (), [one_class(moments(3))])


def test_a_model_without_an_end_is_not_tried_again_and_again():
    asked = []
    endless = model([Node("loop", 0, edges=(Edge(0),))], classes=[one_class(moments(3))])
    with pytest.raises(Unsimulable):
        simulate(endless, seed=1, replications=300, stop=lambda: bool(asked.append(1)))
    assert len(asked) <= 6


@pytest.mark.parametrize("effort", [fixed(1), exponential(1)])
def test_work_that_multiplies_is_told(effort):
    nodes = [Node("twice", 0, effort=effort, alone=True, split_all=True, edges=(Edge(0), Edge(0)))]
    with pytest.raises(Unsimulable, match="multiplies"):
        run(nodes, (), [one_class(moments(0))])


def test_stop_keeps_what_was_finished():
    asked = iter([False, False, False, True])
    shop = model(steps(1), people(1), [one_class(moments(0))])
    runs = simulate(shop, seed=1, replications=50, workers=1, stop=lambda: next(asked))
    assert runs.replications == 3
    assert runs.finished.shape == (3, 1, 1)


def test_draws_of_every_distribution_have_its_moments():
    kinds = [
        exponential(2.0),
        Amount("uniform", low=1.0, high=4.0),
        Amount("triangular", low=1.0, mode=2.0, high=6.0),
        Amount("normal", mean=3.0, sd=2.0),
        Amount("normal", mean=-2.0, sd=1.5, low=0.5, high=4.0),
        Amount("lognormal", mean=3.0, sd=4.0, high=9.0),
        Amount("gamma", mean=3.0, sd=1.0, low=2.5),
        Amount("gamma", mean=3.0, sd=6.0),
        Amount("quantiles", values=(0.0, 1.0, 5.0, 20.0)),
    ]
    nodes = [Node(f"n{at}", 0, effort=one, alone=True) for at, one in enumerate(kinds)]
    classes = [one_class(moments(*np.arange(40_000) / 100), at, f"c{at}") for at in range(len(kinds))]
    runs = simulate(model(nodes, (), classes), seed=1, replications=1, record=True)
    for at, one in enumerate(kinds):
        worked = runs.tasks.worked[runs.tasks.node == at]
        assert abs(worked.mean() - mean(one)) < 4 * worked.std() / len(worked) ** 0.5
        assert worked.min() >= (one.low or 0)


def test_who_begins_at_nothing_ends_at_some_time():
    crew = [Person("new", ELAPSED, (Ability(0),), ramp=((0.0, 0.0), (10.0, 1.0)))]
    assert tasks(run(steps(0.5), crew, [one_class(moments(0))]), "ended") == [(50,)]


def test_who_has_no_time_takes_nothing():
    crew = [Person("away", ELAPSED, (Ability(0),), share=0.0), Person("slow", ELAPSED, (Ability(0, speed=0.0),))]
    runs = run(steps(0, 1), [*crew, *people(1, 0, 1)], [one_class(moments(0))])
    assert tasks(runs, "person", "ended") == [(2, 0), (2, 1)]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: model([Node("n", 1)]),
        lambda: model([Node("n", 0, edges=(Edge(1),))]),
        lambda: model([Node("n", 0, opens=0)]),
        lambda: model([Node("n", 0)], people(1, 3)),
        lambda: model([Node("n", 0)], people(1, calendar=2)),
        lambda: model([Node("n", 0)], classes=[one_class(moments(1), node=-1)]),
        lambda: model([Node("n", 0)], classes=[WorkClass("c", 0, moments(1), ())]),
        lambda: model(
            [Node("n", 0)], classes=[one_class(moments(1))], tokens=(Token(-1, 0, 0, "work", 0.0, person=4),)
        ),
        lambda: model([Node("n", 0)], calendars=[calendar((5, 6), (1, 2))]),
        lambda: model([Node("n", 0)], months=(0.0, 5.0, 5.0)),
        lambda: model([Node("n", 0, effort=fixed(float("nan")))]),
    ],
)
def test_what_points_at_nothing_is_told(broken):
    with pytest.raises(ValueError, match=r"names|order|months|not a number"):
        simulate(broken(), seed=1, replications=1)


def test_branches_without_a_token_are_done_at_the_beginning():
    there = (
        Token(-1, 0, 2, "work", -9.0, since=-1.0, left=6.0),  # left is done
        Token(-2, 0, 1, "work", -9.0, since=-1.0, left=1.0),  # both go on
        Token(-2, 0, 2, "work", -9.0, since=-1.0, left=2.0),
        Token(-3, 0, 3, "work", -9.0, since=-1.0, left=4.0),  # joined already
        Token(-4, 0, 0, "queue", -9.0, since=-1.0),  # not yet split
    )
    runs = run(fork(join_all=True), (), [one_class(moments())], tokens=there)
    ends = [(case, ended) for case, node, ended in tasks(runs, "case", "node", "ended") if node == 3]
    assert ends == [(-2, 3), (-3, 4), (-4, 6), (-1, 7)]
    assert runs.finished.sum() == 4


def test_a_join_in_a_loop_at_the_beginning():
    """Work in a branch of the second round: the fork opens the join again, so only its own branch is out."""
    nodes = fork(join_all=True, once=True)
    nodes[0] = Node("start", 0, split_all=True, edges=(Edge(1), Edge(2)), reopens=(3,))
    nodes[3] = Node("join", 0, join_all=True, once=True, edges=(Edge(0, 0.999999, at_most=1), Edge(4, 0.000001)))
    nodes.append(Node("end", 0))
    there = (Token(-1, 0, 2, "work", -9.0, since=-1.0, left=6.0),)
    runs = run(nodes, (), [one_class(moments())], tokens=there)
    assert tasks(runs, "node", "ended") == [(2, 6), (1, 9), (2, 11)]
    assert runs.cases.finished.tolist() == [11]


def test_rework_in_one_branch_passes_a_join_that_waits_once():
    nodes = fork(join_all=True, once=True)
    nodes[3] = Node("join", 0, join_all=True, once=True, edges=(Edge(1, 0.999999, at_most=2), Edge(4, 0.000001)))
    nodes.append(Node("end", 0))
    runs = run(nodes, (), [one_class(moments(0))])
    assert tasks(runs, "node", "visit", "ended") == [(1, 1, 3), (2, 1, 5), (1, 2, 8), (1, 3, 11)]
    assert runs.cases.finished.tolist() == [11]
