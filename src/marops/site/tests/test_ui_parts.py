import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.core.paginator import Paginator
from django.template import Engine, RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone

from marops.site.templatetags import ui
from marops.site.templatetags._drawings import drawings
from marops.site.templatetags._figures import bars, spark

ROLES = {
    "wizard", "captain", "archer", "sorceress", "seer", "ranger", "messenger", "keeper", "squire", "herald", "falconer",
    "warden", "mapmaker", "signpost",
}  # fmt: skip


def render(source: str, address: str = "/", cookies: dict[str, str] | None = None, **values: object) -> str:
    request = RequestFactory().get(address)
    request.COOKIES.update(cookies or {})
    return Template("{% load i18n ui %}" + source).render(
        RequestContext(request, values, processors=[lambda r: {"request": r}])
    )


def test_each_icon_that_code_or_templates_name_is_drawn() -> None:
    package = Path(ui.__file__).parents[2]
    named = set()
    for path in package.glob("**/templates/**/*.html"):
        named |= set(re.findall(r'\{% icon "([\w-]+)"', path.read_text()))
        named |= set(re.findall(r'\bsign="([\w-]+)"', path.read_text())) - ROLES
    assert named <= set(drawings("icons"))


def test_the_registry_holds_an_emblem_for_each_desk_and_only_drawings() -> None:
    assert set(drawings("emblems")) == ROLES
    for name, body in {**drawings("icons"), **drawings("emblems")}.items():
        parts = ET.fromstring(f"<svg>{body}</svg>")
        assert {part.tag for part in parts} <= {"path", "circle", "rect"}, name
        assert all("style" not in part.attrib for part in parts), name


def test_emblems_can_be_switched_off() -> None:
    assert "<svg" in render('{% emblem "captain" %}')
    assert render('{% emblem "captain" %}', emblems=False) == ""


@pytest.mark.parametrize(
    ("cookie", "said"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><b>', "")]
)
def test_the_theme_of_the_cookie_stands_in_the_page_before_it_is_drawn(cookie: str, said: str) -> None:
    assert render("{% root_attributes %}", cookies={"marops_theme": cookie}) == said


@time_machine.travel(datetime(2026, 11, 19, 8, 52, tzinfo=UTC), tick=False)
@pytest.mark.parametrize(
    ("moment", "style", "words"),
    [
        (datetime(2026, 11, 19, 6, 5, tzinfo=UTC), "auto", "Today 07:05"),
        (datetime(2026, 11, 18, 22, 59, tzinfo=UTC), "auto", "Yesterday 23:59"),
        (datetime(2026, 11, 4, 10, 47, tzinfo=UTC), "auto", "4 Nov, 11:47"),
        (datetime(2025, 3, 12, 9, 5, tzinfo=UTC), "auto", "12 Mar 2025"),
        (datetime(2026, 11, 19, 8, 40, tzinfo=UTC), "ago", "12 min ago"),
        (date(2026, 11, 19), "auto", "19 Nov 2026"),
    ],
)
def test_moments_are_said_in_the_zone_of_the_reader(moment: date, style: str, words: str) -> None:
    with timezone.override("Europe/Berlin"):
        shown = str(ui.when(moment, style))
    assert f">{words}</time>" in shown
    assert f'datetime="{moment.isoformat()}"' in shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.31, "0.3 s"),
        (42, "42 s"),
        (7812, "2 h 10 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (3600, "1 h"),
        (None, "–"),
    ],
)
def test_lengths_of_time_take_their_two_largest_units(value: float | None, words: str) -> None:
    assert ui.duration(value) == words


def test_numbers_have_separators_a_true_minus_and_a_dash_for_nothing() -> None:
    assert (ui.number(-1234567), ui.number(None), ui.signed(18), ui.share(0.784)) == ("−1,234,567", "–", "+18", "78 %")


def test_an_estimate_shows_its_interval_or_says_why_there_is_none() -> None:
    assert ui.estimate({"value": 3.1, "low": 2.4, "high": 3.8}, 1) == '3.1 <span class="iv">(2.4–3.8)</span>'
    assert "Too few" in ui.estimate({"value": None, "why": "Too few"})


def test_parts_escape_what_people_wrote() -> None:
    shown = render(
        "{% pill name %}{% title name=name %}{% endtitle %}{% copy name %}{% pairs rows %}",
        name="<b>",
        rows=[("<i>", "<u>@x")],
    )
    assert not re.search(r"<[biu]>", shown)


