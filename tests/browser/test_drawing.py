"""A workflow drawn from scratch on the canvas with the mouse, and again in the outline with keys alone: the same."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Visit, faults, faults_here
from tests.cast import Cast

from marops.domains.workflows import actions
from marops.domains.workflows.sheets.opened import newest_of
from marops.domains.workflows.starter import template_crew, templates

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CREW = {
    "title": "Marketing",
    "calendars": {"office": {"title": "Office hours", "hours": OFFICE}},
    "calendar": "office",
    "people": [
        {"id": "ann", "name": "Ann", "skills": {"planning": 1, "writing": 1}},
        {"id": "bo", "name": "Bo", "skills": {"design": 1, "legal": 1}},
    ],
}


@pytest.fixture
def crew(cast: Cast) -> None:
    actions.keep(actor=cast.actor("hanna"), kind="crew", slug="marketing", document=CREW)


@pytest.fixture
def webinar(cast: Cast) -> None:
    actor = cast.actor("hanna")
    actions.keep(actor=actor, kind="crew", slug="marketing", document=template_crew()[0])
    actions.keep(actor=actor, kind="workflow", slug="webinar", document=templates()["webinar"].document)


def _plain(slug: str) -> dict[str, Any]:
    """What was saved, without the title, the places of cards and the order in which things were drawn."""
    row = newest_of("workflow", slug)
    assert row is not None
    document = {name: value for name, value in row.document.items() if name != "title"}
    steps = [{name: value for name, value in step.items() if name != "at"} for step in document["steps"]]
    document["steps"] = sorted(steps, key=lambda step: step["id"])
    document["ways"] = sorted(document["ways"], key=lambda way: (way["from"], way["to"]))
    return document


# --- By mouse ---------------------------------------------------------------------------------------------------------


def _card(page: Page, name: str) -> Locator:
    return page.locator(".react-flow__node", has_text=name)


def _drag(page: Page, start: Locator, end: Locator | tuple[float, float]) -> None:
    a = start.bounding_box()
    assert a
    page.mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
    page.mouse.down()
    if isinstance(end, Locator):
        b = end.bounding_box()
        assert b
        x, y = b["x"] + b["width"] / 2, b["y"] + b["height"] / 2
    else:
        x, y = end
    page.mouse.move(x - 20, y - 6, steps=4)
    page.mouse.move(x, y, steps=2)
    page.mouse.up()


def _handle(page: Page, name: str, which: str) -> Locator:
    return _card(page, name).locator(f".react-flow__handle[data-handleid='{which}']")


def _fill_step(page: Page, name: str, skill: str = "", hours: str = "") -> None:
    expect(page.locator("#fl-name")).to_be_focused()
    page.keyboard.type(name)
    if skill:
        page.fill("#fl-skill", skill)
    if hours:
        page.fill("#fl-effort-mean", hours)


def _drawn_by_mouse(visit: Visit) -> None:
    page = visit("/workflows/new", as_="hanna")
    page.fill("[name=title]", "Webinar by mouse")
    page.fill("[name=unit]", "webinar")
    page.click("button:has-text('Draw it')")
    expect(page.locator(".fl-count")).to_contain_text("One thing to put right")
    page.dblclick(".react-flow__pane", position={"x": 160, "y": 200})
    _fill_step(page, "Brief", "planning", "2")
    page.click(".fl-bar >> text=Add a step")
    _fill_step(page, "Copy", "writing", "6")
    page.select_option("#fl-touch", "ai_assisted")
    _drag(page, _handle(page, "Brief", "out"), (700, 640))
    _fill_step(page, "Design", "design", "5")
    _card(page, "Copy").click()
    page.click(".fl-bar >> text=Add a step")
    _fill_step(page, "Legal check", "legal", "1.5")
    page.check("#fl-review")
    page.select_option("#fl-join", "all")
    _drag(page, _handle(page, "Design", "out"), _handle(page, "Legal check", "in"))
    _drag(page, _handle(page, "Legal check", "back"), _card(page, "Copy"))
    page.fill("#fl-rework-probability", "30")
    page.click(".fl-bar >> text=Add a step")
    _fill_step(page, "Launch")
    page.select_option("#fl-touch", "automatic")
    page.fill("#fl-skill", "")
    page.fill("#fl-effort-mean", "0.5")
    page.click("role=tab[name='What comes in']")
    page.fill("#fl-arrivals-per_month", "2")
    expect(page.locator(".fl-count")).to_have_text("Nothing is wrong.")
    # What is removed by mistake comes back whole.
    _card(page, "Design").click()
    page.keyboard.press("Delete")
    expect(_card(page, "Design")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(_card(page, "Design")).to_have_count(1)
    page.click("button:has-text('Save')")
    page.fill("#fl-reason", "Drawn from scratch")
    page.click("button:has-text('Save and put in force')")
    expect(page.locator("#flow-acts [role=status]")).to_have_text("Version 1 is saved and in force.")


# --- By keys ----------------------------------------------------------------------------------------------------------


class Keys:
    """Somebody without a mouse and without scripts: Tab, letters and Enter."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, selector: str) -> None:
        """Press Tab until this has the focus."""
        for _ in range(160):
            if self.page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {selector}")

    def into_page(self) -> None:
        """By the link that skips the navigation, unless the page begins further down."""
        self.page.keyboard.press("Tab")
        if self.page.evaluate("document.activeElement.matches('.skip')"):
            self.page.keyboard.press("Enter")

    def write(self, name: str, text: str) -> None:
        self.to(f"[name='{name}']")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def press(self, selector: str) -> None:
        self.to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.into_page()


