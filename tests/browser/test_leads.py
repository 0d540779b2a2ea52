"""The pages of leads: nothing for axe to complain of, nothing wider than the screen, and the drawer that says why."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Visit, faults, settle

from marops.domains.contacts.public import Contact
from marops.kernel import facts
from marops.kernel.ids import new_id

PAGES = (
    "/leads", "/leads?stage=mql&event=created", "/leads?q=nobody+at+all", "/leads/L-1", "/leads/L-2",
    "/leads/L-1/because/score", "/leads/L-1/because/owner", "/leads/L-1/because/stage", "/leads/L-1/because/quality",
    "/leads/L-1/owner", "/imports", "/imports/new", "/companies", "/engine", "/intake", "/webhooks", "/definitions",
    "/definitions/score/main/1", "/privacy", "/privacy/new", "/privacy/people/L-1", "/privacy/people/L-1/word",
    "/privacy/purposes", "/privacy/regimes", "/privacy/retention", "/privacy/record",
)  # fmt: skip


@pytest.fixture
def leads(starters: None, run_stages: Callable[[], object]) -> None:
    known = {
        "full_name": "Ingrid Solheim",
        "company_name": "Nordvik Maritime",
        "country": "NO",
        "seniority": "director",
    }
    keen = {
        "email": "i@nordvik.example",
        "email_kind": "work",
        "email_role": False,
        "visits": 6,
        "seconds_on_site": 1800,
    }
    made = [
        Contact.objects.create(id=new_id(), number=1, **known, **keen, custom={"interest": "Fleet data"}),
        Contact.objects.create(id=new_id(), number=2),
    ]
    facts.touch([one.id for one in made], datetime.now(UTC))
    run_stages()


@pytest.mark.slow
def test_every_page_of_leads_is_accessible_and_fits(leads: None, visit: Visit) -> None:
    page = visit("/healthz", as_="ada")
    assert not faults(page, PAGES)


def test_the_drawer_says_why_and_gives_the_focus_back(leads: None, visit: Visit) -> None:
    page = visit("/leads/L-1", as_="ada")
    why = page.locator(".score a.why", has_text="Because").first
    why.click()
    drawer = page.locator(".drawer")
    expect(drawer).to_contain_text("Has a say: head, director or above")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(why).to_be_focused()


def test_a_hand_over_without_a_target_is_refused_in_place(leads: None, visit: Visit) -> None:
    page = visit("/leads/L-2/owner", as_="ada")
    page.click("form.form button.main-act")
    settle(page)
    assert page.url.endswith("/leads/L-2/owner")
    expect(page.locator(".summary")).to_be_visible()
