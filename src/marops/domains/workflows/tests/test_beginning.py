"""With what a simulated time begins: the work in progress where it is known, else run in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from marops.domains.workflows.actions import keep
from marops.domains.workflows.answering.bottleneck import bottleneck
from marops.domains.workflows.answering.comparing import Choice, compare
from marops.domains.workflows.answering.outcomes import Setting, outcome
from marops.domains.workflows.answering.promising import OpenItem, starting_with
from marops.domains.workflows.asking import Ask, comparison, simulation
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.promised import open_before
from marops.domains.workflows.public import start_facts
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import known
from marops.domains.workflows.tests.flowground import day, done, one_step
from marops.domains.workflows.tests.logground import bring, written
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.errors import MaropsError
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, FactInbox
from marops.kernel.workspace import today

FIRST = date(2027, 1, 4)
TWO = {
    "steps": [
        {"id": "ready", "name": "Ready", "skill": "work", "effort": 1},
        {"id": "work", "name": "Work", "skill": "work", "effort": 10},
    ]
}


def waiting(count, back=10):
    """Pieces whose first step is done, all of them so many days ago."""
    since = datetime(2027, 1, 4, tzinfo=UTC) - timedelta(days=back)
    return [OpenItem(f"p{n}", "piece", "piece", since, (("ready", since),)) for n in range(count)]


def setting(items, **frame):
    return Setting(Frame(FIRST, 2, "UTC", **frame), 1, 5, tokens=starting_with(items), begins="Begins.")


def test_what_is_open_is_done_first_and_nothing_else_was_there():
    # Nobody asks for anything new: ten hours each, one after the other, day and night.
    found = outcome(one_step(0, **TWO), setting(waiting(30)), target="piece")
    assert (found.finished[:, 0] == 30).all()
    cases = found.runs.cases
    first = cases.finished[cases.replication == 0]
    assert np.sort(first) == pytest.approx(10.0 * np.arange(1, 31))
    assert cases.hours[cases.replication == 0].min() == pytest.approx(240 + 10)


def test_what_was_open_before_the_first_day_is_worked_on_until_then():
    # From eight days before on: 19 of them are done by the first morning.
    found = outcome(one_step(0, **TWO), setting(waiting(30), since=FIRST - timedelta(days=8)), target="piece")
    assert (found.finished.sum(axis=1) == 30 - 19).all()


def test_a_scenario_begins_with_the_same_work_and_changes_what_comes_later():
    # The first step falls away: what is open then goes the ways it knew.
    gone = Scenario.model_validate({"title": "Less", "changes": [{"change": "remove", "step": "work", "start": 0}]})
    fast = Scenario.model_validate(
        {"title": "Fast", "changes": [{"change": "hire", "name": "B", "skills": {"work": 1}}]}
    )
    choices = [Choice("less", gone), Choice("fast", fast)]
    found = compare(one_step(10, **TWO), choices, setting(waiting(8)), target="piece")
    ours = [one.runs.cases.case < 0 for one in (found.baseline, *(one for _, one in found.options))]
    assert [int(one.sum()) for one in ours] == [8 * 5] * 3
    ends = [
        one.runs.cases.finished[mine].max()
        for one, mine in zip((found.baseline, *(one for _, one in found.options)), ours, strict=True)
    ]
    assert ends[2] < ends[0]


def test_an_answer_says_with_what_it_begins():
    situation = one_step(40, people=[{"id": "a", "name": "A", "calendar": "office"}], effort=8)
    known_, _ = bottleneck(situation, replace(setting([]), begins="Begins with it."), target="piece", unit="piece")
    assert "Begins with it." in known_.because
    run_in, today_ = bottleneck(
        situation, Setting(Frame(FIRST, 2, "UTC", warm_up=6), 1, 5), target="piece", unit="piece"
    )
    # 40 come in, 21.7 are done: half a year of 18 a month has piled up.
    (said,) = [one for one in run_in.because if "wait at the start" in one]
    assert 90 < today_.in_work[:, 0].mean() < 150
    assert said == (
        f"About {today_.in_work[:, 0].mean():.0f} pieces wait at the start: 6 months of more coming in than gets done;"
        " say how many are really open."
    )
    little = one_step(10, people=[{"id": "a", "name": "A", "calendar": "office"}], effort=8)
    calm, _ = bottleneck(little, Setting(Frame(FIRST, 2, "UTC", warm_up=6), 1, 5), target="piece", unit="piece")
    assert not any("wait at the start" in one for one in calm.because)
    assert any(one.startswith("Run in for 6 months") for one in calm.because)


@pytest.fixture
def letters(engine):
    """A letter every five days for a year, done in six days; two are on their way."""
    steps = ("Brief", "Copy", "Send")
    rows = [
        done(f"letter-{number}", what, day(420 - 5 * number) + timedelta(days=2 * at))
        for number in range(70)
        for at, what in enumerate(steps)
    ]
    rows += [done("new", "Brief", day(2)), done("older", "Brief", day(4))]
    FactInbox.objects.bulk_create(rows)
    _log, job = start_facts(actor=SETUP)
    run_here(job.id)


SHORT = Ask(months=2, runs=5)


@pytest.mark.django_db
def test_facts_say_what_a_time_begins_with_and_an_answer_depends_on_it(letters):
    here = known("letter")
    assert {one.key for one in open_before(here, today()).items} == {"new", "older"}
    assert open_before(here, today() + timedelta(days=32)) is None
    # Looked at from three days ago, one had not been begun.
    assert {one.key for one in open_before(here, today() - timedelta(days=3)).items} == {"older"}
    found = simulation("letter", SHORT, actor=SETUP)
    assert found["asked"]["begins_with"]["items"] == 2
    assert found["asked"]["warm_up"] == 0
    assert found["begins"][0].startswith("Begins with 2 pieces of work")
    run_in = simulation("letter", replace(SHORT, warm_up=3), actor=SETUP)
    assert "begins_with" not in run_in["asked"]
    scenario = {"one": Scenario.model_validate({"title": "Nothing", "changes": []})}
    first = comparison("letter", scenario, SHORT, actor=SETUP, deep=False)
    assert any(one.startswith("Begins with 2 pieces") for one in first["answer"]["assumptions"])
    assert comparison("letter", scenario, SHORT, actor=SETUP, deep=False)["kept"] == first["kept"]
    FactInbox.objects.bulk_create([done("older", "Copy", day(1), 1)])
    again = comparison("letter", scenario, SHORT, actor=SETUP, deep=False)
    assert again["kept"] != first["kept"]
    assert WorkflowAnswer.objects.filter(workflow="letter", kind="comparison").count() == 2


@pytest.mark.django_db
def test_a_log_says_it_for_a_month_after_its_end(engine, tmp_path):
    lines = ["case,activity,start,end,resource"]
    zero = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for number in range(60):
        for at, what in enumerate(("Brief", "Copy", "Send")[: 1 if number > 57 else 3]):
            start = zero + timedelta(days=number + at)
            lines.append(f"c{number},{what},{start.isoformat()},{(start + timedelta(hours=2)).isoformat()},Ann")
    bring(written(tmp_path, "\n".join(lines) + "\n", "letters.csv"), discover=True)
    here = known(Definition.objects.get(kind="workflow").slug)
    last = (zero + timedelta(days=59)).date()
    assert {one.key for one in open_before(here, last + timedelta(days=31)).items} == {"c58", "c59"}
    assert open_before(here, last + timedelta(days=32)) is None
    assert open_before(here, last - timedelta(days=1)) is None
    found = simulation(here.slug, replace(SHORT, first=last + timedelta(days=10)), actor=SETUP)
    assert found["asked"]["begins_with"]["day"] == last.isoformat()


def plant(situation):
    crew, flow = situation.crew, situation.workflows["piece"]
    plain = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in (crew, flow)]
    plant_starters(actor=SETUP, starters=[Starter("crew", "crew", plain[0], "test")])
    keep(actor=SETUP, kind="workflow", slug="piece", document=plain[1])


@pytest.mark.django_db
def test_a_step_nobody_is_there_for_is_refused_at_that_step(db):
    later = [{"id": "a", "name": "A", "starts": "2030-01-01"}]
    plant(one_step(10, people=later))
    with pytest.raises(MaropsError) as caught:
        simulation("piece", replace(SHORT, first=FIRST), actor=SETUP)
    (fault,) = caught.value.errors
    assert fault.pointer == "/steps/0/skill"
    assert fault.message == "Nobody who could do “Work” is there between 04 January 2027 and 04 March 2027."
    assert simulation("piece", replace(SHORT, first=date(2030, 1, 1)), actor=SETUP)["begins"]


@pytest.mark.django_db
def test_a_step_that_is_open_only_when_nobody_is_there_is_refused(db):
    plant(one_step(10, people=[{"id": "a", "name": "A", "calendar": "office"}], step={"opens": "sundays"}))
    with pytest.raises(MaropsError) as caught:
        simulation("piece", replace(SHORT, first=FIRST), actor=SETUP)
    (fault,) = caught.value.errors
    assert fault.pointer == "/steps/0/opens"
    assert "is never open while somebody who could do it is there" in fault.message
