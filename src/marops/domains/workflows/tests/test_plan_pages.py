"""The page of a plan: asked for by a form, refused by the fields, told from what was kept, made into a scenario."""

import re

import pytest

from marops.domains.workflows.actions import keep
from marops.domains.workflows.asking import latest
from marops.domains.workflows.charts.plans import Gain, gains
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.papers.kept import brief_of
from marops.domains.workflows.rules.frames import months_on
from marops.domains.workflows.rules.targets import next_month
from marops.domains.workflows.starter import template_crew, templates
from marops.domains.workflows.tests.answered import keep_answers, keep_decisions
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, Job
from marops.kernel.workspace import today

pytestmark = pytest.mark.django_db
URL = "/workflows/webinar/decisions"


@pytest.fixture
def client(cast):
    actor = cast.actor("hanna")
    keep(actor=actor, kind="crew", slug="marketing", document=template_crew()[0])
    for slug in ("webinar", "newsletter"):
        keep(actor=actor, kind="workflow", slug=slug, document=templates()[slug].document)
    return cast.client("hanna")


def month(number):
    day = months_on(next_month(today()), number)
    return f"{day.year}-{day.month:02}"


def typed(**more):
    cell = f"t:webinar/webinar:{month(0)}"
    return {"first": month(0), "months": "1", cell: "2", **more}


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main", 1)[1]).split())


def test_the_form_begins_with_what_comes_in_today(client):
    answer = client.get(URL)
    assert answer.status_code == 200
    form = answer.context["form"]
    assert len(form.days) == 3
    rows = {row.name: row for row in answer.context["rows"]}
    first = next(iter(rows.values()))
    assert first.workflow == ""
    whole = sum(float(cell.initial) for cell in first.cells)
    assert abs(whole - 3 * first.today) <= 0.5
    assert all(cell.initial == "" for row in answer.context["rows"][1:] for cell in row.cells if row.workflow)
    assert "Which three decisions help your plan most?" in words(answer)


def test_other_months_keep_what_was_typed(client):
    answer = client.post(URL, typed(months="4", shape="1"))
    assert answer.status_code == 200
    form = answer.context["form"]
    assert len(form.days) == 4
    row = next(one for one in answer.context["rows"] if not one.workflow)
    assert [cell.initial for cell in row.cells] == ["2", "2", "2", "2"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "odd", [{"first": "soon", "months": "many"}, {"t:webinar/webinar:soon": "1"}, {"t:": "1"}, {"months": "9" * 30}]
)
def test_what_no_form_sends_breaks_nothing(client, odd):
    assert client.post(URL, typed(shape="1", **odd)).status_code == 200
    assert client.post(URL, typed(**odd)).status_code in (302, 422)


def test_more_months_of_what_comes_in_today_ask_for_what_comes_in_then(client):
    cells = next(one for one in client.get(URL).context["rows"] if not one.workflow).cells
    sent = {cell.html_name: cell.initial for cell in cells}
    answer = client.post(URL, {"first": month(0), "months": "12", "shape": "1", **sent})
    row = next(one for one in answer.context["rows"] if not one.workflow)
    assert abs(sum(float(cell.initial) for cell in row.cells) - 12 * row.today) <= 0.5


