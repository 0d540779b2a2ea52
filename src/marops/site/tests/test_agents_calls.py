from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cast import AI_USE, Cast

from marops.domains.accounts.actions import give_roles, make_token, revoke_token
from marops.domains.accounts.models import Token
from marops.domains.accounts.public import ai_rights_come_from
from marops.domains.policy.actions.switches import go_on, stop
from marops.domains.policy.models import AiAct
from marops.domains.policy.public import decide
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import in_force, policy, use
from marops.kernel import agents, definitions
from marops.kernel.definitions import kinds
from marops.kernel.errors import MaropsError
from marops.kernel.limits import Limiter
from marops.kernel.models import Definition
from marops.site.agents import calls, mcp, resources

calls.load()
CALENDAR = {"title": "Weekdays", "hours": {"mon": [["09:00", "17:00"]]}}
DRAFTED = {"kind": "calendar", "slug": "weekdays", "document": CALENDAR, "reason": "Nobody works on Sundays."}
SAYS = (
    'permit (principal, action in [Action::"draft", Action::"summarise"], resource) when { context.autonomy <= 2 };',
    'permit (principal, action == Action::"publish", resource) when { context.review >= 1 };',
)


REGISTERED = {
    "actions": ["draft", "summarise", "publish"], "data": ["internal", "contact"],
    "rights": ["definitions.change", "definitions.activate", "leads.view", "metrics.view", "accounts.manage"],
}  # fmt: skip


@pytest.fixture
def key(cast: Cast) -> Iterator[str]:
    ai_rights_come_from(rights_of_use)
    calls.limiter.cache_clear()
    policy(*SAYS)
    use(**REGISTERED)
    asked = {"name": "Helper", "rights_asked": [], "days": 30, "ai_use": AI_USE.lower()}
    yield make_token(actor=cast.actor("priya"), **asked)[1]
    ai_rights_come_from(lambda _: {})


def refused(secret: str, name: str, **given: Any) -> MaropsError:
    with pytest.raises(MaropsError) as error:
        calls.call(secret, name, given)
    return error.value


def test_every_tool_says_what_it_does_and_fits_its_name() -> None:
    found = agents.tools()
    assert 10 <= len(found) <= 18, "few enough to choose from"
    for one in found.values():
        assert 80 < len(one.says) < 600, one.name
        assert not (one.reads_only and one.overwrites), one.name
        assert one.given.model_json_schema()["additionalProperties"] is False, one.name
        assert one.right is not None or one.does in ("describe", "read", "propose"), one.name
    assert {one.name for one in found.values() if one.does == "act"} == {
        "put_in_force", "retire_definition", "hand_over_lead"
    }  # fmt: skip


def test_every_tool_resource_and_prompt_is_documented() -> None:
    text = (Path(__file__).parents[4] / "docs/reference/mcp.md").read_text(encoding="utf-8")
    places = [one.uri for one in (*resources.PLACES, *resources.TEMPLATES)]
    assert [one for one in [*agents.tools(), *agents.prompts(), *places] if f"`{one}`" not in text] == []


@pytest.mark.django_db
def test_an_agent_learns_who_it_is_and_what_it_may(cast: Cast, key: str) -> None:
    me = calls.call(key, "about_me", {})
    assert (me["use"], me["for"], me["may_act"]) == (AI_USE.lower(), str(cast.priya.id), True)
    assert set(me["rights"]) == {"definitions.change", "definitions.activate", "leads.view", "metrics.view"}
    assert calls.call(key, "may_i", {"action": "draft"})["allowed"]
    told = calls.call(key, "may_i", {"action": "publish"})
    assert (told["allowed"], told["missing"]) == (False, {"review": 1, "disclosed": False})
    assert "does not name" in calls.call(key, "may_i", {"action": "send"})["reasons"][0]
    assert not AiAct.objects.exists(), "asking leaves no trail"


@pytest.mark.django_db
def test_what_is_offered_is_what_the_rights_open(cast: Cast, key: str) -> None:
    names = {one.name for one in calls.offered(key)}
    assert {"about_me", "draft_definition", "find_leads", "put_in_force"} <= names
    assert not {"hand_over_lead", "draft_workflow"} & names
    assert refused(key, "hand_over_lead", ref="L-1", to="queue:x", reason="x").code == "not-allowed"
    give_roles(actor=cast.actor("ada"), account_id=cast.priya.id, roles=[])
    assert all(one.right is None for one in calls.offered(key))


