"""The sandbox's Xero as one ASGI application: routing in any case, faults on the identity endpoints, counts."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.wire import broken, in_place, outcome
from sandbox.xero import answers, oauth
from sandbox.xero.accounting_calls import AccountingCall
from sandbox.xero.endpoints import API_PREFIX, canonical
from sandbox.xero.limiter import Verdict
from sandbox.xero.state import XeroState

IdentityEndpoint = Callable[[XeroState, Request], Awaitable[Response]]
_IDENTITY: dict[tuple[str, str], IdentityEndpoint] = {
    ("GET", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.CONSENT): oauth.consent,
    ("POST", "/connect/token"): oauth.token,
    ("POST", "/connect/revocation"): oauth.revocation,
    ("GET", "/connections"): oauth.connections,
    ("GET", "/.well-known/openid-configuration"): oauth.discovery,
    ("GET", "/.well-known/openid-configuration/jwks"): oauth.jwks,
}
_IDENTITY_PATHS = {path for _, path in _IDENTITY}
_CONNECTION = re.compile(r"^/connections/([^/]+)$")


class XeroApp:
    """Mounted at /xero: the real paths of login.xero.com, identity.xero.com and api.xero.com below one host."""

    def __init__(self, state: XeroState) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = _path(scope)
        correlated = _with_header(send, b"xero-correlation-id", str(uuid.uuid4()).encode())
        if path.lower().startswith(f"{API_PREFIX}/"):
            call = AccountingCall(self.state, request, canonical(path[len(API_PREFIX) :]))
            await call.answer(scope, receive, correlated)
            return
        sent = await self._identity(request, path)
        name = _CONNECTION.sub("/connections/{id}", path.lower())
        self.state.counts.add("xero", f"{request.method} {name}", outcome(sent))
        await sent(scope, receive, correlated)

    async def _identity(self, request: Request, path: str) -> Response:
        lowered = path.lower()
        hit = self.state.faults.take("xero", request.method, lowered)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if hit.fault is None:
            return await self._identity_answer(request, lowered)
        if hit.fault.kind == "limiter":
            return self._throttled(hit.fault)
        # A late commit of a token or a connection has no later look-up to wait for: it commits, and the answer is lost.
        late = hit.fault.kind == "commit_late"
        before = in_place(hit.fault, answers.UNHANDLED, answers.OFFLINE)
        if before and not late:
            return before
        whole = await self._identity_answer(request, lowered)
        return before or broken(whole, hit.fault, answers.UNHANDLED)

    def _throttled(self, fault: Fault) -> Response:
        self.state.counts.add_throttled("xero", fault.problem)
        wait = timedelta(seconds=fault.retry_after) if fault.retry_after is not None else None
        return answers.throttled(answers.used_up(Verdict(None, None, {}), fault.problem, None), wait)

    async def _identity_answer(self, request: Request, lowered: str) -> Response:
        known = _IDENTITY.get((request.method, lowered))
        if known:
            return await known(self.state, request)
        connection = _CONNECTION.match(lowered)
        if connection and request.method == "DELETE":
            return await oauth.disconnect(self.state, request, connection.group(1))
        if connection or lowered in _IDENTITY_PATHS:
            return Response(b"", 405)
        return Response(answers.NOT_FOUND, 404, media_type="text/html")


def _path(scope: Scope) -> str:
    """The path below the mount, percent-encoding kept."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "replace").partition("?")[0].removeprefix(scope.get("root_path", ""))


def _with_header(send: Send, name: bytes, value: bytes) -> Send:
    async def sender(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers")
            message = {**message, "headers": [*(headers if isinstance(headers, list) else []), (name, value)]}
        await send(message)

    return sender  # type: ignore[return-value]
