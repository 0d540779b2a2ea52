from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from marops.domains.workflows.actions import keep
from marops.domains.workflows.answering.logged import apart, because
from marops.domains.workflows.asking import Ask, bottleneck, bottleneck_json, results_of
from marops.domains.workflows.evidence import changed_since, evidence_of
from marops.domains.workflows.models import LogDiscovery
from marops.domains.workflows.rules.answers import Estimate, Evidence, Row, StepEvidence, StepTimes
from marops.domains.workflows.tests.logground import bring, written
from marops.kernel.actors import SETUP
from marops.kernel.definitions import find

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = Ask(months=3, runs=3, seed=1, first=date(2026, 1, 5))


def shop(cases=60):
    """Ann writes for an hour; five hours after it is written Bob, who does nothing else, reads for half an hour."""
    lines = ["case,activity,resource,start,end"]
    for number in range(cases):
        begun = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=10 * number)
        spans = ((begun, begun + timedelta(hours=1)), (begun + timedelta(hours=6), begun + timedelta(hours=6.5)))
        for (since, until), what, who in zip(spans, ("Write", "Read"), ("Ann", "Bob"), strict=True):
            lines.append(f"{number},{what},{who},{since:%Y-%m-%dT%H:%M:%SZ},{until:%Y-%m-%dT%H:%M:%SZ}")
    return "\n".join(lines)


@pytest.fixture
def read_off(tmp_path):
    log = bring(written(tmp_path, shop(), "Shop.csv"), discover=True, zone="UTC")
    return LogDiscovery.objects.get(log=log)


def test_the_log_says_how_long_work_took_and_waited_and_why(read_off):
    found = evidence_of("shop", 1)
    assert (found.log, found.cases, found.events, found.estimated) == (read_off.log.ref, 60, 120, 0)
    assert (found.since, found.until) == (date(2026, 1, 5), date(2026, 1, 29))
    assert (found.waiting.value, found.main) == (5.0, "outside")
    assert found.waiting.low <= 5 <= found.waiting.high
    assert found.steps["read"].hours.value == 5.0
    assert sum(found.steps["read"].causes.values()) == pytest.approx(5.0)
    assert found.steps["write"].hours.value == 0.0
    read = found.steps["read"].times
    assert (read.worked, read.visits, read.origin) == (0.5, 1.0, "log")
    assert 4.5 < read.waited <= 5  # in hours of everybody's calendar
    assert (found.lead_p50.value, found.lead_p85.value) == (6.5, 6.5)
    assert found.efficiency.value == pytest.approx(1.5 / 6.5, abs=1e-4)
    left = 5.0 - found.causes["outside"].value  # a case is said to begin or end outside of somebody's hours
    assert found.without["outside"].value == pytest.approx(1.5 / (1.5 + left), abs=1e-3)
    assert left < 0.5


def test_the_bottleneck_rests_on_the_log(read_off):
    found = bottleneck("shop", QUICK, actor=SETUP)
    told = bottleneck_json(found)
    methods = {one["method"]: one for one in told["methods"]}
    assert [one["method"] for one in told["methods"]] == ["fluid", "waiting", "active", "sensitivity"]
    assert {one["origin"] for name, one in methods.items() if name != "waiting"} == {"simulated"}
    waiting = methods["waiting"]
    assert (waiting["origin"], waiting["log"], waiting["cases"]) == ("log", read_off.log.ref, 60)
    first = waiting["ranking"][0]
    assert (first["name"], first["value"]) == ("Read", 5.0)
    assert sum(first["by_cause"].values()) == pytest.approx(5.0)
    assert (told["constraint"]["kind"], told["constraint"]["name"]) == ("outside", "Read")
    assert told["waiting_in_log"]["causes"]["outside"]["value"] == first["by_cause"]["outside"] > 4.5
    assert told["because"][0].startswith(f"Measured in the log {read_off.log.ref}, 60 cases")
    assert told["asked"]["measured_in"] == read_off.log.ref
    measured = results_of("shop").measured
    assert (measured.origin, measured.runs) == ("log", 3)
    assert measured.steps["read"] == evidence_of("shop", 1).steps["read"].times
    assert bottleneck("shop", QUICK, actor=SETUP)["kept"] == found["kept"]


