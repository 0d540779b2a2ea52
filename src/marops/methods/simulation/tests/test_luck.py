"""Common random numbers: what is not concerned by a change stays the same to the last bit."""

from dataclasses import fields, replace

import numpy as np
import pytest

from marops.methods.simulation import draws
from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import ELAPSED, Ability, Amount, Batch, Edge, Entry, Flow, Node, Person, WorkClass
from marops.methods.simulation.tests.shops import days, exponential, model, poisson

OFFICE = [days(0, 60, (9, 17)), days(0, 60, (7, 12), (13, 16))]


def nodes(workflow=0):
    """Write, legal on some days, parallel picture, review with rework, join, send."""
    name, shift = ("first", "second")[workflow], 6 * workflow

    def to(*ways):
        return tuple(Edge(shift + node, *rest) for node, *rest in ways)

    return [
        Node(f"{name}/write", workflow, effort=Amount("lognormal", mean=4, sd=3), repeat=0.4, edges=to((1,))),
        Node(f"{name}/fork", workflow, split_all=True, edges=to((2,), (3,))),
        Node(f"{name}/legal", workflow, effort=Amount("gamma", mean=1, sd=1), batch=Batch(3, 40.0), edges=to((4,))),
        Node(f"{name}/picture", workflow, effort=exponential(3), outside=exponential(5), edges=to((4,))),
        Node(f"{name}/review", workflow, effort=exponential(1), join_all=True, delay=exponential(2), delay_clock=0,
             edges=to((5, 0.7), (0, 0.3, 2))),
        Node(f"{name}/send", workflow, effort=Amount("uniform", low=0.1, high=0.5), cost=3.0),
    ]  # fmt: skip


def klass(name, workflow=0, priority=0, rate=0.05):
    due = Amount("uniform", low=40, high=200)
    return WorkClass(name, workflow, poisson(rate, -200.0, 1400.0), (Entry(-1e9, 6 * workflow),), priority, due)


def crew(*shifts):
    """Three people who can do all of those workflows."""
    todo = [shift + node for shift in shifts for node in (0, 2, 3, 4, 5)]
    return [
        Person(
            f"person {at}",
            at % 2,
            tuple(Ability(node, 1 + at / 5) for node in todo),
            at_once=1 + (at == 2),
            share=1 - at / 10,
            cost=50.0,
        )
        for at in range(4)
    ]


def shop(people=None, classes=None, steps=None, **others):
    others.setdefault("months", (0.0, 700.0, 1400.0))
    return model(
        steps or nodes(),
        people or crew(0),
        classes or [klass("campaign"), klass("letter", priority=1)],
        begin=-200.0,
        calendars=OFFICE,
        **others,
    )


def columns(table, keep=None):
    return {
        one.name: getattr(table, one.name) if keep is None else getattr(table, one.name)[keep] for one in fields(table)
    }


def assert_same(one, other, columns_of=columns, **how):
    a, b = columns_of(one, **how), columns_of(other, **how)
    for name in a:
        assert np.array_equal(a[name], b[name]), name


def figures(runs):
    names = {one.name for one in fields(runs)} - {"model", "seed", "first", "cases", "tasks"}
    return {name: getattr(runs, name) for name in names}


def assert_identical(one, other):
    assert_same(one, other, figures)
    assert_same(one.cases, other.cases)
    assert_same(one.tasks, other.tasks)


@pytest.fixture(scope="module")
def base():
    return simulate(shop(), seed=5, replications=6, record=True)


def test_the_same_whatever_the_workers(base):
    for workers in (1, 3, 6):
        assert_identical(base, simulate(shop(), seed=5, replications=6, record=True, workers=workers))


def test_the_same_however_it_is_split_into_calls(base):
    parts = [simulate(shop(), seed=5, replications=n, first=at, record=True) for at, n in ((0, 1), (1, 3), (4, 2))]
    for name, value in figures(base).items():
        joined = parts[0].available if name == "available" else np.concatenate([getattr(p, name) for p in parts])
        assert np.array_equal(value, joined), name
    for name, value in columns(base.tasks).items():
        assert np.array_equal(value, np.concatenate([getattr(part.tasks, name) for part in parts])), name


def test_the_same_after_tables_had_to_grow(base):
    """The first replication of many cases makes room again and again; what follows has it."""
    busy = shop(classes=[klass("campaign", rate=3.0)])
    both = simulate(busy, seed=5, replications=2, workers=1, record=True)
    assert_same(both.tasks, simulate(busy, seed=5, replications=2, workers=2, record=True).tasks)
    assert both.arrived.sum() > 5000


def test_other_seeds_and_replications_are_others(base):
    assert len({tuple(row) for row in base.worked[:, :, 0].tolist()}) == 6
    other = simulate(shop(), seed=6, replications=6)
    assert not np.array_equal(base.worked, other.worked)


def test_recording_changes_nothing(base):
    assert_same(base, simulate(shop(), seed=5, replications=6), figures)


