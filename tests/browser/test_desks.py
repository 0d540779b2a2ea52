"""Desks, metrics and the lead's page as people see them: accessible, no wider than the screen, and of use."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Visit, faults, settle

from marops.domains.contacts.public import Contact
from marops.domains.routing.models import Assignment, LeadSla
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.models import MetricReading, Problem
from marops.kernel.workspace import today
from marops.site.desks.roles import ROLES

PAGES = (
    "/", *(f"/desk/{role}" for role in ROLES), "/metrics", "/metrics/sla.hit_rate", "/metrics/funnel.mqls?grain=month",
    "/leads?sla=overdue", "/leads/L-1",
)  # fmt: skip


def _reading(metric: str, grain: str, value: str, n: int, **more: object) -> None:
    given = {
        "period": today(),
        "by": "",
        "piece": "",
        "closed": False,
        "computed_at": now() + timedelta(hours=1),
    } | more
    MetricReading.objects.create(id=new_id(), metric=metric, version=1, grain=grain, value=Decimal(value), n=n, **given)


@pytest.fixture
def office(cast: object, starters: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lead that waits too long with Selma, figures with their course, a problem."""
    monkeypatch.setattr("marops.site.figures.bring_up_to_date", lambda metrics, as_of, by="": 0)
    lead = Contact.objects.create(
        id=new_id(),
        number=1,
        full_name="Ingrid Solheim",
        company_name="Nordvik Maritime",
        source="google",
        country="NO",
    )
    selma = cast.selma.id  # type: ignore[attr-defined]  # a person of the cast
    Assignment.objects.create(contact=lead, owner_id=selma, definition="by hand", routed_at=now())
    LeadSla.objects.create(
        contact=lead, clock="first_touch", owner_id=selma, calendar="standard", zone="UTC", definition="route/main@1",
        started_at=now() - timedelta(hours=6), due_at=now() - timedelta(hours=2),
    )  # fmt: skip
    ends = {"low": Decimal("0.71"), "high": Decimal("0.86")}
    _reading("sla.hit_rate", "span", "0.8", 100, **ends)
    _reading(
        "sla.hit_rate", "span", "0.5", 10, by="contact.source", piece="google", low=Decimal("0.2"), high=Decimal("0.8")
    )
    for week in range(1, 9):
        period = date.fromordinal(today().toordinal() - 7 * week)
        _reading("sla.hit_rate", "week", f"0.{90 - 3 * week}", 20, period=period, closed=True, **ends)
    for month in (1, 2, 3):
        _reading("funnel.mqls", "month", str(40 * month), 40 * month, period=date(2026, month, 1), closed=True)
    _reading("funnel.mqls", "span", "87", 87)
    Problem.objects.create(
        key="x", title="Salesforce takes nothing", remedy="Map the field.", first_at=now(), last_at=now()
    )


@pytest.mark.slow
def test_desks_and_metrics_are_accessible_and_fit(office: None, visit: Visit) -> None:
    page = visit("/healthz", as_="ada")
    assert not faults(page, PAGES)


def test_a_seller_accepts_a_lead_from_the_desk_with_one_click(office: None, visit: Visit) -> None:
    page = visit("/", as_="selma")
    line = page.locator(".needs li", has_text="Ingrid Solheim")
    expect(line).to_contain_text("late")
    line.get_by_role("button", name="Accept").click()
    settle(page)
    assert page.url.endswith("/leads/L-1")
    expect(page.locator(".title .main-act")).to_have_text("I am on it")
    page.goto(page.url.removesuffix("/leads/L-1") + "/")
    expect(page.locator(".needs li", has_text="Ingrid Solheim")).to_have_count(0)


def test_figures_are_brought_up_to_date_behind_the_page(office: None, visit: Visit) -> None:
    MetricReading.objects.update(computed_at=now() - timedelta(days=2))
    page = visit("/", as_="hanna")
    expect(page.locator("#desk")).to_contain_text("What you answer for")
    expect(page.locator("#desk[hx-get]")).to_have_count(0, timeout=10_000)
    expect(page.locator(".kpi", has_text="First touch inside the SLA")).to_contain_text("80.0 %")


def test_the_switcher_leads_to_another_desk(office: None, visit: Visit) -> None:
    page = visit("/", as_="ada")
    page.get_by_text("See another desk").click()
    page.get_by_role("link", name="Sales Owner").click()
    settle(page)
    assert page.url.endswith("/desk/sales_owner")
    expect(page.locator("#desk")).to_contain_text("as Selma Yildiz sees it")


def test_at_390_px_the_lead_begins_with_its_action(office: None, visit: Visit) -> None:
    page = visit("/leads/L-1", as_="selma", width=390)
    act, answer = page.locator(".title .main-act").bounding_box(), page.locator(".answer").bounding_box()
    assert act is not None
    assert answer is not None
    assert act["y"] < answer["y"]
    assert act["width"] > 300