def test_the_page_names_the_log(read_off, cast):
    bottleneck("shop", QUICK, actor=SETUP)
    page = cast.client("hanna").get("/workflows/shop").content.decode()
    said = f"easured in the log {read_off.log.ref} (60 cases, Jan 2026–Jan 2026)"
    assert page.count(said) == 4  # under the answer, at the method, at the causes, at the lead times
    assert "5.0 h" in page or "5 h" in page


def test_what_is_only_for_people_may_change_and_what_work_does_may_not(read_off):
    document = dict(find("workflow/shop").document)
    named = [{**one, "name": f"{one['name']}!", "lane": "Somebody"} for one in document["steps"]]
    keep(actor=SETUP, kind="workflow", slug="shop", document={**document, "title": "Store", "steps": named}, reason="")
    assert evidence_of("shop", 2) is not None
    longer = [{**one, "effort": 3} if one["id"] == "read" else one for one in document["steps"]]
    keep(actor=SETUP, kind="workflow", slug="shop", document={**document, "steps": longer}, reason="")
    assert evidence_of("shop", 3) is None
    assert changed_since("shop", 3) == read_off.log.ref
    told = bottleneck_json(bottleneck("shop", QUICK, actor=SETUP))
    assert {one["origin"] for one in told["methods"]} == {"simulated"}
    assert told["waiting_in_log"] is None


def evidence(value, low, high):
    step = StepEvidence(StepTimes(1.0, value), Estimate(value, low, high), {"outside": value})
    whole, share = Estimate(value, low, high), Estimate(0.5, 0.4, 0.6)
    return Evidence("EL-1", 1, 9, None, None, whole, {"outside": whole}, {"read": step}, share, {"outside": share},
                    whole, whole)  # fmt: skip


@pytest.mark.parametrize(
    ("simulated", "says"),
    [
        ((300, 290, 310), ""),
        ((200, 190, 210), "200 (190–210) hours, in the log 300 (295–305)"),
        ((290, 289, 291), ""),  # beyond both intervals, but a matter of hours in weeks
    ],
)
def test_a_contradiction_is_said_where_it_matters(simulated, says):
    found = evidence(300.0, 295.0, 305.0)
    logged = [Row("Read", 300.0, 295.0, 305.0, "step", "shop/read")]
    said = apart((Row("Read", *simulated, "step", "shop/read"),), logged, found)
    assert says in said
    assert bool(said) == bool(says)


def test_starts_that_were_estimated_are_said():
    assert because(evidence(3.0, 2.0, 4.0))[0].startswith("Measured in the log EL-1, one case")
    assert "The start of 4 of 9" in because(replace(evidence(3.0, 2.0, 4.0), estimated=4))[-1]


def test_of_the_purchases_the_waiting_and_its_cause_are_found(shared_data, cast):
    log = bring(shared_data / "event_logs" / "PurchasingExample.csv.gz", discover=True)
    slug = LogDiscovery.objects.get(log=log).workflow
    told = bottleneck_json(bottleneck(slug, Ask(months=2, runs=2, first=date(2011, 2, 1)), actor=SETUP))
    # Of a case's six weeks 94 per cent are waiting, most of it until somebody looks at the request for quotation.
    assert told["waiting_in_log"]["efficiency"]["value"] == pytest.approx(0.06, abs=0.005)
    waiting = told["methods"][1]
    assert waiting["ranking"][0]["name"] == "Analyze Request for Quotation"
    assert waiting["ranking"][0]["value"] > 0.6 * told["waiting_in_log"]["waiting"]["value"]
    assert waiting["ranking"][0]["low"] > 5 * waiting["ranking"][1]["high"]
    assert max(told["waiting_in_log"]["causes"].items(), key=lambda one: one[1]["value"])[0] == "outside"
    page = cast.client("hanna").get(f"/workflows/{slug}").content.decode()
    assert f"easured in the log {log.ref} (608 cases, Jan 2011–Oct 2011)" in page
