import ast
import re
from pathlib import Path

import pytest

from marops.domains.capture import findings, targets

CAPTURE = Path(findings.__file__).parent
PAGE = next(folder for folder in CAPTURE.parents if (folder / "pyproject.toml").exists()) / "docs/reference/import.md"


@pytest.fixture(scope="module")
def page():
    return PAGE.read_text(encoding="utf-8")


def test_every_finding_is_explained(page):
    table = page[page.index("## Codes of findings") :]
    explained = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table, re.MULTILINE))
    assert explained == {code: f"{words.message} {words.remedy}" for code, words in findings.FINDINGS.items()}


def test_every_finding_that_the_code_makes_is_in_the_table():
    made = set()
    for path in CAPTURE.rglob("*.py"):
        if "tests" in path.parts or path.name == "findings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RowFault":
                made.add(ast.literal_eval(node.args[2]))
    assert made == {"ragged-row", "broken-quotes", "cell-too-large", "nul-byte"}
    assert made <= set(findings.FINDINGS)


def test_every_target_is_named(page):
    for target in targets.all_targets():
        assert f"`{target}`" in page
