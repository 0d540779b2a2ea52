from collections.abc import Iterator
from typing import Any

import pytest
from tests.cast import AI_USE, Cast

from marops.domains.accounts.public import ai_rights_come_from
from marops.domains.policy.models import AiAct
from marops.domains.policy.public import ask_to_read, hand_over
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import in_force, policy, use
from marops.domains.workflows.actions import keep
from marops.kernel import definitions
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError

READS = 'permit (principal, action == Action::"summarise", resource) when { context.review >= 0 };'
ALL = "permit (principal, action, resource);"


@pytest.fixture
def ai(cast: Cast) -> Iterator[Actor]:
    ai_rights_come_from(rights_of_use)
    yield Actor("ai", "agent-1", on_behalf_of=str(cast.priya.id), ai_use=AI_USE.lower())
    ai_rights_come_from(lambda _: {})


@pytest.mark.django_db
def test_what_an_agent_read_stands_in_the_trail(ai: Actor) -> None:
    policy(READS)
    use(actions=["summarise"], data=["internal", "contact"], reach={"records": 60})
    ask_to_read(ai, subject="leads", data="contact")
    hand_over(actor=ai, subject="leads", data="contact", records=50, sha256="a" * 64)
    (row,) = AiAct.objects.all()
    assert (row.verdict, row.term, row.subject, row.records) == ("yes", "summarise", "leads", 50)
    assert row.outputs_sha256 == "a" * 64
    with pytest.raises(MaropsError, match="50 were reached and this is 11 more"):
        hand_over(actor=ai, subject="leads", data="contact", records=11)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "asked", "said"),
    [
        ({"actions": ["draft"]}, {}, "does not name “summarise”"),
        ({"actions": ["summarise"]}, {"data": "contact"}, "names and work data"),
        ({"actions": ["summarise"]}, {"records": 2}, "one record at a time"),
    ],
)
def test_what_the_register_does_not_name_is_not_read(ai: Actor, given: Any, asked: Any, said: str) -> None:
    policy(READS)
    use(**given)
    with pytest.raises(MaropsError) as refused:
        ask_to_read(ai, subject="leads", **asked)
    assert said in str(refused.value)


@pytest.mark.django_db
def test_a_refusal_says_for_programs_what_is_missing(ai: Actor) -> None:
    policy('permit (principal, action == Action::"summarise", resource) when { context.review >= 2 };')
    use(actions=["summarise"])
    with pytest.raises(MaropsError) as refused:
        ask_to_read(ai, subject="leads")
    told = refused.value.as_json()["told"]["ai-policy"]
    assert told == {
        "action": "summarise", "policy": "ai_policy/marketing@1", "rules": [],
        "missing": {"review": 2, "disclosed": False},
        "asked": {
            "action": "summarise", "content": "records", "audience": "colleagues", "data": "internal", "autonomy": 2,
            "review": 0, "disclosed": False, "hosting": "own",
        },
    }  # fmt: skip
    assert "summarise records for colleagues" in str(refused.value).lower()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["ai_use", "ai_policy", "access"])
def test_no_rule_lets_an_ai_put_its_own_rules_in_force(ai: Actor, kind: str) -> None:
    policy(ALL)
    use(actions=["draft", "publish"], autonomy=5, rights=["definitions.change", "definitions.activate"])
    ref = {"ai_use": f"ai_use/{AI_USE.lower()}", "ai_policy": "ai_policy/marketing"}.get(kind, "access/roles")
    if kind == "access":
        from marops.domains.accounts.rules import shipped_roles

        in_force("access", "roles", shipped_roles().model_dump(mode="json"))
    for act in (definitions.activate, definitions.retire):
        with pytest.raises(MaropsError, match="put in force by people alone"):
            act(actor=ai, ref=ref)


@pytest.mark.django_db
def test_a_scenario_by_an_ai_is_a_draft_even_where_people_hold_theirs_at_once(ai: Actor) -> None:
    policy(ALL)
    use(actions=["draft"], rights=["workflows.change"])
    document = {"title": "One more writer", "changes": []}
    assert keep(actor=ai, kind="scenario", slug="more", document=document).state == "draft"
