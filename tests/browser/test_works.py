"""What people do on the pages, done in a browser under the strict content security policy."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Visit
from tests.cast import PASSWORD, Cast

from marops.kernel import jobs
from marops.kernel.clock import now
from marops.kernel.models import Comment, Job


@jobs.job("test.works", title="Import {name}")
def _job(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}


@pytest.mark.parametrize("scripts", [True, False])
def test_somebody_signs_in_and_out(visit: Visit, cast: Cast, *, scripts: bool) -> None:
    page = visit("/jobs", scripts=scripts)
    page.fill("[name=email]", "hanna@northwind.example")
    page.fill("[name=password]", "not this one")
    page.click("button:has-text('Sign in')")
    expect(page.locator("[role=alert]")).to_contain_text("do not belong together")
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('Sign in')")
    expect(page.locator("h1")).to_have_text("Jobs")
    page.click("summary[aria-label*='Hanna']")
    page.click("button:has-text('Sign out')")
    expect(page.locator("h1")).to_have_text("Sign in")


def test_a_form_with_faults_puts_the_reader_on_the_summary(visit: Visit, cast: Cast) -> None:
    page = visit("/access/invite", as_="ada")
    page.fill("[name=email]", "hanna@northwind.example")
    page.fill("[name=name]", "Second Hanna")
    page.click("button:has-text('Invite')")
    summary = page.locator("[role=alert]")
    expect(summary).to_contain_text("One thing to put right")
    expect(summary).to_be_focused()
    page.click("[role=alert] a")
    expect(page.locator("[name=email]")).to_be_focused()
    assert page.locator("[name=email]").get_attribute("aria-invalid") == "true"


def test_the_palette_goes_where_the_keys_say(visit: Visit, cast: Cast) -> None:
    page = visit("/", as_="ada")
    page.keyboard.press("Control+k")
    page.keyboard.type("invite some", delay=10)
    expect(page.locator("[role=option]").first).to_contain_text("Invite somebody")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Invite somebody")
    page.keyboard.press("Control+k")
    page.keyboard.type("priya")
    expect(page.locator("[role=option]", has_text="Priya Raman")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Priya Raman")


def test_a_job_is_seen_running_and_its_end_comes_by_itself(visit: Visit, cast: Cast) -> None:
    one = jobs.start_job("test.works", {"name": "leads.csv"}, actor=cast.actor("hanna"))
    row = Job.objects.filter(id=one.id)
    row.update(state="running", done=10, total=100, lease_until=now() + timedelta(hours=1))
    page = visit(f"/jobs/{one.ref}", as_="hanna")
    expect(page.locator(".job")).to_contain_text("10 of 100")
    row.update(done=60, doing="cleaning names")
    expect(page.locator(".job")).to_contain_text("60 of 100", timeout=6000)
    row.update(state="done", done=100, result={"created": 98})
    expect(page.locator(".answer")).to_contain_text("It is done", timeout=6000)
    expect(page.locator("dl")).to_contain_text(["98", ""])


def test_a_job_is_stopped_by_its_button(visit: Visit, cast: Cast) -> None:
    one = jobs.start_job("test.works", {"name": "leads.csv"}, actor=cast.actor("hanna"))
    page = visit(f"/jobs/{one.ref}", as_="hanna")
    page.click("button:has-text('Stop')")
    expect(page.locator(".title .pill")).to_have_text("stopped")
    page.click("button:has-text('Let it go on')")
    expect(page.locator(".title .pill")).to_have_text("waits its turn")


def test_a_comment_is_written_in_place(visit: Visit, cast: Cast) -> None:
    page = visit("/comments/access/roles", as_="hanna")
    page.fill("textarea", "Until the end of the year.")
    page.click("button:has-text('Comment')")
    expect(page.locator(".comments")).to_contain_text("Until the end of the year.")
    assert Comment.objects.count() == 1
    page.click("button:has-text('Comment')")
    expect(page.locator("[role=alert]")).to_contain_text("Your comment")


def test_a_session_that_ended_leads_to_sign_in_and_not_into_the_page(visit: Visit, cast: Cast) -> None:
    page = visit("/comments/access/roles", as_="hanna")
    page.fill("textarea", "Said too late.")
    page.context.clear_cookies(name="marops_session")
    page.click("button:has-text('Comment')")
    expect(page.locator("h1")).to_have_text("Sign in")
    assert not Comment.objects.exists()


def test_locking_out_asks_first_and_can_be_undone(visit: Visit, cast: Cast) -> None:
    page = visit(f"/access/{cast.nils.ref}", as_="ada")
    page.click("summary[aria-label='More']")
    page.click("button:has-text('Lock out')")
    expect(page.locator("#confirm")).to_contain_text("signed out everywhere")
    page.click("#confirm button[value=yes]")
    expect(page.locator(".title .pill")).to_have_text("locked out")
    page.click(".toast button:has-text('Undo')")
    expect(page.locator(".title .pill")).to_have_text("active")


def test_dark_stays_dark(visit: Visit, cast: Cast) -> None:
    page = visit("/", as_="hanna")
    page.click("summary[aria-label='Light or dark']")
    page.click("button:has-text('Dark')")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_menu_of_a_narrow_screen_opens(visit: Visit, cast: Cast) -> None:
    page = visit("/", as_="ada", width=390)
    page.click("a[aria-label='Open the menu']")
    page.click("#side a:has-text('Access')")
    expect(page.locator("h1")).to_have_text("Access")


def test_a_keyboard_reaches_the_page_past_the_navigation(visit: Visit, cast: Cast) -> None:
    page = visit("/access", as_="ada")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_pages_work_without_scripts(visit: Visit, cast: Cast) -> None:
    page = visit("/access", as_="ada", scripts=False)
    page.click("a:has-text('Invite somebody')")
    page.fill("[name=email]", "new@x.example")
    page.fill("[name=name]", "New One")
    page.check("text=Marketing Operations Coordinator")
    page.click("button:has-text('Invite')")
    expect(page.locator("main")).to_contain_text("/welcome/")
