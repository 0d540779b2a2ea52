import json

import pytest
from tests.cast import Cast

from marops.domains.policy.actions.policies import keep_table
from marops.domains.policy.actions.switches import stop
from marops.domains.policy.models import AiAct
from marops.domains.policy.queries import policies
from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.table import Table, combined
from marops.domains.policy.rules.tables import rules_digest
from marops.domains.policy.tests.policies import rule, table_of
from marops.domains.policy.tests.test_policy_gate import USE, in_force
from marops.kernel.actors import SETUP
from marops.kernel.clock import now

DRAFT = 'permit (principal, action == Action::"draft", resource) when { context.review >= 1 && context.autonomy <= 2 };'
ASKED = {"action": "draft", "content": "words", "audience": "customers", "data": "none", "autonomy": 1, "review": 1}
NEVER = 'forbid (principal, action, resource) when { context.data == Data::"special" };'


def decided(rules: list[PolicyRule]) -> None:
    """A table as if the job had made it, by what the sentences mean."""
    policy = Compiled(rules)
    holds = {name: table_of(policy.rules[name].cedar).ravel() for name in policy.ahead}
    table = Table(combined(holds, policy.permits), holds, policy.permits)
    keep_table(actor=SETUP, digest=rules_digest(rules), table=table, seconds=1.0)


@pytest.fixture
def two_versions(cast: Cast) -> Cast:
    for text in (DRAFT, DRAFT.replace("review >= 1", "review >= 2")):
        rules = [rule("R0", text), rule("R1", NEVER)]
        document = {"title": "A policy", "rules": [one.model_dump() for one in rules]}
        in_force(policies.KIND, policies.SLUG, document)
        decided(rules)
    return cast


@pytest.mark.django_db
def test_the_page_a_check_a_difference_and_the_tests_over_rest(two_versions: Cast) -> None:
    client = two_versions.client("mina")
    page = client.get("/api/v1/policy").json()
    assert (page["version"], page["state"]) == (2, "active")
    assert page["asks"]["gated"] == 6 * 5 * 5 * 2 * 2
    assert [one["rules"] for one in page["lines"] if one["verdict"] == "never"] == [["R1"]]
    asked = {
        "action": "draft",
        "content": "words",
        "audience": "customers",
        "data": "contact",
        "autonomy": 2,
        "review": 1,
    }
    answer = client.post("/api/v1/policy/check", asked, content_type="application/json").json()
    assert (answer["allowed"], answer["needs"]) == (False, "two reviewers")
    before = client.post("/api/v1/policy/check?version=1", asked, content_type="application/json").json()
    assert before["allowed"]
    assert [one["id"] for one in before["rules"]] == ["R0"]
    found = client.get("/api/v1/policy/difference?before=1&after=2").json()
    assert (found["opened"], found["closed"]) == (0, 6 * 5 * 5 * 2 * 2 * 2)
    assert sum(one["combinations"] for one in found["closes"]) == found["closed"]
    assert found["rules"]["changed"] == ["R0"]
    assert client.get("/api/v1/policy/tests").json()["passed"]


@pytest.mark.django_db
def test_a_request_with_a_wrong_answer_is_refused_by_its_field(two_versions: Cast) -> None:
    asked = ASKED | {"action": "juggle"}
    answer = two_versions.client("mina").post("/api/v1/policy/check", asked, content_type="application/json")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/action"
    assert "draft, translate" in fault["remedy"]
    extra = asked | {"action": "draft", "facts": {"recipients": "many"}}
    answer = two_versions.client("mina").post("/api/v1/policy/check", extra, content_type="application/json")
    assert answer.status_code == 422


@pytest.mark.django_db
def test_facts_of_the_moment_turn_a_yes_into_a_no(cast: Cast) -> None:
    in_force(policies.KIND, policies.SLUG, {"title": "A", "rules": [rule("R0", DRAFT).model_dump()]})
    asked = ASKED
    client = cast.client("mina")
    post = lambda body: client.post("/api/v1/policy/check", json.dumps(body), content_type="application/json").json()  # noqa: E731
    assert post(asked)["allowed"]
    stopped = post(asked | {"facts": {"stopped": True}})
    assert (stopped["allowed"], stopped["needs"]) == (False, None)
    assert stopped["rules"][0]["id"] == "stopped"


@pytest.mark.django_db
def test_the_register_with_its_tiers_and_switches_and_the_trail_for_those_who_may(cast: Cast) -> None:
    in_force("ai_use", "u-07", USE)
    in_force("ai_use", "u-08", USE | {"audience": ["minors"]})
    stop(actor=cast.actor("hanna"), use="u-08", why="hold on")
    AiAct.objects.create(
        at=now(), use="u-07", actor="assistant", on_behalf_of="x", action="a", term="draft", verdict="no"
    )
    found = cast.client("mina").get("/api/v1/ai/uses").json()["items"]
    assert [(one["use"], one["tier"], bool(one["stopped"])) for one in found] == [
        ("u-07", "low", False), ("u-08", "high", True),
    ]  # fmt: skip
    acts = cast.client("vera").get("/api/v1/ai/acts?use=u-07").json()["items"]
    assert [one["verdict"] for one in acts] == ["no"]
    assert cast.client("mina").get("/api/v1/ai/acts").status_code == 403
    gone = cast.client("hanna").post("/api/v1/ai/uses/u-08/go-on", {}, content_type="application/json")
    assert gone.json()["stopped"] is None
    assert cast.client("mina").post("/api/v1/ai/uses/u-07/stop", {}, content_type="application/json").status_code == 403
