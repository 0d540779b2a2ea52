import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.mining.structure_order import FIRST, concurrency, enabled_by, predecessor
from marops.methods.mining.tests.logs import log_of, log_of_traces, read


def pairs(log):
    names = log.activities
    return {tuple(sorted((names[a], names[b]))) for a, b in np.argwhere(np.triu(concurrency(log)))}


def named(log):
    """What each row follows, by name, in the log's order."""
    before = predecessor(log, concurrency(log))
    return [(log.activities[a], None if p == FIRST else log.activities[log.activity[p]])
            for a, p in zip(log.activity, before, strict=True)]  # fmt: skip


def test_what_is_in_work_at_the_same_moment_is_concurrent():
    log = log_of([(1, "brief", 0, 1), (1, "copy", 1, 4), (1, "art", 2, 3), (1, "send", 5, 6)])
    assert pairs(log) == {("art", "copy")}
    assert named(log) == [("brief", None), ("copy", "brief"), ("art", "brief"), ("send", "copy")]


def test_both_orders_are_concurrent_where_nothing_overlaps():
    log = log_of_traces([["a", "b", "c", "d"]] * 10 + [["a", "c", "b", "d"]] * 10)
    assert pairs(log) == {("b", "c")}
    assert named(log)[-4:] == [("a", None), ("c", "a"), ("b", "a"), ("d", "b")]


def test_what_was_free_to_begin_earlier_is_concurrent_although_one_order_is_kept():
    rows = [row for n in range(20)
            for row in [(n, "a", 0, 1, None, 0), (n, "b", 1, 2, None, 1), (n, "c", 3, 4, None, 1)]]  # fmt: skip
    assert pairs(log_of(rows)) == {("b", "c")}


def test_steps_of_long_branches_are_concurrent_although_rarely_neighbours():
    ways = ["a b c d", "a b d c", "b a c d", "b a d c", "a c b d", "b d a c"]
    log = log_of_traces([["start", *way.split(), "end"] for way in ways * 4])
    assert pairs(log) == {("a", "b"), ("a", "d"), ("b", "c"), ("c", "d")}


@pytest.mark.parametrize(
    "traces",
    [
        ["write check"] * 9 + ["write check write check"] * 5,
        ["write check", "write check write", "write check write check write"] * 8,
        ["x", "y", "x y", "y x", "x x", "y y", "x x y", "y x x", "x y y", "y y x", "x y x", "y x y"] * 8,
        ["x", "x x", "x x x"] * 5,
    ],
)
def test_loops_are_not_concurrent(traces):
    assert pairs(log_of_traces([["in", *one.split(), "out"] for one in traces])) == set()


def test_concurrency_is_seen_through_a_loop_around_it():
    rounds = [["a b"], ["b a"], ["a b", "b a"], ["b a", "b a"], ["a b", "a b", "b a"]]
    log = log_of_traces(["in", *" again ".join(one).split(), "out"] for one in rounds * 6)
    assert pairs(log) == {("a", "b")}


def test_a_rare_swap_and_a_sloppy_clock_are_no_concurrency():
    assert pairs(log_of_traces([["a", "b"]] * 95 + [["b", "a"]] * 5)) == set()
    assert (
        pairs(log_of([(n, name, at, end) for n in range(9) for name, at, end in [("a", 0, 10), ("b", 9, 20)]])) == set()
    )


def test_an_activity_done_several_times_at_once_is_concurrent_with_itself():
    log = log_of([(1, "brief", 0, 1), (1, "asset", 1, 4), (1, "asset", 2, 5), (1, "asset", 2.5, 6), (1, "send", 7, 8)])
    assert pairs(log) == {("asset", "asset")}
    assert [p for _, p in named(log)] == [None, "brief", "brief", "brief", "asset"]


def test_rows_of_one_moment_follow_the_log_and_never_themselves():
    log = log_of([(1, "a", None, 5), (1, "b", None, 5), (1, "c", None, 5), (2, "a", None, 5)])
    assert named(log) == [("a", None), ("b", "a"), ("c", "b"), ("a", None)]


def test_the_enabled_time_is_the_logs_else_the_end_before_else_the_start_of_the_case():
    log = log_of([(1, "a", 1, 2), (1, "b", 4, 5), (1, "c", 9, 10, None, 8), (2, "a", 3, 4), (2, "b", 5, 6, None, 7)])
    assert enabled_by(log, concurrency(log)).tolist() == [1, 2, 8, 3, 5]


def test_an_empty_log_has_neither():
    log = log_of([])
    assert concurrency(log).shape == (0, 0)
    assert len(predecessor(log, concurrency(log))) == 0


ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=14
)


@given(rows=ROWS, links=st.lists(st.booleans(), min_size=9, max_size=9))
@settings(max_examples=200, deadline=None)
def test_the_predecessor_is_the_last_to_end_of_those_that_count(rows, links):
    log = log_of([(case, name, at, at + long) for case, name, at, long in rows])
    size = len(log.activities)
    concurrent = np.array(links).reshape(3, 3)[:size, :size]
    concurrent = concurrent | concurrent.T
    found = predecessor(log, concurrent)
    for i in range(len(log)):
        may = [
            (log.ended[j], j)
            for j in range(i)
            if log.case[j] == log.case[i]
            and log.ended[j] <= log.started[i]
            and not concurrent[log.activity[i], log.activity[j]]
        ]
        assert found[i] == max(may, default=(0, FIRST))[1]


def test_the_real_loans_are_checked_three_ways_at_once(shared_data):
    log = read(shared_data / "event_logs" / "LoanApp_simplified_train.csv.gz")
    checks = {"AML check", "Appraise property", "Check credit history"}
    assert pairs(log) == {(a, b) for a in checks for b in checks if a < b}
    known = log.enabled
    blind = type(log)(**{name: getattr(log, name) for name in log.__slots__ if name != "enabled"},
                      enabled=np.full(len(log), np.nan))  # fmt: skip
    close = np.abs(enabled_by(blind, concurrency(blind)) - known) < 1e-6
    # A timer of an hour runs before these, and cases wait at the door; what is behind no timer is found exactly.
    held = [n for n, name in enumerate(log.activities) if name.split()[0] in ("Cancel", "Reject", "Approve")]
    first = np.concatenate([[True], log.case[1:] != log.case[:-1]])
    later = {n for n in held if log.activities[n] != "Approve loan offer"}
    assert close[~np.isin(log.activity, list(later)) & ~first].all()
