from datetime import date

import pytest

from marops.domains.workflows.answering.bottleneck import bottleneck
from marops.domains.workflows.answering.outcomes import Setting
from marops.domains.workflows.answering.report import report
from marops.domains.workflows.answering.simulation import as_json
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known
from marops.domains.workflows.tests.flowground import STEPS, situation

SETTING = Setting(Frame(date(2027, 1, 4), 3, "Europe/Berlin", 1), 1, 3)
NO_WORK = [{**one, "effort": 0, "rework": None} for one in STEPS]
DONE_ALONE = [{"id": "a", "name": "A", "touch": "automatic", "effort": 0}]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "here",
    [situation(0.0), situation(5.0, steps=NO_WORK), situation(0.0, steps=NO_WORK), situation(5.0, steps=DONE_ALONE)],
    ids=["nothing comes in", "no effort", "neither", "nobody is needed"],
)
def test_where_nothing_is_to_be_done_nothing_is_divided_by_it(here):
    answer, _ = bottleneck(here, SETTING, target="newsletter", unit="newsletter")
    (fluid,) = [one for one in answer.methods if one.method == "fluid"]
    assert [one.value for one in fluid.rows] == [0] * len(fluid.rows)
    known = Known("newsletter", here, ("workflow/newsletter@1", "crew/marketing@1"))
    as_json(known, SETTING)
    changes = [{"change": "hire", "name": "Eve", "skills": {"legal": 1}, "cost_per_year": 1000}]
    report(known, {"hire": Scenario.model_validate({"title": "Hire", "changes": changes})}, SETTING, deep=True,
           tell=lambda _: None)  # fmt: skip
