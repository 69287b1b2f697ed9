"""Answers that go wrong on the wire: connections dropped, left hanging or cut in the middle of a body."""

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.faults import Fault, FaultKind, reordered, without_elements

# A hang without a stated length outlasts any sane client; it ends so that a forgotten fault frees its socket.
LONGEST_HANG_SECONDS = 120.0
GATEWAY_PAGE = "<html><head><title>Service</title></head><body><h1>Please try again</h1></body></html>"


class TrackedConnection(H11Protocol):
    """uvicorn's HTTP/1.1 connection, findable by the peer's address: an ASGI application cannot reach its socket."""

    open_transports: ClassVar[dict[tuple[str, int], asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            self.open_transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            self.open_transports.pop(self.client, None)
        super().connection_lost(exc)


class DroppedAnswer(Response):
    """Closes the connection without a byte of an answer, after `after_seconds` of real silence."""

    def __init__(self, after_seconds: float = 0.0) -> None:
        super().__init__()
        self._after_seconds = after_seconds
        self.outcome = "hung" if after_seconds else "dropped"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        if self._after_seconds:
            await _until_gone(receive, self._after_seconds)
        if transport := _transport(scope):
            transport.abort()
        await _until_gone(receive, LONGEST_HANG_SECONDS)


class TruncatedAnswer(Response):
    """States the full Content-Length, sends half of the body and closes."""

    def __init__(self, whole: Response) -> None:
        super().__init__(bytes(whole.body), whole.status_code, dict(whole.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        if transport := _transport(scope):
            transport.close()
        await _until_gone(receive, LONGEST_HANG_SECONDS)


def outcome(sent: Response) -> str:
    """How an answer ended, for the counts: its status, or the way in which it was broken."""
    if isinstance(sent, DroppedAnswer):
        return sent.outcome
    return "truncated" if isinstance(sent, TruncatedAnswer) else str(sent.status_code)


def _transport(scope: Scope) -> asyncio.Transport | None:
    """The call's connection; None when the client has gone already."""
    return TrackedConnection.open_transports.get(cast(tuple[str, int], tuple(scope["client"])))


async def _until_gone(receive: Receive, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


def in_place(fault: Fault, unhandled: str, offline: str) -> Response | None:
    """What a fault answers instead of working on the call; None for one that comes after the commit.

    `unhandled` and `offline` are the provider's own texts for a failure without a body and for 503.
    """
    if fault.kind == "hang":
        return DroppedAnswer(fault.seconds or LONGEST_HANG_SECONDS)
    if fault.kind == "status" or (fault.kind == "commit_late" and fault.status):
        return _failure(fault, unhandled, offline)
    return DroppedAnswer() if fault.kind == "commit_late" else None


def broken(whole: Response, fault: Fault, unhandled: str) -> Response:
    """The answer of a call that was committed, as the fault spoils it; untouched by faults of other kinds."""
    if fault.kind == "commit_then_status":
        return _failure(fault, unhandled, unhandled)
    spoil = _SPOILED.get(fault.kind)
    return spoil(whole, fault) if spoil else whole


def _html(_whole: Response, fault: Fault) -> Response:
    return Response(fault.body or GATEWAY_PAGE, fault.status or 200, media_type="text/html")


_SPOILED: Mapping[FaultKind, Callable[[Response, Fault], Response]] = {
    "commit_then_drop": lambda _whole, _fault: DroppedAnswer(),
    "commit_then_hang": lambda _whole, fault: DroppedAnswer(fault.seconds or LONGEST_HANG_SECONDS),
    "truncate": lambda whole, _fault: TruncatedAnswer(whole),
    "html": _html,
    "reorder": lambda whole, _fault: _with_body(whole, reordered(bytes(whole.body))),
    "missing": lambda whole, fault: _with_body(whole, without_elements(bytes(whole.body), fault.elements)),
}


def _with_body(whole: Response, body: bytes) -> Response:
    headers = {key: value for key, value in whole.headers.items() if key != "content-length"}
    return Response(body, whole.status_code, headers)


def _failure(fault: Fault, unhandled: str, offline: str) -> Response:
    text = fault.body if fault.body is not None else offline if fault.status == 503 else unhandled
    media_type = "application/json" if text.lstrip().startswith(("{", "[")) else "text/html"
    return Response(text, fault.status or 500, media_type=media_type)
