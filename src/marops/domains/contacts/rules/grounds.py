"""What makes two records one person without any statistics: the same key, and names that do not speak against it."""

import re
from collections.abc import Mapping
from typing import Final

from marops.domains.contacts.rules.text import fold

SURE: Final = 0.999
GROUNDS: Final = {
    "same_mailbox": "the same mailbox, but for what stands after a plus sign or dots that its provider leaves out",
    "same_phone": "the same phone number and the same name",
}
_DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})
Record = Mapping[str, str | None]


def ground(one: Record, other: Record) -> str:
    """The ground on which two people's records (given_name, family_name, email, phone) are one, or ''.

    Addresses of many and numbers of many are empty in them already: a shared mailbox or phone never joins anybody.
    """
    if _compatible(one, other) and (mailbox(one["email"]) or "-") == (mailbox(other["email"]) or "+"):
        return "same_mailbox"
    if one["phone"] and one["phone"] == other["phone"] and _whole(one) and _whole(one) == _whole(other):
        return "same_phone"
    return ""


def mailbox(address: str | None) -> str:
    """Where mail to an address arrives: without what its provider does not look at. Never an address to write to."""
    local, at, domain = (address or "").lower().rpartition("@")
    if not at:
        return ""
    local = local.partition("+")[0]
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _compatible(one: Record, other: Record) -> bool:
    """Does neither given nor family name speak against it? An initial stands for the name."""
    for name in ("given_name", "family_name"):
        ours, theirs = (_folded(each[name]) for each in (one, other))
        shorter, longer = sorted((ours, theirs), key=len)
        if shorter and shorter != longer and not (len(shorter) == 1 and longer.startswith(shorter)):
            return False
    return True


def _whole(one: Record) -> str:
    """Both names, in any order; nothing where one is missing: a number and a first name are a family's."""
    names = [_folded(one[name]) for name in ("given_name", "family_name")]
    return " ".join(sorted(names)) if all(names) else ""


def _folded(name: str | None) -> str:
    return re.sub(r"[^\w]+", "", fold(name or ""))
