"""The sandbox's Sage as one ASGI application: its three hosts below one, faults on the identity endpoints, counts."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.sage import messages, oauth
from sandbox.sage.api_calls import UNEXPECTED_BODY, SageCall
from sandbox.sage.endpoints import API_PREFIX
from sandbox.sage.formats import error
from sandbox.sage.state import SageState
from sandbox.wire import broken, in_place, outcome

IdentityEndpoint = Callable[[SageState, Request], Awaitable[Response]]
_IDENTITY: dict[tuple[str, str], IdentityEndpoint] = {
    ("GET", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.CONSENT): oauth.consent,
    ("POST", "/token"): oauth.token,
    ("POST", "/revoke"): oauth.revoke,
}


class SageApp:
    """Mounted at /sage: the real paths of www.sageone.com, oauth.accounting.sage.com and api.accounting.sage.com."""

    def __init__(self, state: SageState) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = _path(scope)
        named = _with_request_id(send)
        if path.startswith(f"{API_PREFIX}/"):
            await SageCall(self.state, request, path[len(API_PREFIX) :].rstrip("/")).answer(scope, receive, named)
            return
        sent = await self._identity(request, path)
        self.state.counts.add("sage", f"{request.method} {path}", outcome(sent))
        await sent(scope, receive, named)

    async def _identity(self, request: Request, path: str) -> Response:
        hit = self.state.faults.take("sage", request.method, path)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if hit.fault is None:
            return await self._identity_answer(request, path)
        if hit.fault.kind == "limiter":
            return self._throttled(hit.fault)
        # A late commit of a token has no later look-up to wait for: it commits, and the answer is lost.
        before = in_place(hit.fault, UNEXPECTED_BODY, UNEXPECTED_BODY)
        if before and hit.fault.kind != "commit_late":
            return before
        whole = await self._identity_answer(request, path)
        return before or broken(whole, hit.fault, UNEXPECTED_BODY)

    def _throttled(self, fault: Fault) -> Response:
        self.state.counts.add_throttled("sage", fault.problem)
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
        return JSONResponse([error(messages.THROTTLED_CODE, messages.THROTTLED)], 429, headers)

    async def _identity_answer(self, request: Request, path: str) -> Response:
        known = _IDENTITY.get((request.method, path))
        if known:
            return await known(self.state, request)
        if any(path == other for _, other in _IDENTITY):
            return Response(b"", 405)
        return JSONResponse([error(messages.RECORD_NOT_FOUND, messages.NOT_FOUND)], 404)


def _path(scope: Scope) -> str:
    """The path below the mount."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _with_request_id(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), (b"x-request-id", str(uuid.uuid4()).encode())]
            message = {**message, "headers": headers}
        await send(message)

    return sender
