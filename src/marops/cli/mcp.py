"""The agents' door: MCP over stdio for the agent that starts it, or over HTTP for those elsewhere."""

import os
from typing import Annotated

import typer

from marops.cli.main import app, err, installation

PORT = 8766


@app.command()
def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve HTTP instead of the one who started it.")] = False,
    host: Annotated[str, typer.Option(help="With --http: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --http: the port to listen on.")] = PORT,
) -> None:
    """Let AI agents in, over MCP: each with a key bound to a use of the register, every tool behind the AI policy.

    Without --http it speaks on standard input and output; the key stands in MAROPS_AGENT_KEY.
    """
    secret = "" if http else os.environ.get("MAROPS_AGENT_KEY", "")
    with installation(quiet=True):
        from marops.engine.asking import serve_web

        serve_web()
        if http:
            _serve_http(host, port)
        else:
            _serve_stdio(secret)


def _serve_stdio(secret: str) -> None:
    import anyio

    from marops.domains.accounts.public import BAD_TOKEN, agent_by_token
    from marops.kernel.errors import MaropsError
    from marops.site.agents.server import Door

    if not secret:
        remedy = "Make a key under Your account, AI agents, and give it in MAROPS_AGENT_KEY; or serve HTTP with --http."
        raise MaropsError(BAD_TOKEN, "MAROPS_AGENT_KEY holds no key.", remedy=remedy)
    agent = agent_by_token(secret)
    err.print(f"{agent.name} acts under {agent.actor.ai_use} for {agent.person}.", markup=False)
    anyio.run(Door(secret).stdio)


def _serve_http(host: str, port: int) -> None:
    import uvicorn

    from marops.site.agents.server import Door

    err.print(f"Agents come in at http://{host}:{port}/mcp, each with its key as Authorization: Bearer.", markup=False)
    uvicorn.run(Door().http(host), host=host, port=port, log_level="warning", access_log=False)
