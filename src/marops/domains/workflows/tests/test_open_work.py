"""Open work from facts to the page: what is in progress, what was kept of it, what has happened since."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.pages.open_work import SHOWN
from marops.domains.workflows.promised import to_do_first
from marops.domains.workflows.public import start_facts
from marops.domains.workflows.tests.flowground import day, done
from marops.domains.workflows.tests.logground import bring, written
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, FactInbox, Job

pytestmark = pytest.mark.django_db
STEPS = ("Brief", "Copy", "Build", "Send")


@pytest.fixture
def letters(engine):
    """A letter every five days for a year, each done in sixteen days; four of them are on their way."""
    rows = [
        done(f"letter-{number}", what, day(420 - 5 * number) + timedelta(days=5 * at))
        for number in range(70)
        for at, what in enumerate(STEPS)
    ]
    rows += [done("overdue", "Brief", day(50)), done("new", "Brief", day(1))]
    rows += [done("midway", what, day(7) + timedelta(days=5 * at)) for at, what in enumerate(STEPS[:2])]
    rows += [done("forgotten", "Brief", day(90))]
    FactInbox.objects.bulk_create(rows)
    _log, job = start_facts(actor=SETUP)
    run_here(job.id)
    assert Definition.objects.get(kind="workflow").slug == "letter"


@pytest.fixture
def client(cast):
    return cast.client("hanna")


def reckon(client):
    answer = client.post("/workflows/letter/open")
    assert answer.status_code == 302
    job = Job.objects.get(kind="workflow.promises", state="waiting")
    assert f"job={job.ref}" in answer["Location"]
    assert f'id="job-{job.number}"' in client.get(answer["Location"]).content.decode()
    run_here(job.id)
    ended = client.get(f"/workflows/letter/open/asked/{job.ref}", headers={"HX-Request": "true"})
    assert ended["HX-Redirect"] == "/workflows/letter/open"
    return job


def words(answer):
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1]).split())


def test_open_work_is_reckoned_shown_and_compared_with_now(client, letters):
    before = words(client.get("/workflows/letter/open"))
    assert "3 letters are open; their dates are not reckoned yet" in before
    assert "overdue" in before
    assert "forgotten" not in before
    assert "Nobody has reckoned yet" in words(client.get("/workflows/letter"))

    reckon(client)
    kept = WorkflowAnswer.objects.get(kind="promises")
    rows = {one["case"]: one for one in kept.answer["open"]}
    # Nobody has touched one of them for ninety days.
    assert set(rows) == {"overdue", "new", "midway"}
    assert rows["midway"]["waits_for"] == ["Build"]
    assert all(datetime.fromisoformat(one["p50"]) >= datetime.fromisoformat(kept.answer["at"]) for one in rows.values())
    assert all(0 <= one["on_time"]["low"] <= one["on_time"]["high"] <= 1 for one in rows.values())
    assert rows["overdue"]["on_time"]["value"] == 0 < rows["overdue"]["on_time"]["high"]
    assert "overdue" not in kept.answer["first"]

    page = words(client.get("/workflows/letter/open"))
    assert "3 letters are open; 1 is past its date" in page
    assert page.index("overdue") < page.index("midway")
    assert "since" not in page.split("What this rests on")[0].split("Every open piece")[0]
    section = words(client.get("/workflows/letter"))
    assert "1 is past its date" in section
    assert "All open work" in section

    # Asked again within the hour with nothing done since, it is the same answer.
    reckon(client)
    answers = WorkflowAnswer.objects.filter(kind="promises").order_by("at")
    assert len({one.answer["at"][:13] for one in answers}) == len(answers)

    at = now() - timedelta(minutes=1)
    more = [done("midway", "Build", at - timedelta(hours=1), 1), done("third", "Brief", at, 0.01)]
    FactInbox.objects.bulk_create([*more, done("overdue", "Send", at, 0.01)])
    later = words(client.get("/workflows/letter/open"))
    assert "Something was done of 2 pieces since" in later
    assert "1 was finished since" in later
    assert "not reckoned yet" in later
    reckon(client)
    newest = WorkflowAnswer.objects.filter(kind="promises").order_by("-at").first()
    assert {one["case"] for one in newest.answer["open"]} == {"new", "midway", "third"}


def test_open_work_by_rest_and_of_a_log(client, tmp_path):
    lines = ["case,activity,start,end,resource"]
    zero = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for number in range(60):
        for at, what in enumerate(STEPS[: 2 if number > 57 else 4]):
            start = zero + timedelta(days=number + at)
            lines.append(f"c{number},{what},{start.isoformat()},{(start + timedelta(hours=2)).isoformat()},Ann")
    bring(written(tmp_path, "\n".join(lines) + "\n", "letters.csv"), discover=True)
    slug = Definition.objects.get(kind="workflow").slug
    url = f"/api/v1/workflows/{slug}/promises"
    assert client.get(url).status_code == 404
    job = client.post(url, {"replications": 40}, content_type="application/json").json()["job"]
    run_here(Job.objects.get(number=int(job.removeprefix("J-"))).id)
    found = client.get(url).json()
    # A log ends where it ends: that is the moment that is looked from.
    assert found["at"].startswith("2026-05-01")
    assert {"c58", "c59"} <= {one["case"] for one in found["open"]}
    page = words(client.get(f"/workflows/{slug}/open"))
    assert "c58" in page


def test_what_is_done_first_is_in_danger_and_not_lost():
    def row(case, chance):
        return {"case": case, "on_time": None if chance is None else {"value": chance}}

    rows = [row("lost", 0.0), row("safe", 0.99), row("b", 0.6), row("a", 0.3), row("none", None)]
    assert to_do_first(rows) == ["a", "b"]
    assert len(to_do_first([row(str(n), 0.5) for n in range(20)])) == 5
    assert SHOWN < 5
