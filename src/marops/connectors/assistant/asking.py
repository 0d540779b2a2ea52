"""One question to the model: bounded in time, in size and in tries, by the guarded way that webhooks go too."""

import time
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext as _

from marops.connectors.assistant.models import Provider
from marops.connectors.assistant.rules import (
    MOST_BYTES,
    Message,
    Nonsense,
    Said,
    again_in,
    read,
    request_of,
    why_not,
)
from marops.kernel.errors import INVALID, FieldError, MaropsError, problem
from marops.kernel.outside import Refused, Reply, Way, check_address, leads_outside, post
from marops.kernel.secrets import opened

FAILED: Final = problem(
    "assistant-failed",
    "The AI did not answer",
    status=502,
    remedy="Ask once more later; where it stays so, look at the address, the model and the key on the page AI that"
    " helps. Nothing was kept.",
)
NONSENSE: Final = problem(
    "assistant-nonsense",
    "What the AI answered cannot be used",
    status=502,
    remedy="Ask once more in other words, or write it yourself. Nothing was kept.",
)
_REFUSAL = "The name {host} leads into a private network: say that it is a model of your own, or give another address."
_NEVER = "The address {host} is none of a server of models: there machines find their keys, or nothing at all."
_OUTSIDE = (
    "The name {host} leads to no address of your own network: an administrator says why it is a model of your own, or"
    " it is one of a vendor."
)
_OK = 200


def way(*, inside: bool, outside: bool) -> Way:
    """Where a model's server may stand: on the open internet, or where it is called our own, in the house.

    One of our own stands on the open internet only where an administrator said why it is ours: the policy decides by
    where a model runs, and a name may lead elsewhere tomorrow.
    """
    refusal = _NEVER if inside and outside else _OUTSIDE if inside else _REFUSAL
    return Way(inside=inside, outside=outside or not inside, refusal=refusal)


def check_url(url: str, *, inside: bool) -> bool:
    """Is this address of a model of our own one of the open internet? Refuses what can be no server (`invalid`)."""
    try:
        check_address(url, both := way(inside=inside, outside=True))
        return inside and leads_outside(url, both)
    except Refused as fault:
        plain = url.lower().startswith("http://") and not inside
        said = _("Without https:// it can only be a model of your own; say so.") if plain else str(fault)
        raise MaropsError(INVALID, errors=[FieldError("url", said, field="url", pointer="/url")]) from None


def ask(provider: Provider, messages: Sequence[Message], *, as_json: bool) -> Said:
    """What the model says. Raises MaropsError `assistant-failed` or `assistant-nonsense`, which say why."""
    key = opened(provider.key) if provider.key else ""
    until, tries, plain = time.monotonic() + provider.seconds, 0, False
    while True:
        tries += 1
        reply = _sent(provider, key, request_of(provider.model, messages, as_json=as_json, plain=plain), until)
        if reply.status == _OK:
            return _read(reply, messages)
        if reply.status in (400, 422) and not plain:
            plain = True  # it may not know what we ask for besides
            continue
        wait = again_in(reply, tries)
        if wait is None or time.monotonic() + wait >= until:
            raise MaropsError(FAILED, why_not(reply, key, " ".join(one["content"] for one in messages)))
        time.sleep(wait)


def _sent(provider: Provider, key: str, body: bytes, until: float) -> Reply:
    headers = {"content-type": "application/json", "accept": "application/json", "user-agent": "Marops/1"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    left = until - time.monotonic()
    if left <= 0:
        return Reply(None, error=_("No answer within %(n)s seconds.") % {"n": provider.seconds})
    url = provider.url.rstrip("/") + "/chat/completions"
    allowed = way(inside=provider.inside, outside=bool(provider.inside_why))
    return post(url, body, headers, way=allowed, seconds=left, most=MOST_BYTES)


def _read(reply: Reply, messages: Sequence[Message]) -> Said:
    try:
        return read(reply, sum(len(one["content"]) for one in messages))
    except Nonsense as fault:
        raise MaropsError(NONSENSE, str(fault)) from None
