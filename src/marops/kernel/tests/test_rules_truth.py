"""What is empty, what is literal, what moves with time, which bounds count: promises G5, G6, T9 and T10."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from marops.kernel.rules_pattern import BadPattern, portable
from marops.kernel.tests.rulesground import AS_OF, Ground, ground, member, person_id, score

# One person each: no value, '', white space, another value, the value that is asked for.
NOTHING, EMPTY, BLANK, OTHER, VALUE = range(5)
EMPTIES = {NOTHING, EMPTY, BLANK}

TEXT_TABLE = [
    ({"is": "anna"}, {VALUE}),
    ({"is": "ANNA"}, {VALUE}),
    ({"is": "ANNA", "case": "exact"}, set()),
    ({"is_not": "anna"}, EMPTIES | {OTHER}),
    ({"in": ["anna", "zoe"]}, {VALUE}),
    ({"not_in": ["anna", "zoe"]}, EMPTIES | {OTHER}),
    ({"contains": "nn"}, {VALUE}),
    ({"contains": ["nn", "Be"]}, {VALUE, OTHER}),
    ({"not_contains": "nn"}, EMPTIES | {OTHER}),
    ({"starts_with": "an"}, {VALUE}),
    ({"ends_with": "NA"}, {VALUE}),
    ({"matches": "^a.*a$"}, {VALUE}),
    ({"matches": r"\s*"}, {VALUE, OTHER}),
    ({"is_empty": True}, EMPTIES),
    ({"is_filled": True}, {VALUE, OTHER}),
]


@pytest.fixture(scope="module")
def texts() -> Ground:
    """The same texts in a column and inside JSON; there the first is JSON null, the others no key or nothing."""
    names = [None, "", " \t\u00a0", "Bert", "Anna"]
    people: list[dict[str, Any]] = [{"name": name, "custom": {"c_text": name}} for name in names]
    return ground([*people, {"custom": {}}, {"custom": None}])


MISSING = {5, 6}


@pytest.mark.parametrize(("test", "holds"), TEXT_TABLE)
def test_G5_text(texts: Ground, test: dict[str, Any], holds: set[int]) -> None:
    missing = MISSING if NOTHING in holds else set()
    assert texts.members({"field": "contact.name", **test}) == holds | missing
    assert texts.members({"field": "contact.custom.text", **test}) == holds | missing


@pytest.mark.parametrize(("test", "holds"), TEXT_TABLE)
def test_G5_not_is_the_exact_complement(texts: Ground, test: dict[str, Any], holds: set[int]) -> None:
    for field in ("contact.name", "contact.custom.text"):
        rule = {"field": field, **test}
        assert texts.members({"not": rule}) == set(range(7)) - texts.members(rule)


# no value, another value, the value; in a column, and where there is one inside JSON too
TYPED = [
    ("employees", "number", [None, 5, 10], {"is": 10}, {2}),
    ("employees", "number", [None, 5, 10], {"is_not": 10}, {0, 1}),
    ("employees", "number", [None, 5, 10], {"in": [10, 11]}, {2}),
    ("employees", "number", [None, 5, 10], {"not_in": [10, 11]}, {0, 1}),
    ("employees", "number", [None, 5, 10], {"greater_than": 5}, {2}),
    ("employees", "number", [None, 5, 10], {"at_least": 5}, {1, 2}),
    ("employees", "number", [None, 5, 10], {"less_than": 10}, {1}),
    ("employees", "number", [None, 5, 10], {"at_most": 10}, {1, 2}),
    ("employees", "number", [None, 5, 10], {"between": [5, 10]}, {1, 2}),
    ("employees", "number", [None, 0, 10], {"is_empty": True}, {0}),
    ("employees", "number", [None, 0, 10], {"is_filled": True}, {1, 2}),
    ("vip", "flag", [None, False, True], {"is": True}, {2}),
    ("vip", "flag", [None, False, True], {"is": False}, {1}),
    ("vip", "flag", [None, False, True], {"is_not": True}, {0, 1}),
    ("vip", "flag", [None, False, True], {"is_empty": True}, {0}),
    ("tags", "list", [None, [], ["B", "c"]], {"contains": "b"}, {2}),
    ("tags", "list", [None, [], ["B", "c"]], {"contains": "b", "case": "exact"}, set()),
    ("tags", "list", [None, [], ["B", "c"]], {"contains": ["x", "c"]}, {2}),
    ("tags", "list", [None, [], ["B", "c"]], {"not_contains": "b"}, {0, 1}),
    ("tags", "list", [None, [], ["B", "c"]], {"is_empty": True}, {0, 1}),
    ("tags", "list", [None, [], ["B", "c"]], {"is_filled": True}, {2}),
    ("country", "code", [None, "DE", "NL"], {"is": "NL"}, {2}),
    ("country", "code", [None, "DE", "NL"], {"is_not": "NL"}, {0, 1}),
    ("country", "code", [None, "DE", "NL"], {"in": ["NL", "NO"]}, {2}),
    ("country", "code", [None, "DE", "NL"], {"not_in": ["NL", "NO"]}, {0, 1}),
    ("country", "code", [None, " ", "NL"], {"is_empty": True}, {0, 1}),
]


@pytest.mark.parametrize(("column", "custom", "values", "test", "holds"), TYPED)
def test_G5_other_types(column: str, custom: str, values: list[Any], test: dict[str, Any], holds: set[int]) -> None:
    here = ground([{column: value, "custom": {f"c_{custom}": value}} for value in values])
    assert here.members({"field": f"contact.{column}", **test}) == holds
    assert here.members({"field": f"contact.custom.{custom}", **test}) == holds
    assert here.members({"not": {"field": f"contact.custom.{custom}", **test}}) == {0, 1, 2} - holds


def test_G5_what_is_no_value_of_the_type_counts_as_empty() -> None:
    here = ground(
        [{"custom": {"c_number": "seven", "c_day": "soon", "c_flag": "x", "c_moment": "2026", "c_list": "x"}}]
    )
    for name in ("number", "day", "flag", "moment", "list"):
        assert here.members({"field": f"contact.custom.{name}", "is_empty": True}) == {0}


def test_G5_references_and_rows_that_are_missing() -> None:
    here = ground([{"owner_id": person_id(1)}, {"owner_id": None}, {"owner_id": person_id(2)}])
    assert here.members({"field": "contact.owner", "is": str(person_id(1))}) == {0}
    assert here.members({"field": "contact.owner", "is_not": str(person_id(1))}) == {1, 2}
    score(here, 0, 10)
    score(here, 1, None)
    assert here.members({"field": "score.total", "at_least": 10}) == {0}
    assert here.members({"field": "score.total", "is_empty": True}) == {1, 2}
    assert here.members({"field": "score.total", "is_not": 10}) == {1, 2}


def test_G5_money_compares_within_its_currency_and_exactly() -> None:
    amounts = [(None, "EUR"), ("12.5", None), ("12.5", "USD"), ("12.4999", "EUR"), ("12.5", "EUR")]
    here = ground([{"revenue": amount and Decimal(amount), "revenue_currency": code} for amount, code in amounts])
    for value in ("12.50 EUR", {"amount": "12.50", "currency": "EUR"}):
        assert here.members({"field": "contact.revenue", "is": value}) == {4}
        assert here.members({"field": "contact.revenue", "is_not": value}) == {0, 1, 2, 3}
        assert here.members({"field": "contact.revenue", "at_least": value}) == {4}
        assert here.members({"field": "contact.revenue", "less_than": value}) == {3}
    assert here.members({"field": "contact.revenue", "between": ["12 EUR", "12.5 EUR"]}) == {3, 4}


def test_G5_fewer_than_n_times_includes_never() -> None:
    day = timedelta(days=1)
    facts = [{"who": who, "kind": "page.viewed", "occurred_at": AS_OF - day} for who in (1, 2, 2, 3, 3, 3)]
    here = ground([{}] * 4, facts)
    table = [
        ({}, {1, 2, 3}),
        ({"at_least": 2}, {2, 3}),
        ({"at_most": 2}, {0, 1, 2}),
        ({"at_most": 0}, {0}),
        ({"exactly": 0}, {0}),
        ({"exactly": 2}, {2}),
        ({"at_least": 1, "at_most": 2}, {1, 2}),
        ({"at_least": 0, "at_most": 1}, {0, 1}),
    ]
    for count, holds in table:
        assert here.members({"did": "page.viewed", **count}) == holds, count
        assert here.members({"not": {"did": "page.viewed", **count}}) == {0, 1, 2, 3} - holds, count
    assert here.members({"did_not": "page.viewed"}) == {0}


def test_G5_the_time_of_what_never_happened_is_empty() -> None:
    here = ground([{}, {}], [{"who": 1, "kind": "page.viewed", "occurred_at": AS_OF - timedelta(days=9)}])
    assert here.members({"last": "page.viewed", "before": "today"}) == {1}
    assert here.members({"not": {"last": "page.viewed", "before": "today"}}) == {0}
    assert here.members({"first": "page.viewed", "is_empty": True}) == {0}
    assert here.members({"first": "page.viewed", "is_filled": True}) == {1}


def test_members_of_a_segment() -> None:
    here = ground([{}, {}])
    member(here, 1, "customers")
    member(here, 1, "customers")
    assert here.members({"member": "segment/customers"}) == {1}
    assert here.members({"not": {"member": "segment/customers"}}) == {0}
    assert here.members({"any": [{"member": "segment/customers"}, {"member": "segment/partners"}]}) == {1}


def test_everyone_has_to_be_said() -> None:
    here = ground([{}, {}])
    assert here.members({"everyone": True}) == {0, 1}
    assert here.members({"not": {"everyone": True}}) == set()


# G6


def test_G6_wildcards_stand_for_themselves() -> None:
    names = ["50% off", "50x off", "a_b", "aXb", "a*b", "a\\b"]
    here = ground([{"name": name, "custom": {"c_text": name}} for name in names])
    for field in ("contact.name", "contact.custom.text"):
        assert here.members({"field": field, "contains": "0%"}) == {0}
        assert here.members({"field": field, "contains": "a_b"}) == {2}
        assert here.members({"field": field, "starts_with": "50%"}) == {0}
        assert here.members({"field": field, "ends_with": "_b"}) == {2}
        assert here.members({"field": field, "contains": "*"}) == {4}
        assert here.members({"field": field, "contains": "\\"}) == {5}
        assert here.members({"field": field, "not_contains": "%"}) == {1, 2, 3, 4, 5}


PATTERNS = [
    ("^ab+c?$", {"abb", "abc"}),
    ("a.c", {"abc", "a.c", "ABC-1"}),
    (r"a\.c", {"a.c"}),
    (r"^\w+-\d{1,3}$", {"ABC-1"}),
    ("^(?:abb|xyz)$", {"abb", "xyz"}),
    (r"^[^a-f]+$", {"xyz", "$5"}),
    (r"\$|\^", {"$5"}),
    (r"[$\-]", {"$5", "ABC-1"}),
]


@pytest.mark.parametrize(("pattern", "found"), PATTERNS)
def test_G6_patterns(pattern: str, found: set[str]) -> None:
    names = ["abb", "abc", "a.c", "ABC-1", "xyz", "$5"]
    here = ground([{"name": name} for name in names])
    assert {names[number] for number in here.members({"field": "contact.name", "matches": pattern})} == found


def test_G6_a_pattern_minds_capitals_when_asked() -> None:
    here = ground([{"name": "ABC"}, {"name": "abc"}])
    assert here.members({"field": "contact.name", "matches": "^abc$"}) == {0, 1}
    assert here.members({"field": "contact.name", "matches": "^abc$", "case": "exact"}) == {1}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+", "optional"),
        ("(a|a)*", "optional"),
        ("(a){2,9}", "optional"),
        ("a**", "cannot be repeated"),
        ("a{1,999}", "at most 100"),
        ("a{5,2}", "backwards"),
        (r"(a)\1", "not known"),
        ("(?=a)", "not known"),
        ("(?i)a", "not known"),
        (r"\bword", "not known"),
        ("a*b*c*d*e*", "at most 4 open"),
        ("*a", "repeats nothing"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "not closed"),
        ("[]", "holds nothing"),
        ("[z-a]", "not a range"),
        ("[[:alpha:]]", "write"),
        ("a|", "empty"),
        ("x" * 201, "200"),
        ("", "1 to"),
        ("(" * 12 + "a" + ")" * 12, "deeply"),
        ("a\\", "not known"),
        ("a{,3}", "count"),
        ("^*", "cannot"),
    ],
)
def test_G6_patterns_that_could_run_long_or_differ_are_refused(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern, match=why):
        portable(pattern)


# T9


def test_T9_members_change_with_the_clock_alone() -> None:
    here = ground(
        [{"created_at": AS_OF - timedelta(days=29)}], [{"who": 0, "kind": "page.viewed", "occurred_at": AS_OF}]
    )
    rules = [{"field": "contact.created_at", "within_last": "30d"}, {"did": "page.viewed", "within": "30d"}]
    for rule, days in zip(rules, (1, 30), strict=True):
        assert here.members(rule, AS_OF + timedelta(days=days)) == {0}
        assert here.members(rule, AS_OF + timedelta(days=days + 1)) == set()
    assert here.members({"did": "page.viewed"}, AS_OF - timedelta(seconds=1)) == set()


def test_T9_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 7, 14, 23, 0, tzinfo=UTC)  # already the 15th in Amsterdam, still the 14th in New York
    here = ground([{"created_at": late}])
    rule = {"field": "contact.created_at", "on": "2026-07-15"}
    assert here.members(rule) == {0}
    assert here.members(rule, zone=ZoneInfo("America/New_York")) == set()


def test_T9_a_day_has_the_length_it_has() -> None:
    start, end = datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    times = [start - timedelta(microseconds=1), start, end - timedelta(microseconds=1), end]
    here = ground([{"created_at": moment} for moment in times])
    assert here.members({"field": "contact.created_at", "on": "2026-03-29"}) == {1, 2}


@pytest.mark.parametrize(
    ("today", "holds"),
    [
        (date(2026, 2, 27), set()),
        (date(2026, 2, 28), {0, 1}),
        (date(2026, 3, 1), {2}),
        (date(2028, 2, 28), {1}),
        (date(2028, 2, 29), {0}),
        (date(2028, 3, 1), {2}),
        (date(2024, 2, 29), set()),
    ],
)
def test_T9_a_leap_day_has_its_anniversary_on_28_February(today: date, holds: set[int]) -> None:
    born = [date(2024, 2, 29), date(2023, 2, 28), date(2020, 3, 1)]
    people = [{"birthday": day, "custom": {"c_day": day.isoformat()}} for day in born]
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    for number, person in enumerate(people):
        person["created_at"] = datetime(born[number].year, born[number].month, born[number].day, 12, tzinfo=UTC)
    here = ground(people)
    for field in ("contact.birthday", "contact.custom.day", "contact.created_at"):
        assert here.members({"field": field, "anniversary": "today"}, noon) == holds, field


def test_T9_an_anniversary_within_days_crosses_the_year() -> None:
    here = ground(
        [{"birthday": day} for day in (date(1990, 12, 30), date(1990, 1, 2), date(2026, 12, 31), date(1990, 1, 9))]
    )
    rule = {"field": "contact.birthday", "anniversary": {"within_next": "7d"}}
    assert here.members(rule, datetime(2026, 12, 29, 12, tzinfo=UTC)) == {0, 1}
    back = {"field": "contact.birthday", "anniversary": {"within_last": "7d"}}
    assert here.members(back, datetime(2027, 1, 3, 12, tzinfo=UTC)) == {0, 1}


def test_T9_the_end_of_a_short_month() -> None:
    here = ground([{"birthday": date(2026, 2, 28)}, {"birthday": date(2026, 2, 27)}])
    rule = {"field": "contact.birthday", "on": "1mo ago"}
    assert here.members(rule, datetime(2026, 3, 31, 12, tzinfo=UTC)) == {0}


# T10: ten rows around both bounds

MIDNIGHT = datetime(2026, 7, 14, 22, tzinfo=UTC)
EDGES = [  # row 3 lies on the same day as row 4, in Amsterdam
    MIDNIGHT - timedelta(days=31),
    MIDNIGHT - timedelta(days=30, microseconds=1),
    MIDNIGHT - timedelta(days=30),
    AS_OF - timedelta(hours=12, microseconds=1),
    AS_OF - timedelta(hours=12),
    AS_OF,
    AS_OF + timedelta(microseconds=1),
    AS_OF + timedelta(hours=12),
    MIDNIGHT + timedelta(days=31, microseconds=-1),
    MIDNIGHT + timedelta(days=31),
]
BOUNDS = [
    ({"within_last": "30d"}, {2, 3, 4, 5}),
    ({"within_last": "12h"}, {4, 5}),
    ({"within_next": "12h"}, {5, 6}),
    ({"within_next": "30d"}, {5, 6, 7, 8}),
    ({"before": "2026-06-15"}, {0, 1}),
    ({"after": "2026-06-14"}, {2, 3, 4, 5, 6, 7, 8, 9}),
    ({"on": "30d ago"}, {2}),
    ({"on": "today"}, {3, 4, 5, 6}),
    ({"before": "12h ago"}, {0, 1, 2, 3}),
    ({"after": "2026-07-15T12:00:00Z"}, {6, 7, 8, 9}),
    ({"before": "2026-07-15T14:00"}, {0, 1, 2, 3, 4}),
    ({"between": ["2026-06-15", "2026-07-15"]}, {2}),
    ({"between": ["2026-07-15T00:00:00Z", "2026-07-15T12:00:00Z"]}, {4}),
    ({"between": ["today", "tomorrow"]}, {3, 4, 5, 6}),
    ({"after": "in 30d"}, {9}),
]


@pytest.mark.parametrize(("test", "holds"), BOUNDS)
def test_T10_bounds_of_times(test: dict[str, Any], holds: set[int]) -> None:
    edges = [moment.isoformat(timespec="microseconds").replace("+00:00", "Z") for moment in EDGES]
    people = [{"created_at": moment, "custom": {"c_moment": text}} for moment, text in zip(EDGES, edges, strict=True)]
    here = ground(people)
    assert here.members({"field": "contact.created_at", **test}) == holds
    assert here.members({"field": "contact.custom.moment", **test}) == holds


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ({"within_last": "1d"}, {1, 2}),
        ({"within_next": "1d"}, {2, 3}),
        ({"before": "today"}, {0, 1}),
        ({"after": "today"}, {3, 4}),
        ({"on": "2026-07-15"}, {2}),
        ({"between": ["2026-07-14", "2026-07-16"]}, {1, 2}),
        ({"within_last": "1w"}, {0, 1, 2}),
    ],
)
def test_T10_bounds_of_days(test: dict[str, Any], holds: set[int]) -> None:
    days = [date(2026, 7, day) for day in (13, 14, 15, 16, 17)]
    here = ground([{"birthday": day, "custom": {"c_day": day.isoformat()}} for day in days])
    assert here.members({"field": "contact.birthday", **test}) == holds
    assert here.members({"field": "contact.custom.day", **test}) == holds


@pytest.mark.parametrize(
    ("span", "holds"),
    [
        ({"within": "30d"}, {2, 3, 4, 5}),
        ({"within": "12h"}, {4, 5}),
        ({}, {0, 1, 2, 3, 4, 5}),
        ({"since": "2026-06-15"}, {2, 3, 4, 5}),
        ({"since": "12h ago"}, {4, 5}),
        ({"before": "today"}, {0, 1, 2}),
        ({"since": "2026-06-15", "before": "2026-07-15"}, {2}),
        ({"since": "tomorrow"}, set()),
    ],
)
def test_T10_bounds_of_facts(span: dict[str, Any], holds: set[int]) -> None:
    facts = [{"who": who, "kind": "page.viewed", "occurred_at": moment} for who, moment in enumerate(EDGES)]
    here = ground([{}] * len(EDGES), facts)
    assert here.members({"did": "page.viewed", **span}) == holds
    assert here.members({"did_not": "page.viewed", **span}) == set(range(10)) - holds


def test_first_and_last_facts() -> None:
    moments = [(0, 40), (0, 5), (1, 40), (2, 5)]
    facts = [{"who": who, "kind": "page.viewed", "occurred_at": AS_OF - timedelta(days=days)} for who, days in moments]
    here = ground([{}] * 4, facts)
    assert here.members({"first": "page.viewed", "within_last": "30d"}) == {2}
    assert here.members({"last": "page.viewed", "within_last": "30d"}) == {0, 2}
    assert here.members({"last": "page.viewed", "before": "30d ago"}) == {1}
    assert here.members({"first": "page.viewed", "anniversary": "today"}, AS_OF + timedelta(days=325)) == {0, 1}


WHERE = [
    ({"form": "DEMO"}, {0, 1}),
    ({"form": ["demo", "ebook"]}, {0, 1, 2}),
    ({"form": {"is": "demo", "case": "exact"}}, {0}),
    ({"form": {"is_empty": True}}, {3, 4, 5}),
    ({"form": {"is_not": "demo"}}, {2, 3, 4, 5}),
    ({"value": {"at_least": 3}}, {1}),
    ({"new": True}, {0}),
    ({"source": "web"}, {0}),
    ({"form": "demo", "source": "WEB"}, {0}),
    ({"page.path": {"starts_with": "/price"}}, {5}),
    ({"cost": {"greater_than": 1}}, {2}),
    ({"campaign_id": str(person_id(1))}, {2}),
    ({"started_at": {"before": "today"}}, {1}),
    ({"visits": {"at_most": 3}}, {4}),
]


@pytest.mark.parametrize(("where", "holds"), WHERE)
def test_conditions_on_facts(where: dict[str, Any], holds: set[int]) -> None:
    rows: list[dict[str, Any]] = [
        {"properties": {"form": "demo", "value": 2, "new": True}, "source": "web"},
        {"properties": {"form": "Demo", "value": 10}, "started_at": AS_OF - timedelta(days=2)},
        {"properties": {"form": "ebook", "value": "x"}, "cost": Decimal("1.5"), "campaign_id": person_id(1)},
        {"properties": {"form": " "}},
        {"properties": {"visits": 3}},
        {"properties": {"page": {"path": "/price/x"}}},
    ]
    common = {"kind": "form.submitted", "occurred_at": AS_OF}
    here = ground([{}] * 6, [{**row, **common, "who": who} for who, row in enumerate(rows)])
    assert here.members({"did": "form.submitted", "where": where}) == holds
    assert here.members({"first": "form.submitted", "where": where, "is_filled": True}) == holds


@pytest.mark.parametrize("engine_zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
def test_T7_the_zone_of_the_engine_changes_nothing(engine_zone: str) -> None:
    facts = [{"who": who, "kind": "page.viewed", "occurred_at": moment} for who, moment in enumerate(EDGES)]
    here = ground([{"created_at": moment} for moment in EDGES], facts)
    here.db.execute(f"SET TimeZone = '{engine_zone}'")
    for test, holds in BOUNDS:
        assert here.members({"field": "contact.created_at", **test}) == holds
    assert here.members({"did": "page.viewed", "within": "30d"}) == {2, 3, 4, 5}
    rule = {"field": "contact.created_at", "anniversary": "today"}
    assert here.members(rule, AS_OF + timedelta(days=365)) == {3, 4, 5, 6}
