"""Random rules over the crowd of `rulesground`."""

from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from marops.kernel.tests.rulesground import KINDS, PEOPLE, SEGMENTS, TEXTS, person_id

RELAXED = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),  # the rule that failed is in the message, and small already
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
}


texts = st.sampled_from([text for text in TEXTS if text and text.strip(" \t\u00a0")]) | st.sampled_from("aN5%_'\\x")
patterns = st.sampled_from(
    ["^a", "a$", "[0-9]+%", r"\w+ \w+", "^(?:nl|de)$", ".", "^.$", r"\s", "[^a-z]", r"o'b?", "é|ä", r"^\S+$"]
)
whole = st.integers(-5, 105)
durations = st.sampled_from(["12h", "1d", "30d", "31d", "2w", "3mo", "1y", "15min"])
day_spans = st.sampled_from(["1d", "30d", "2w", "3mo", "1y"])
days = st.sampled_from(["2026-07-15", "2026-07-14", "2024-02-29", "today", "30d ago", "in 2d", "1990-07-15"])
times = days | st.sampled_from(["2026-07-15T12:00:00Z", "2026-07-15T14:00", "12h ago"])


def one_of(field: str, tests: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return tests.map(lambda test: {"field": field, **test})


def comparisons(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fills = [st.sampled_from([{"is_empty": True}, {"is_filled": True}])]
    return st.one_of(fills + [st.fixed_dictionaries({name.rstrip("_"): made}) for name, made in values.items()])


def cased(tests: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    exact = tests.filter(lambda test: not {"is_empty", "is_filled"} & set(test)).map(
        lambda test: {**test, "case": "exact"}
    )
    return tests | exact


def listed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=3)


def span(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=2, max_size=2)


def text_tests() -> st.SearchStrategy[dict[str, Any]]:
    return cased(
        comparisons(
            is_=texts,
            is_not=texts,
            in_=listed(texts),
            not_in=listed(texts),
            contains=texts | listed(texts),
            not_contains=texts,
            starts_with=texts,
            ends_with=texts,
            matches=patterns,
        )
    )


def number_tests(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return comparisons(
        is_=values,
        is_not=values,
        greater_than=values,
        at_least=values,
        less_than=values,
        at_most=values,
        between=span(values),
    )


def time_tests(
    points: st.SearchStrategy[str], spans: st.SearchStrategy[str], *, returns: bool = True
) -> st.SearchStrategy[dict[str, Any]]:
    season = st.just("today") | st.fixed_dictionaries({"within_next": st.just("30d")})
    more = {"anniversary": season} if returns else {}
    return comparisons(
        before=points, after=points, on=days, between=span(points), within_last=spans, within_next=spans, **more
    )


codes = st.sampled_from(["NL", "DE", "NO"])
ids = st.sampled_from([str(person_id(1)), str(person_id(9))])
items = st.sampled_from(["a", "A", "b", "it's", "50%"])
money = st.sampled_from(["12.50 EUR", "12.5001 EUR", "0 EUR", "100000 USD"])
eur = st.sampled_from(["0 EUR", "12.50 EUR", "12.5001 EUR"])
money_tests = comparisons(is_=money, is_not=money, at_least=money, less_than=money, between=span(eur))
code_tests = comparisons(is_=codes, is_not=codes, in_=listed(codes), not_in=listed(codes))
list_tests = cased(comparisons(contains=items | listed(items), not_contains=items))
flag_tests = comparisons(is_=st.booleans(), is_not=st.booleans())

plain_leaves = st.one_of(
    one_of("contact.name", text_tests()),
    one_of("contact.custom.text", text_tests()),
    one_of("contact.country", code_tests),
    one_of("contact.custom.code", comparisons(is_=st.sampled_from(["one", "two"]), not_in=st.just(["one"]))),
    one_of("contact.employees", number_tests(whole)),
    one_of("contact.weight", number_tests(st.sampled_from([0, 0.1, 2.5, "2.5", -1]))),
    one_of("contact.custom.number", number_tests(whole | st.just(2.5))),
    one_of("score.total", number_tests(st.sampled_from([0, 50, "75.5"]))),
    one_of("contact.revenue", money_tests),
    one_of("contact.vip", flag_tests),
    one_of("contact.custom.flag", flag_tests),
    one_of("contact.birthday", time_tests(days, day_spans)),
    one_of("contact.custom.day", time_tests(days, day_spans)),
    one_of("contact.created_at", time_tests(times, durations)),
    one_of("contact.custom.moment", time_tests(times, durations, returns=False)),
    one_of("contact.tags", list_tests),
    one_of("contact.custom.list", list_tests),
    one_of("contact.owner", comparisons(is_=ids, is_not=ids, in_=listed(ids))),
    st.sampled_from(SEGMENTS).map(lambda slug: {"member": f"segment/{slug}"}),
    st.just({"everyone": True}),
)

wheres = st.one_of(
    st.fixed_dictionaries({"form": texts | listed(texts) | st.just("demo")}),
    st.fixed_dictionaries({"form": text_tests()}),
    st.fixed_dictionaries({"source": text_tests()}),
    st.fixed_dictionaries({"cost": number_tests(st.sampled_from([1, "1.25", 9]))}),
    st.fixed_dictionaries({"campaign_id": comparisons(is_=ids, is_not=ids)}),
    st.fixed_dictionaries({"started_at": time_tests(times, durations), "attempt": number_tests(whole)}),
)
kinds = st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)
spans_of_facts = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"within": durations}),
    st.fixed_dictionaries({"since": times}),
    st.fixed_dictionaries({"since": times, "before": times}),
)
counts = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"at_least": st.integers(1, 4)}),
    st.fixed_dictionaries({"at_most": st.integers(0, 4)}),
    st.fixed_dictionaries({"exactly": st.integers(0, 4)}),
)
where_or_none = st.just({}) | wheres.map(lambda where: {"where": where})


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


fact_leaves = st.one_of(
    merged(st.fixed_dictionaries({"did": kinds}), where_or_none, counts, spans_of_facts),
    merged(st.fixed_dictionaries({"did_not": kinds}), where_or_none, spans_of_facts),
    merged(st.fixed_dictionaries({"first": kinds}), where_or_none, time_tests(times, durations)),
    merged(st.fixed_dictionaries({"last": kinds}), where_or_none, time_tests(times, durations)),
)


def trees(leaf: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def joined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            st.fixed_dictionaries({"all": several}),
            st.fixed_dictionaries({"any": several}),
            st.fixed_dictionaries({"not": inner}),
        )

    return st.recursive(leaf, joined, max_leaves=5)


random_rules = trees(plain_leaves | fact_leaves)
batches = st.lists(st.tuples(random_rules, st.integers(0, PEOPLE - 1)), min_size=25, max_size=25)
