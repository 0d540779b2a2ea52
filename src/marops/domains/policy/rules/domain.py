"""The fixed domain of decisions: eight questions about what an AI wants to do, 142,560 combinations of answers.

Everything a policy can say of marketing is said over these answers, so the whole policy can be decided ahead of time,
drawn on one page and compared with another version, combination by combination.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from django.utils.translation import gettext_lazy as _

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Dimension:
    """A question about what an AI wants to do, and its possible answers in order, each with its words."""

    name: str
    asks: Any
    answers: Mapping[Value, Any]

    @property
    def values(self) -> tuple[Value, ...]:
        """The answers in their fixed order."""
        return tuple(self.answers)

    def index(self, value: Value) -> int:
        """The place of an answer. Raises KeyError with the answer where it is none."""
        for at, one in enumerate(self.answers):
            if one == value and isinstance(one, bool) == isinstance(value, bool):
                return at
        raise KeyError(value)


ACTION = Dimension("action", _("What it does"), {
    "draft": _("draft"),
    "translate": _("translate"),
    "summarise": _("summarise"),
    "classify": _("sort"),
    "score": _("score"),
    "segment": _("pick recipients for"),
    "route": _("hand over"),
    "publish": _("publish"),
    "send": _("send"),
    "spend": _("spend money on"),
    "delete": _("delete"),
})  # fmt: skip
CONTENT = Dimension("content", _("With what"), {
    "words": _("texts"),
    "public_interest": _("texts of public interest"),
    "pictures": _("pictures"),
    "likeness": _("pictures of people"),
    "sound": _("voices"),
    "records": _("records"),
})  # fmt: skip
AUDIENCE = Dimension("audience", _("Whom it reaches"), {
    "colleagues": _("colleagues"),
    "customers": _("customers"),
    "prospects": _("prospects"),
    "public": _("the public"),
    "minors": _("minors"),
})  # fmt: skip
DATA = Dimension("data", _("What it reads"), {
    "none": _("what is public"),
    "internal": _("what is internal"),
    "contact": _("names and work data"),
    "behaviour": _("what people did online"),
    "confidential": _("what was told in confidence"),
    "special": _("special data such as health or belief"),
})  # fmt: skip
AUTONOMY = Dimension("autonomy", _("How freely it acts"), {
    0: _("switched off"),
    1: _("as a proposal"),
    2: _("a person approves each"),
    3: _("a person looks at samples"),
    4: _("within limits"),
    5: _("freely"),
})  # fmt: skip
REVIEW = Dimension("review", _("Who has read it"), {
    0: _("nobody"),
    1: _("one person"),
    2: _("two people"),
})  # fmt: skip
DISCLOSED = Dimension("disclosed", _("Whether it says so"), {
    False: _("without saying that AI took part"),
    True: _("saying that AI took part"),
})  # fmt: skip
HOSTING = Dimension("hosting", _("Where it runs"), {
    "own": _("on our own servers"),
    "vendor": _("with a vendor"),
})  # fmt: skip

DIMENSIONS = (ACTION, CONTENT, AUDIENCE, DATA, AUTONOMY, REVIEW, DISCLOSED, HOSTING)
BY_NAME = {one.name: one for one in DIMENSIONS}
SHAPE = tuple(len(one.answers) for one in DIMENSIONS)
SIZE = prod(SHAPE)
"""142,560."""
MORE_SENSITIVE = (
    ("none", "internal"),
    ("internal", "contact"),
    ("contact", "behaviour"),
    ("behaviour", "special"),
    ("internal", "confidential"),
)
"""(less, more): what is told in confidence and what people did are not compared."""


@dataclass(frozen=True, slots=True)
class Request:
    """One combination: what an AI wants to do."""

    action: str
    content: str
    audience: str
    data: str
    autonomy: int
    review: int = 0
    disclosed: bool = False
    hosting: str = "vendor"

    def place(self) -> int:
        """Its number from 0 to 142,559, the last question fastest. Raises KeyError where an answer is none."""
        found = 0
        for one in DIMENSIONS:
            found = found * len(one.answers) + one.index(getattr(self, one.name))
        return found

    def faults(self) -> Iterator[tuple[str, Value]]:
        """The questions whose answer is none of theirs, with what was answered."""
        for one in DIMENSIONS:
            value = getattr(self, one.name)
            try:
                one.index(value)
            except KeyError:
                yield one.name, value


def request_at(place: int) -> Request:
    """The combination of a number. Raises IndexError outside 0 … 142,559."""
    if not 0 <= place < SIZE:
        raise IndexError(place)
    found: dict[str, Any] = {}
    for one in reversed(DIMENSIONS):
        place, at = divmod(place, len(one.answers))
        found[one.name] = one.values[at]
    return Request(**found)
