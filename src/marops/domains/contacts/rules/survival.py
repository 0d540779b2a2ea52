"""Which values stay when two records of one person become one.

The record that stays keeps what it says; where it says nothing, it takes what the other said. What belongs together (a
name, an address, a company) is taken together, so that no street of one stands with the town of the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

TOGETHER: Final[Sequence[tuple[str, ...]]] = (
    ("full_name", "given_name", "family_name"),
    ("email", "email_domain", "email_kind", "email_role"),
    ("company_name", "company_id", "website", "industry", "employees"),
    ("job_title", "seniority", "job_function"),
    ("street", "postcode", "city", "region"),
    ("source", "source_detail", "campaign"),
)
"""Fields that are taken together, where the record that stays says none of them, or says the same in the first."""
ALONE: Final = ("phone", "mobile", "country", "language", "zone", "pages_per_visit")
GREATER: Final = ("visits", "seconds_on_site")
"""Of sums of another system the greater one: two records of one person often counted the same visits."""
EARLIER: Final = ("known_since", "created_at")
LATER: Final = ("last_activity_at", "last_activity")
"""The later activity, with its words."""


def taken(winner: Mapping[str, Any], loser: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the record that stays which get another value. Both are rows, as JSON or as Python has them."""
    found: dict[str, Any] = {}
    for group in TOGETHER:
        alike = winner[group[0]] is not None and winner[group[0]] == loser[group[0]]
        if alike or all(winner[name] is None for name in group):
            found |= {name: loser[name] for name in group if winner[name] is None and loser[name] is not None}
    found |= {name: loser[name] for name in ALONE if winner[name] is None and loser[name] is not None}
    for name in GREATER:
        if loser[name] is not None and (winner[name] is None or loser[name] > winner[name]):
            found[name] = loser[name]
    for name in EARLIER:
        if loser[name] is not None and (winner[name] is None or loser[name] < winner[name]):
            found[name] = loser[name]
    last, other = winner[LATER[0]], loser[LATER[0]]
    if other is not None and (last is None or other > last):
        found |= {name: loser[name] for name in LATER}
    return found
