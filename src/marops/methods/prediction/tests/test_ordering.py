import numpy as np
import pytest

from marops.methods.prediction.ordering import order_of
from marops.methods.prediction.reading import column_of
from marops.methods.prediction.tests.made import as_table


def ordered(named=None, **columns):
    table = as_table({name: np.array(values, dtype=object) for name, values in columns.items()})
    return order_of({name: column_of(table, name) for name in table.column_names}, table.num_rows, named)


def days(first, count, step=1):
    return [str(np.datetime64(first) + step * at) for at in range(count)]


def test_a_named_column_orders_the_rows_and_rows_without_it_come_first():
    found = ordered("when", when=["3", "", "1", "2"], id=["1", "2", "3", "4"])
    assert found.rows.tolist() == [1, 2, 3, 0]
    assert (found.by, found.column) == ("number", "when")
    assert "as you said" in found.says


def test_a_date_comes_before_a_rising_id_and_is_found_by_its_values():
    made = days("2026-01-01", 30)
    found = ordered(id=[str(one) for one in range(30)], x=made[::-1])
    assert (found.by, found.column) == ("date", "x")
    assert found.rows.tolist() == list(range(29, -1, -1))


def test_of_several_dates_it_is_the_one_that_goes_with_the_file_else_the_earlier_but_no_birthday():
    rng = np.random.default_rng(1)
    born = [str(np.datetime64("1960-01-01") + int(one)) for one in rng.integers(0, 15_000, 40)]
    mixed = rng.permutation(40)
    came = np.array(days("2026-01-01", 40))[mixed]
    closed = np.array(days("2026-02-01", 40))[rng.permutation(40)]
    assert ordered(born=born, closed=closed, came=came).column == "came"
    assert ordered(born=born, closed=closed, came=np.sort(came)).column == "came"
    assert ordered(born=born, early=came, later=np.sort(closed)).column == "later"


def test_a_column_of_numbers_that_rise_is_an_order_also_from_the_newest():
    noise = list(np.random.default_rng(2).integers(0, 9, 50))
    found = ordered(noise=noise, lead=[str(900 - 3 * at) for at in range(50)])
    assert (found.by, found.column) == ("rising id", "lead")
    assert found.rows.tolist() == list(range(49, -1, -1))


def test_one_swapped_pair_does_not_hide_a_rising_id():
    numbers = list(range(100, 200))
    numbers[10], numbers[11] = numbers[11], numbers[10]
    assert ordered(lead=numbers).column == "lead"


def test_else_it_is_the_order_of_the_file():
    rng = np.random.default_rng(3)
    phones = [str(one) for one in rng.integers(10**9, 10**10, 50)]
    found = ordered(place=list(rng.choice(["a", "b"], 50)), phone=phones)
    assert (found.by, found.column) == ("file order", None)
    assert found.rows.tolist() == list(range(50))


@pytest.mark.parametrize(
    ("texts", "rows"),
    [
        (["14.03.2026", "13.02.2026", "01.12.2025"], [2, 1, 0]),
        (["3/14/2026", "2/13/2026", "12/1/2025"], [2, 1, 0]),
        (["14/03/2026 10:00", "14/03/2026 09:30", "01/12/2025 23:00"], [2, 1, 0]),
        (["2026-03-14T10:00:00Z", "2026-03-14 09:59", "2026-03-13T23:00:00.5+01:00"], [2, 1, 0]),
    ],
)
def test_dates_are_read_as_people_write_them(texts, rows):
    found = ordered("when", when=texts)
    assert found.by == "date"
    assert found.rows.tolist() == rows
