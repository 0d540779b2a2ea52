from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.trees import HEIGHT, WIDTH, tidy


def _drawn(above):
    below = {number: [one for one, head in enumerate(above) if head == number] for number in range(len(above))}
    return tidy([one for one, head in enumerate(above) if head is None], below.__getitem__)


@st.composite
def trees(draw):
    size = draw(st.integers(1, 40))
    return [None, *(draw(st.one_of(st.none(), st.integers(0, number))) for number in range(size - 1))]


@settings(max_examples=150, deadline=None)
@given(trees())
def test_no_two_boxes_touch_and_all_stand_under_those_they_hang_on(above):
    found = _drawn(above)
    assert set(found.boxes) == set(range(len(above)))
    for (ax, ay), (bx, by) in combinations(found.boxes.values(), 2):
        assert abs(ax - bx) >= WIDTH or abs(ay - by) >= HEIGHT
    for one, head in enumerate(above):
        x, y = found.boxes[one]
        assert 0 <= x <= found.width - WIDTH + 1e-6
        assert 0 <= y <= found.height - HEIGHT
        assert head is None or found.boxes[head][1] < y


def test_a_head_stands_over_the_middle_and_many_leaves_are_a_column():
    found = _drawn([None, 0, 0])
    assert found.boxes[0][0] == (found.boxes[1][0] + found.boxes[2][0]) / 2
    found = _drawn([None, 0, 0, 0, 0, 0])
    assert len({found.boxes[one][0] for one in range(1, 6)}) == 1
    assert found.width < 2 * WIDTH