@pytest.mark.django_db
def test_where_the_register_names_tools_there_are_no_others(key: str) -> None:
    use(**REGISTERED, tools=["find_leads"])
    offered = calls.offered(key)
    assert {one.name for one in offered if one.does != "describe"} == {"find_leads"}
    error = refused(key, "read_lead", ref="L-1")
    assert (error.code, "names the tools" in str(error)) == ("not-allowed", True)


@pytest.mark.django_db
def test_reading_passes_the_gate_and_stands_in_the_trail(key: str) -> None:
    found = calls.call(key, "list_definitions", {"kind": "ai_use", "state": ""})
    assert [one["ref"] for one in found["items"]] == ["ai_use/u-07"]
    assert calls.call(key, "find_leads", {})["items"] == []
    assert calls.call(key, "describe_kind", {"kind": "calendar"})["schema"]["title"]
    (country,) = calls.call(key, "list_fields", {"words": "contact.country"})["fields"]
    assert (country["field"], country["type"]) == ("contact.country", "choice")
    AiAct.objects.filter(subject="fields of rules").delete()
    rows = list(AiAct.objects.order_by("at").values_list("action", "verdict", "subject"))
    assert rows == [("ai.read", "yes", "definitions"), ("ai.read", "yes", "leads")]
    assert all(len(one.outputs_sha256) == 64 for one in AiAct.objects.all())
    use(actions=["draft"], rights=["leads.view"])
    assert "does not name “summarise”" in str(refused(key, "find_leads"))


@pytest.mark.django_db
def test_a_draft_waits_for_people_and_then_may_be_put_in_force(cast: Cast, key: str) -> None:
    told = calls.call(key, "draft_definition", DRAFTED)
    assert (told["ref"], told["state"], told["in_force"]) == ("calendar/weekdays@1", "in_review", False)
    assert calls.call(key, "draft_definition", DRAFTED)["ref"] == told["ref"], "the same again is not kept twice"
    error = refused(key, "put_in_force", ref=told["ref"])
    assert error.code == "gate-refused"
    assert error.as_json()["told"]["ai-policy"]["missing"] == {"review": 1, "disclosed": False}
    assert "one reviewer" in str(error)
    definitions.approve(actor=cast.actor("hanna"), ref=told["ref"])
    assert calls.call(key, "read_definition", {"ref": told["ref"]})["approvals"] == {"needed": 1, "so_far": 1}
    assert calls.call(key, "put_in_force", {"ref": told["ref"]})["state"] == "active"
    assert Definition.objects.get(kind="calendar", slug="weekdays").ai_use == AI_USE.lower()
    later = DRAFTED | {"document": CALENDAR | {"title": "Other"}}
    calls.call(key, "draft_definition", later)
    assert refused(key, "put_in_force", ref="calendar/weekdays@2").code == "gate-refused", "another text, another look"


@pytest.mark.django_db
def test_an_act_that_misses_readers_can_be_handed_in_and_passes_once_they_approved(cast: Cast, key: str) -> None:
    in_force("calendar", "weekdays", CALENDAR)
    asked = {"ref": "calendar/weekdays", "reason": "Nobody uses it."}
    assert refused(key, "retire_definition", **asked).code == "gate-refused"
    waits = calls.call(key, "retire_definition", asked | {"ask_people": True})
    assert (waits["done"], waits["waits"]["state"], waits["waits"]["needed"]) == (False, "waiting", 1)
    assert refused(key, "retire_definition", **asked).code == "gate-refused", "waiting is no yes"
    (mine,) = calls.call(key, "my_drafts", {})["items"]
    kept = calls.call(key, "my_drafts", {"id": mine["id"]})["items"][0]
    assert (mine["id"], kept["content"]["action"]) == (waits["waits"]["draft"], "definition.retire")
    decide(cast.actor("hanna"), mine["id"], kept["sha256"], approve=True)
    other = asked | {"reason": "Because."}
    assert refused(key, "retire_definition", **other).code == "gate-refused", "another act, another look"
    assert calls.call(key, "retire_definition", asked)["state"] == "retired"


