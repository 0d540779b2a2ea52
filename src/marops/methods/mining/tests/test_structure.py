from collections import Counter
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import pytest
from tests.pace import room

from marops.methods.mining import structure
from marops.methods.mining.distances import n_gram
from marops.methods.mining.log import FoundNode, Graph, Way
from marops.methods.mining.structure import NoProcess, discover
from marops.methods.mining.structure_order import concurrency, predecessor
from marops.methods.mining.structure_traces import traces_of
from marops.methods.mining.structure_walk import Unsound, walk
from marops.methods.mining.tests.logs import log_of, log_of_traces, read


def said(log, graph):
    """The ways by names: activities as they are, gates as what they do."""
    marks = {(True, False): "join", (False, True): "fork", (True, True): "join+fork", (False, False): "gate"}
    names = [
        log.activities[node.activity] if node.activity is not None else marks[node.join_all, node.split_all]
        for node in graph.nodes
    ]
    return {(names[way.source], names[way.target]): (way.count, round(way.probability, 3)) for way in graph.ways}


def found(traces, **options):
    log = log_of_traces(one.split() for one in traces)
    return said(log, discover(log, **options))


def test_a_line_is_a_line():
    assert found(["a b c"] * 3) == {("a", "b"): (3, 1), ("b", "c"): (3, 1)}


def test_a_choice_and_a_step_left_out_need_no_node_of_their_own():
    assert found(["a b d"] * 6 + ["a c d"] * 3 + ["a d"]) == {
        ("a", "b"): (6, 0.6), ("a", "c"): (3, 0.3), ("a", "d"): (1, 0.1), ("b", "d"): (6, 1), ("c", "d"): (3, 1),
    }  # fmt: skip


def test_rework_is_a_way_back():
    assert found(["a b c"] * 6 + ["a b a b c"] * 2) == {("a", "b"): (10, 1), ("b", "c"): (8, 0.8), ("b", "a"): (2, 0.2)}
    assert found(["a b c"] * 6 + ["a b b c"] * 3) == {
        ("a", "b"): (9, 1), ("b", "c"): (9, 0.75), ("b", "b"): (3, 0.25),
    }  # fmt: skip


def test_several_starts_and_ends_meet_in_a_gate():
    assert found(["a b", "c b d"]) == {
        ("gate", "a"): (1, 0.5), ("gate", "c"): (1, 0.5), ("a", "b"): (1, 1), ("c", "b"): (1, 1),
        ("b", "gate"): (1, 0.5), ("b", "d"): (1, 0.5), ("d", "gate"): (1, 1),
    }  # fmt: skip


def test_branches_are_forked_and_joined_without_gates_where_steps_do():
    both = ["a b c d e", "a c b d e", "a d c b e", "a b d c e", "a c d b e", "a d b c e"]
    log = log_of_traces([one.split() for one in both * 3])
    graph = discover(log)
    assert said(log, graph) == {("a", x): (18, 1) for x in "bcd"} | {(x, "e"): (18, 1) for x in "bcd"}
    flags = {log.activities[node.activity]: (node.split_all, node.join_all) for node in graph.nodes}
    assert flags == {
        "a": (True, False),
        "b": (False, False),
        "c": (False, False),
        "d": (False, False),
        "e": (False, True),
    }


def test_a_branch_that_is_not_always_taken_is_a_choice_within_the_fork():
    ways = found(["a b c d", "a c b d"] * 4 + ["a b d"] * 2)
    assert ways["gate", "c"] == (8, 0.8)
    assert ways["gate", "gate"] == (2, 0.2)
    assert ("a", "b") in ways
    assert ("b", "d") in ways


