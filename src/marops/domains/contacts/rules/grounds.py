"""What makes two records one person without any statistics: the same key, and names that do not speak against it."""

import re
from collections.abc import Mapping
from typing import Final

from marops.domains.contacts.rules.text import fold

SURE: Final = 0.999
NAMES_ALONE, NAME_DIFFERS = "names_alone", "name_differs"
GROUNDS: Final = {
    "same_mailbox": "the same mailbox, but for what stands after a plus sign or dots that its provider leaves out",
    "same_phone": "the same phone number and the same name",
    NAMES_ALONE: "nothing but names and places agrees, which is for somebody to look at, however rare they are",
    NAME_DIFFERS: "one of the names is another, which is for somebody to look at: colleagues, or somebody who married",
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


_OWN: Final = ("email", "phone", "phone2", "street", "company")
_SAYS, _SAYS_MUCH = 1.0, 5.0  # bits


def bounded(chance: float, bits: Mapping[str, float], merge_at: float) -> tuple[float, str]:
    """The probability of two people's records as it may be used, and the ground where that bounds it.

    Where nothing of their own agrees (address, phone, street, company), names and places alone never join anybody: such
    a pair is at most looked at, and left alone where their companies differ: namesakes are commoner than movers. Nor
    are two joined unseen of whom one name is another. `bits`: what each field says.
    """
    own = any(bits.get(name, 0.0) > _SAYS_MUCH for name in _OWN)
    if not own and bits.get("company", 0.0) < -_SAYS:
        return 0.0, NAMES_ALONE
    bound = NAME_DIFFERS if min(bits.get("given", 0.0), bits.get("family", 0.0)) < -_SAYS else NAMES_ALONE * (not own)
    return (merge_at - _BELOW, bound) if bound and chance >= merge_at else (chance, "")


_BELOW: Final = 0.001


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