def test_a_plan_is_asked_for_told_and_made_a_scenario(client):
    answer = client.post(URL, typed())
    assert answer.status_code == 302, words(answer)
    job = Job.objects.get(kind="workflow.decide")
    waits = client.get(answer["Location"])
    assert f'id="job-{job.number}"' in waits.content.decode()
    assert [cell.initial for row in waits.context["rows"] for cell in row.cells if cell.initial] == ["2"]
    assert client.get(f"{URL}/asked/{job.ref}").status_code == 200
    job.arguments["runs"] = 20
    job.save()
    run_here(job.id)
    ended = client.get(f"{URL}/asked/{job.ref}", headers={"HX-Request": "true"})
    assert ended["HX-Redirect"] == URL
    kept = latest("webinar", WorkflowAnswer.Kind.DECISIONS)
    page = client.get(URL)
    assert page.status_code == 200
    said = words(page)
    now = f"{kept.answer['today']['value'] * 100:.0f} %"
    assert now in said or "out of reach" in said
    assert f"{len(kept.answer['tried'])} changes of one step tried" in said
    assert client.get(f"{URL}?answer={kept.id}").status_code == 200
    assert client.get(f"{URL}?answer=nonsense").status_code == 404

    one = kept.answer["tried"][0]
    made = client.post(f"{URL}/keep", {"answer": str(kept.id), "decision": one["key"]})
    assert made.status_code == 302
    row = Definition.objects.get(kind="scenario")
    assert row.document["title"] == one["title"]
    assert f"with={row.slug}" in made["Location"]
    assert Job.objects.get(kind="workflow.compare").arguments["scenarios"] == [row.slug]
    client.post(f"{URL}/keep", {"answer": str(kept.id), "decision": one["key"]})
    assert Definition.objects.filter(kind="scenario").count() == 1
    assert client.post(f"{URL}/keep", {"answer": str(kept.id), "decision": "none"}).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"t:webinar/webinar:0": "-1"}, "too small"),
        ({"t:webinar/webinar:0": "many"}, "number"),
        ({"t:webinar/webinar:0": ""}, "at least for one kind of work"),
        ({"t:webinar/webinar:0": "0"}, "at least for one kind of work"),
        ({"first": "2020-01", "t:webinar/webinar:0": "1"}, "under way or over"),
        ({"ahead_days": "-3"}, "too small"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, given, said):
    given = {name.replace(":0", f":{given.get('first') or month(0)}"): value for name, value in given.items()}
    answer = client.post(URL, typed(**given))
    assert answer.status_code == 422
    page = words(answer)
    assert said in page
    assert not Job.objects.exists()
    if "t:" in "".join(given) and said == "too small":
        assert f'name="t:webinar/webinar:{month(0)}" value="-1"' in answer.content.decode()
        assert 'aria-invalid="true"' in answer.content.decode()


def test_who_may_only_look_is_offered_no_scenario(client, cast):
    keep_decisions(cast.actor("hanna"))
    assert "Make a scenario" in words(client.get(URL))
    viewer = cast.client("selma")
    assert "Make a scenario" not in words(viewer.get(URL))
    assert viewer.post(f"{URL}/keep", {}).status_code == 403


@pytest.mark.parametrize(
    ("says", "now", "sentence"),
    [
        ("some", 0.6, "“Webinar: invite” raises it by 20 points (15–25)."),
        ("none", 0.6, "nothing that was tried raises it, as far as one can tell."),
        ("met-anyway", 1.0, "probability of 100 % (100–100) ; nothing has to be decided for it."),
        ("out-of-reach", 0.0, "it was met in none of 400 runs (0–0) ; no change of one step brings it about."),
        ("nothing-to-change", 0.6, "there is no step that could be changed."),
    ],
)
def test_every_answer_has_its_words(client, cast, says, now, sentence):
    keep_decisions(cast.actor("hanna"), says, now)
    page = words(client.get(URL)).replace(" )", ")")
    assert " ".join(sentence.split()) in page.replace(" .", ".")


def test_the_one_pager_proposes_the_best_decision(client, cast):
    keep_answers(cast.actor("hanna"))
    keep_decisions(cast.actor("hanna"))
    page = brief_of("webinar")
    assert page.proposal.kind == "decision"
    assert page.proposal.title == "Webinar: invite"
    assert "of 3 redesigns" in page.proposal.because
    assert "60 % as things are. The plan, by month: Webinar 2 + 1.5" in page.proposal.because
    keep_decisions(cast.actor("hanna"), "none", 0.6)
    assert brief_of("webinar").proposal.kind != "decision"


def test_a_picture_of_gains_says_in_words_what_it_shows():
    rows = [Gain("Half comes back", 12, 4, 20, told=True, best=True), Gain("Side by side", 1, -3, 5, told=False)]
    for narrow in (False, True):
        picture = gains(rows, ident="g", narrow=narrow)
        assert "Half comes back +12 (4–20); Side by side +1 (−3 to 5)" in picture
        assert picture.count("<circle") == 2
