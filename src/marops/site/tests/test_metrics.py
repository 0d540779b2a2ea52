"""Pages, REST and documents of metrics."""

from datetime import date
from decimal import Decimal

import pytest
from tests.cast import Cast

from marops.kernel.errors import MaropsError
from marops.kernel.metrics import METRICS, Metric
from marops.kernel.workspace import today
from marops.site import figures, telling
from marops.site.targets import Targets, check_targets
from marops.site.templatetags._plots import Point, plot, scale
from marops.site.tests.test_desks import reading, targets  # noqa: F401  # a fixture


@pytest.fixture(autouse=True)
def _nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marops.site.figures.bring_up_to_date", lambda metrics, as_of, by="": 0)


def months(metric: str, values: dict[date, str]) -> None:
    for period, value in values.items():
        reading(metric, "month", value, 40, period=period, closed=True)


@pytest.mark.django_db
def test_all_metrics_stand_under_who_answers_for_them(cast: Cast, targets: None) -> None:  # noqa: F811
    reading("sla.hit_rate", "span", "0.8", 100, low=Decimal("0.711"), high=Decimal("0.867"))
    page = cast.client("lena").get("/metrics").content.decode()
    assert "one misses it: First touch inside the SLA. 3 cannot be told yet." in page
    for role in ("Lead Management and Database Administrator", "Marketing Automation Manager"):
        assert role in page
    assert page.count("<tr>") >= len(METRICS.all())


@pytest.mark.django_db
def test_a_metric_says_its_answer_its_picture_and_its_definition(cast: Cast, targets: None) -> None:  # noqa: F811
    reading("sla.hit_rate", "span", "0.8", 100, low=Decimal("0.711"), high=Decimal("0.867"))
    reading("sla.hit_rate", "span-before", "0.7", 90)
    months("sla.hit_rate", {date(2026, 1, 1): "0.7", date(2026, 2, 1): "0.75", date(2026, 3, 1): "0.8"})
    page = cast.client("lena").get("/metrics/sla.hit_rate?grain=month").content.decode()
    for said in (
        "First touch inside the SLA: 80.0 %", "It misses its target of 90 %.", "71.1–86.7 %",
        "Last 30 days, 100 rows, up from 70.0 %", "Promises kept ÷ Promises that ended", "95 %, of a share (Wilson)",
        "February 2026", "version 1", "/leads?event=promise_ended&amp;from=2026-02-01&amp;to=2026-02-28",
        "Leads that were touched as promised", "Leads that had a promise kept or missed",
    ):  # fmt: skip
        assert said in page, said
    assert page.count('class="line s1"') == 2, "one picture for wide screens and one for narrow ones"


@pytest.mark.django_db
def test_pieces_stand_with_their_interval_largest_first(cast: Cast) -> None:
    for source, value, n in (("google", "0.5", 40), ("referral", "0.9", 10)):
        reading(
            "sales.acceptance",
            "span",
            value,
            n,
            by="contact.source",
            piece=source,
            low=Decimal("0.3"),
            high=Decimal("0.95"),
        )
    page = cast.client("lena").get("/metrics/sales.acceptance?by=source").content.decode()
    assert page.index("Google") < page.index("Referral")
    assert "50.0 %" in page


@pytest.mark.django_db
def test_a_metric_that_nobody_knows_is_not_found_and_the_nearest_is_named(cast: Cast) -> None:
    response = cast.client("lena").get("/metrics/sla.hitrate")
    assert response.status_code == 404
    assert "sla.hit_rate" in response.content.decode()


@pytest.mark.django_db
def test_rest_lists_and_tells_metrics(cast: Cast) -> None:
    reading("sla.hit_rate", "span", "0.8", 100, low=Decimal("0.711"), high=Decimal("0.867"))
    months("sla.hit_rate", {date(2026, 1, 1): "0.7", date(2026, 2, 1): "0.75"})
    reading("sla.hit_rate", "span", "0.5", 40, by="contact.source", piece="google")
    client = cast.client("lena")
    items = client.get("/api/v1/metrics").json()["items"]
    assert {one["name"] for one in items} == set(METRICS.all())
    one = client.get("/api/v1/metrics/sla.hit_rate?since=2026-02-01&by=source").json()
    assert (one["value"], one["low"], one["high"], one["n"]) == (0.8, 0.711, 0.867, 100)
    assert [row["period"] for row in one["periods"]] == ["2026-02-01"]
    assert [(row["piece"], row["words"], row["value"]) for row in one["pieces"]] == [("google", "Google", 0.5)]
    untold = next(one for one in items if one["name"] == "sales.acceptance")
    assert untold["value"] is None
    assert untold["why"]