def test_a_block_keeps_the_markup_inside_it() -> None:
    assert "<a href='#x'>go</a>" in render("{% band words %}<a href='#x'>go</a>{% endband %}", words="Rows")


def test_heads_sort_by_the_address_and_keep_the_filters() -> None:
    head = '{% sort_head "Score" "score" first="desc" %}'
    assert 'href="?stage=mql&amp;sort=-score"' in render(head, "/?stage=mql&page=3")
    assert 'aria-sort="descending"' in render(head, "/?sort=-score")
    assert 'href="?sort=score"' in render(head, "/?sort=-score")
    assert 'aria-sort="ascending"' in render(head, sort="score")


def test_filters_show_what_is_set_and_a_way_to_take_it_away() -> None:
    filters = [{"key": "stage", "label": "Stage", "options": [("mql", "MQL")]}, {"key": "owner", "label": "Owner"}]
    shown = render('{% filter_bar filters search="Find" %}', "/?stage=mql&sort=name&q=in&page=2", filters=filters)
    assert 'href="?sort=name&amp;q=in"' in shown
    assert '<input type="hidden" name="sort" value="name">' in shown
    assert shown.count('name="q"') == 1
    assert 'name="page"' not in shown


def test_pages_say_where_the_reader_is() -> None:
    shown = render("{% paging page 'leads' %}", "/?page=3&stage=mql", page=Paginator(range(6468), 50).get_page(3))
    assert "101–150 of 6,468 leads" in shown
    assert 'href="?page=4&amp;stage=mql" rel="next"' in shown


def test_a_job_asks_for_itself_until_it_has_ended() -> None:
    run = SimpleNamespace(
        number=12, title="Import", state="running", stop_asked=False, done=5, total=10, share=0.5, doing=""
    )
    asked = '{% job run poll_url="/jobs/12" stop_url="/jobs/12/stop" %}'
    assert 'hx-get="/jobs/12"' in render(asked, run=run)
    assert 'value="0.5000"' in render(asked, run=run)
    run.state = "done"
    ended = render(asked, run=run)
    assert "hx-get" not in ended
    assert "<progress" not in ended
    assert "<form" not in ended


def test_bars_share_a_zero_and_stay_inside_their_field() -> None:
    drawn = bars([18.0, 6.0, -2.0])
    assert len({bar.zero for bar in drawn}) == 1
    assert [bar.negative for bar in drawn] == [False, False, True]
    assert all(float(bar.x) >= 0 and float(bar.x) + float(bar.width) <= 84 for bar in drawn)
    assert bars([0.0])[0].width == "0.0"


def test_a_sparkline_holds_its_target_and_survives_a_flat_line() -> None:
    assert spark([1.0, 1.0]).target_y is None
    figure = spark([70, 78], target=90)
    assert figure.target_y == "3.0"


def test_the_undo_of_a_message_is_an_address_of_this_site() -> None:
    assert ui.undo_url(SimpleNamespace(extra_tags="undo:/leads/undo/3")) == "/leads/undo/3"
    assert ui.undo_url(SimpleNamespace(extra_tags="undo:https://elsewhere.example")) == ""
    assert ui.undo_url(SimpleNamespace(extra_tags="undo://elsewhere.example")) == ""
    assert ui.undo_url(SimpleNamespace(extra_tags=None)) == ""


def test_the_shell_does_without_bundles_and_without_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui, "bundle", lambda name: "")
    request = RequestFactory().get("/")
    page = Engine.get_default().get_template("shell.html").render(RequestContext(request))
    assert "<script" not in page
    assert 'rel="stylesheet"' not in page
    assert "hx-headers:inherited" in page


def test_the_gallery_shows_each_part() -> None:
    folder = Path(ui.__file__).parents[1] / "templates"
    pages = [*folder.glob("*.html"), *folder.glob("parts/*.html")]
    used = set(re.findall(r"\{%\s*(\w+)", " ".join(path.read_text() for path in pages)))
    assert set(ui.register.tags) <= used
    request = RequestFactory().get("/parts")
    page = Engine.get_default().get_template("parts.html").render(RequestContext(request, {"request": request}))
    assert page.count("<svg") > 50
    assert "{%" not in page
