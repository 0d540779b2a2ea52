from dataclasses import replace

import pytest

from marops.domains.workflows.desk import move
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.starter import templates
from marops.domains.workflows.tests.answered import BOTTLENECK, keep_answers
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.kernel.clock import now
from marops.kernel.models import Definition

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar(db):
    plant_webinar()


def test_an_empty_list_shows_what_a_workflow_looks_like(cast):
    page = cast.client("hanna").get("/workflows").content.decode()
    assert "No workflow is drawn yet" in page
    assert "<svg" in page
    assert "/workflows/templates" in page


def test_somebody_who_may_only_look_is_offered_nothing_to_do(cast):
    page = cast.client("hanna").get("/workflows/templates").content.decode()
    assert page.count("Begin with this") == len(templates())


def test_a_template_taken_over_holds_at_once_with_its_crew(cast):
    client = cast.client("hanna")
    answer = client.post("/workflows/templates/newsletter/begin")
    assert answer.status_code == 302
    assert answer["Location"] == "/workflows/newsletter"
    assert Definition.objects.get(kind="crew", slug="marketing").state == Definition.State.ACTIVE
    again = client.post("/workflows/templates/newsletter/begin")
    assert again["Location"] == "/workflows/newsletter-2"
    page = client.get("/workflows").content.decode()
    assert page.count('data-href="/workflows/newsletter') == 2
    assert "not asked yet" in page


@pytest.mark.parametrize("asked", ["", "?by=platform", "?view=graph", "?view=time", "?class=webinar", "?class=nothing"])
def test_a_workflow_is_told_without_any_results(cast, webinar, asked):
    page = cast.client("hanna").get(f"/workflows/webinar{asked}").content.decode()
    assert "As drawn, a typical webinar takes" in page
    assert "Legal review" in page
    assert "22 % come back to Abstract and title" in page
    assert page.count('<svg class="chart') >= 3
    assert 'id="step-legal"' in page


def test_a_workflow_is_told_with_all_that_was_answered(cast, webinar):
    keep_answers(cast.actor("hanna"))
    client = cast.client("hanna")
    page = client.get("/workflows/webinar").content.decode()
    assert "Legal holds back 3.1 webinars a month" in page
    assert "one more legal hour a day unlocks 0.6" in page
    assert "(0.4–0.8)" in page
    assert "30 h wait for 1.2 h of work" in page
    assert "stand 1.4 times the noise floor" in page
    assert "Cannot tell it from Copy." in page
    assert "85 % within" in page
    for said in (
        "<b>14.1</b>",
        "<b>22 days</b>",
        "<b>91 %</b>",
        "<b>EUR 1,410</b>",
        "cannot tell",
        "What would flip it.",
        "By workflow: most that can come in",
        '<th scope="row">Newsletter</th>',
        "<b>10.0</b>",
    ):
        assert said in page
    assert page.count('class="glow"') == 1
    other = client.get("/workflows/webinar?with=hire").content.decode()
    assert "Options compared" not in other
    assert "Options compared" in client.get("/workflows/webinar?with=hire&with=redesign").content.decode()
    rows = client.get("/workflows").content.decode()
    assert "Webinar is held back most: Legal costs it 3.1 a month" in rows
    assert "79 %" in rows


def test_where_nothing_is_lost_the_list_says_which_workflow_is_late_and_where_it_waits(cast, webinar):
    nothing = replace(BOTTLENECK, holds_back=Estimate(0, 0, 0), waits=Estimate(120, 110, 130))
    keep_answers(cast.actor("hanna"), bottleneck=nothing)
    rows = cast.client("hanna").get("/workflows").content.decode()
    assert "gets everything done that comes in; Webinar is late most often: 79 % on time" in rows
    assert "work waits 5.0 days" in rows


def test_the_map_is_a_file_of_its_own(cast, webinar):
    answer = cast.client("hanna").get("/workflows/webinar/map.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    text = answer.content.decode()
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "<a " not in text


def test_the_reasons_name_the_path(cast, webinar):
    page = cast.client("hanna").get("/workflows/webinar/because").content.decode()
    assert "The path that decides when it is done" in page
    assert "Win the speaker" in page
    assert "outside the team" in page


def test_workflows_are_found_by_their_steps(cast, webinar):
    page = cast.client("hanna").get("/search?q=rehearse").content.decode()
    assert "/workflows/webinar" in page


def test_an_unknown_workflow_is_not_found(cast):
    assert cast.client("hanna").get("/workflows/nothing").status_code == 404


def test_the_move_of_the_quarter_says_how_far_the_map_is(cast, webinar):
    actor = cast.actor("hanna")
    assert "One workflow is drawn: Webinar" in str(move(actor, now()).says)
    keep_answers(actor)
    state = move(actor, now())
    assert (state.tone, state.url) == ("good", "/workflows/webinar")
    assert "its bottleneck is known: Legal" in str(state.says)
    assert move(cast.actor("nils"), now()) is None