@pytest.mark.django_db
@pytest.mark.parametrize(("query", "status"), [("by=colour", 422), ("grain=day", 422), ("sinc=2026-01-01", 422)])
def test_rest_refuses_what_it_does_not_know(cast: Cast, query: str, status: int) -> None:
    assert cast.client("lena").get(f"/api/v1/metrics/sla.hit_rate?{query}").status_code == status


@pytest.mark.django_db
def test_who_may_not_see_figures_gets_none(cast: Cast) -> None:
    with pytest.raises(MaropsError, match=r"metrics\.view"):
        telling.everything(cast.actor("nils"))
    assert cast.client("nils").get("/metrics").status_code == 403


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sla.hit_rate", 0.9137, "91.4 %"), ("funnel.mqls", 1644, "1,644"), ("quality.score", 86.24, "86.2"),
        ("speed.working", 118, "1 h 58 min"), ("speed.working", 2880, "48 h"), ("speed.mql_to_touch", 2880, "2 d"),
        ("speed.working", 38, "38 min"), ("pipeline.won", 1_260_000, "1.3 M EUR"),
        ("pipeline.won", 875_900, "875.9 k EUR"),
        ("funnel.mqls", None, "–"),
    ],
)  # fmt: skip
def test_values_in_words(name: str, value: float | None, said: str) -> None:
    assert figures.said(METRICS.find(name), value, money="EUR") == (said if value is not None else "–")


def test_an_interval_open_above_says_so() -> None:
    from marops.engine.measuring import Reading

    metric: Metric = METRICS.find("speed.mql_to_touch")
    assert figures.interval(metric, Reading(date(2026, 1, 1), 60.0, 40, low=30.0)) == "more than 30 min"


def test_targets_name_metrics_that_there_are() -> None:
    faults = check_targets(Targets.model_validate({"title": "x", "targets": {"sla.hit_rat": {"value": "0.9"}}}))
    assert [(one.pointer, one.remedy) for one in faults] == [("/targets/sla.hit_rat", "Did you mean sla.hit_rate?")]


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([87, 113, 298], {"zero": True}, (0, 300, 100)),
        ([0.71, 0.86], {"most": 1.0}, (0.70, 0.90, 0.05)),
        ([1, 2, 3], {"zero": True}, (0, 3, 1)),
        ([95, 130], {"times": True}, (90, 130, 10)),
        ([95, 150], {"times": True}, (90, 150, 15)),
        ([60, 900], {"times": True}, (0, 960, 240)),
    ],
)
def test_scales_end_at_round_numbers(values: list[float], options: dict, expected: tuple) -> None:  # type: ignore[type-arg]
    given = {"zero": False, "times": False, "most": None} | options
    assert scale(values, **given) == pytest.approx(expected)


def test_a_gap_breaks_the_line_and_the_running_period_is_hollow() -> None:
    values = [1.0, 2.0, None, 3.0, 4.0, 5.0]
    points = [Point(f"{n}", value, None, None, n < 5, "") for n, value in enumerate(values)]
    drawn = plot(points, bars=False, words=str)
    assert drawn is not None
    assert [line.count(",") for line in drawn.lines] == [2, 2]
    assert drawn.running.count(",") == 2
    assert [dot.closed for dot in drawn.dots] == [True, True, True, True, False]
    assert plot([Point("0", None, None, None, True, "")], bars=True, words=str) is None


@pytest.mark.django_db
def test_every_metric_leads_to_its_rows_or_to_its_parts() -> None:
    for name, metric in METRICS.all().items():
        assert figures.rows_links(metric, today(), today()) or figures.parts_links(metric), name
