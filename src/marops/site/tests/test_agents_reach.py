"""An agent never has more than its use's rights and its person's: over real leads, for everybody of the cast."""

from collections.abc import Iterator

import pytest
from tests.cast import AI_USE, PEOPLE, Cast

from marops.domains.accounts.actions import make_token
from marops.domains.accounts.models import AccountRole
from marops.domains.accounts.public import ai_rights_come_from
from marops.domains.policy.models import AiAct
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import policy, use
from marops.domains.routing.public import assign_lead
from marops.domains.routing.tests.routingground import leads
from marops.kernel.actors import SETUP
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import grants
from marops.site.agents import calls

calls.load()
EVERYTHING = "permit (principal, action, resource);"


@pytest.fixture(autouse=True)
def registered(transactional_db: None) -> Iterator[None]:
    ai_rights_come_from(rights_of_use)
    calls.limiter.cache_clear()
    policy(EVERYTHING)
    yield
    ai_rights_come_from(lambda _: {})


def key(cast: Cast, name: str) -> str:
    """A key for an agent of this person, who is made to hold the right to make one."""
    held, made = AccountRole.objects.get_or_create(account=cast.accounts[name], role="martech_specialist")
    asked = {"name": "x", "rights_asked": [], "days": 1, "ai_use": AI_USE.lower()}
    secret = make_token(actor=cast.actor(name), **asked)[1]
    if made:
        held.delete()
    return secret


def test_nobody_s_agent_is_offered_more_than_both_may(cast: Cast) -> None:
    rights = ["leads.view", "definitions.change", "workflows.view", "workflows.change", "leads.assign"]
    use(rights=rights)
    for name in PEOPLE:
        person = grants(cast.actor(name))
        offered = {one.right for one in calls.offered(key(cast, name)) if one.right}
        assert offered == {right for right in rights if right in person}, name


def test_an_agent_sees_and_hands_over_only_the_leads_of_its_person(cast: Cast) -> None:
    own, other = leads(2, touch=False, full_name="Kim Vos")
    assign_lead(actor=SETUP, contact_id=own.id, owner_id=cast.selma.id)
    assign_lead(actor=SETUP, contact_id=other.id, owner_id=cast.hanna.id)
    use(
        actions=["summarise", "route"], data=["internal", "contact", "behaviour"], reach={"records": 100},
        rights=["leads.view", "leads.assign"],
    )  # fmt: skip
    secret = key(cast, "selma")
    (seen,) = calls.call(secret, "find_leads", {})["items"]
    assert seen["ref"] == own.ref
    assert seen["name"] == own.ref, "the use does not see what is personal, whatever its person sees"
    for tool, given, code in (
        ("read_lead", {"ref": other.ref}, "not-found"),
        ("hand_over_lead", {"ref": own.ref, "to": f"person:{cast.hanna.id}", "reason": "x"}, "not-allowed"),
    ):
        with pytest.raises(MaropsError) as refused:
            calls.call(secret, tool, given)
        assert refused.value.code == code, tool
    use(
        actions=["summarise"], data=["internal", "contact", "behaviour"], rights=["leads.view", "personal.see"],
        reach={"records": 2},
    )  # fmt: skip
    (seen,) = calls.call(secret, "find_leads", {})["items"]
    assert seen["name"] == "Kim Vos", "both may see it now"
    with pytest.raises(MaropsError, match="2 of records a day"):
        calls.call(secret, "find_leads", {})
    assert AiAct.objects.filter(verdict="no").latest("at").action == "ai.read"


def test_what_names_colleagues_or_their_pay_is_read_only_where_the_register_names_such_data(cast: Cast) -> None:
    rights = ["workflows.view", "metrics.view", "definitions.change", "pay.see"]
    cases = (
        ("read_workflows", {"kind": "crew"}, "names and work data"),
        ("read_workflows", {"slug": "webinar"}, "names and work data"),
        ("read_metrics", {"name": "leads.created", "by": "owner"}, "names and work data"),
        ("read_definition", {"ref": "structure/next"}, "names and work data"),
        ("read_definition", {"ref": "assumptions/team"}, "what was told in confidence"),
    )
    use(actions=["summarise"], data=["internal"], rights=rights)
    secret = key(cast, "vera")
    calls.call(secret, "read_workflows", {})
    for tool, given, what in cases:
        with pytest.raises(MaropsError, match=f"does not name “{what}”"):
            calls.call(secret, tool, given)
    use(actions=["summarise"], data=["internal", "contact"], rights=rights)
    calls.call(secret, "read_workflows", {"kind": "crew"})
    for tool, given, _what in (cases[1], cases[3]):
        with pytest.raises(MaropsError, match="does not name “what was told in confidence”"):
            calls.call(secret, tool, given)


def test_an_agent_hands_a_lead_over_where_it_may(cast: Cast) -> None:
    (one,) = leads(1, touch=False)
    assign_lead(actor=SETUP, contact_id=one.id, owner_id=cast.selma.id)
    use(actions=["route", "summarise"], data=["internal", "contact"], rights=["leads.assign", "leads.view"])
    secret = key(cast, "samuel")
    done = calls.call(
        secret, "hand_over_lead", {"ref": one.ref, "to": f"person:{cast.hanna.id}", "reason": "Her area."}
    )
    assert done["done"]
    assert done["owner"]
    row = AiAct.objects.get(action="lead.assign")
    assert (row.verdict, row.term, row.on_behalf_of) == ("yes", "route", str(cast.samuel.id))
    assert row.subject == f"lead/{one.id}"
    history = cast.client("hanna").get(f"/history/contact/{one.id}").content.decode()
    assert "An AI for Samuel Adeyemi" in history
    assert done["why"] == "Handed over by an AI, under the use u-07: Her area."


def test_a_drafted_scenario_waits_and_the_trail_names_no_person(cast: Cast) -> None:
    use(actions=["draft", "summarise"], rights=["workflows.change", "definitions.change", "leads.view"])
    secret = key(cast, "priya")
    asked = {"kind": "scenario", "slug": "more", "document": {"title": "More hands"}, "reason": "To compare."}
    told = calls.call(secret, "draft_workflow", asked)
    assert (told["state"], told["in_force"]) == ("in_review", False)
    for ref in ("kim.vos@example.com", "L-1"):
        with pytest.raises(MaropsError):
            calls.call(secret, "read_lead", {"ref": ref})
    assert set(AiAct.objects.filter(verdict="no").values_list("subject", flat=True)) == {"read_lead", "read_lead L-1"}
