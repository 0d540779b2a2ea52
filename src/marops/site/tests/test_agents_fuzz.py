"""Whatever an agent sends, a tool answers or refuses in words; it never breaks, and never acts by mistake."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marops.kernel import agents
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition
from marops.site.agents import calls, resources
from marops.site.tests.test_agents_calls import key  # noqa: F401  # a fixture

calls.load()
TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "", "\0", "x\0y", "\ud800", "L-1", "L-99999999999999999999", "calendar/weekdays@1", "score/main",
        "a/b@99999999999", "ai_use/u-07", "crew/x", "queue:", "person:", "person:nobody", "calendar", "workflow",
        "webinar@99999999999999", "-score", "mql", "%", "' OR 1=1 --", "é" * 300, "leads.created", "2026-13-01",
        "00000000-0000-0000-0000-000000000000",
    ]
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=True) | TEXTS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)


def sent(tool: agents.Tool) -> st.SearchStrategy[dict[str, Any]]:
    names = sorted(tool.given.model_fields)
    if not names:
        return st.dictionaries(st.sampled_from(["x"]), VALUES, max_size=1)
    strings = st.fixed_dictionaries({}, optional=dict.fromkeys(names, TEXTS))
    anything = st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES))
    return strings | anything


# Figures are worked out by the query engine, which has no place in a transaction that is rolled back.
CALLS = st.sampled_from(sorted(set(agents.tools()) - {"read_metrics"})).flatmap(
    lambda name: st.tuples(st.just(name), sent(agents.tools()[name]))
)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=CALLS)
def test_no_argument_breaks_a_tool(key: str, asked: tuple[str, dict[str, Any]]) -> None:  # noqa: F811
    calls.limiter.cache_clear()
    name, arguments = asked
    try:
        calls.call(key, name, arguments)
    except MaropsError as error:
        error.as_json()
    assert not Definition.objects.filter(state="active").exclude(kind__in=["ai_use", "ai_policy"]).exists()


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    uri=TEXTS.map(lambda one: f"marops://kinds/{one}") | TEXTS.map(lambda one: f"marops://definitions/{one}") | TEXTS
)
def test_no_address_breaks_a_resource(key: str, uri: str) -> None:  # noqa: F811
    calls.limiter.cache_clear()
    try:
        resources.read(key, uri)
    except MaropsError as error:
        error.as_json()
