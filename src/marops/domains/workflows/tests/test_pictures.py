from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from marops.domains.workflows.charts import plots
from marops.domains.workflows.charts.alone import alone
from marops.domains.workflows.charts.graph import graph
from marops.domains.workflows.charts.maps import MapRework, MapStep, MapWay, WorkflowMap
from marops.domains.workflows.charts.marks import cut, hours, month_words, number, scale, span, wide
from marops.domains.workflows.charts.strip import strip
from marops.domains.workflows.charts.to_scale import by_platform, lane_names, to_scale
from marops.domains.workflows.rules.answers import Comparison, Estimate, Method, Option, Row, Series
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.starter import ORDER, template_crew, templates
from marops.domains.workflows.telling import Results, Told

SVG = "{http://www.w3.org/2000/svg}"

STEPS = (
    MapStep("brief", "Brief", "Demand", 0, 0, 5, platforms=("Board",)),
    MapStep("copy", "Copy <b>", "Content", 5, 9, 7, "ai_assisted", ("Writer",)),
    MapStep("design", "Design", "Design", 5, 14, 12, platforms=("Studio", "Store")),
    MapStep("legal", "Legal review", "Legal", 31, 47, 3, hot=True, note="47 h wait for 3 h of work"),
    MapStep("launch", "Launch", "Content", 81, 4, 0.5, "automatic", share=0.4),
)
WAYS = (
    MapWay("brief", "copy"),
    MapWay("brief", "design"),
    MapWay("copy", "legal", slack=10),
    MapWay("design", "legal"),
    MapWay("legal", "launch", share=0.4),
)
MAP = WorkflowMap("Campaign", STEPS, WAYS, (MapRework("legal", "copy", 0.34, 0.30, 0.38),), 8, 85.5, "Five steps.")


def drawn(picture):
    return ET.fromstring(alone(picture))


def words(root):
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("draw", [to_scale, graph, strip])
def test_a_map_names_everything_and_has_no_styles_of_its_own(draw):
    picture = draw(MAP)
    assert "style" not in picture
    assert "<b>" not in picture
    said = " ".join(words(drawn(picture)))
    for step in STEPS:
        assert step.name.split()[0] in said
    assert "34 % come back to Copy <b> (30–38)" in said
    assert picture.count("url(#") >= 1
    assert 'role="img"' in picture


def test_waiting_and_work_share_one_scale():
    root = drawn(to_scale(MAP))
    waits = {
        float(one.get("x")): float(one.get("width")) for one in root.iter(f"{SVG}rect") if one.get("class") == "f-wait"
    }
    works = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "f-human"]
    widths = [float(one.get("width")) for one in works]
    per_hour = min(widths) / 3  # the shortest that people do: legal, three hours
    assert max(widths) == pytest.approx(12 * per_hour, rel=0.02)
    assert max(waits.values()) == pytest.approx(47 * per_hour, rel=0.02)


def test_hand_overs_stand_upright_where_the_next_step_begins():
    root = drawn(to_scale(MAP))
    cards = [float(one.get("x")) for one in root.iter(f"{SVG}rect") if (one.get("class") or "").startswith("stepcard")]
    ways = [one.get("d") for one in root.iter(f"{SVG}path") if one.get("class") == "way" and "V" in one.get("d")]
    ends = {float(one.split("H")[-1].split("V")[0].split()[0].removeprefix("M")) for one in ways}
    assert all(any(abs(end - card) < 0.2 for card in cards) for end in ends)


def test_only_the_constraint_glows():
    for picture in (to_scale(MAP), graph(MAP)):
        assert picture.count('class="glow"') == 1
        assert picture.count("stepcard hot") == 1


def test_cards_of_a_lane_do_not_lie_on_each_other():
    many = tuple(MapStep(f"s{n}", f"Step number {n}", f"Lane {n % 14}", n * 3.0, 1, 2) for n in range(40))
    told = WorkflowMap("Many", many, tuple(MapWay(f"s{n}", f"s{n + 1}") for n in range(39)), (), 8, 120, "")
    root = drawn(to_scale(told))
    boxes = [
        tuple(float(one.get(name)) for name in ("x", "y", "width"))
        for one in root.iter(f"{SVG}rect")
        if (one.get("class") or "").startswith("stepcard")
    ]
    assert len(boxes) == 40
    for at, (x, y, width) in enumerate(boxes):
        assert not any(abs(y - b) < 52 and x < a + w and a < x + width for a, b, w in boxes[at + 1 :])
    assert len({box[1] for box in boxes}) >= 14


def test_a_wide_map_keeps_the_names_of_its_lanes_in_sight():
    many = tuple(MapStep(f"s{n}", f"A step with a name {n}", "One lane", n * 2.0, 0, 2) for n in range(30))
    told = WorkflowMap("Long", many, (), (), 8, 60, "")
    assert 'class="chart wide"' in to_scale(told)
    assert "One lane" in lane_names(told)
    assert lane_names(MAP) == ""


def test_lanes_by_platform_stand_for_the_first_platform():
    assert by_platform(MAP, "None").lanes() == ["Board", "Writer", "Studio", "None"]


def test_a_step_without_any_hours_and_a_name_without_end_are_drawn():
    step = MapStep("a", "An endless name " * 20, "L" * 90, 0, 0, 0, touch="automatic")
    told = WorkflowMap("t", (step,), (), (), 8, 0, "")
    for draw in (to_scale, graph, strip):
        assert "…" in draw(told)