def test_blocks_lie_within_loops_and_within_branches():
    rounds = ["b c", "c b"]
    log = log_of_traces(["a", *f"{one} r {other}".split(), "e"] for one in rounds for other in rounds for _ in range(5))
    ways = said(log, discover(log))
    assert ways["join", "r"] == (20, 0.5)
    assert ways["r", "fork"] == (20, 1)
    nested = ["x p q y", "x q p y", "p x q y", "q p x y", "p q x y", "q x p y", "p q y x", "q p y x"]
    log = log_of_traces(["a", *one.split(), "e"] for one in nested * 4)
    ways = said(log, discover(log))
    assert {
        ("a", "x"),
        ("a", "fork"),
        ("fork", "p"),
        ("fork", "q"),
        ("p", "y"),
        ("q", "y"),
        ("x", "e"),
        ("y", "e"),
    } == set(ways)


def test_what_few_cases_do_is_noise():
    traces = ["a b c"] * 96 + ["a x c", "a c", "b c", "a b c a"]
    assert found(traces) == {("a", "b"): (97, 1), ("b", "c"): (98, 1)}
    assert len(found(traces, noise=0)) > 5
    log = log_of_traces(one.split() for one in traces)
    graph = discover(log)
    # Lost: the x, the c after it and after a, the b at the start, the second a.
    assert graph.covered == pytest.approx(1 - 5 / len(log))
    assert graph.noise == 0.05


def test_noise_never_leaves_a_circle_without_exit():
    log = log_of_traces([["a", "b"] * 200, ["a", "b"] * 300])
    ways = said(log, discover(log))
    assert ways["b", "gate"][0] == 2


def test_something_rare_between_branches_does_not_break_the_block():
    both = ["a b c d", "a c b d"] * 20
    ways = found([*both, "a b x c d", "a c x b d", "a b x c d"], noise=0)
    assert {("a", "b"), ("a", "c")} <= set(ways)


def test_a_class_of_work_is_looked_at_alone():
    rows = [(n, name, at, at + 0.5, None, None, n % 2) for n in range(6)
            for at, name in enumerate("ab" if n % 2 else "ac")]  # fmt: skip
    log = log_of(rows, classes=("one", "two"))
    assert said(log, discover(log, within=0)) == {("a", "c"): (3, 1)}
    assert said(log, discover(log, within=1)) == {("a", "b"): (3, 1)}


def test_a_case_of_one_step_and_a_single_case():
    assert found(["a"]) == {}
    assert len(discover(log_of_traces([["a"]])).nodes) == 1


def test_logs_without_a_process_are_refused(monkeypatch):
    with pytest.raises(NoProcess, match="nothing in this log") as no:
        discover(log_of([]))
    assert no.value.reason == "empty"
    monkeypatch.setattr(structure, "MOST_EVENTS", 9)
    with pytest.raises(NoProcess, match="'c0000001' has 10 events") as no:
        discover(log_of_traces([["a"], ["a"] * 10]))
    assert (no.value.reason, no.value.name, no.value.number) == ("long-case", "c0000001", 10)
    monkeypatch.setattr(structure, "MOST_ACTIVITIES", 2)
    with pytest.raises(NoProcess, match="3 different activities"):
        discover(log_of_traces([["a", "b", "c"]]))


def test_a_map_has_limits(monkeypatch):
    monkeypatch.setattr(structure, "MOST_STEPS", 3)
    log = log_of_traces([list("abcd"), list("abc"), list("ab"), list("ab")])
    graph = discover(log, noise=0)
    assert {log.activities[node.activity] for node in graph.nodes if node.activity is not None} == {"a", "b", "c"}
    assert graph.covered == pytest.approx(10 / 11)
    monkeypatch.setattr(structure, "MOST_STEPS", 30)
    monkeypatch.setattr(structure, "MOST_WAYS", 120)
    luck = np.random.default_rng(1)
    tangle = log_of_traces([f"{one:02d}" for one in luck.integers(0, 30, 40)] for _ in range(50))
    graph = discover(tangle, noise=0)
    assert len(graph.ways) <= 125  # and what keeps circles open
    assert 0.05 < graph.covered < 0.8


def test_distinct_traces_are_counted():
    log = log_of_traces([list("ab"), list("ba"), list("ab"), list("abb"), list("a")])
    traces = traces_of(log)
    texts = Counter()
    for number, times in enumerate(traces.counts):
        texts["".join(log.activities[one] for one in traces.symbols[traces.owner == number])] += int(times)
    assert texts == {"ab": 2, "ba": 1, "abb": 1, "a": 1}


