"""The one-pagers as pages of the site, as files, and as frozen copies for outsiders."""

import re

import pytest

from marops.domains.workflows.actions import keep as definition
from marops.domains.workflows.actions import keep_answer
from marops.domains.workflows.asking import kept_answer
from marops.domains.workflows.papers import kept
from marops.domains.workflows.rules.answers import as_plain
from marops.domains.workflows.tests.flowground import crew, workflow
from marops.domains.workflows.tests.test_papers import SCENARIOS, found, report_of, text_of
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters

pytestmark = pytest.mark.django_db
PLAIN = {"mode": "json", "by_alias": True, "exclude_none": True}


@pytest.fixture
def newsletter(db):
    starters = [
        Starter("crew", "marketing", crew().model_dump(**PLAIN), "test"),
        Starter("workflow", "newsletter", workflow(14.0, unit="newsletter").model_dump(**PLAIN), "test"),
        Starter("scenario", "manager", SCENARIOS["manager"], "test"),
    ]
    plant_starters(actor=SETUP, starters=starters)


def keep(kind, answer, asked):
    return keep_answer(
        actor=SETUP, workflow="newsletter", kind=kind, digest="0" * 64, asked=asked, answer=answer, seconds=1.0,
        sample=False,
    )  # fmt: skip


def with_bottleneck():
    answer, how = found()
    asked = {"months": 14, "runs": 8, "seed": 1, "first": "2026-11-22", "versions": ["workflow/newsletter@1"]}
    keep("bottleneck", {"answer": as_plain(answer), "measured": {**as_plain(how), "version": 1}}, asked)


def with_comparison():
    answer, asked = report_of("manager", "architect")
    return keep("comparison", answer, {**asked, "versions": ["workflow/newsletter@1", "crew/marketing@1"]})


def test_before_anybody_asked_the_page_says_how_to(cast, newsletter):
    client = cast.client("hanna")
    page = client.get("/workflows/newsletter/brief").content.decode()
    assert "Nobody asked yet where work is held back" in page
    assert '/workflows/newsletter/bottleneck"' in page
    assert "As drawn, a typical newsletter takes" in page
    refused = client.get("/workflows/newsletter/brief.pdf")
    assert refused.status_code == 409
    assert "Nobody asked yet what holds “Newsletter” back" in refused.content.decode()
    empty = client.get("/workflows/newsletter/comparison").content.decode()
    assert "No scenarios were compared yet" in empty
    assert client.get("/workflows/newsletter/comparison.pdf").status_code == 409


def test_the_workflow_page_says_the_same_on_the_site_and_on_paper(cast, newsletter):
    with_bottleneck()
    client = cast.client("hanna")
    page = client.get("/workflows/newsletter/brief").content.decode()
    assert "Legal holds back" in page
    assert "/workflows/newsletter/brief.pdf" in page
    assert "What must be true" in page
    assert "How we would know" in page
    assert "If we wait" in page
    assert page.count('class="chart') >= 6
    answer = client.get("/workflows/newsletter/brief.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert 'filename="newsletter-workflow-page.pdf"' in answer["Content-Disposition"]
    pages, text = text_of(answer.content)
    assert pages == 1
    assert "Legalholdsback" in text
    assert kept.brief_pdf("newsletter") == answer.content


def test_a_newer_version_is_told_beside_the_answer(cast, newsletter):
    with_bottleneck()
    document = workflow(14.0, unit="newsletter", title="Another title").model_dump(**PLAIN)
    definition(actor=cast.actor("ada"), kind="workflow", slug="newsletter", document=document, reason="new")
    page = cast.client("hanna").get("/workflows/newsletter/brief").content.decode()
    assert "Version 2 is newer than this answer" in page
    assert "<b>Newsletter</b>" in page


def test_the_comparison_links_what_may_be_changed(cast, newsletter):
    row = with_comparison()
    client = cast.client("hanna")
    page = client.get("/workflows/newsletter/comparison").content.decode()
    assert "Campaign manager or Workflow Architect?" in page
    assert "/definitions/scenario/manager/1" in page
    assert "/definitions/scenario/architect" not in page
    same = client.get(f"/workflows/newsletter/comparison?answer={row.id}")
    assert f"comparison.pdf?answer={row.id}" in same.content.decode()
    content = client.get(f"/workflows/newsletter/comparison.pdf?answer={row.id}").content
    pages, text = text_of(content)
    assert pages == 1
    assert "CampaignmanagerorWorkflowArchitect?" in text
    assert kept.comparison_pdf("newsletter") == content
    assert text_of(kept.comparison_pdf("newsletter", kept_answer(row)))[0] == 1
    for wrong in ("nothing", "01890000-0000-7000-8000-000000000000"):
        assert client.get(f"/workflows/newsletter/comparison?answer={wrong}").status_code == 404


def test_frozen_copies_stay_as_they_were(cast, newsletter):
    with_bottleneck()
    row = with_comparison()
    client = cast.client("hanna")
    links = []
    for place in ("workflow-brief/newsletter", f"workflow-comparison/{row.id}"):
        answer = client.post(f"/share/{place}", {"recipient": "Carla Mott, CMO", "days": 14})
        links.append(re.search(r"/shared/[\w-]+", answer.content.decode())[0])
    row.delete()
    outsider = cast.client()
    assert "Legal holds back" in outsider.get(links[0]).content.decode()
    page = outsider.get(links[1]).content.decode()
    assert "Campaign manager or Workflow Architect?" in page
    assert "/definitions/" not in page


def test_what_was_never_asked_cannot_be_shared(cast, newsletter):
    assert cast.client("hanna").get("/share/workflow-brief/newsletter").status_code == 404
