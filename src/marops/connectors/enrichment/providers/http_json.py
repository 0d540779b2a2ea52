"""Any service that answers a question over HTTP with JSON: what is sent and what is read is the document's mapping."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from marops.connectors.enrichment.asking import Reply
from marops.kernel import outside

if TYPE_CHECKING:
    from marops.connectors.enrichment.rules import Provider

_NOBODY = (204, 404)


def ask(how: "Provider", sent: Mapping[str, str], key: str) -> Reply:
    """Ask once; 404 and 204 mean that nobody is known."""
    headers = {"accept": "application/json"}
    if key:
        headers[how.key_header.lower()] = f"{how.key_prefix}{key}"
    url, rest = _address(how.url, sent)
    way = outside.Way(inside=how.inside, outside=not how.inside)
    if how.method == "GET":
        query = f"{'&' if '?' in url else '?'}{urlencode(rest)}" if rest else ""
        came = outside.get(url + query, headers, way=way, seconds=how.seconds)
    else:
        body = json.dumps(dict(sent)).encode()
        headers["content-type"] = "application/json"
        came = outside.post(url, body, headers, way=way, seconds=how.seconds)
    return _reply(came)


def _address(url: str, sent: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The address with what it names put in, and what it does not name."""
    rest = {}
    for name, value in sent.items():
        if f"{{{name}}}" in url:
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        else:
            rest[name] = value
    return url, rest


def _reply(came: outside.Reply) -> Reply:
    if came.status is None:
        return Reply("failed", why=came.error, reached=came.error.startswith("No answer"))
    if came.status in _NOBODY:
        return Reply("nothing")
    if came.status != 200:
        return Reply("failed", why=f"It answered {came.status}.")
    if not came.whole:
        return Reply("failed", why="The answer is too long.")
    try:
        return Reply("found", json.loads(came.body))
    except ValueError:
        return Reply("failed", why="The answer is no JSON.")
