import numpy as np
import pytest

from marops.methods.fluid import Window, fluid

F = np.array


def test_one_skill_is_the_bottleneck_and_its_hour_has_a_price():
    # 10 items a month need 2 h of writing and 1 h of legal each; the writer has 100 h, legal 8 h.
    found = fluid(F([20.0, 10.0]), F([[1.0, 0.0], [0.0, 1.0]]), F([100.0, 8.0]))
    assert found.factor == pytest.approx(0.8)  # 8 of 10 items
    # One more legal hour: one more item, a tenth of the demand.
    assert found.of_work == pytest.approx([0.0, 0.1])
    assert found.of_person == pytest.approx([0.0, 0.1])
    assert found.used == pytest.approx([0.16, 1.0])


def test_somebody_with_two_skills_helps_where_it_is_tight():
    # The second can do both: together 18 hours for 20 hours of work a month.
    found = fluid(F([10.0, 10.0]), F([[1.0, 1.0], [0.0, 1.0]]), F([6.0, 12.0]))
    # Person 1 does only the first work (6 h); person 2 does 3 h of it and 9 of the other: 9 = 10 θ.
    assert found.factor == pytest.approx(0.9)
    assert found.of_person == pytest.approx([0.05, 0.05])


def test_speed_counts():
    found = fluid(F([10.0]), F([[2.0, 0.5]]), F([5.0, 10.0]))
    assert found.factor == pytest.approx(1.5)
    assert found.of_person == pytest.approx([0.2, 0.05])
    assert found.of_work == pytest.approx([0.1])


def test_work_only_on_tuesdays_is_bound_by_tuesdays():
    # Somebody with 160 h a month who reviews in 24 of them only, and has to review 30 h.
    found = fluid(F([30.0, 10.0]), F([[1.0], [1.0]]), F([160.0]), [Window((0,), (24.0,))])
    assert found.factor == pytest.approx(0.8)
    assert found.of_person == pytest.approx([0.0])
    assert found.of_work[0] == pytest.approx(1 / 30)
    assert found.of_work[1] == pytest.approx(0.0)


def test_nothing_to_do_and_nobody_to_do_it():
    assert fluid(F([0.0]), F([[0.0]]), F([1.0])).factor == np.inf
    with pytest.raises(ValueError, match="nobody can do work 1"):
        fluid(F([1.0, 1.0]), F([[1.0], [0.0]]), F([1.0]))


def test_somebody_without_hours_does_nothing():
    found = fluid(F([10.0]), F([[1.0, 1.0]]), F([0.0, 5.0]))
    assert found.factor == pytest.approx(0.5)
    assert found.used == pytest.approx([0.0, 1.0])
