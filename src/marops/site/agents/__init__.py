"""The agents' door: what domains offer to AI agents, served over MCP. Only `server` knows the protocol's library."""
