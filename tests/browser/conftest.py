"""A browser against a running server. Skipped, and it says so, where there is no Chromium."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from tests.cast import Cast, make_cast

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if not Path(CHROMIUM).exists():
                item.add_marker(pytest.mark.skip(reason="there is no Chromium here (apt-get install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": _FLAGS.split()}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


Visit = Callable[..., Page]


def settle(page: Page) -> None:
    """Wait until the page stands and what htmx fetched for it has arrived."""
    page.wait_for_load_state("load")
    expect(page.locator(".htmx-request")).to_have_count(0)


# As most see a page; what a dark screen changes is colours alone; a narrow one changes everything else.
LOOKS: tuple[tuple[int, Any, dict[str, Any]], ...] = (
    (1440, "light", {}),
    (1440, "dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
    (390, "light", {"rules": {"color-contrast": {"enabled": False}}}),
)
# What fades from one look to the other would be measured half way.
_STILL = "document.getAnimations().forEach(one => { try { one.finish() } catch { one.cancel() } })"
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults_here(page: Page, **rules: Any) -> str:
    """What axe complains of on this page, and whether it is wider than the screen; empty where all is well."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    result = AxeResults(page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **rules}))
    wide = page.evaluate(_WIDER)
    said = [result.generate_report()] if result.violations_count else []
    return "\n".join([*said, f"{wide} px wider than the screen"] if wide > 0 else said)


def faults_of_looks(page: Page) -> str:
    """The same in each look, one after the other in the page as it stands; it is left as most see it."""
    found = []
    for width, scheme, rules in (*LOOKS[1:], LOOKS[0]):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(_STILL)
        if said := faults_here(page, **rules):
            found.append(f"{width} px, {scheme}: {said}")
    return "\n".join(found)


def faults(page: Page, paths: Iterable[str]) -> dict[str, str]:
    """What is wrong, in any look, with each of these pages of the server that `page` is on: path → what is wrong."""
    origin = "/".join(page.url.split("/")[:3])
    found = {}
    for path in paths:
        page.goto(origin + path)
        settle(page)
        found[path] = faults_of_looks(page)
    return {path: said for path, said in found.items() if said}


@pytest.fixture
def visit(browser: Browser, live_server: Any, cast: Cast) -> Iterator[Visit]:
    """`visit("/access", as_="ada", width=390, scheme="dark")` answers the page, opened and quiet.

    Whatever the browser complains about (a blocked style, a script that fails) fails the test at its end.
    """
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    def go(path: str, *, as_: str = "", width: int = 1440, scheme: Any = "light", scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        opened.append(context)
        if as_:
            session = cast.client(as_).cookies["marops_session"].value
            context.add_cookies([{"name": "marops_session", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + path)
        settle(page)
        return page

    yield go
    for context in opened:
        context.close()
    assert not complaints
