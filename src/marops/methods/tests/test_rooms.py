from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.rooms import LANE, Row, arranged, house


@st.composite
def houses(draw):
    columns = draw(st.integers(1, 3))
    rows, names = [], []
    for _ in range(draw(st.integers(1, 6))):
        wide = draw(st.booleans())
        here = [f"room {len(names) + n}" for n in range(1 if wide else draw(st.integers(1, columns)))]
        rows.append(Row(tuple(here), draw(st.sampled_from([48.0, 88.0, 142.0])), wide))
        names += here
    pairs = [(a, b) for a in names for b in names if a != b]
    return rows, draw(st.lists(st.sampled_from(pairs), max_size=13)) if pairs else [], columns


def _apart(a, b):
    return a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y


@settings(max_examples=150, deadline=None)
@given(houses())
def test_no_two_rooms_overlap_and_no_way_crosses_a_room(given_house):
    rows, ways, columns = given_house
    found = house(rows, ways, columns=columns)
    assert all(_apart(a, b) for a, b in combinations(found.rooms.values(), 2))
    for (source, target), way in zip(ways, found.ways, strict=True):
        for (x, y), room in ((way.points[0], found.rooms[source]), (way.points[-1], found.rooms[target])):
            assert room.x <= x <= room.right
            assert room.y <= y <= room.bottom
        for (x1, y1), (x2, y2) in pairwise(way.points):
            assert x1 == x2 or y1 == y2
            low_x, high_x, low_y, high_y = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            assert 0 <= low_x <= high_x <= found.width
            assert 0 <= low_y <= high_y <= found.height + 1e-6
            for room in found.rooms.values():
                assert high_x <= room.x or low_x >= room.right or high_y <= room.y or low_y >= room.bottom


def test_numbers_stand_apart_and_what_passes_much_stands_close_together():
    rows = [Row(("a", "b", "c"), 88.0), Row(("d", "e", "f"), 88.0), Row(("g",), 88.0, wide=True)]
    ways = [("a", "e"), ("a", "f"), ("b", "d"), ("c", "d"), ("d", "e"), ("f", "g"), ("g", "a"), ("c", "g")]
    pins = [way.pin for way in house(rows, ways, columns=3).ways]
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) >= LANE - 1 for a, b in combinations(pins, 2))
    order = arranged(["a", "b", "c", "d", "e", "f"], 3, {("a", "f"): 3.0, ("c", "d"): 1.0}, {})
    place = {room: divmod(number, 3) for number, room in enumerate(order)}
    assert abs(place["a"][0] - place["f"][0]) + abs(place["a"][1] - place["f"][1]) == 1
