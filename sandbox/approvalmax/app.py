"""The sandbox's ApprovalMax as one ASGI application: identity and public API below one host, with faults and limits."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.approvalmax import api, oauth
from sandbox.approvalmax.answers import (
    INTERNAL_CODE,
    RefusedError,
    problem,
    throttled,
    to_json,
    unauthorized,
)  # fmt: skip
from sandbox.approvalmax.companies import Company
from sandbox.approvalmax.state import ApprovalMaxState
from sandbox.faults import Fault
from sandbox.late import LateCommit
from sandbox.wire import broken, in_place, outcome

PROVIDER = "approvalmax"
_Identity = Callable[[ApprovalMaxState, Request], Awaitable[Response]]
_IDENTITY: dict[tuple[str, str], _Identity] = {
    ("GET", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.CONSENT): oauth.consent,
    ("POST", oauth.TOKEN): oauth.token,
}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ApprovalMaxApp:
    """Mounted at /approvalmax: identity.approvalmax.com and public-api.approvalmax.com below one host."""

    def __init__(self, state: ApprovalMaxState) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = _path(scope)
        self.state.keep_time()
        self.state.catch_up()
        known = _IDENTITY.get((request.method, path.lower()))
        sent = await self._identity(request, path.lower(), known) if known else await self._api(request, path)
        self.state.counts.add(PROVIDER, f"{request.method} {endpoint(path)}", outcome(sent))
        await sent(scope, receive, send)

    async def _identity(self, request: Request, path: str, known: _Identity) -> Response:
        hit = self.state.faults.take(PROVIDER, request.method, path)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if hit.fault is None:
            return await known(self.state, request)
        if hit.fault.kind == "limiter":
            return self._limited(path)
        before = in_place(hit.fault, _unhandled(path), _unhandled(path))
        if before and hit.fault.kind != "commit_late":
            return before
        # A token has no later look-up to wait for: it is issued, and the answer is lost.
        whole = await known(self.state, request)
        return before or broken(whole, hit.fault, _unhandled(path))

    async def _api(self, request: Request, path: str) -> Response:
        body = await request.body()
        if (request.method, path) == ("GET", "/ping"):
            return JSONResponse("pong")  # assumed text
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now = self.state.clock.now()
        connection = self.state.identity.caller(token, now) if scheme.lower() == "bearer" else None
        if connection is None:
            return unauthorized()
        query = dict(request.query_params)
        call = api.ApiCall(request.method, path, query, body, connection, connection.email)
        try:
            if (request.method, path) == ("GET", "/api/v1/companies"):
                return await self._answered(call, None, "")
            company, rest = api.company_of(self.state, call)
            reading = request.method == "GET"
            if not self.state.limiter.enter(connection.app_id, company.company_id, reading=reading, now=now):
                return self._limited(path)
            return await self._answered(call, company, rest)
        except RefusedError as refused:
            return problem(refused, path)

    async def _answered(self, call: api.ApiCall, company: Company | None, rest: str) -> Response:
        """The answer of an accepted call, as its fault spoils it."""
        hit = self.state.faults.take(PROVIDER, call.method, call.path, call.body)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        fault = hit.fault
        if fault and fault.kind == "limiter":
            return self._limited(call.path)
        before = in_place(fault, _unhandled(call.path), _unhandled(call.path)) if fault else None
        if fault and fault.kind == "commit_late" and company:
            self._postpone(company, rest, call, fault)
        if before:
            return before
        whole = self._worked(company, rest, call)
        return broken(whole, fault, _unhandled(call.path)) if fault else whole

    def _worked(self, company: Company | None, rest: str, call: api.ApiCall) -> Response:
        try:
            if company is None:
                status, body = 200, api.companies(self.state, call)
            else:
                status, body = api.answer(self.state, company, rest, call)
        except RefusedError as refused:
            return problem(refused, call.path)
        finally:
            if company and call.method == "GET":
                self.state.late.looked_up(company.company_id, _collection(rest))
        return Response(to_json(body), status, media_type="application/json")

    def _postpone(self, company: Company, rest: str, call: api.ApiCall, fault: Fault) -> None:
        seconds, now = fault.visible_after_seconds, self.state.clock.now()
        lookups = fault.visible_after_lookups if seconds is not None or fault.visible_after_lookups else 1
        due = now + timedelta(seconds=seconds) if seconds is not None else None

        def commit() -> None:
            try:
                api.answer(self.state, company, rest, call)
            except RefusedError:
                return  # refused in its time: it leaves nothing, as the call would have

        late = LateCommit(company.company_id, _collection(rest), None, lookups, due, commit)
        self.state.late.add(late)

    def _limited(self, path: str) -> Response:
        self.state.counts.add_throttled(PROVIDER, "minute")
        return problem(throttled(), path)


def endpoint(path: str) -> str:
    """A path as the counts name it: ids read {id}, and what every path of the API begins with is left out."""
    short = path.removeprefix("/api/v1") or "/"
    return _UUID.sub("{id}", short)


def _collection(rest: str) -> str:
    return "/".join(rest.split("/")[:3])


def _unhandled(path: str) -> str:
    refused = RefusedError(500, INTERNAL_CODE, "An unexpected error occurred.")
    return bytes(problem(refused, path).body).decode()


def _path(scope: Scope) -> str:
    """The path below the mount, percent-encoding kept."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "replace").partition("?")[0].removeprefix(scope.get("root_path", ""))
