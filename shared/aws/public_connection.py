"""The sockets of `shared.aws.public_web`: made to addresses that were looked at, and ended by one deadline."""

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore

_CONNECT_SECONDS: Final = 5.0  # for one of a host's addresses; the next is tried after it


class Backend(httpcore.NetworkBackend):
    """Connects to what `addresses` (host, port) says of a host, in its order; every operation ends at `ends_at`.

    `ends_at` is of time.monotonic().
    """

    def __init__(self, addresses: Callable[[str, int], list[str]], ends_at: float) -> None:
        self._addresses = addresses
        self._ends_at = ends_at
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("the name does not resolve")
        try:
            addresses = self._addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in addresses:
            seconds = min(_CONNECT_SECONDS, left(self._ends_at, httpcore.ConnectTimeout))
            try:
                inner = self._sockets.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(inner, self._ends_at)
        raise failed


class _Stream(httpcore.NetworkStream):
    """A socket whose operations all end at the deadline: bytes that drip in gain no time."""

    def __init__(self, inner: httpcore.NetworkStream, ends_at: float) -> None:
        self._inner = inner
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, left(self._ends_at, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, left(self._ends_at, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        seconds = left(self._ends_at, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def left(ends_at: float, error: type[httpcore.TimeoutException]) -> float:
    """Seconds until the deadline; raises `error` when it has passed."""
    seconds = ends_at - time.monotonic()
    if seconds <= 0:
        raise error("the call's deadline has passed")
    return seconds
