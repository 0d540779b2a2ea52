import random
from datetime import UTC, datetime, timedelta

import pytest

from marops.domains.team.public import add_person
from marops.domains.workflows.actions import keep
from marops.domains.workflows.discovering import finding
from marops.domains.workflows.models import EventLog, LogDiscovery
from marops.domains.workflows.public import start_facts
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow, faults_together
from marops.domains.workflows.tests.logground import bring, written
from marops.kernel.actors import SETUP
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, FactInbox

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def campaigns(cases=200, seed=1):
    """Brief, then copy and design at the same time, then legal, which sends a quarter back to copy; publishing is done
    by a machine.
    """
    draw = random.Random(seed)
    rows = []
    for number in range(cases):
        at = MONDAY + timedelta(days=number // 2 + 2 * (number // 10), hours=2 * (number % 2))
        kind = "webinar" if number % 4 else "newsletter"

        def did(activity, who, hours, start, number=number, kind=kind):
            end = start + timedelta(hours=hours)
            rows.append((number, activity, who, kind, start, end, 50 * hours if who else 0))
            return end

        end = did("Brief", "Ann", draw.uniform(0.5, 1), at)
        while True:
            copy = did("Copy", draw.choice(("Bob", "Cleo")), draw.uniform(0.5, 1), end + timedelta(minutes=5))
            design = did("Design", "Dora", draw.uniform(0.5, 1), end + timedelta(minutes=draw.choice((2, 20))))
            end = did("Legal review", "Emil", 0.5, max(copy, design) + timedelta(minutes=10))
            if draw.random() > 0.25:
                break
        did("Publish", "", 0.1, end)
    lines = (
        f"{case},{what},{who},{kind},{start:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ},{cost:.2f}"
        for case, what, who, kind, start, end, cost in rows
    )
    return "case,activity,resource,class,start,end,cost\n" + "\n".join(lines) + "\n"


def documents(log):
    row = LogDiscovery.objects.get(log=log)
    return load(find(f"workflow/{row.workflow}")), load(find(f"crew/{row.crew}")), row


def test_a_log_becomes_a_workflow_and_a_crew_that_fit(tmp_path):
    log = bring(written(tmp_path, campaigns(), "Big campaigns.csv"), discover=True, zone="UTC")
    flow, crew, row = documents(log)
    assert (row.workflow, flow.crew, flow.title) == ("big-campaigns", "big-campaigns", "Big campaigns")
    assert faults_of_workflow(flow) == faults_together(flow, crew) == []
    steps = {one.name: one for one in flow.steps}
    assert {"Brief", "Copy", "Design", "Legal review", "Publish"} <= set(steps)
    assert {(way.source, way.target) for way in flow.ways} >= {("brief", "copy"), ("brief", "design")} or any(
        one.gate and one.split == "all" for one in flow.steps
    )
    assert steps["Legal review"].rework is not None
    assert 0.15 < steps["Legal review"].rework.probability < 0.35
    assert steps["Publish"].touch == "automatic"
    assert steps["Copy"].skill
    assert {one.name for one in crew.people} == {"Ann", "Bob", "Cleo", "Dora", "Emil"}
    assert {one.name for one in crew.people if steps["Copy"].skill in one.skills} == {"Bob", "Cleo"}
    assert all(45 < one.cost_per_hour < 55 for one in crew.people)
    assert {one.id for one in flow.classes} == {"webinar", "newsletter"}
    per_month = {one.id: one.arrivals.per_month for one in flow.classes}
    assert per_month["webinar"] == pytest.approx(3 * per_month["newsletter"], rel=0.1)


def test_every_value_says_where_it_comes_from_and_what_was_found_stays_readable(tmp_path):
    log = bring(written(tmp_path, campaigns(), "log.csv"), discover=True, zone="UTC")
    flow, crew, row = documents(log)
    assert {one.origin.get("effort") for one in flow.steps if not one.gate} == {"log"}
    assert {way.origin for way in flow.ways} == {"log"}
    assert all(one.arrivals.origin == "log" for one in flow.classes)
    assert all(one.origin["skills"] == "log" and one.origin["share"] == "assumed" for one in crew.people)
    assert (flow.source.log, flow.source.sha256, flow.source.cases) == (log.ref, log.sha256, 200)
    assert row.found["cases"] == 200
    assert set(row.found["waiting_hours_per_case"]) == {
        "batching", "contention", "prioritisation", "unavailability", "outside",
    }  # fmt: skip
    assert {one["step"] for one in row.found["steps"]} <= {one.id for one in flow.steps}


def test_people_are_assumed_where_the_log_names_nobody(tmp_path):
    lines = [line.split(",") for line in campaigns().splitlines()]
    text = "\n".join(",".join([*line[:2], *line[3:6]]) for line in lines)
    flow, crew, _ = documents(bring(written(tmp_path, text, "log.csv"), discover=True, zone="UTC"))
    (team,) = crew.people
    assert (team.name, team.origin["amount"]) == ("Team", "assumed")
    assert any("names nobody" in note for note in flow.notes)
    assert faults_together(flow, crew) == []


def test_time_that_nobody_explains_is_outside(tmp_path):
    lines = "".join(
        f"{n},{what},{MONDAY + timedelta(days=n // 3, hours=7 * at)}\n"
        for n in range(90)
        for at, what in enumerate(("Ask", "Answer", "Close"))
    )
    flow, _, _ = documents(bring(written(tmp_path, "case,activity,timestamp\n" + lines), discover=True))
    answer = next(one for one in flow.steps if one.name == "Answer")
    assert answer.outside.as_amount().mean == pytest.approx(7, rel=0.05)
    assert (answer.origin["outside"], answer.origin["effort"]) == ("assumed", "assumed")


def test_the_same_log_again_makes_no_new_version(tmp_path):
    path = written(tmp_path, campaigns(40), "log.csv")
    for _ in range(2):
        bring(path, discover=True, zone="UTC")
    assert {one.version for one in Definition.objects.filter(kind="crew")} == {1}


def test_what_people_drew_is_not_overwritten_unasked(tmp_path):
    hours = {"office": {"hours": {"mon": [["09:00", "17:00"]]}}}
    crew = {"title": "Ours", "calendar": "office", "calendars": hours, "people": []}
    keep(actor=SETUP, kind="crew", slug="log", document=crew)
    step = {"id": "a", "name": "A", "touch": "automatic"}
    work = {"id": "a", "name": "A", "arrivals": {"per_month": 1}}
    drawn = {"title": "Drawn", "crew": "log", "steps": [step], "classes": [work]}
    keep(actor=SETUP, kind="workflow", slug="log", document=drawn)
    log = bring(written(tmp_path, campaigns(40), "log.csv"), discover=True, zone="UTC")
    row = LogDiscovery.objects.get(log=log)
    assert (row.workflow, row.crew) == ("log-2", "log-2")
    assert load(find("workflow/log")).title == "Drawn"
    again = bring(written(tmp_path, campaigns(60), "log.csv"), discover=True, zone="UTC")
    row = LogDiscovery.objects.get(log=again)
    assert (row.workflow, row.version, row.crew) == ("log-2", 2, "log-2")


def test_a_map_that_nobody_could_read_is_refused_and_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(finding, "_MOST_STEPS", 4)
    with pytest.raises(MaropsError) as refusal:
        bring(written(tmp_path, campaigns(40), "log.csv"), discover=True, zone="UTC")
    assert refusal.value.code == "log-no-process"
    assert "A map can show 4" in refusal.value.detail
    assert EventLog.objects.get().state == "ready"
    assert not Definition.objects.filter(kind__in=["workflow", "crew"]).exists()


def test_what_was_done_here_becomes_a_workflow_for_each_class_with_one_crew(engine):
    ann = add_person(actor=SETUP, name="Ann Archer")
    FactInbox.objects.bulk_create(
        FactInbox(
            id=new_id(), kind="task.finished", occurred_at=end, recorded_at=end,
            actor_type="human" if who else "system",
            actor_id=str(ann.id) if who == "Ann" else who or "automation", case_id=f"c{case}", case_class=kind,
            activity=what, skill=what.lower().replace(" ", "_"), touch="human" if who else "automatic",
            platform="plankboard", enabled_at=start, started_at=start, ended_at=end, attempt=1, cost=cost,
        )
        for case, what, who, kind, start, end, cost in _rows(campaigns(80))
    )  # fmt: skip
    log, job = start_facts(actor=SETUP)
    run_here(job.id)
    flows = {one.slug: load(one) for one in active("workflow")}
    assert set(flows) == {"webinar", "newsletter"}
    assert all(isinstance(one, Workflow) and one.crew == "team" for one in flows.values())
    crew = load(find("crew/team"))
    assert isinstance(crew, Crew)
    assert [(one.name, one.person) for one in crew.people if one.person] == [("Ann Archer", ann.ref)]
    copy = next(one for one in flows["webinar"].steps if one.name == "Copy")
    assert (copy.skill, copy.platforms, copy.touch) == ("copy", ("plankboard",), "human")
    assert copy.skill in {skill for one in crew.people for skill in one.skills}
    assert LogDiscovery.objects.filter(log=log).count() == 2
    assert flows["webinar"].source.cases == 60


def _rows(text):
    for line in text.splitlines()[1:]:
        case, what, who, kind, start, end, cost = line.split(",")
        yield int(case), what, who, kind, datetime.fromisoformat(start), datetime.fromisoformat(end), float(cost)


def test_real_logs_become_workflows(shared_data):
    log = bring(shared_data / "event_logs" / "LoanApp_simplified_train.csv.gz", discover=True, zone="UTC")
    flow, crew, row = documents(log)
    assert sum(not one.gate for one in flow.steps) == 12
    assert len(crew.people) == 19
    assert flow.source.covered == 1
    assert {one.role for one in crew.people} >= {"Clerk", "AML Investigator"}
    log = bring(shared_data / "event_logs" / "PurchasingExample.csv.gz", discover=True)
    _, _, row = documents(log)
    waits = row.found["waiting_hours_per_case"]
    assert sum(waits.values()) > 10 * row.found["worked_hours_per_case"]
