from dataclasses import dataclass

import pytest

from marops.domains.accounts.public import FIELD_CLASSES, Masked, Seen, mask, sees
from marops.kernel.permissions import Grants, Scope


@dataclass
class Person:
    name: str
    pay: int | None


@pytest.mark.parametrize("field_class", FIELD_CLASSES)
def test_a_class_is_seen_by_its_right_and_by_nothing_else(field_class: str) -> None:
    only = Grants({FIELD_CLASSES[field_class]: Scope.ALL})
    others = Grants({right: Scope.ALL for name, right in FIELD_CLASSES.items() if name != field_class})
    assert sees(field_class, only)
    assert not sees(field_class, others)
    assert mask(field_class, only)(40_000) == 40_000
    assert mask(field_class, others)(40_000) == Masked(field_class)
    assert mask(field_class, Grants(everything=True))("x") == "x"


def test_what_is_hidden_says_so_and_is_no_value() -> None:
    hidden = mask("pay", Grants())(40_000)
    assert str(hidden) == "hidden"
    assert not hidden
    assert "40" not in repr(hidden)


def test_nothing_is_not_hidden() -> None:
    assert mask("pay", Grants())(None) is None


def test_a_row_is_seen_as_its_reader_may() -> None:
    row = Person("Hanna", 40_000)
    classes = {"pay": "pay"}
    assert Seen(row, classes, Grants()).pay == Masked("pay")
    assert Seen(row, classes, Grants()).name == "Hanna"
    assert Seen(row, classes, Grants(everything=True)).pay == 40_000
    assert Seen(Person("Nils", None), classes, Grants()).pay is None