def _add(keys: Keys, name: str, skill: str, hours: str, after: str = "", beside: str = "") -> None:
    keys.write("name", name)
    if skill:
        keys.write("skill", skill)
    keys.write("effort", hours)
    for field, choice in (("after", after), ("beside", beside)):
        if choice:
            keys.to(f"[name='{field}']")
            keys.page.keyboard.type(choice)
    keys.press("button[name=add]")


def _drawn_by_keys(visit: Visit) -> None:
    page = visit("/workflows/new", as_="hanna", scripts=False)
    keys = Keys(page)
    keys.into_page()
    keys.write("title", "Webinar by keys")
    keys.write("unit", "webinar")
    keys.press("button[name=outline]")
    _add(keys, "Brief", "planning", "2")
    _add(keys, "Copy", "writing", "6")
    _add(keys, "Legal check", "legal", "1.5")
    _add(keys, "Design", "design", "5", after="Brief", beside="one more way")
    _add(keys, "Launch", "", "0.5", after="Legal check")
    keys.press("a[href$='/steps/copy']")
    keys.to("[name=touch]")
    page.keyboard.type("a person with")
    keys.press("form button.main-act")
    keys.press("a[href$='/steps/design']")
    keys.to("[name=way-0-to]")
    page.keyboard.type("Legal")
    keys.press("form button.main-act")
    keys.press("a[href$='/steps/legal-check']")
    for tick in ("review", "rework-on"):
        keys.to(f"[name={tick}]")
        page.keyboard.press("Space")
    keys.write("rework-probability", "30")
    keys.to("[name=rework-back_to]")
    page.keyboard.type("Copy")
    keys.write("rework-at_most", "3")
    keys.to("[name=join]")
    page.keyboard.type("waits")
    keys.press("form button.main-act")
    keys.press("a[href$='/steps/launch']")
    keys.to("[name=touch]")
    page.keyboard.type("nobody")
    keys.press("form button.main-act")
    keys.press("a[href$='/work/webinar']")
    keys.write("arrivals-per_month", "2")
    keys.press("form button.main-act")
    keys.write("reason", "Written from scratch")
    keys.press("form[action$='/save'] button.main-act")
    expect(page.locator("main")).to_contain_text("Webinar by keys")


@pytest.mark.slow
def test_canvas_and_outline_make_the_same_workflow(crew: None, visit: Visit) -> None:
    _drawn_by_mouse(visit)
    _drawn_by_keys(visit)
    by_mouse = _plain("webinar-by-mouse")
    assert [step["id"] for step in by_mouse["steps"]] == ["brief", "copy", "design", "launch", "legal-check"]
    assert by_mouse == _plain("webinar-by-keys")