@pytest.mark.django_db
def test_a_text_waits_for_its_readers(cast: Cast, key: str) -> None:
    text = {"title": "Spring mail", "text": "Dear reader, …", "audience": "colleagues", "data": "internal"}
    assert "does not name" in str(refused(key, "propose_text", **text)), "the use names records alone"
    free = calls.call(key, "propose_text", text | {"content": "records"})
    assert (free["state"], free["needed"]) == ("approved", 0)
    policy('permit (principal, action == Action::"draft", resource) when { context.review >= 2 };')
    handed = calls.call(key, "propose_text", text | {"content": "records", "text": "Another.", "tokens": 900})
    assert (handed["state"], handed["needed"]) == ("waiting", 2)
    kept = calls.call(key, "my_drafts", {"id": handed["draft"]})["items"][0]
    decide(cast.actor("hanna"), handed["draft"], kept["sha256"], approve=False, why="Too long.")
    told = calls.call(key, "my_drafts", {})["items"][0]
    assert (told["state"], told["decisions"]) == ("declined", [{"approved": False, "why": "Too long."}])


@pytest.mark.django_db
def test_faults_come_back_by_their_place(key: str) -> None:
    error = refused(key, "draft_definition", **(DRAFTED | {"document": {"title": "x", "hours": {"mun": []}}}))
    assert (error.code, {one.pointer.split("/")[1] for one in error.errors}) == ("invalid", {"hours"})
    assert [one.field for one in refused(key, "find_leads", limit=500).errors] == ["limit"]
    assert [one.field for one in refused(key, "find_leads", colour="red").errors] == ["colour"]
    assert refused(key, "no_such_tool").code == "not-found"
    assert refused(key, "put_in_force", ref="calendar/weekdays").code == "invalid"


@pytest.mark.django_db
def test_a_switch_a_revoked_key_and_a_retired_use_count_at_once(cast: Cast, key: str) -> None:
    calls.call(key, "list_definitions", {})
    stop(actor=cast.actor("hanna"), use=AI_USE.lower(), why="It wrote nonsense.")
    assert "It wrote nonsense." in str(refused(key, "list_definitions"))
    assert "It wrote nonsense." in str(refused(key, "draft_definition", **DRAFTED))
    assert "It wrote nonsense." in calls.call(key, "about_me", {})["why_not"]
    go_on(actor=cast.actor("hanna"), use=AI_USE.lower())
    calls.call(key, "list_definitions", {})
    Definition.objects.filter(kind="ai_use").update(state="retired")
    assert not calls.call(key, "about_me", {})["may_act"]
    assert refused(key, "draft_definition", **DRAFTED).code == "not-allowed"
    revoke_token(actor=cast.actor("priya"), token_id=Token.objects.get().id)
    assert refused(key, "about_me").code == "bad-token"


@pytest.mark.django_db
def test_an_agent_that_asks_too_often_waits(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Limiter(rate=1.0, burst=2, clock=lambda: 0.0)
    monkeypatch.setattr(calls, "limiter", lambda: slow)
    for _ in range(2):
        calls.call(key, "about_me", {})
    assert refused(key, "about_me").code == "too-many-requests"


@pytest.mark.django_db
def test_resources_follow_the_same_rules(cast: Cast, key: str) -> None:
    assert resources.read(key, "marops://me")["use"] == AI_USE.lower()
    assert resources.read(key, "marops://kinds/score")["schema"]
    assert resources.read(key, "marops://definitions/ai_use/u-07")["document"]["owner"] == "priya"
    assert AiAct.objects.get().subject == "definition ai_use/u-07"
    stop(actor=cast.actor("hanna"), use="", why="All of it.")
    for uri, code in (("marops://definitions/ai_use/u-07", "gate-refused"), ("marops://nowhere", "not-found")):
        with pytest.raises(MaropsError) as error:
            resources.read(key, uri)
        assert error.value.code == code


@pytest.mark.django_db
def test_a_kind_with_a_right_of_its_own_asks_for_it(key: str) -> None:
    given = {"slug": "main", "document": {}, "reason": "x"}
    for kind, right in (("ai_use", "policy.change"), ("route", "routing.change"), ("access", "accounts.manage")):
        assert right in str(refused(key, "draft_definition", kind=kind, **given)), kind
    assert refused(key, "read_definition", ref="access/roles").code == "not-allowed"
    assert all(one in kinds() for one in (*mcp._SEEN_WITH, *mcp._CHANGED_WITH))


@pytest.mark.django_db
def test_kinds_that_hold_pay_have_a_door_of_their_own(key: str) -> None:
    assert "tools of its own" in str(refused(key, "read_definition", ref="crew/all"))
    assert "tools of its own" in str(refused(key, "draft_definition", **(DRAFTED | {"kind": "crew"})))