def test_somebody_without_work_changes_nothing_for_the_others(base):
    idle = Person("idle", 0, (), cost=99.0)
    elsewhere = Person("never", 1, tuple(Ability(n, since=5000.0) for n in range(6)))
    more = simulate(shop([crew(0)[0], *crew(0)[1:], idle, elsewhere]), seed=5, replications=6, record=True)
    assert_same(base.tasks, more.tasks)
    assert_same(base.cases, more.cases)
    assert np.array_equal(base.worked, more.worked[:, :4])
    assert not more.worked[:, 4:].any()
    assert np.array_equal(base.cost, more.cost)


def test_order_of_people_changes_who_and_not_what_luck(base):
    """Efforts belong to the case and the step, whoever takes them."""
    turned = simulate(shop(crew(0)[::-1]), seed=5, replications=6, record=True)
    speed = np.array([1 + at / 5 for at in range(4)])

    def efforts(runs, speeds):
        names = ("replication", "work_class", "case", "node", "visit")
        pieces = zip(*(getattr(runs.tasks, name).tolist() for name in names), strict=True)
        return dict(zip(pieces, runs.tasks.worked * speeds[runs.tasks.person], strict=True))

    one, other = efforts(base, speed), efforts(turned, speed[::-1])
    shared = one.keys() & other.keys()
    assert len(shared) > 0.9 * len(one)
    assert all(abs(one[key] - other[key]) < 1e-9 for key in shared)


def test_another_workflow_with_people_of_its_own_changes_nothing(base):
    flows = (Flow("first"), Flow("second"))
    both = [*nodes(), *nodes(1)]
    people = [*crew(0), replace(crew(6)[0], key="else")]
    more = simulate(
        shop(people, [klass("campaign"), klass("letter", priority=1), klass("other", 1)], both, flows=flows),
        seed=5, replications=6, record=True,
    )  # fmt: skip
    mine = more.tasks.work_class < 2
    old, new = columns(base.tasks), columns(more.tasks, mine)
    assert all(np.array_equal(old[name], new[name]) for name in old if name != "batch")
    assert np.array_equal(base.arrived, more.arrived[:, :2])


def test_another_step_leaves_the_draws_of_the_others(base):
    """One more check after sending, by somebody of its own: nothing before it changes."""
    longer = nodes()
    longer[5] = replace(longer[5], edges=(Edge(6),))
    longer.append(Node("first/check", 0, effort=exponential(2)))
    people = [*crew(0), Person("checker", ELAPSED, (Ability(6),))]
    more = simulate(shop(people, steps=longer), seed=5, replications=6, record=True)
    before = more.tasks.node < 6
    old, new = columns(base.tasks), columns(more.tasks, before)
    assert all(np.array_equal(old[name], new[name]) for name in old)


def test_more_demand_brings_the_same_cases_closer_together(base):
    more = simulate(shop(classes=[klass("campaign", rate=0.1), klass("letter", priority=1)]), seed=5, replications=6)
    names = ("replication", "work_class", "case", "arrived")
    for replication in range(6):
        old, new = (
            {
                case: arrived
                for r, c, case, arrived in zip(*(getattr(runs.cases, n).tolist() for n in names), strict=True)
                if r == replication and c == 0
            }
            for runs in (base, more)
        )
        shared = old.keys() & new.keys()
        assert shared
        assert all(abs((old[n] + 200) - 2 * (new[n] + 200)) < 1e-9 for n in shared)


def test_keys_are_names_and_not_places():
    """A class and a step keep their luck when another stands before them."""
    turned = simulate(shop(classes=[klass("letter", priority=1), klass("campaign")]), seed=5, replications=2)
    plain = simulate(shop(), seed=5, replications=2)
    assert np.array_equal(turned.arrived[:, ::-1], plain.arrived)
    assert np.array_equal(turned.worked, plain.worked)


def test_hashes_are_the_same_everywhere():
    """Worked out once by the definitions of BLAKE2b and SplitMix64, not by this code."""
    import hashlib

    assert draws.key("a", "b") == int.from_bytes(hashlib.blake2b(b"a\x1fb", digest_size=8).digest(), "little")
    mask, bits = 2**64 - 1, 12345
    state = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & mask
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & mask
    assert int(draws.mixed(np.uint64(bits))) == state ^ (state >> 31)


def test_the_normal_quantile_is_exact_to_fifteen_digits():
    from scipy.special import ndtri

    shares = np.concatenate(
        [np.linspace(1e-6, 1 - 1e-6, 2001), 10.0 ** -np.arange(6, 16), 1 - 10.0 ** -np.arange(6, 13)]
    )
    ours = np.array([draws.normal(one) for one in shares])
    assert np.allclose(ours, ndtri(shares), rtol=8e-15, atol=1e-15)


def test_shares_are_even_and_independent():
    names = np.uint64(draws.key("step", "effort"))
    base = np.uint64(77)
    cases = [np.uint64(draws.luck(base, names, n)) for n in range(5000)]
    values = np.array([[draws.share(np.uint64(draws.luck(case, names, v))) for v in range(4)] for case in cases])
    assert 0 < values.min() < values.max() < 1
    counts = np.histogram(values, 50, (0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 49 + 4 * (2 * 49) ** 0.5
    assert np.abs(np.corrcoef(values.T) - np.eye(4)).max() < 4 / 5000**0.5
    assert abs(np.corrcoef(values[:-1, 0], values[1:, 0])[0, 1]) < 4 / 5000**0.5
