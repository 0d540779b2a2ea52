from datetime import UTC, datetime, timedelta

import pytest

from marops.domains.workflows.asking import Ask, fitting_to
from marops.domains.workflows.charts.fits import FitBar, floors
from marops.domains.workflows.models import EventLog, LogDiscovery
from marops.domains.workflows.telling.drifts import drift_words
from marops.domains.workflows.tests.logground import bring, written
from marops.kernel.actors import SETUP
from marops.kernel.jobs import run_here
from marops.kernel.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def shop(seed, cases=80, slower=0):
    """Ann writes, Bob reads; from the middle on Bob takes `slower` hours more."""
    lines = ["case,activity,resource,start,end"]
    for number in range(cases):
        begun = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=36 * number + (seed * number) % 7)
        wrote = begun + timedelta(hours=1 + (number * seed) % 5 / 2)
        since = wrote + timedelta(hours=(number + seed) % 4)
        until = since + timedelta(hours=1 + (number % 3) / 2 + (slower if number >= cases / 2 else 0))
        for start, end, what, who in ((begun, wrote, "Write", "Ann"), (since, until, "Read", "Bob")):
            lines.append(f"{number},{what},{who},{start:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ}")
    return "\n".join(lines)


@pytest.fixture
def logs(tmp_path):
    first = bring(written(tmp_path, shop(1), "Shop.csv"), discover=True, zone="UTC")
    return first, bring(written(tmp_path, shop(3, slower=6), "Other.csv"), zone="UTC")


def test_a_log_is_chosen_asked_for_and_shown(logs, cast):
    source, other = logs
    client = cast.client("hanna")
    page = client.get("/workflows/shop/fit").content.decode()
    assert "Nobody has held this model against a log" in page
    assert f'value="{other.ref}"' in page
    assert f'value="{source.ref}"' not in page  # it has seen that one
    assert "/workflows/shop/fit" in client.get("/workflows/shop").content.decode()
    asked = client.post("/workflows/shop/fit", {"against": other.ref, "runs": 3})
    job = Job.objects.get(kind="workflow.fit")
    assert asked["Location"] == f"/workflows/shop/fit?job={job.ref}"
    assert "hx-get" in client.get(asked["Location"]).content.decode()
    assert client.get(f"/workflows/shop/fit/{job.ref}").status_code == 200
    assert run_here(job.id).state == Job.State.DONE
    done = client.get(f"/workflows/shop/fit/{job.ref}", headers={"HX-Request": "true"})
    job.refresh_from_db()
    assert done["HX-Redirect"] == f"/workflows/shop/fit?answer={job.result['kept']}"
    page = client.get(done["HX-Redirect"]).content.decode()
    assert "times the noise floor" in page
    assert "How long cases take" in page
    assert page.count("fit-floor") == 2  # for wide and for narrow screens
    assert f"/workflows/logs/{other.ref}" in page
    assert "The log changed around" in page
    assert "3 simulated logs" in page


def test_what_cannot_be_asked_is_told(logs, cast):
    _, other = logs
    client = cast.client("hanna")
    for given in ({"against": "EL-0", "runs": 3}, {"against": other.ref, "runs": 1}, {}):
        assert client.post("/workflows/shop/fit", given).status_code == 422
    assert client.get("/workflows/shop/fit/J-999999").status_code == 404
    assert not Job.objects.filter(kind="workflow.fit").exists()


def test_logs_of_other_work_are_not_offered(logs, tmp_path, cast):
    strange = bring(
        written(tmp_path, shop(1).replace("Write", "Cook").replace("Read", "Eat"), "Kitchen.csv"), zone="UTC"
    )
    assert f'value="{strange.ref}"' not in cast.client("hanna").get("/workflows/shop/fit").content.decode()


def test_the_answer_has_the_drift_of_both_logs(logs):
    source, other = logs
    found = fitting_to("shop", other, Ask(runs=2), actor=SETUP)
    assert {name: one["log"] for name, one in found["drift"].items()} == {"source": source.ref, "against": other.ref}
    assert (found["drift"]["source"]["compared"], found["drift"]["source"]["changed"]) == (True, False)
    changed = found["drift"]["against"]
    assert changed["changed"]
    assert "2026-02-20" <= changed["at"] <= "2026-03-20"  # half of 80 cases that come every 36 hours
    kinds = {(one["kind"], one["name"]): one for one in changed["changes"]}
    assert kinds["work", "Read"]["ratio"] > 3
    assert "Read took" in kinds["work", "Read"]["says"]
    assert LogDiscovery.objects.get(log=source).found["drift"] | {"log": source.ref} == found["drift"]["source"]


def test_the_page_of_a_log_says_whether_it_changed(tmp_path, cast):
    client = cast.client("hanna")
    for slower, said in ((0, "No drift was found"), (6, "The log changed around")):
        log = bring(written(tmp_path, shop(1, slower=slower), f"Shop {slower}.csv"), discover=True, zone="UTC")
        assert said in client.get(f"/workflows/logs/{log.ref}").content.decode()
        notes = LogDiscovery.objects.get(log=log).found["notes"]
        assert any(one.startswith("The log changed") for one in notes) == bool(slower)


def test_a_log_too_short_to_tell_says_so(tmp_path, cast):
    log = bring(written(tmp_path, shop(1, cases=4), "Short.csv"), discover=True, zone="UTC")
    assert "too short to tell" in cast.client("hanna").get(f"/workflows/logs/{log.ref}").content.decode()
    assert EventLog.objects.get(id=log.id).state == "ready"


def test_bars_end_within_the_picture_and_say_how_far():
    bars = [
        FitBar("How long cases take", 0.8, 0.6, 1.0),
        FitBar("Far", 40.0, 30.0, 50.0),
        FitBar("None", None, why="no"),
    ]
    assert [one.grade for one in bars[:2]] == ["near", "far"]
    assert FitBar("x", 1.7).grade == "close"
    for narrow in (False, True):
        told = str(floors(bars, ident="f", title="T", narrow=narrow))
        assert "How long cases take 0.8×; Far 40×; None –" in told
        assert f'width="{340 if narrow else 720}"' in told


def test_changes_in_words():
    change = {"kind": "waiting", "name": "Legal", "before": 10.0, "after": 14.0, "ratio": 1.4}
    found = {"compared": True, "changed": True, "span": "week", "at": "2026-03-01", "changes": [change]}
    words = drift_words(found)
    assert words.says == "The log changed around 1 March 2026: work waited 1.4× as long for “Legal”."
    assert words.lines == ("work waited 1.4× as long for “Legal” (10.0 h → 14.0 h)",)
    gone = {"kind": "activity", "name": "Fax", "before": 0.5, "after": 0.0, "ratio": 0.0}
    new = {"kind": "activity", "name": "Chat", "before": 0.0, "after": 0.5, "ratio": None}
    assert [one.split(" (")[0] for one in drift_words({**found, "changes": [gone, new]}).lines] == [
        "Fax is gone", "Chat is new",
    ]  # fmt: skip
    assert drift_words(None) is None
