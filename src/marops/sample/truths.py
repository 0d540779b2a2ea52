"""What is wrong at the sample company, and what one should find: planted on purpose, so that finding it can be tested.

Each truth names its one culprit and figures about it. A figure says what the culprit shows, how far that may be off by
chance, and within which bounds everybody else stays. The figures hold for every seed and both sizes.
"""

from dataclasses import dataclass
from typing import Final

from marops.sample.generate import OLD_LIST_DAYS, SPAM_DAYS, THIRD_MODEL_DAYS, TITLES_AGED_DAYS
from marops.sample.world import COVERS, LEGAL, MOVED, MOVED_DAYS, OLD_LIST, SLOW, UNUSED


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` ± `give` is what the culprit shows; `others` bounds what all others show (None: there are no others)."""

    what: str
    value: float
    give: float
    others: tuple[float, float] | None = None

    def holds(self, found: float) -> bool:
        """Does this figure, found at the culprit, agree?"""
        return abs(found - self.value) <= self.give

    def spares(self, found: float) -> bool:
        """Is this figure, found elsewhere, as harmless as it should be?"""
        return self.others is None or self.others[0] <= found <= self.others[1]


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted truth: what is so, who or what is to blame, where it shows, and by which figures."""

    id: str
    says: str
    culprit: str
    where: str
    figures: tuple[Figure, ...]

    def figure(self, what: str) -> Figure:
        """The figure of this name."""
        return next(one for one in self.figures if one.what == what)


TRUTHS: Final = (
    Truth(
        "source-inflates-scores",
        "Leads from content syndication follow many links and are scored high since clicks count double; sales accepts"
        " hardly any of them.",
        "content_syndication",
        "Acceptance rate and MQL rate by source; contributions of the signal “click” since the score model of"
        f" {THIRD_MODEL_DAYS} days ago.",
        (
            Figure("share accepted", 0.11, 0.08, (0.27, 0.85)),
            Figure("clicks per lead", 4.2, 0.7, (0.0, 1.4)),
        ),
    ),
    Truth(
        "route-out-of-date",
        f"The route sends the Nordics to {MOVED}, who left them {MOVED_DAYS} days ago; most of those leads are handed"
        f" over to {COVERS} by hand, a day or two late.",
        "nordics",
        "Leads routed by rule and then handed over by hand; pool of the rule “nordics” against who works on the leads.",
        (Figure("share handed over by hand", 0.70, 0.16, (0.0, 0.02)),),
    ),
    Truth(
        "legal-on-tuesdays",
        "The legal review is done on Tuesdays only, by one person: most of the waiting of all campaigns is there.",
        LEGAL,
        "Work facts: time between enabled and started, by activity and weekday.",
        (
            Figure("share of all waiting", 0.58, 0.14, (0.0, 0.25)),
            Figure("share begun on a Tuesday", 1.0, 0.0, (0.0, 0.95)),
        ),
    ),
    Truth(
        "platform-nobody-uses",
        "Pollardry Surveys is paid for every month and has not been opened for nine months.",
        UNUSED,
        "Facts platform.billed and platform.used by platform.",
        (
            Figure("days since anybody used it", 276, 4, (0, 5)),
            Figure("paid in the last 270 days", 11_250, 1_251),
        ),
    ),
    Truth(
        "list-with-stale-titles",
        f"The {OLD_LIST}, imported {OLD_LIST_DAYS} days ago, has titles that are {TITLES_AGED_DAYS} days old: sales"
        " keeps finding the wrong person.",
        OLD_LIST,
        "Contacts with this source detail; their custom field “Title as of”; reasons of rejection.",
        (
            Figure("share of rejections for the wrong person", 0.68, 0.27, (0.0, 0.2)),
            Figure("age of titles in days", TITLES_AGED_DAYS, 1),
        ),
    ),
    Truth(
        "seller-sits-on-leads",
        "Victor Lindqvist-Hale takes days to a first touch where his colleagues take two hours.",
        SLOW,
        "Promises kept by owner; working minutes from hand-over to first touch.",
        (
            Figure("share of promises kept", 0.10, 0.09, (0.75, 1.0)),
            Figure("median working minutes to first touch", 1_350, 330, (0, 300)),
        ),
    ),
    Truth(
        "robot-in-the-forms",
        f"In one week, {SPAM_DAYS[0]} days ago, a robot filled in the forms behind the search ads under throw-away"
        " addresses.",
        "paid_search",
        "Kind of address by source and week.",
        (Figure("share of throw-away addresses in that week", 0.75, 0.25, (0.0, 0.0)),),
    ),
    Truth(
        "partners-win",
        "Partners bring few leads, but half of their deals are won; elsewhere it is one in four.",
        "partner",
        "Closed deals by source.",
        (Figure("share of closed deals won", 0.52, 0.20, (0.0, 0.52)),),
    ),
)
"""All of them. What is named here is planted nowhere else."""


def truth(name: str) -> Truth:
    """The truth of this id."""
    return next(one for one in TRUTHS if one.id == name)