def test_the_canvas_takes_what_is_drawn_to_the_outline_and_asks_before_it_is_left(crew: None, visit: Visit) -> None:
    page = visit("/workflows/new", as_="hanna")
    page.fill("[name=title]", "Newsletter")
    page.click("button:has-text('Draw it')")
    page.click(".fl-empty button")
    _fill_step(page, "Brief", "law", "2")
    problem = page.locator(".fl-problems button", has_text="which nobody of the crew")
    expect(problem).to_be_visible()
    page.click("role=tab[name='Workflow']")
    problem.click()
    expect(page.locator("#fl-skill")).to_be_focused()
    expect(page.locator(".fl-card.warns")).to_have_count(1)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.locator("a:has-text('Leave')").first.click()
    assert asked == ["beforeunload"]
    page.click("#to-outline")
    expect(page.locator("h2#steps")).to_be_visible()
    expect(page.locator("tr#step-brief")).to_contain_text("law")
    assert asked == ["beforeunload"]


def test_the_canvas_is_worked_with_keys_too(cast: Cast, visit: Visit) -> None:
    actor = cast.actor("hanna")
    actions.keep(actor=actor, kind="crew", slug="marketing", document=template_crew()[0])
    actions.keep(actor=actor, kind="workflow", slug="newsletter", document=templates()["newsletter"].document)
    page = visit("/workflows/newsletter/edit", as_="hanna")
    cards = page.locator(".react-flow__node")
    count = cards.count()
    cards.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#fl-name")).to_have_value("Draft copy")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#fl-name")).to_be_focused()
    page.keyboard.type("First draft")
    page.keyboard.press("Escape")
    expect(cards.nth(1)).to_be_focused()
    expect(cards.nth(1)).to_contain_text("First draft")
    page.keyboard.press("n")
    expect(page.locator("#fl-name")).to_be_focused()
    expect(cards).to_have_count(count + 1)
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(cards).to_have_count(count)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(cards).to_have_count(count)
    page.keyboard.press("Control+z")
    expect(cards.nth(1)).to_contain_text("Draft copy")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+d")
    expect(cards).to_have_count(2 * count)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1440, "light"), pytest.param(1440, "dark", marks=pytest.mark.slow), (390, "light")],
)
def test_the_canvas_is_accessible_and_fits(webinar: None, visit: Visit, width: int, scheme: str) -> None:
    page = visit("/workflows/webinar/edit", as_="hanna", width=width, scheme=scheme)
    page.locator(".fl-list button").nth(3).click()
    expect(page.locator("#fl-name")).to_have_value("Legal review")
    assert not faults_here(page)
    assert page.evaluate("document.querySelectorAll('style').length") == 0


@pytest.mark.slow
def test_the_pages_beside_the_canvas_are_accessible_and_fit(webinar: None, visit: Visit) -> None:
    person = template_crew()[1].people[0].id
    paths = (
        "/workflows/new", "/workflows/webinar/outline", "/workflows/webinar/outline/steps/legal",
        "/workflows/webinar/outline/workflow", "/workflows/crews", "/workflows/crews/marketing",
        f"/workflows/crews/marketing/person?id={person}", "/workflows/crews/marketing/calendar",
    )  # fmt: skip
    assert not faults(visit("/healthz", as_="hanna"), paths)


def test_what_is_drawn_is_kept_before_anybody_saves_it(visit: Visit, crew: None) -> None:
    page = visit("/workflows/new", as_="hanna")
    expect(page.locator("input[name=title]")).to_be_focused()
    page.keyboard.type("Case study")
    page.click("text=Draw it")
    page.click(".fl-bar >> text=Add a step")
    _fill_step(page, "Interview", "writing", "3")
    page.keyboard.press("Tab")
    expect(page.locator("#flow-acts")).to_contain_text("Kept as your sketch, not saved")
    page.reload()  # and nothing asks whether one means it
    expect(_card(page, "Interview")).to_be_visible()
    page.click("text=As an outline")
    expect(page.locator("tbody").first).to_contain_text("Interview")
    assert newest_of("workflow", "case-study") is None
