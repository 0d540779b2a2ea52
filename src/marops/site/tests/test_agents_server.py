"""The official client at the agents' door: over HTTP in this process, over stdio as an agent starts it."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from asgiref.sync import sync_to_async
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from tests.cast import AI_USE, Cast

from marops.domains.accounts.actions import make_token, revoke_token
from marops.domains.accounts.models import Token
from marops.domains.accounts.public import ai_rights_come_from
from marops.domains.policy.actions.switches import go_on, stop
from marops.domains.policy.models import AiAct
from marops.domains.policy.queries.uses import rights_of_use
from marops.domains.policy.tests.test_policy_gate import policy, use
from marops.kernel import definitions
from marops.kernel.limits import Limiter
from marops.site.agents import calls
from marops.site.agents.server import Door
from marops.site.tests.test_agents_calls import DRAFTED, SAYS

PLACE = "http://127.0.0.1/mcp"


@pytest.fixture
def key(transactional_db: None, cast: Cast) -> Iterator[str]:
    ai_rights_come_from(rights_of_use)
    calls.limiter.cache_clear()
    policy(*SAYS)
    use(
        actions=["draft", "summarise", "publish"], data=["internal", "contact"],
        rights=["definitions.change", "definitions.activate", "leads.view"],
    )  # fmt: skip
    asked = {"name": "Helper", "rights_asked": [], "days": 30, "ai_use": AI_USE.lower()}
    yield make_token(actor=cast.actor("priya"), **asked)[1]
    ai_rights_come_from(lambda _: {})


def finished(run: Callable[[], Awaitable[Any]]) -> Any:
    """What it answers, run in a thread of its own: a browser that was tested before leaves its loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, run).result()


@asynccontextmanager
async def over_http(secret: str, **more: Any) -> AsyncIterator[Client]:
    app = Door().http("127.0.0.1")
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=headers) as web,
        Client(streamable_http_client(PLACE, http_client=web), **more) as client,
    ):
        yield client


async def session(client: Client, cast: Cast) -> None:
    """What an agent meets in one session: it reads, drafts, waits, is refused, goes on, and is stopped."""
    tools = {one.name: one for one in (await client.list_tools()).tools}
    assert tools["find_leads"].annotations.read_only_hint
    assert tools["draft_definition"].annotations.destructive_hint is False
    assert tools["put_in_force"].annotations.destructive_hint
    assert not {"hand_over_lead", "draft_workflow"} & set(tools)

    me = (await client.call_tool("about_me", {})).structured_content
    assert (me["use"], me["may_act"]) == (AI_USE.lower(), True)
    leads = await client.call_tool("find_leads", {"limit": 5})
    assert (leads.is_error, leads.structured_content) == (False, {"items": [], "next": None})

    drafted = (await client.call_tool("draft_definition", DRAFTED)).structured_content
    assert (drafted["state"], drafted["in_force"]) == ("in_review", False)
    refused = await client.call_tool("put_in_force", {"ref": drafted["ref"]})
    assert refused.is_error
    assert "It needs one reviewer" in refused.content[0].text
    assert refused.structured_content["told"]["ai-policy"]["missing"]["review"] == 1
    await sync_to_async(definitions.approve)(actor=cast.actor("hanna"), ref=drafted["ref"])
    assert not (await client.call_tool("put_in_force", {"ref": drafted["ref"]})).is_error

    await sync_to_async(stop)(actor=cast.actor("hanna"), use="", why="We look into something.")
    stopped = await client.call_tool("find_leads", {})
    assert stopped.is_error
    assert "We look into something." in stopped.content[0].text
    await sync_to_async(go_on)(actor=cast.actor("hanna"), use="")
    assert not (await client.call_tool("find_leads", {})).is_error


async def revoke(cast: Cast) -> None:
    await sync_to_async(revoke_token)(actor=cast.actor("priya"), token_id=(await Token.objects.aget()).id)


def trail() -> list[tuple[str, str]]:
    return list(AiAct.objects.order_by("at", "id").values_list("action", "verdict"))


SESSION = [
    ("ai.read", "yes"), ("definition.draft", "yes"), ("definition.submit", "yes"), ("definition.activate", "waits"),
    ("definition.activate", "yes"), ("ai.read", "no"), ("ai.read", "yes"),
]  # fmt: skip


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_over_http(key: str, cast: Cast, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Limiter(rate=1.0, burst=2, clock=lambda: 0.0)

    async def run() -> None:
        async with over_http(key, mode=mode) as client:
            await session(client, cast)
            with pytest.raises(MCPError):
                await client.read_resource("marops://definitions/calendar/none")
            assert "marops://me" in {str(one.uri) for one in (await client.list_resources()).resources}
            read = await client.read_resource("marops://kinds/calendar")
            assert '"schema"' in read.contents[0].text
            asked = await client.get_prompt("brief_on_a_lead", {"ref": "L-1"})
            assert "read_lead" in asked.messages[0].content.text
            monkeypatch.setattr(calls, "limiter", lambda: slow)
            answers = [await client.call_tool("about_me", {}) for _ in range(3)]
            assert [one.is_error for one in answers] == [False, False, True]
            assert answers[-1].structured_content["type"].endswith("/too-many-requests")
            monkeypatch.undo()
            await revoke(cast)
            with pytest.raises(MCPError):
                await client.call_tool("about_me", {})

    finished(run)
    assert trail()[: len(SESSION)] == SESSION


def test_nobody_comes_in_without_a_key(key: str) -> None:
    async def statuses() -> list[int]:
        app = Door().http("127.0.0.1")
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        kinds = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
        good = {"Authorization": f"Bearer {key}"}
        given = [{}, {"Authorization": "Bearer mrp_no"}, good | {"Host": "evil.example"},
                 good | {"Origin": "https://evil.example"}]  # fmt: skip
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=kinds) as web,
        ):
            return [(await web.post(PLACE, json=body, headers=one)).status_code for one in given]

    assert finished(statuses) == [401, 401, 421, 403]


@pytest.mark.slow
def test_an_agent_over_stdio(key: str, cast: Cast, server: str, lake: object) -> None:
    environment = {name: value for name, value in os.environ.items() if name.startswith("MAROPS_")}
    environment |= {"MAROPS_DATABASE_URL": server, "MAROPS_AGENT_KEY": key}
    started = StdioServerParameters(command=sys.executable, args=["-m", "marops", "mcp"], env=environment)

    async def run() -> None:
        async with Client(stdio_client(started)) as client:
            await session(client, cast)
            await revoke(cast)
            late = await client.call_tool("about_me", {})
            assert late.is_error
            assert late.structured_content["type"].endswith("/bad-token")
            for what in (client.list_tools, client.list_prompts, client.list_resources):
                with pytest.raises(MCPError):
                    await what(cache_mode="bypass")

    finished(run)
    assert trail() == SESSION
