"""A server on loopback that answers with whatever bytes a test wants, and remembers what it was sent."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.domain.secrets import Secret
from shared.providers.contract import Session

Respond = Callable[[socket.socket, int], None]


@dataclass
class Wire:
    """`base` is the override to call it by; `requests` are the raw requests in order."""

    base: str
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def wire(respond: Respond) -> Iterator[Wire]:
    """Serve connections one request each: `respond` gets the socket and how many requests came before."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                server.requests.append(_request(connection))
                respond(connection, len(server.requests) - 1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> Callable[[socket.socket, int], None]:
    """Answers every request alike."""
    lines = {"content-type": content_type, "content-length": str(len(body)), "connection": "close", **headers}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in lines.items())
    return lambda connection, _: connection.sendall(head.encode() + b"\r\n" + body)


def session(base: str, seconds: float = 30, **fields: object) -> Session:
    """A session that may call for so many seconds, with nothing to pay."""
    known: dict[str, object] = {
        "base_url": base,
        "access_token": Secret("token-1"),
        "organisation": "tenant-1",
        "deadline": datetime.now(UTC) + timedelta(seconds=seconds),
        "permit": lambda: None,
        "observe": lambda _reading: None,
        "now": lambda: datetime.now(UTC),
    }
    return Session(**{**known, **fields})  # type: ignore[arg-type]
