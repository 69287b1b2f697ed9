"""Calls to addresses that other people name: https, public addresses only, no redirect, bounded in time and size.

An address is looked at twice: when it is named (`check`), and when it is called. The second look counts: the name is
resolved once, every address that it has must be a public one, and the connection is made to the very address that was
looked at, with TLS for the name. A name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    import httpcore

LONGEST_URL: Final = 2048  # characters
LONGEST_ANSWER: Final = 64 * 1024  # bytes read of what answers a POST
RESOLVE_SECONDS: Final = 3.0
_AGENT: Final = "ledgerbridge"

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Iterable[str]]  # host and port to addresses; raises OSError

# NAT64 (RFC 6052): an IPv4 address in the last four bytes, which a gateway on the way would call.
_NAT64: Final = IPv6Network("64:ff9b::/96")
# 6to4 (RFC 3056), Teredo (RFC 4380) and IPv4-compatible addresses lead to IPv4 addresses too.
_TUNNELS: Final = tuple(IPv6Network(one) for one in ("2002::/16", "2001::/32", "::/96"))
# Names that resolve inside a network alone (RFC 6761, RFC 6762, RFC 8375; .internal is reserved by ICANN).
_INSIDE: Final = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")


class AddressRefused(Exception):
    """An address that is not called, and why, in words for whoever named it."""


class WebFailed(Exception):
    """A call that brought nothing usable. `again`: trying later may help; `status` is the answer's, if any came."""

    def __init__(self, why: str, *, again: bool, status: int | None = None) -> None:
        super().__init__(why)
        self.again = again
        self.status = status


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back: status, headers with lower-case names, and the body as far as it was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as texts; raises OSError."""
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


class PublicWeb:
    """A client for addresses from outside. `allow_loopback` is for the local stage: this machine, plain http too."""

    def __init__(
        self, *, allow_loopback: bool = False, resolver: Resolver = resolved, verify: ssl.SSLContext | None = None
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolver = resolver
        self._verify = verify

    def check(self, url: str, *, resolves: bool = True) -> None:
        """Refuse an address when it is named; raises AddressRefused.

        A name that does not resolve now, or is not to be resolved, is let pass: the call will look again.
        """
        parts = self._parts(url)
        if not resolves and not _is_number(str(parts.hostname)):
            return
        try:
            self._addresses(str(parts.hostname), _port(parts), time.monotonic() + RESOLVE_SECONDS)
        except OSError:
            return

    def fetch(self, url: str, *, largest: int, deadline: float) -> WebAnswer:
        """GET an address: at most `largest` bytes within `deadline` seconds, no redirect followed.

        Raises AddressRefused, WebFailed (for every status but 200 as well).
        """
        answer = self._exchange("GET", url, {"accept": "*/*"}, None, largest=largest, deadline=deadline)
        if answer.status != 200:
            passing = answer.status in {408, 425, 429} or answer.status >= 500
            raise WebFailed(f"answered {answer.status}", again=passing, status=answer.status)
        if len(answer.body) > largest:
            raise WebFailed(f"larger than {largest} bytes", again=False, status=answer.status)
        return answer

    def post(self, url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> WebAnswer:
        """POST a body within `deadline` seconds; whatever answers is returned, a redirect too, its first 64 KB read.

        Raises AddressRefused, WebFailed.
        """
        return self._exchange("POST", url, headers, body, largest=LONGEST_ANSWER, deadline=deadline)

    def _parts(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = _port(parts)
        except ValueError:
            raise AddressRefused("this is not an address") from None
        if len(url) > LONGEST_URL or not url.isascii() or any(one <= " " or one == "\\" for one in url):
            raise AddressRefused(f"an address has at most {LONGEST_URL} printable ASCII characters")
        host = (parts.hostname or "").rstrip(".").lower()
        if not host or parts.username is not None or parts.password is not None or port == 0:
            raise AddressRefused("an address names a host, and no user")
        here = self._allow_loopback and _is_here(host)
        if parts.scheme != "https" and not (here and parts.scheme == "http"):
            raise AddressRefused("an address begins with https://")
        if not here and (host in _INSIDE or host.endswith(_INSIDE[1:])):
            raise AddressRefused("this name is of a private network")
        return parts

    def _addresses(self, host: str, port: int, ends_at: float) -> list[str]:
        """The host's addresses, every one looked at; raises AddressRefused, OSError."""
        found = _in_time(lambda: list(self._resolver(host, port)), ends_at)
        if not found:
            raise OSError("the name has no address")
        for text in found:
            address = ip_address(text.partition("%")[0])
            if not (is_public(address) or (self._allow_loopback and address.is_loopback)):
                raise AddressRefused("this address is of a private network")
        return found

    @cached_property
    def _context(self) -> ssl.SSLContext:
        import certifi

        return self._verify or ssl.create_default_context(cafile=certifi.where())

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, largest: int, deadline: float
    ) -> WebAnswer:
        import httpcore

        from shared.aws.public_connection import Backend

        parts, ends_at = self._parts(url), time.monotonic() + deadline
        said = [("host", parts.netloc), ("user-agent", _AGENT), *headers.items()]
        backend = Backend(lambda host, port: self._addresses(host, port, ends_at), ends_at)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._context, network_backend=backend) as pool,
                pool.stream(method, url.partition("#")[0], headers=said, content=body) as answer,
            ):
                return _read(answer, largest)
        except httpcore.TimeoutException as error:
            raise WebFailed("no answer in time", again=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise WebFailed(f"no answer ({type(error).__name__})", again=True) from error


def _read(answer: "httpcore.Response", largest: int) -> WebAnswer:
    """The answer with its body as it came (not inflated): one byte more than `largest` where there is more."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    body = bytearray()
    for chunk in answer.iter_stream():
        body += chunk
        if len(body) > largest:
            break
    return WebAnswer(answer.status, headers, bytes(body[: largest + 1]))


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
        if address.is_site_local or any(address in network for network in _TUNNELS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_number(host: str) -> bool:
    """Whether a host is an address itself, however written: the system's resolver takes 127.1 and 0x7f000001 too."""
    return ":" in host or host.rpartition(".")[2][:1].isdigit()


def _port(parts: SplitResult) -> int:
    default = 80 if parts.scheme == "http" else 443
    return default if parts.port is None else parts.port


def _in_time(work: Callable[[], list[str]], ends_at: float) -> list[str]:
    """Resolve in a thread that nobody waits for beyond the deadline: the system's resolver knows no time-out."""
    done: list[Any] = []

    def run() -> None:
        try:
            done.append(work())
        except (OSError, UnicodeError) as error:
            done.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0.0, min(RESOLVE_SECONDS, ends_at - time.monotonic())))
    if not done:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(done[0], Exception):
        raise OSError("the name does not resolve") from done[0]
    found: list[str] = done[0]
    return found
