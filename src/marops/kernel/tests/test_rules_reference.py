import re
from pathlib import Path

import pytest

from marops.kernel.rules import OPERATORS, TAGS, dump, parse, read_yaml
from marops.kernel.rules_sentence import sentence
from marops.kernel.tests.rulesground import REGISTRY

REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "rules.md"


@pytest.fixture(scope="module")
def reference() -> str:
    return REFERENCE.read_text()


def test_every_word_of_the_language_is_described(reference: str) -> None:
    prose = re.sub(r"```.*?```", "", reference, flags=re.DOTALL)
    written = {word for code in re.findall(r"`([^`\n]+)`", prose) for word in re.findall(r"[a-z_]+", code)}
    words = {*OPERATORS.values(), *TAGS, "where", "exactly", "since", "case", "within", "today", "ago"}
    assert words - written == set()


def test_the_example_is_a_rule_and_so_is_every_condition_shown(reference: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", reference, re.DOTALL)
    shown = re.findall(r"`(\{(?:field|did|did_not|last|first|member): .*?\}+)`", reference)
    assert blocks
    assert len(shown) >= 4
    for text in [*blocks, *shown]:
        rule = parse(read_yaml(text))
        assert parse(dump(rule)) == rule
        assert sentence(rule, REGISTRY)
