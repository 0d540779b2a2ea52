"""Which record stays, and which values, when two records of one person become one.

As a rule the record that stays keeps what it says and takes what it lacks; a survivorship rule can prefer the newer
value, the fuller one, or that of a more trusted source, field by field. What belongs together (a name, an address, a
company) is taken together, so that no street of one stands with the town of the other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol

Which = Literal["earliest", "latest", "fullest", "trusted"]
Way = Literal["kept", "recent", "full", "trusted"]
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
Row = Mapping[str, Any]


class Rule(Protocol):
    """What of a survivorship rule counts here."""

    @property
    def keep(self) -> Which: ...
    @property
    def values(self) -> Way: ...
    @property
    def fields(self) -> Mapping[str, Way]: ...
    @property
    def trust(self) -> Sequence[str]: ...


def stays(one: Row, other: Row, rule: Rule) -> bool:
    """Does the first of two rows stay? Between equals the one that is known longer, then the lower number."""
    fuller = (_filled(other, other) - _filled(one, one)) if rule.keep == "fullest" else 0
    trusted = (_rank(one, rule) - _rank(other, rule)) if rule.keep == "trusted" else 0
    ages = [_moment(each["known_since"] or each["created_at"]) for each in (one, other)]
    if rule.keep == "latest":
        ages.reverse()
    return (fuller, trusted, ages[0], one["number"]) <= (0, 0, ages[1], other["number"])


def taken(winner: Row, loser: Row, rule: Rule | None = None) -> dict[str, Any]:
    """The fields of the record that stays which get another value. Both are rows, as JSON or as Python has them."""
    found: dict[str, Any] = {}
    for group in (*TOGETHER, *((name,) for name in ALONE)):
        if rule and _prefers(winner, loser, group, rule):
            found |= {name: loser[name] for name in group if loser[name] != winner[name]}
        else:
            found |= _lacking(winner, loser, group)
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


def _lacking(winner: Row, loser: Row, group: Sequence[str]) -> dict[str, Any]:
    """What the record that stays lacks of a group, where it says nothing of it or the same in its first field."""
    alike = winner[group[0]] is not None and winner[group[0]] == loser[group[0]]
    if not alike and any(winner[name] is not None for name in group):
        return {}
    return {name: loser[name] for name in group if winner[name] is None and loser[name] is not None}


def _prefers(winner: Row, loser: Row, group: Sequence[str], rule: Rule) -> bool:
    """Where both say something else in a group's first field: does the record that goes say it better?"""
    way, first = rule.fields.get(group[0], rule.values), group[0]
    if way == "kept" or None in (winner[first], loser[first]) or winner[first] == loser[first]:
        return False
    if way == "recent":
        return _said_at(loser, first) > _said_at(winner, first)
    if way == "trusted":
        return _rank(loser, rule) < _rank(winner, rule)
    ours, theirs = ((_filled(each, group), len(str(each[first]))) for each in (winner, loser))
    return theirs > ours


def _filled(row: Row, names: Any) -> int:
    return sum(row[name] not in (None, "", {}, []) for name in names)


def _rank(row: Row, rule: Rule) -> int:
    source = row["source"]
    return list(rule.trust).index(source) if source in rule.trust else len(rule.trust)


def _said_at(row: Row, name: str) -> datetime:
    """When a value came in: of its own, else with the first row, else when the record last changed."""
    entry = row["provenance"].get(name) or row["provenance"].get("*")
    return _moment(entry[2] if entry else row["updated_at"])


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