def test_a_walk_says_when_a_graph_is_unsound():
    a, b, join = FoundNode(0), FoundNode(1), FoundNode(2, join_all=True)
    ways = (Way(0, 1, 1, 0.5), Way(0, 2, 1, 0.5), Way(1, 2, 1, 1.0))
    with pytest.raises(Unsound):
        walk(Graph((a, b, join), ways, 1.0, 0.0), 5, 1)


@dataclass(frozen=True)
class Tree:
    """A process: a step, or parts in sequence, in parallel, one of them, a part or nothing, or again and again."""

    kind: str
    name: str = ""
    parts: tuple["Tree", ...] = ()
    share: float = 0.5

    def names(self):
        return {self.name} if self.kind == "step" else set().union(*(one.names() for one in self.parts))

    def parallel(self):
        """Pairs of names that go on at the same time."""
        pairs = set().union(*(one.parallel() for one in self.parts))
        if self.kind == "all":
            pairs |= {(a, b) for one in self.parts for other in self.parts if one is not other
                      for a in one.names() for b in other.names()}  # fmt: skip
        return pairs

    def run(self, luck, at, rows):
        """One case from a moment on; answers when it is done."""
        match self.kind:
            case "step":
                until = at + luck.gamma(4, 0.25)
                rows.append((self.name, at, until))
                return until
            case "line":
                for part in self.parts:
                    at = part.run(luck, at, rows)
                return at
            case "one":
                chosen = 0 if luck.random() < self.share else 1 + int(luck.integers(len(self.parts) - 1))
                return self.parts[chosen].run(luck, at, rows)
            case "maybe":
                return self.parts[0].run(luck, at, rows) if luck.random() < self.share else at
            case "all":
                return max(part.run(luck, at, rows) for part in self.parts)
        at = self.parts[0].run(luck, at, rows)
        while luck.random() < self.share:
            at = self.parts[0].run(luck, self.parts[1].run(luck, at, rows), rows)
        return at


def grown(luck, leaves, names, above=""):
    """A random tree with so many steps, each with a name of its own."""
    if above not in ("maybe", "one", "again") and luck.random() < 0.12:
        return Tree("maybe", "", (grown(luck, leaves, names, "maybe"),), luck.uniform(0.4, 0.7))
    if leaves == 1:
        return Tree("step", next(names))
    kind = luck.choice([one for one in ("line", "line", "one", "all", "again") if one != above])
    count = 2 if kind == "again" else int(min(leaves, luck.integers(2, 4)))
    sizes = np.diff([0, *sorted(luck.choice(np.arange(1, leaves), count - 1, replace=False)), leaves])
    parts = tuple(grown(luck, int(size), names, kind) for size in sizes)
    return Tree(str(kind), "", parts, luck.uniform(0.2, 0.4) if kind == "again" else luck.uniform(0.3, 0.7))


def tree_of(seed):
    luck = np.random.default_rng(seed)
    names = iter("abcdefghijklmnopqrstuvwxyz")
    return Tree("line", "", (Tree("step", next(names)), grown(luck, int(luck.integers(2, 13)), names, "line")))


def played(tree, cases, seed):
    luck = np.random.default_rng(seed)
    rows = []
    for number in range(cases):
        steps = []
        tree.run(luck, 0.0, steps)
        rows += [(number, *step) for step in steps]
    return log_of(rows)


@pytest.mark.parametrize("seed", range(40))
def test_any_process_is_found_sound_and_with_its_shares(seed):
    tree = tree_of(seed)
    log = played(tree, 400, 1)
    graph = discover(log, noise=0)
    assert graph.covered == 1
    for node in range(len(graph.nodes)):
        out = [way.probability for way in graph.ways if way.source == node]
        assert not out or graph.nodes[node].split_all or sum(out) == pytest.approx(1)
    walked = walk(graph, 400, 2)
    seen, made = (np.zeros((400, len(log.activities))) for _ in range(2))
    np.add.at(seen, (log.case, log.activity), 1)
    for number, steps in enumerate(walked):
        np.add.at(made, (number, list(steps)), 1)
    error = np.sqrt((seen.var(axis=0) + made.var(axis=0)) / 400)
    assert (np.abs(seen.mean(axis=0) - made.mean(axis=0)) <= 4.5 * error + 0.02).all()


