import numpy as np
import pytest
from scipy import stats

from marops.domains.workflows.exchange.prosimos_amounts import hours_of, written
from marops.domains.workflows.exchange.tests.prosimos_text import law
from marops.domains.workflows.rules.amounts import Spread
from marops.methods.amounts import mean, quantiles

H = 3600


def read(name, *values):
    notes = []
    return hours_of(law(name, *values), notes.append), notes


def moments(value):
    drawn = quantiles(value.as_amount(), (np.arange(20_000) + 0.5) / 20_000)
    return drawn.mean(), drawn.std(), drawn.min(), drawn.max()


def kept(distribution, low, high):
    """Mean and spread of what a draw between the limits gives, from SciPy's own integral."""
    m = distribution.expect(lambda x: x, low, high, conditional=True)
    return m, distribution.expect(lambda x: (x - m) ** 2, low, high, conditional=True) ** 0.5


def test_parameters_stand_at_the_place_that_each_name_has():
    assert read("fix", 7200, 0, 1) == (2, [])
    assert read("uniform", H, 3 * H) == (Spread(kind="uniform", low=1, high=3), [])
    assert read("expon", H, 0, 100 * H) == (Spread(kind="exponential", mean=1), [])
    assert read("norm", 2 * H, H, H, 4 * H) == (Spread(kind="normal", mean=2, sd=1, low=1, high=4), [])


@pytest.mark.parametrize("name", ["lognorm", "gamma"])
def test_the_second_parameter_of_these_is_a_variance(name):
    found, notes = read(name, 2 * H, H**2, 0, 1000 * H)
    assert (found.kind, notes) == ("lognormal" if name == "lognorm" else "gamma", [])
    assert (found.mean, found.sd) == (2, 1)


def test_an_exponential_that_begins_later_is_moved_not_cut():
    found, _ = read("expon", 3 * H, H, 1e9)
    assert moments(found)[:3] == pytest.approx((3, 2, 1), rel=0.02)


@pytest.mark.parametrize(
    ("name", "given", "law_"),
    [
        ("lognorm", (4, 9), stats.lognorm(np.sqrt(np.log1p(9 / 16)), scale=4 / np.sqrt(1 + 9 / 16))),
        ("gamma", (4, 9), stats.gamma(16 / 9, scale=9 / 4)),
    ],
)
def test_limits_that_matter_are_drawn_again_not_clipped(name, given, law_):
    found, _ = read(name, given[0] * H, given[1] * H * H, 2 * H, 6 * H)
    expected = kept(law_, 2, 6)
    assert found.kind == "quantiles"
    assert moments(found)[:2] == pytest.approx(expected, rel=0.01)
    assert (min(found.values), max(found.values)) == pytest.approx((2, 6), rel=0.01)


def test_what_the_other_end_of_the_limits_is_worth():
    assert read("gamma", 4 * H, 0, 0, H)[0] == 4
    assert read("expon", 1 * H, 5 * H, 6 * H)[1] == [
        "“expon” was read as an older version wrote it: least value, mean above it, and limits."
    ]


def test_older_shapes_are_read_with_a_note():
    found, notes = read("norm", 600, 120)
    assert (found.mean, found.sd) == pytest.approx((1 / 6, 1 / 30))
    assert "Prosimos 2 refuses" in notes[0]
    found, notes = read("expon", 0.839, 1975.9, 0.839, 17247.354)
    assert mean(found.as_amount()) == pytest.approx(kept(stats.expon(0.839, 1975.9), 0.839, 17247.354)[0] / H, rel=0.01)
    assert "older version" in notes[0]
    found, notes = read("exponnorm", 4.58, 1031.5, 68.2, 783.0, 8370.0)
    assert mean(found.as_amount()) == pytest.approx(
        kept(stats.exponnorm(4.58, 1031.5, 68.2), 783, 8370)[0] / H, rel=0.01
    )
    assert "exponnorm" in notes[0]
    found, notes = read("triang", 0.5, 0, 2 * H)
    assert found == Spread(kind="triangular", low=0, mode=1, high=2)
    assert "cannot draw" in notes[0]
    assert hours_of({"distribution_name": "fix", "distribution_params": [7200]}, notes.append) == 2


def test_a_table_of_shares_becomes_quantiles():
    table = {"cdf": [0.0, 0.5, 1.0], "bin_midpoints": [H, 2 * H, 5 * H]}
    found = hours_of({"distribution_name": "histogram_sampling", "histogram_data": table}, print)
    assert (found.values[0], found.values[50], found.values[100]) == (1, 2, 5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (law("cauchy", 1, 2), "'cauchy' is not known"),
        (law("norm", 1), "only 1 parameters"),
        (law("norm"), "no number"),
        (law("fix", "much"), "no number"),
        (law("fix", float("inf")), "no number"),
        (law("fix", -5), "less than none"),
        (law("fix", 1e12), "more than 100,000"),
        ({}, "'' is not known"),
        (law("triang", 9, 1, 2), "no parameters that make a triangle"),
        ({"distribution_name": "histogram_sampling"}, "no table"),
    ],
)
def test_what_cannot_be_read_is_said(given, said):
    with pytest.raises(ValueError, match=said):
        hours_of(given, print)


@pytest.mark.parametrize(
    "value",
    [
        2.5,
        Spread(kind="exponential", mean=3),
        Spread(kind="uniform", low=1, high=2),
        Spread(kind="normal", mean=3, sd=1, low=0.5, high=9),
        Spread(kind="lognormal", mean=3, sd=2),
        Spread(kind="gamma", mean=3, sd=2),
    ],
)
def test_what_prosimos_knows_comes_back_the_same(value):
    notes = []
    assert hours_of(written(value, notes.append), notes.append) == value
    assert notes == []


@pytest.mark.parametrize(
    "value", [Spread(kind="triangular", low=1, mode=2, high=6), Spread(kind="quantiles", values=(1, 2, 3, 10))]
)
def test_what_it_does_not_know_keeps_its_mean_and_spread(value):
    notes = []
    found = hours_of(written(value, notes.append, " (“Draft”)"), notes.append)
    assert moments(found)[:2] == pytest.approx(moments(value)[:2], rel=0.06)
    assert "“Draft”" in notes[0]


def test_every_law_is_written_with_all_its_parameters():
    many = {
        name["distribution_name"]: len(name["distribution_params"])
        for name in (
            written(Spread(kind=kind, mean=3, sd=1, low=0 if kind == "uniform" else None, high=5), print)
            for kind in ("normal", "lognormal", "gamma", "exponential", "uniform")
        )
    }
    assert many == {"norm": 4, "lognorm": 4, "gamma": 4, "expon": 3, "uniform": 2}
