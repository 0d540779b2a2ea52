"""Every kind of page: nothing for axe to complain of, nothing wider than the screen, in light, dark and narrow."""

from collections.abc import Iterator

import pytest
from tests.browser.conftest import Visit, faults, faults_here, settle
from tests.cast import Cast

from marops.domains.accounts import actions
from marops.kernel import jobs, notices
from marops.kernel.comments import write_comment
from marops.kernel.models import Job
from marops.kernel.shares import make_share


@jobs.job("test.looks", title="Import {name}")
def _job(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}


@pytest.fixture
def pages(cast: Cast) -> dict[str, str]:
    """Address → who looks, over a workspace in which something happened."""
    ada = cast.actor("ada")
    made = [jobs.start_job("test.looks", {"name": f"{n}.csv"}, actor=ada) for n in range(3)]
    problem = {"title": "The job broke off", "detail": "Row 7.", "remedy": "Start it again.", "trace": ["x.py:1 y"]}
    Job.objects.filter(id=made[0].id).update(state="failed", problem=problem, done=6, total=9)
    Job.objects.filter(id=made[1].id).update(state="done", result={"rows": 9}, done=9, total=9)
    notices.raise_problem(
        "crm", "The CRM takes nothing", detail="Since 06:14.", remedy="Map the field.", severity="bad"
    )
    notices.tell(cast.ada.id, "Your import is done", url="/jobs")
    write_comment(actor=ada, text="Until the end of the year.", object_type="access", object_id="roles")
    actions.give_roles(actor=ada, account_id=cast.nils.id, roles=["mops_coordinator"], unit="South")
    actions.make_token(actor=ada, name="Nightly", rights_asked=["jobs.view"], days=30)
    _share, secret = make_share(actor=ada, object_type="access", object_id="roles", recipient="Dana", days=7)
    inside = [
        "/", "/access", "/access/roles", "/access/invite", f"/access/{cast.nils.ref}", "/account", "/account/password",
        "/account/tokens", "/jobs", *(f"/jobs/{one.ref}" for one in made), "/problems", "/problems?state=closed",
        "/notices", "/shares", "/share/access/roles", "/search?q=ada", "/nowhere",
        "/comments/access/roles", f"/history/account/{cast.nils.id}",
    ]  # fmt: skip
    outside = ["/sign-in", "/forgot", "/welcome/nothing", f"/shared/{secret}"]
    return dict.fromkeys(inside, "ada") | dict.fromkeys(outside, "")


def test_every_page_is_accessible_and_fits(visit: Visit, pages: dict[str, str]) -> None:
    for person in ("ada", ""):
        page = visit("/healthz", as_=person)
        assert not faults(page, [path for path, who in pages.items() if who == person])


def test_what_is_shown_once_fits_a_narrow_screen(visit: Visit, cast: Cast) -> None:
    page = visit(f"/access/{cast.nils.ref}", as_="ada", width=390)
    page.click("summary[aria-label='More']")
    page.click("button:has-text('link')")
    settle(page)
    assert "/welcome/" in page.inner_text("main")
    assert not faults_here(page)
    page = visit("/account/tokens", as_="ada", width=390)
    page.fill("[name=name]", "Nightly")
    page.check("text=See colleagues")
    page.click("button:has-text('Make a key')")
    settle(page)
    assert "mrp_" in page.inner_text("main")
    assert not faults_here(page)
