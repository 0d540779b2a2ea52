"""One call over the network, to the open internet alone unless somebody answers for an address inside (SEMANTICS W3).

The name is looked up, every address it has must be permitted, and the connection goes to the address that was looked
at: between the look and the connection nobody can put another in its place. What comes back is bounded in size and in
time, and no redirect is followed.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

SECONDS = 15.0
READ = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Protocol assignments and relays, which Python's own list takes for public in some of its versions.
_NOT_PUBLIC = tuple(ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10"))
# Where clouds hand out the keys of their machines, beside the addresses of the link alone.
_OF_CLOUDS = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """An address that is not to be reached; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `status` is None where nothing did, and `error` says why. `whole`: nothing was cut off."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """Who may be reached: hosts let through by name, and addresses inside where somebody answers for them.

    Inside never means an address that only this link has: there the keys of cloud machines are handed out. Without
    `outside` nothing on the open internet is reached: whoever is said to be in the house has to be there.
    """

    hosts: Collection[str] = ()
    inside: bool = False
    outside: bool = True
    refusal: str = "The name {host} leads into a private network, which is not reached."

    def plain(self, host: str) -> bool:
        """May it be spoken to without encryption? On the open internet never, as `guard` sees to."""
        return self.inside or host in self.hosts

    def guard(self, scheme: str, host: str, addresses: Sequence[str]) -> None:
        """Raises Refused where one of the addresses is not permitted and the host is not let through."""
        if host in self.hosts:
            return
        if not all(self._permits(address) for address in addresses):
            raise Refused(self.refusal.format(host=host))
        if scheme == "http" and any(is_public(address) for address in addresses):
            raise Refused("An address on the open internet begins with https://.")

    def _permits(self, address: str) -> bool:
        return (self.inside and is_inside(address)) or (self.outside and is_public(address))


OPEN = Way()


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


def check_address(url: str, way: Way = OPEN) -> None:
    """Refuse what can never be reached, before any look-up: names are looked up when something is sent, but an
    address in numbers, however they are written, leads where it leads. Raises Refused.
    """
    scheme, host, port, _ = _parts(url, way)
    way.guard(scheme, host, ["127.0.0.1"] if _is_here(host) else _addresses(host, port, socket.AI_NUMERICHOST))


def leads_outside(url: str, way: Way) -> bool:
    """Does one of the addresses that this name has just now stand on the open internet? Raises Refused."""
    _, host, port, _ = _parts(url, way)
    return any(is_public(address) for address in _addresses(host, port))


def _parts(url: str, way: Way) -> tuple[str, str, int, str]:
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
    if parts.scheme != "https" and not (parts.scheme == "http" and way.plain(host)):
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


def target_of(url: str, way: Way = OPEN) -> Target:
    """Where this address leads just now. Raises Refused."""
    scheme, host, port, path = _parts(url, way)
    addresses = _addresses(host, port)
    if not addresses:
        raise Refused(f"The name {host} leads nowhere.")
    way.guard(scheme, host, addresses)
    return Target(scheme, host, port, path, addresses[0])


def is_public(text: str) -> bool:
    """Is this an address of the open internet? Addresses that carry another one inside are judged by that too."""
    address = _plain(text)
    if address is None or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_inside(text: str) -> bool:
    """Is this an address of the house: of this machine, or of a private network? Never one where clouds keep keys."""
    address = _plain(text)
    if address is None or address in _OF_CLOUDS:
        return False
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return (address.is_private or address.is_loopback) and not is_public(text)


def _plain(text: str) -> Address | None:
    """The address that is reached in the end: what another one carries inside, where it carries one."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner if inner is not None else address


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    way: Way = OPEN,
    seconds: float = SECONDS,
    most: int = READ,
) -> Reply:
    """Send once. Whatever goes wrong is a reply without status; nothing is raised, nothing is followed."""
    return _once("POST", url, body, headers, way, seconds, most)


def get(url: str, headers: Mapping[str, str], *, way: Way = OPEN, seconds: float = SECONDS, most: int = READ) -> Reply:
    """Read once, by the same rules."""
    return _once("GET", url, None, headers, way, seconds, most)


def _once(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], way: Way, seconds: float, most: int
) -> Reply:
    try:
        return _talk(method, target_of(url, way), body, headers, seconds, most)
    except Refused as fault:
        return Reply(None, error=str(fault))
    except ssl.SSLError as fault:
        return Reply(None, error=f"No secure connection: {fault.reason or type(fault).__name__}.")
    except TimeoutError:
        return Reply(None, error=f"No answer within {seconds:.0f} seconds.")
    except (OSError, HTTPException, ValueError) as fault:
        return Reply(None, error=f"No connection: {type(fault).__name__}.")


def _talk(
    method: str, target: Target, body: bytes | None, headers: Mapping[str, str], seconds: float, most: int
) -> Reply:
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
        connection.request(method, target.path, body, {**headers, "host": target.authority, "connection": "close"})
        response = connection.getresponse()
        names = {name.lower(): value.lower() if name.lower() == "content-type" else value
                 for name, value in response.getheaders()}  # fmt: skip
        came = response.read(most + 1)
        return Reply(response.status, names, came[:most], whole=len(came) <= most)
    except (OSError, HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        raw.close()
