"""Pages of workflows: nothing for axe to complain of, nothing wider than the screen, with answers and without."""

import pytest
from tests.browser.conftest import Visit, faults, faults_here, settle
from tests.cast import Cast

from marops.domains.workflows import actions
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.starter import template_crew, templates
from marops.domains.workflows.tests.answered import keep_answers, keep_decisions, keep_promises


@pytest.fixture
def drawn(cast: Cast) -> None:
    actor = cast.actor("hanna")
    actions.keep(actor=actor, kind="crew", slug="marketing", document=template_crew()[0])
    for slug in ("webinar", "lead-hand-over"):
        actions.keep(actor=actor, kind="workflow", slug=slug, document=templates()[slug].document)
    hire = {"title": "Hire: campaign manager", "changes": [{"change": "hire", "name": "x", "skills": {"planning": 1}}]}
    actions.keep(actor=actor, kind="scenario", slug="hire", document=hire)
    keep_answers(actor)


@pytest.mark.slow
def test_pages_of_workflows_are_accessible_and_fit(visit: Visit, drawn: None) -> None:
    page = visit("/healthz", as_="ada")
    paths = ["/workflows", "/workflows/templates", "/workflows/webinar", "/workflows/webinar?by=platform",
             "/workflows/webinar/because", "/workflows/lead-hand-over", "/workflows/webinar/what-if/hire"]  # fmt: skip
    assert not faults(page, paths)


@pytest.mark.slow
def test_pages_of_plans_and_open_work_are_accessible_and_fit(visit: Visit, cast: Cast, drawn: None) -> None:
    actor = cast.actor("hanna")
    EventLog.objects.create(number=70, title="Webinars", format="csv", actor_kind="system", actor_id="x")
    flow = {**templates()["webinar"].document, "source": {"log": "EL-70"}}
    actions.keep(actor=actor, kind="workflow", slug="webinar", document=flow)
    keep_promises(actor)
    page = visit("/healthz", as_="ada")
    asked_first = faults(page, ["/workflows/webinar/decisions", "/workflows/lead-hand-over/open"])
    keep_decisions(actor)
    paths = ["/workflows/webinar/decisions", "/workflows/webinar/open", "/workflows/webinar"]
    assert not asked_first
    assert not faults(page, paths)
    page.goto(page.url.replace("/workflows/webinar", "/workflows/webinar/decisions"))
    page.locator("#tried + *, summary", has_text="Show 3 changes").first.click()
    page.locator('input[name^="t:webinar/webinar:"]').first.fill("-2")
    page.click("text=Find the decisions")
    page.wait_for_selector("text=too small")
    assert not faults_here(page)


def test_a_step_of_the_map_opens_its_row(visit: Visit, drawn: None) -> None:
    page = visit("/workflows/webinar", as_="ada")
    page.locator("#map a.stepway", has_text="Legal review").first.click()
    settle(page)
    assert page.locator("#step-legal").is_visible()
    assert not faults_here(page)


def test_the_reasons_open_beside_the_page(visit: Visit, drawn: None) -> None:
    page = visit("/workflows/webinar", as_="ada")
    page.click("a:has-text('Because')")
    page.wait_for_selector("#drawer:has-text('The path that decides')")
    assert not faults_here(page)


def test_an_empty_list_teaches(visit: Visit) -> None:
    for width in (1440, 390):
        page = visit("/workflows", as_="ada", width=width)
        assert "No workflow is drawn yet" in page.inner_text("main")
        assert not faults_here(page)
