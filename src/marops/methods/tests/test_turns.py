from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.turns import PIECE, Seat, deal


def seats(*weights, **others):
    return [Seat(str(number), weight=weight, **others) for number, weight in enumerate(weights)]


def farthest(takers, weights):
    """The largest distance of anybody from their share, after any number of pieces."""
    whole, had, most = sum(weights), [0] * len(weights), Fraction(0)
    for number, taker in enumerate(takers, 1):
        had[taker] += 1
        most = max(most, *(abs(Fraction(number * w, whole) - h) for w, h in zip(weights, had, strict=True)))
    return most


def test_R1_ten_thousand_by_one_two_three_is_never_off_by_one():
    takers = deal(seats(1, 2, 3), 10_000).takers()
    assert farthest(takers, [1, 2, 3]) < 1
    counts = Counter(takers)
    assert all(abs(counts[i] - Fraction(10_000 * (i + 1), 6)) < 1 for i in range(3))


@settings(max_examples=200, deadline=None)
@given(weights=st.lists(st.integers(1, 30), min_size=1, max_size=12), pieces=st.integers(0, 400))
def test_R1_nobody_is_ever_a_whole_piece_from_their_share(weights, pieces):
    takers = deal(seats(*weights), pieces).takers()
    assert len(takers) == pieces
    assert farthest(takers, weights) < 1


def test_R1_one_strong_seat_among_many_weak_ones():
    weights = [20, *([1] * 20)]
    assert farthest(deal(seats(*weights), 1_000).takers(), weights) < 1


@settings(max_examples=200, deadline=None)
@given(
    weights=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 60), min_size=1, max_size=8),
)
def test_R7_dealt_at_once_or_in_batches_is_the_same(weights, cuts):
    whole = deal(seats(*weights), sum(cuts))
    here, turn, takers = seats(*weights), 0, []
    for cut in cuts:
        part = deal(here, cut, turn=turn)
        here, turn = part.seats, turn + part.dealt
        takers += part.takers()
    counts, parts = Counter(whole.takers()), Counter(takers)
    assert all(abs(counts[i] - parts[i]) <= 1 for i in range(len(weights)))
    assert farthest(takers, weights) <= 1 + Fraction(len(cuts), PIECE)


def test_R7_equal_weights_are_a_round_of_those_who_waited_longest():
    found = [Seat("a", last=9), Seat("b", last=3), Seat("c", last=5)]
    assert deal(found, 6, turn=9).takers() == [1, 2, 0, 1, 2, 0]


@settings(max_examples=200, deadline=None)
@given(
    weights=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    rooms=st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=6, max_size=6),
    pieces=st.integers(0, 300),
)
def test_nobody_takes_more_than_they_have_room_for(weights, rooms, pieces):
    given_ = [Seat(str(i), weight=w, room=rooms[i]) for i, w in enumerate(weights)]
    found = deal(given_, pieces)
    counts = Counter(found.takers())
    assert all(seat.room is None or counts[i] <= seat.room for i, seat in enumerate(given_))
    spare = None if any(s.room is None for s in given_) else sum(s.room for s in given_)
    assert found.dealt == (pieces if spare is None else min(pieces, spare))
    assert list(found.taken) == [counts[i] for i in range(len(weights))]


def test_a_higher_tier_takes_only_what_the_lower_has_no_room_for():
    found = deal([Seat("works", room=2), Seat("off", tier=1)], 5)
    assert found.takers() == [0, 0, 1, 1, 1]


def test_who_was_away_does_not_catch_up():
    both = deal(seats(1, 1), 10)
    alone = deal([both.seats[0]], 100, turn=10)
    back = deal([alone.seats[0], both.seats[1]], 10, turn=110)
    assert Counter(back.takers()) == {0: 5, 1: 5}


def test_a_million_turns_take_no_time():
    found = deal(seats(1, 2, 3), 1_000_000)
    assert list(found.taken) == [166_667, 333_333, 500_000]
    assert sum(len(pattern) for pattern, _ in found.patterns) < 50
    assert [seat.last for seat in found.seats] == [
        max(n for n, taker in enumerate(found.takers(), 1) if taker == i) for i in range(3)
    ]
