import pytest

from marops.sample.models import SampleCompany
from marops.sample.tests.ground import load, plant
from marops.sample.tests.measures import MEASURES
from marops.sample.truths import TRUTHS, truth


def test_every_figure_of_every_truth_is_measured():
    assert set(MEASURES) == {(one.id, figure.what) for one in TRUTHS for figure in one.figures}
    assert len({one.id for one in TRUTHS}) == len(TRUTHS)
    with pytest.raises(StopIteration):
        truth("nothing-of-the-kind")


def test_the_truths_are_in_the_data_and_nowhere_else(engine):
    plant()
    load()
    today = f"TIMESTAMPTZ '{SampleCompany.objects.get().day}'"
    faults = []
    for (name, what), sql in MEASURES.items():
        one, figure = truth(name), truth(name).figure(what)
        found = {row["who"]: float(row["found"]) for row in engine.query.rows(sql.replace("now_", today))}
        culprit = found.pop(one.culprit)
        if not figure.holds(culprit):
            faults.append(f"{name}: {what} of {one.culprit} is {culprit}, not {figure.value} ± {figure.give}")
        faults += [
            f"{name}: {what} of {who} is {value} too" for who, value in found.items() if not figure.spares(value)
        ]
    assert not faults, "\n".join(faults)