@pytest.mark.parametrize("seed", range(40))
def test_what_is_parallel_is_found_and_nothing_else(seed):
    tree = tree_of(seed)
    log = played(tree, 400, 1)
    names = log.activities
    links = concurrency(log)
    seen = {(names[a], names[b]) for a in range(len(names)) for b in range(len(names)) if a != b and links[a, b]}
    truth = tree.parallel()
    assert seen <= truth
    often = {pair for pair in truth if meets(log, *pair) > 0.6}
    assert len(often - seen) <= 0.1 * len(often)


def meets(log, a, b):
    """In which share of the cases that have both one is begun while the other is in work."""
    both, met = 0, 0
    for case in range(len(log.cases)):
        spans = [[(log.started[row], log.ended[row]) for row in np.nonzero(log.case == case)[0]
                  if log.activities[log.activity[row]] == name] for name in (a, b)]  # fmt: skip
        both += bool(spans[0] and spans[1])
        met += any(one[0] < other[1] and other[0] < one[1] for one in spans[0] for other in spans[1])
    return met / both if both >= 20 else 0.0


def again(log, traces):
    rows = [(f"w{number:06d}", log.activities[one], at, at + 0.5) for number, trace in enumerate(traces)
            for at, one in enumerate(trace)]  # fmt: skip
    return log_of(rows)


@pytest.mark.parametrize("name", ["PurchasingExample.csv.gz", "Production.csv.gz"])
def test_the_graph_of_a_real_log_walks_like_the_log(shared_data, name):
    log = read(shared_data / "event_logs" / name)
    columns = ("case", "activity", "resource", "work_class", "started", "ended", "enabled")
    half = [replace(log, **{one: getattr(log, one)[log.case % 2 == n] for one in columns}) for n in (0, 1)]
    walked = again(log, walk(discover(half[0]), len(np.unique(half[1].case)), 3))
    for n in (2, 3):
        assert n_gram(half[1], walked, n) < 1.5 * n_gram(*half, n)


def test_the_real_loans_are_drawn_with_two_gates(shared_data):
    log = read(shared_data / "event_logs" / "LoanApp_simplified_train.csv.gz")
    graph = discover(log)
    assert graph.covered == 1
    assert sum(node.activity is None for node in graph.nodes) == 2
    ways = said(log, graph)
    assert {b for a, b in ways if a == "fork"} == {"Appraise property", "Check credit history", "AML check"}
    assert {a for a, b in ways if b == "Assess loan risk"} == {b for a, b in ways if a == "fork"}
    assert ways["Check application form completeness", "Return application back to applicant"] == (108, 0.097)


@pytest.mark.slow
def test_a_million_events_take_seconds():
    luck = np.random.default_rng(1)
    cases, length, kinds = 50_000, 20, 20
    steps = np.cumsum(luck.integers(1, 3, (cases, length)), axis=1) % kinds
    begin = np.cumsum(luck.exponential(1, (cases, length)), axis=1).ravel()
    rows = cases * length
    small = log_of([(1, "a", 0, 1)])
    log = replace(
        small,
        cases=tuple(map(str, range(cases))),
        activities=tuple(map(str, range(kinds))),
        case=np.repeat(np.arange(cases, dtype=np.int32), length),
        activity=steps.ravel().astype(np.int32),
        resource=np.zeros(rows, dtype=np.int32),
        work_class=np.zeros(rows, dtype=np.int32),
        started=begin,
        ended=begin + 0.01,
        enabled=np.full(rows, np.nan),
    )
    since = perf_counter()
    graph = discover(log)
    predecessor(log, concurrency(log))
    assert perf_counter() - since < room(20)
    assert len(graph.nodes) <= kinds + 2
