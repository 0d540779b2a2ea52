"""One try over the network, to addresses of the open internet alone (SEMANTICS W3).

The name is looked up, every address it has must be a public one, and the connection goes to the address that was
looked at: between the look and the connection nobody can put another in its place.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from marops.connectors.webhooks.rules import Answer
from marops.kernel.config import config
from marops.kernel.errors import INVALID, FieldError, MaropsError

SECONDS = 15.0
READ = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Protocol assignments and relays, which Python's own list takes for public in some of its versions.
_NOT_PUBLIC = tuple(ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """An address that is not to be reached; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def authority(self) -> str:
        """The Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"


def allowed_hosts() -> frozenset[str]:
    """Names that the installation's setting lets through."""
    return frozenset(one.strip().lower() for one in config().webhook_hosts.split(",") if one.strip())


def check_form(url: str) -> None:
    """Refuse what can never be an endpoint, before any look-up: names are looked up when something is sent, but an
    address in numbers, however they are written, leads where it leads. Raises MaropsError `invalid`.
    """
    try:
        _, host, port, _ = _parts(url)
        _guard(host, ["127.0.0.1"] if _is_here(host) else _addresses(host, port, socket.AI_NUMERICHOST))
    except Refused as fault:
        raise MaropsError(INVALID, errors=[FieldError("url", str(fault), field="url", pointer="/url")]) from None


def _parts(url: str) -> tuple[str, str, int, str]:
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise Refused("An address has no spaces and no control characters.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        raise Refused("This is no address.") from None
    if not host or parts.username is not None or parts.password is not None:
        raise Refused("An address has a host, and neither user nor password.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in allowed_hosts()):
        raise Refused("An address begins with https://.")
    path = (parts.path or "/").encode("ascii", "ignore").decode() + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def _is_here(host: str) -> bool:
    """The names that by RFC 6761 lead to this machine and nowhere else."""
    return host == "localhost" or host.endswith(".localhost")


def _addresses(host: str, port: int, flags: int = 0) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except OSError:
        return []
    return [str(one[4][0]) for one in found]


def _guard(host: str, addresses: Sequence[str]) -> None:
    """Raises Refused where one of the addresses is not of the open internet and the host is not let through."""
    if host not in allowed_hosts() and not all(is_public(address) for address in addresses):
        raise Refused(f"The name {host} leads into a private network, where webhooks are not sent.")


def target_of(url: str) -> Target:
    """Where this address leads just now. Raises Refused."""
    scheme, host, port, path = _parts(url)
    addresses = _addresses(host, port)
    if not addresses:
        raise Refused(f"The name {host} leads nowhere.")
    _guard(host, addresses)
    return Target(scheme, host, port, path, addresses[0])


def is_public(text: str) -> bool:
    """Is this an address of the open internet? Addresses that carry another one inside are judged by that too."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> Answer:
    """Send once. Whatever goes wrong is an answer without status; nothing is raised, nothing is followed."""
    try:
        return _post(target_of(url), body, headers, seconds)
    except Refused as fault:
        return Answer(None, {}, error=str(fault))
    except ssl.SSLError as fault:
        return Answer(None, {}, error=f"No secure connection: {fault.reason or type(fault).__name__}.")
    except TimeoutError:
        return Answer(None, {}, error=f"No answer within {seconds:.0f} seconds.")
    except (OSError, HTTPException, ValueError) as fault:
        return Answer(None, {}, error=f"No connection: {type(fault).__name__}.")


def _post(target: Target, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    raw = socket.create_connection((target.address, target.port), timeout=seconds)
    late = threading.Event()

    def cut() -> None:
        """However slowly it drips, it is over after the time is up."""
        late.set()
        with contextlib.suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        if target.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        connection = HTTPConnection(target.host, target.port, timeout=seconds)
        connection.sock = raw
        connection.request("POST", target.path, body, {**headers, "host": target.authority, "connection": "close"})
        response = connection.getresponse()
        names = {name.lower(): value.lower() if name.lower() == "content-type" else value
                 for name, value in response.getheaders()}  # fmt: skip
        return Answer(response.status, names, response.read(READ))
    except (OSError, HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        raw.close()
