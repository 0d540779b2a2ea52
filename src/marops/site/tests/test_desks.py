"""Desks: each role's is made of things there are, says what is true, and opens with few questions to the database."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cast import PEOPLE, Cast

from marops.domains.accounts.public import AccountRole, roles_in_force
from marops.domains.contacts.public import Contact
from marops.domains.routing.public import Assignment, LeadDisposition
from marops.kernel import shell
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.metrics import METRICS
from marops.kernel.models import MetricReading
from marops.kernel.workspace import today
from marops.site.desks import known_fillers
from marops.site.desks.moves import quarter
from marops.site.desks.roles import ROLES
from marops.site.templatetags._drawings import drawings

MOST_STATEMENTS = 38


def reading(
    metric: str, grain: str, value: str | None, n: int, *, by: str = "", piece: str = "", **more: object
) -> None:
    fields = {"period": today(), "closed": False, "computed_at": now(), "low": None, "high": None} | more
    MetricReading.objects.create(
        id=new_id(), metric=metric, version=METRICS.find(metric).version, grain=grain, by=by, piece=piece,
        value=None if value is None else Decimal(value), n=n, **fields,
    )  # fmt: skip


def shown(cast: Cast, name: str, path: str = "/") -> str:
    response = cast.client(name).get(path)
    assert response.status_code == 200
    return str(response.content.decode())


def test_every_desk_is_made_of_what_there_is() -> None:
    for slug, role in ROLES.items():
        assert set(role.figures) <= set(METRICS.all()), slug
        assert {name for name, _by in role.pieces} <= set(METRICS.all()), slug
        unknown = {*role.needs, *role.boards, *role.live} - known_fillers()
        assert not unknown, f"{slug} names what nobody fills: {unknown}"
        assert role.emblem in drawings("emblems")


def test_everything_that_is_filled_stands_on_some_desk() -> None:
    named = {name for role in ROLES.values() for name in (*role.needs, *role.boards, *role.live)}
    assert known_fillers() <= named, f"on no desk: {known_fillers() - named}"


def test_pieces_are_those_that_a_metric_can_be_split_by() -> None:
    for slug, role in ROLES.items():
        for name, by in role.pieces:
            assert by in METRICS.find(name).by, f"{slug}: {name} by {by}"
        if role.own:
            assert all("owner.account" in METRICS.find(name).by for name in role.figures)


@pytest.mark.django_db
def test_every_access_role_has_a_desk() -> None:
    assert {role.slug for role in roles_in_force().roles} == set(ROLES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_opens_their_desk_with_few_statements(cast: Cast, name: str) -> None:
    Contact.objects.create(id=new_id(), number=7_000_002, full_name="Ingrid Solheim")
    client = cast.client(name)
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/").content.decode()
    asked = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= MOST_STATEMENTS, "\n".join(asked)
    full, role = PEOPLE[name][0], roles_in_force().role(PEOPLE[name][1])
    assert (f"{full}, {role.title}" if role else full) in page
    assert "Needs you" in page


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_sees_each_desk_as_its_holder_does(cast: Cast, role: str) -> None:
    page = shown(cast, "ada", f"/desk/{role}")
    holder = next(full for full, slug, _boss, _unit in PEOPLE.values() if slug == role)
    assert f"as {holder} sees it" in page
    assert cast.client("hanna").get(f"/desk/{role}").status_code == 403
    assert "See another desk" not in shown(cast, "hanna")


@pytest.mark.django_db
def test_of_several_sellers_the_one_with_most_open_leads_is_shown_and_others_can_be_chosen(cast: Cast) -> None:
    marco = cast.accounts["marco"]
    AccountRole.objects.create(account=marco, role="sales_owner")
    for number, owner in enumerate((cast.selma, cast.selma, marco, marco, marco)):
        lead = Contact.objects.create(id=new_id(), number=7_000_010 + number, full_name=f"Lead {number}")
        Assignment.objects.create(contact=lead, owner_id=owner.id, definition="x", routed_at=now())
    assert "as Marco Silva sees it" in shown(cast, "ada", "/desk/sales_owner")
    for lead in Contact.objects.filter(number__gte=7_000_012)[:2]:
        LeadDisposition.objects.create(contact=lead, state="lost", at=now(), by="x")
    page = shown(cast, "ada", "/desk/sales_owner")
    assert "as Selma Yildiz sees it" in page
    assert f"/desk/sales_owner?who={marco.id}" in page
    assert "as Marco Silva sees it" in shown(cast, "ada", f"/desk/sales_owner?who={marco.id}")


@pytest.mark.django_db
def test_a_role_without_a_desk_is_not_found(cast: Cast) -> None:
    assert cast.client("ada").get("/desk/nobody").status_code == 404


@pytest.mark.django_db
def test_a_figure_stands_with_interval_target_owner_and_rows(cast: Cast, targets: None) -> None:
    reading("sla.hit_rate", "span", "0.8", 100, low=Decimal("0.711"), high=Decimal("0.867"))
    reading("sla.hit_rate", "span-before", "0.7", 90)
    page = shown(cast, "hanna")
    for said in ("80.0 %", "71.1–86.7 %, last 30 days, 100 rows", "below target", "up from 70.0 %", "Samuel Adeyemi"):
        assert said in page, said
    assert "First touch inside the SLA stands at 80.0 %, below target (90 %)." in page


@pytest.mark.django_db
def test_a_figure_whose_interval_holds_the_target_is_not_judged(cast: Cast, targets: None) -> None:
    reading("sla.hit_rate", "span", "0.88", 40, low=Decimal("0.74"), high=Decimal("0.95"))
    page = shown(cast, "hanna")
    assert "cannot tell" in page
    assert "below target" not in page


@pytest.mark.django_db
def test_a_seller_sees_figures_of_their_own_leads(cast: Cast) -> None:
    mine = str(cast.selma.id)
    reading("sla.hit_rate", "span", "0.5", 8, by="owner.account", piece=mine, low=Decimal("0.2"), high=Decimal("0.8"))
    reading("sla.hit_rate", "span", "0.9", 80, by="owner.account", piece=str(cast.hanna.id))
    page = shown(cast, "selma")
    assert "50.0 %" in page
    assert "90.0 %" not in page


@pytest.mark.django_db
def test_money_is_told_in_the_currency_of_the_workspace(cast: Cast) -> None:
    reading("pipeline.opened", "span", "500000", 90, by="", piece="USD")
    reading("pipeline.opened", "span", "1260000", 68, by="", piece="EUR")
    page = shown(cast, "vera")
    assert "1.3 M EUR" in page
    assert "1.8 M" not in page, "nothing adds two currencies"


@pytest.mark.django_db
def test_a_source_that_sales_does_not_take_is_named(cast: Cast, targets: None) -> None:
    low = {"low": Decimal("0.0"), "high": Decimal("0.243")}
    reading("sales.acceptance", "span", "0.0", 12, by="contact.source", piece="referral", **low)
    unsure = {"low": Decimal("0.3"), "high": Decimal("0.73")}
    reading("sales.acceptance", "span", "0.5", 12, by="contact.source", piece="webinar", **unsure)
    page = shown(cast, "priya")
    assert "sales takes 0.0 % of its leads" in page
    assert "sales takes 50.0 % of its leads" not in page


@pytest.mark.django_db
def test_stale_figures_are_measured_after_the_page_has_opened(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "marops.site.figures.bring_up_to_date", lambda metrics, _at, by="": asked.extend(one.name for one in metrics)
    )
    page = shown(cast, "hanna")
    assert 'hx-get="/"' in page
    assert not asked, "the page itself measures nothing"
    part = cast.client("hanna").get("/", headers={"HX-Request": "true"}).content.decode()
    assert set(ROLES["mops_manager"].figures) <= set(asked)
    assert "<html" not in part
    assert "hx-get" not in part


@pytest.mark.django_db
def test_the_marketing_manager_has_three_moves_each_with_its_document_and_reader(cast: Cast) -> None:
    page = shown(cast, "marco")
    for said in ("This quarter", "CMO and MarOps lead", "your direct manager", "stakeholders", "not begun"):
        assert said in page
    assert "Three moves" not in shown(cast, "hanna")


@pytest.mark.django_db
def test_a_domain_tells_how_far_a_move_is(cast: Cast) -> None:
    told = shell.MoveState("drafted", "info", "The draft waits for the CMO.", "/metrics", "Read it")
    shell.moves.fill("policy", lambda _actor, _at: told)
    try:
        page = shown(cast, "marco")
    finally:
        shell.moves._fillers.pop("policy")
    assert "The draft waits for the CMO." in page


@pytest.mark.parametrize(
    ("day", "fiscal", "first", "following"),
    [
        ("2026-11-22", 1, date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-01-31", 1, date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-01-31", 2, date(2025, 11, 1), date(2026, 2, 1)),
        ("2026-03-01", 2, date(2026, 2, 1), date(2026, 5, 1)),
    ],
)
@pytest.mark.django_db
def test_a_quarter_follows_the_fiscal_year(day: str, fiscal: int, first: date, following: date) -> None:
    from marops.kernel.models import Workspace

    Workspace.objects.update_or_create(id=1, defaults={"fiscal_month": fiscal, "zone": "UTC"})
    with time_machine.travel(f"{day}T12:00:00Z", tick=False):
        assert quarter(now()) == (first, following)


@pytest.fixture
def targets(db: None) -> Iterator[None]:
    """The targets of the starter set."""
    from marops.kernel.actors import SETUP
    from marops.kernel.definitions import plant_starters
    from marops.site.targets import STARTERS

    plant_starters(actor=SETUP, starters=STARTERS)
    return
