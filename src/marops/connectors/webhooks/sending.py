"""One try over the network, to addresses of the open internet alone (SEMANTICS W3)."""

from collections.abc import Mapping

from marops.connectors.webhooks.rules import Answer
from marops.kernel import outside
from marops.kernel.config import config
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.outside import SECONDS, Refused, Way

_REFUSAL = "The name {host} leads into a private network, where webhooks are not sent."


def way() -> Way:
    """Who may be told: the open internet, and names that the installation's setting lets through."""
    hosts = frozenset(one.strip().lower() for one in config().webhook_hosts.split(",") if one.strip())
    return Way(hosts, refusal=_REFUSAL)


def check_form(url: str) -> None:
    """Refuse what can never be an endpoint, before any look-up. Raises MaropsError `invalid`."""
    try:
        outside.check_address(url, way())
    except Refused as fault:
        raise MaropsError(INVALID, errors=[FieldError("url", str(fault), field="url", pointer="/url")]) from None


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> Answer:
    """Send once. Whatever goes wrong is an answer without status; nothing is raised, nothing is followed."""
    came = outside.post(url, body, headers, way=way(), seconds=seconds)
    return Answer(came.status, came.headers, came.body, came.error)
