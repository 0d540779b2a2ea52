from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests.cast import AI_USE, Cast

from marops.domains.accounts import actions
from marops.domains.accounts.models import Token
from marops.domains.accounts.public import agent_by_token, ai_rights_come_from, key_with
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import Scope, grants

USE = AI_USE.lower()


def registered(slug: str = USE, state: str = "active") -> None:
    document = {
        "title": "Draft definitions", "owner": "priya", "actions": ["draft"], "content": ["records"], "autonomy": 2,
        "audience": ["colleagues"], "data": ["internal"], "model": {"vendor": "Ours", "name": "small"},
    }  # fmt: skip
    Definition.objects.create(
        kind="ai_use", slug=slug, version=1, document=document, schema_version=1, sha256="0" * 64, author="test",
        state=state,
    )  # fmt: skip


def make(cast: Cast, name: str = "hanna") -> str:
    return actions.make_token(actor=cast.actor(name), name="Helper", rights_asked=[], days=30, ai_use=USE)[1]


@pytest.mark.django_db
def test_an_agent_holds_what_its_use_and_its_person_both_may(cast: Cast) -> None:
    registered()
    agent = agent_by_token(make(cast, "samuel"))
    assert (agent.actor.kind, agent.actor.ai_use, agent.actor.on_behalf_of) == ("ai", USE, str(cast.samuel.id))
    assert agent.actor.id.startswith("agent-")
    assert "leads.view" not in grants(agent.actor)
    everything = dict.fromkeys(["leads.view", "leads.import", "accounts.manage"], Scope.ALL)
    with ai_may_as_registered(everything):
        held = grants(agent.actor)
        assert set(held.scopes) == {"leads.view", "leads.import"}
        assert held.by_key, "an agent is not its person, and opens nothing that is theirs alone"
        actions.give_roles(actor=cast.actor("ada"), account_id=cast.samuel.id, roles=[])
        assert not grants(agent.actor).scopes


@contextmanager
def ai_may_as_registered(scopes: dict[str, Scope]) -> Iterator[None]:
    ai_rights_come_from(lambda use: scopes if use == USE else {})
    try:
        yield
    finally:
        ai_rights_come_from(lambda _: {})


@pytest.mark.django_db
def test_an_agent_makes_no_keys(cast: Cast) -> None:
    registered()
    agent = agent_by_token(make(cast))
    with ai_may_as_registered({"tokens.make": Scope.ALL}), pytest.raises(MaropsError) as refused:
        key_of(agent.actor)
    assert refused.value.code == "not-allowed"
    assert Token.objects.count() == 1


@pytest.mark.django_db
def test_a_key_makes_no_agents_key_for_an_agent_would_hold_more(cast: Cast) -> None:
    registered()
    secret = actions.make_token(actor=cast.actor("hanna"), name="k", rights_asked=["tokens.make"], days=3)[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    body = {"name": "Helper", "rights": [], "ai_use": USE}
    told = client.post("/api/v1/tokens", body, content_type="application/json")
    assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (403, "not-allowed")
    less = client.post("/api/v1/tokens", {"name": "k2", "rights": ["tokens.make"]}, content_type="application/json")
    assert less.status_code == 201
    more = client.post("/api/v1/tokens", {"name": "k3", "rights": ["leads.view"]}, content_type="application/json")
    assert more.status_code == 422
    assert not Token.objects.exclude(ai_use="").exists()


@pytest.mark.django_db
def test_a_key_stops_no_other_keys_unless_it_may_make_some(cast: Cast) -> None:
    registered()
    make(cast)
    agents = Token.objects.get()
    for right, status, revoked in (("jobs.view", 404, False), ("tokens.make", 200, True)):
        secret = actions.make_token(actor=cast.actor("hanna"), name="k", rights_asked=[right], days=3)[1]
        told = Client().delete(f"/api/v1/tokens/{agents.id}", headers={"Authorization": f"Bearer {secret}"})
        agents.refresh_from_db()
        assert (told.status_code, agents.revoked_at is not None) == (status, revoked), right


def key_of(actor: Actor) -> None:
    """Past the gate, which would refuse it today for other reasons."""
    actions.make_token.__wrapped__(None, actor=actor, name="x", rights_asked=["tokens.make"], days=1)


@pytest.mark.django_db
def test_an_agents_key_opens_nothing_but_the_agents_door(cast: Cast) -> None:
    registered()
    secret = make(cast)
    answer = Client().get("/api/v1/people", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/agents-key")
    assert key_with(secret, "intake.send") is None
    assert Client().get("/access", headers={"Authorization": f"Bearer {secret}"}).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["a program's", "revoked", "run out", "locked out", "nonsense"])
def test_keys_that_let_no_agent_in(cast: Cast, how: str) -> None:
    registered()
    secret, at = make(cast), now()
    if how == "a program's":
        secret = actions.make_token(actor=cast.actor("hanna"), name="x", rights_asked=["jobs.view"], days=1)[1]
    elif how == "revoked":
        actions.revoke_token(actor=cast.actor("hanna"), token_id=Token.objects.get().id)
    elif how == "locked out":
        actions.deactivate(actor=cast.actor("ada"), account_id=cast.hanna.id)
    elif how == "run out":
        at += timedelta(days=31)
    else:
        secret = "mrp_nonsense"
    with time_machine.travel(at), pytest.raises(MaropsError) as refused:
        agent_by_token(secret)
    assert refused.value.code == "bad-token"


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "state", "rights"), [("u-08", "active", []), (USE, "draft", []), (USE, "active", 1)])
def test_an_agent_has_a_key_only_under_a_use_in_force_and_without_rights_of_its_own(
    cast: Cast, slug: str, state: str, rights: object
) -> None:
    registered(slug, state)
    with pytest.raises(MaropsError) as refused:
        actions.make_token(
            actor=cast.actor("hanna"), name="x", rights_asked=["jobs.view"] if rights else [], days=30, ai_use=USE
        )
    assert [one.field for one in refused.value.errors] == ["rights" if rights else "ai_use"]


@pytest.mark.django_db
def test_a_page_and_rest_make_an_agents_key(cast: Cast) -> None:
    client = cast.client("hanna")
    assert b"once its use is in the register" in client.get("/account/agents").content
    registered()
    assert client.post("/account/agents", {"name": "x", "days": "30"}).status_code == 422
    made = client.post("/account/agents", {"name": "Helper", "days": "30", "ai_use": USE}).content.decode()
    assert "MAROPS_AGENT_KEY" in made
    assert "Draft definitions" in made
    assert "Helper" not in client.get("/account/tokens").content.decode(), "programs and agents have a page each"
    token = Token.objects.get()
    answer = client.post(f"/account/tokens/{token.id}/revoke")
    assert (answer.status_code, answer["Location"]) == (302, "/account/agents")
    body = {"name": "Another", "rights": [], "ai_use": USE}
    told = client.post("/api/v1/tokens", body, content_type="application/json")
    assert (told.status_code, told.json()["token"]["ai_use"]) == (201, USE)
    both = client.post("/api/v1/tokens", body | {"rights": ["jobs.view"]}, content_type="application/json")
    assert both.status_code == 422
    assert {one["ai_use"] for one in client.get("/api/v1/tokens").json()["items"]} == {USE}
