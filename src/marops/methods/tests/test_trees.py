from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.trees import WIDTH, flow


def _tall(node):
    return 50.0 + 16 * (node % 3)


def _drawn(above, room=1176.0):
    below = {number: [one for one, head in enumerate(above) if head == number] for number in range(len(above))}
    return flow([one for one, head in enumerate(above) if head is None], below.__getitem__, _tall, room)


@st.composite
def trees(draw):
    size = draw(st.integers(1, 40))
    return [None, *(draw(st.one_of(st.none(), st.integers(0, number))) for number in range(size - 1))]


@settings(max_examples=150, deadline=None)
@given(trees(), st.sampled_from([300.0, 580.0, 1176.0]))
def test_no_two_boxes_touch_and_all_stand_under_those_they_hang_on(above, room):
    found = _drawn(above, room)
    assert set(found.boxes) == set(range(len(above)))
    for (a, (ax, ay)), (b, (bx, by)) in combinations(found.boxes.items(), 2):
        assert abs(ax - bx) >= WIDTH or ay + _tall(a) <= by or by + _tall(b) <= ay
    for one, head in enumerate(above):
        x, y = found.boxes[one]
        assert 0 <= x <= found.width - WIDTH + 1e-6
        assert 0 <= y <= found.height - _tall(one) + 1e-6
        assert head is None or found.boxes[head][1] + _tall(head) < y
    ends = {line[-1] for line in found.lines}
    assert len(found.lines) >= sum(head is not None for head in above)
    assert len(ends) >= sum(head is not None for head in above)


def test_a_head_stands_over_the_middle_and_many_leaves_are_a_column():
    found = _drawn([None, 0, 0])
    assert found.boxes[0][0] == (found.boxes[1][0] + found.boxes[2][0]) / 2
    found = _drawn([None, 0, 0, 0, 0, 0])
    assert len({found.boxes[one][0] for one in range(1, 6)}) == 1
    assert found.width < 2 * WIDTH


@settings(max_examples=60, deadline=None)
@given(trees())
def test_it_grows_down_and_not_aside(above):
    depth = [1]
    for head in above[1:]:
        depth.append(1 if head is None else depth[head] + 1)
    found = _drawn(above)
    assert found.width <= max(1176.0, (max(depth) - 1) * 48.0 + WIDTH)
