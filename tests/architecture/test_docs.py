import importlib.util
import re
import tomllib
from dataclasses import fields

import pytest
from tests.architecture.source import ROOT, modules, tracked

from marops.kernel.config import Config

DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TWO_COMMANDS = ("pip install uv && uv run marops up", "pip install uv && uv run pytest")
# Variables that are read outside the settings, and for whom.
OTHER_VARIABLES = {
    "MAROPS_AGENT_KEY",
    "MAROPS_CRASH",
    "MAROPS_KEPT",
    "MAROPS_NO_USERNS",
    "MAROPS_SKIP_UI",
    "MAROPS_TEST_DATABASE_URL",
    "MAROPS_WEB_MASTER",
}


def _heading_anchors(text):
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_of_documents_lead_somewhere(page):
    faults = []
    for target in LINK.findall(re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        found = (page.parent / place).resolve() if place else page
        if not found.exists() or (anchor and anchor not in _heading_anchors(found.read_text(encoding="utf-8"))):
            faults.append(target)
    assert not faults


@pytest.mark.django_db
def test_written_references_are_up_to_date():
    spec = importlib.util.spec_from_file_location("refresh", DOCS / "refresh.py")
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    stale = [path.name for path, text in refresh.pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run `uv run python docs/refresh.py`: {stale}"


def test_every_setting_is_explained_with_its_default():
    text = (DOCS / "reference/settings.md").read_text()
    faults = []
    for one in fields(Config):
        row = re.search(
            rf"^\| `{one.name}` \| `MAROPS_{one.name.upper()}` \| (.+?) \| .{{20,}} \|$", text, re.MULTILINE
        )
        default = str(one.default).lower() if isinstance(one.default, bool) else str(one.default)
        if not row or (default and f"`{default}`" not in row[1]):
            faults.append(one.name)
    assert not faults
    rows = re.findall(r"^\| `(\w+)` \| `MAROPS_", text, re.MULTILINE)
    assert set(rows) == {one.name for one in fields(Config)}


def test_every_setting_is_read_by_something():
    texts = "\n".join(module.text for module in modules() if module.where != "kernel/config.py")
    # `home`, `host` and their like are read as attributes of the settings.
    unread = [one.name for one in fields(Config) if not re.search(rf"\.{one.name}\b", texts)]
    derived = {"backup_folder": "backups", "base_url": "address", "lake_path": "lake"}
    assert [name for name in unread if f".{derived.get(name, name)}" not in texts] == []


def test_every_variable_is_explained():
    named = set()
    for path in tracked():
        if path.suffix in (".py", ".mjs") or path.name == "run":
            named |= set(re.findall(r"\bMAROPS_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8")))
    text = (DOCS / "reference/settings.md").read_text()
    settings = {f"MAROPS_{one.name.upper()}" for one in fields(Config)}
    known = settings | OTHER_VARIABLES | {f"{name}_FILE" for name in settings} | {"MAROPS_NAME", "MAROPS_NAME_FILE"}
    assert named <= known, f"explain them in settings.md: {sorted(named - known)}"
    assert {name for name in OTHER_VARIABLES if f"`{name}`" not in text} == set()


def test_every_library_has_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    names = {re.match(r"[A-Za-z0-9-]+", one)[0] for group in groups for one in group}
    text = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "decisions").glob("*.md")).lower()
    assert [name for name in sorted(names) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)] == []


def test_decisions_are_short_and_numbered_once():
    numbers = [path.name[:4] for path in (DOCS / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))
    for path in (DOCS / "decisions").glob("[0-9]*.md"):
        assert re.match(rf"# {int(path.name[:4])}\. \S", path.read_text(encoding="utf-8")), path.name
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 50, path.name


def test_the_two_commands_stand_in_the_readme():
    blocks = re.findall(r"(?s)```\n(.*?)\n```", (ROOT / "README.md").read_text())
    assert all(command in blocks for command in TWO_COMMANDS)


def test_every_promise_in_tests_stands_in_the_semantics():
    text = (DOCS / "reference/semantics.md").read_text()
    codes = set()
    for path in (ROOT / "src").rglob("tests/test_*.py"):
        codes |= set(re.findall(r"def test_([A-Z]\d+)_", path.read_text(encoding="utf-8")))
    assert [code for code in sorted(codes) if f"| {code} |" not in text] == []


def test_the_documents_are_reached_from_their_index():
    index = (DOCS / "README.md").read_text() + (DOCS / "decisions/README.md").read_text()
    missing = [page.name for page in DOCS.rglob("*.md") if page.name != "README.md" and f"{page.name})" not in index]
    assert not missing, f"name them in docs/README.md: {missing}"
