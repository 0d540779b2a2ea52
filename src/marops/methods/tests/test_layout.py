import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pace import room

from marops.methods.layout import drawn, layered

NAMES = [f"n{one}" for one in range(14)]
GRAPHS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=40)


def test_a_line_is_one_step_after_the_other():
    found = layered(["a", "b", "c"], [("a", "b"), ("b", "c")])
    assert found.places == {"a": (0, 0), "b": (1, 0), "c": (2, 0)}
    assert found.back == ()
    assert found.layers == 3


def test_a_way_back_is_found_and_turned():
    found = layered(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b")])
    assert set(found.back) == {("c", "a"), ("b", "b")}
    assert [found.places[one][0] for one in "abc"] == [0, 1, 2]


def test_crossing_ways_are_untangled():
    edges = [("a", "f"), ("b", "e"), ("c", "d")]
    places = layered(list("abcdef"), edges).places
    order = [sorted("abc", key=lambda one: places[one]), sorted("def", key=lambda one: places[one])]
    assert ["".join(order[0]).translate(str.maketrans("abc", "fed"))] == ["".join(order[1])]


def test_a_long_way_keeps_a_place_in_the_layers_it_passes():
    found = layered(list("abcd"), [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert [layer for layer, _ in found.passing["a", "d"]] == [1, 2]
    taken = [*found.places.values(), *found.passing["a", "d"]]
    assert len(set(taken)) == len(taken)


def test_the_bends_of_a_way_back_are_in_the_order_of_travel():
    found = drawn(list("abcd"), [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
    assert [layer for layer, _ in found.bends["d", "a"]] == [2, 1]
    assert ("a", "d") not in found.bends


def test_the_middle_of_a_fork_stands_between_its_branches():
    points = drawn(list("abcd"), [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]).points
    assert points["a"][1] == points["d"][1] == (points["b"][1] + points["c"][1]) / 2


def test_a_way_to_nowhere_is_refused():
    with pytest.raises(KeyError):
        layered(["a"], [("a", "b")])


def test_nothing_is_drawn_of_nothing():
    assert drawn([], []).points == {}
    assert layered([], []).layers == 0


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)))
def test_ways_lead_on_rows_stay_apart_and_nothing_overlaps(edges, lanes):
    rows = dict(zip(NAMES, lanes, strict=True))
    found, picture = layered(NAMES, edges, rows), drawn(NAMES, edges, rows)
    for one, other in edges:
        if (one, other) in found.back:
            assert one == other or found.places[one][0] > found.places[other][0]
        else:
            assert found.places[one][0] < found.places[other][0]
    for name in NAMES:
        layer, slot = picture.points[name]
        top, end = picture.bands[rows[name]]
        assert layer == found.places[name][0]
        assert top - 1e-9 <= slot <= end - 1 + 1e-9
        for other in NAMES:
            if other != name and picture.points[other][0] == layer:
                assert abs(picture.points[other][1] - slot) >= 1 - 1e-9
    assert found == layered(NAMES, edges, rows)


@pytest.mark.parametrize("spread", [3, 499])
def test_five_hundred_nodes_take_less_than_a_second(spread):
    names = [f"n{one}" for one in range(500)]
    draw = random.Random(4)
    pairs = [(one, max(0, min(499, one + draw.randint(-2, spread)))) for one in range(500) for _ in range(3)]
    begin = time.perf_counter()
    drawn(names, [(names[a], names[b]) for a, b in pairs], {name: at % 6 for at, name in enumerate(names)})
    assert time.perf_counter() - begin < room(1)