def test_a_graph_with_circles_is_drawn_once_round():
    ways = (*WAYS, MapWay("legal", "brief", share=0.1), MapWay("launch", "brief", share=0.2))
    root = drawn(graph(replace(MAP, ways=ways)))
    backs = [one for one in root.iter(f"{SVG}path") if one.get("class") == "way back"]
    assert len(backs) == 3


@pytest.mark.parametrize("slug", ORDER)
@pytest.mark.parametrize("view", ["time", "graph"])
def test_templates_are_drawn(slug, view):
    told = Told(templates()[slug].workflow, template_crew()[1], Results(), slug=slug)
    said = " ".join(words(drawn(told.picture(view))))
    assert "come back" in said or slug == "lead-hand-over"
    assert len(told.outline) == len(told.walked.stays)
    assert told.answer["one"].startswith("As drawn, a typical")


METHOD = Method(
    "fluid", "One more hour", "?", "items", (Row("Legal", 0.6, 0.4, 0.8, "skill", "legal"), Row("A & B", 0.02, 0, 0.1))
)


def test_a_ranking_marks_the_constraint_and_says_all_values():
    root = drawn(plots.dots(METHOD, ident="x", hot="legal"))
    assert [one.get("class") for one in root.iter(f"{SVG}circle")] == ["dot-k", "dot-o"]
    assert root.find(f"{SVG}desc").text == "Legal 0.6 (0.4–0.8); A & B 0.0 (0.0–0.1)"


def test_small_values_are_not_rounded_to_nothing():
    small = replace(METHOD, rows=(Row("A", 0.04, 0.01, 0.07), Row("B", 0.01, -0.02, 0.04)))
    assert "0.04" in words(drawn(plots.dots(small, ident="x")))


def test_a_comparison_labels_its_lines_at_their_ends():
    months = tuple(date(2027 + n // 12, n % 12 + 1, 1) for n in range(18))
    up = Series("r", tuple(Estimate(n / 10, n / 10 - 0.2, n / 10 + 0.2) for n in range(18)), Estimate(6, 4, 9))
    flat = Series("h", tuple(Estimate(0.1, -0.3, 0.5) for _ in range(18)))
    told = Comparison(
        (Option("r", "Redesign"), Option("h", "Hire")), months, "more", (up, flat), baseline=Estimate(11.8)
    )
    said = words(drawn(plots.bands(told, ident="b")))
    assert {"Redesign +1.7", "1.5–1.9", "Hire +0.1", "−0.3 to 0.5, holds 0"} <= set(said)
    assert {"has paid for itself", "July 2027 (May–Oct)"} <= set(said)
    assert "Jan 2027" in said
    heights = [
        float(one.get("y")) for one in drawn(plots.bands(told, ident="b")).iter(f"{SVG}text") if one.text in said
    ]
    assert len(heights) > 8
    assert "Hire +0.1 (−0.3 to 0.5, holds 0)" in words(drawn(plots.bands(told, ident="b", narrow=True)))


def test_months_that_begin_within_one_of_the_calendar_are_told_by_their_days():
    frame = Frame(date(2026, 11, 22), 18, "UTC")
    months = tuple(frame.edges()[:-1])
    up = Series("r", tuple(Estimate(n / 10, n / 10 - 0.2, n / 10 + 0.2) for n in range(18)), Estimate(6, 4, 9))
    told = Comparison((Option("r", "Redesign"),), months, "more", (up,), baseline=Estimate(11.8))
    said = words(drawn(plots.bands(told, ident="b")))
    assert {"22 Nov 2026", "22 Feb", "22 May – 21 Jun 2027 (22 Mar–22 Aug)"} <= set(said)
    assert not {"Nov 2026", "Feb"} & set(said)
    assert "22 Nov 2026" in words(drawn(plots.small(up.months, months, ident="s", title="t")))


def test_months_are_whole_however_short_the_one_between_is():
    months = Frame(date(2027, 1, 31), 2, "UTC").edges()[:-1]
    assert [month_words(months, at) for at in (0, 1)] == ["31 Jan – 27 Feb 2027", "28 Feb – 30 Mar 2027"]
    assert month_words([date(2027, 3, 1)], 0, form="F") == "March 2027"


def test_lead_times_mark_half_most_and_the_promise():
    said = words(drawn(plots.lead_times([float(n) for n in range(101)], ident="l", unit="days", promise=80)))
    assert {"half within 50 days", "85 % within 85 days", "promised 80 days"} <= set(said)
    assert plots.lead_times([1.0], ident="l", unit="days") == ""


def test_causes_fill_the_bar_and_make_a_whole():
    shares = {"contention": 30, "outside": 60, "batching": 9.9, "prioritisation": 0.1}
    root = ET.fromstring(plots.causes(shares, {"outside": "outside us"}, ident="c"))
    bar = root.find("svg")
    assert sum(float(one.get("width")) for one in bar.iter("rect")) == pytest.approx(560, abs=0.5)
    assert ["".join(one.itertext()) for one in root.iter("span")] == [
        "10 % batching", "30 % contention", "under 1 % prioritisation", "60 % outside us",
    ]  # fmt: skip
    assert plots.causes({}, {}, ident="c") == ""


def test_numbers_are_few_and_honest():
    assert [hours(one) for one in (0, 0.02, 0.25, 0.5, 3, 47.4)] == ["0 h", "1 min", "15 min", "0.5 h", "3 h", "47 h"]
    assert number(-0.04, 1) == "0.0"
    assert number(-1.25, 1, signed=True) == "−1.2"
    assert span(-0.1, 1) == "−0.1 to 1.0"
    assert span(None, 1) == ""
    assert scale(0, 0.8, 0, 100).lines() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert wide(cut("A rather long name", 60)) <= 60
