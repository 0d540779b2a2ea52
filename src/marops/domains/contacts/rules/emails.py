"""E-mail addresses: which are addresses at all, how they are compared, and what kind of mailbox they name."""

import re
from functools import cache
from importlib import resources

from marops.domains.contacts.rules.text import clean

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
PLAIN = rf"^{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+([a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})$"
"""A lower-case ASCII address in the dot-atom form of RFC 5321. Both Python's and RE2's dialect read it."""

_PLAIN = re.compile(PLAIN)
_ANGLED = re.compile(r"^[^<>]*<([^<>]+)>$")
_FOLDED_DOMAINS = re.compile(r"^(?:googlemail|yahoo|ymail|hotmail|outlook|live|gmx|aol|icloud|msn)\.[a-z.]{2,6}$")


def normalise(raw: str) -> str | None:
    """The address as it is kept and compared: lower case, NFC, the domain in its ASCII form; None if it is none.

    Dots and +tags of the local part stay (SEMANTICS M6).
    """
    text = _bare(raw)
    if len(text) <= 254 and text.isascii() and _PLAIN.fullmatch(text) and text.index("@") <= 64:
        return text
    return _international(text) if "@" in text and not text.isascii() else None


def _bare(raw: str) -> str:
    text = clean(raw).lower()
    if found := _ANGLED.fullmatch(text):
        text = found[1]
    text = text.removeprefix("mailto:").strip(" '\"<>;,")
    return text.replace(" @", "@").replace("@ ", "@")


def _international(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return f"{found.local_part.lower()}@{(found.ascii_domain or found.domain).lower()}"


@cache
def free_domains() -> frozenset[str]:
    """Domains where anybody gets a mailbox."""
    return frozenset(_lines("free_mail.txt"))


@cache
def role_names() -> frozenset[str]:
    """Local parts that name a function, not a person."""
    return frozenset(_lines("role_mailboxes.txt"))


@cache
def disposable_domains() -> frozenset[str]:
    """Domains of throw-away mailboxes."""
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _lines(name: str) -> list[str]:
    text = resources.files("marops.domains.contacts").joinpath("data", name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def kind(domain: str) -> str:
    """`free`, `disposable` or `work`."""
    if domain in disposable_domains():
        return "disposable"
    return "free" if domain in free_domains() or _FOLDED_DOMAINS.fullmatch(domain) else "work"


def is_role(address: str) -> bool:
    """Is this a mailbox of many (info@, sales@)?"""
    local = address.partition("@")[0].partition("+")[0]
    return local in role_names()
