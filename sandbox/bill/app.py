"""The sandbox's BILL as one ASGI application: the gateway's services, downloads, and v2's SetApprovers."""

import asyncio
import json
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.bill import documents, v2
from sandbox.bill.calls import PROVIDER, BillCall
from sandbox.bill.formats import (
    NO_SESSION,
    NO_SUCH_API,
    SYSTEM_ERROR,
    TEXTS,
    RefusedError,
    problems_json,
    refused,
)  # fmt: skip
from sandbox.bill.state import BillState
from sandbox.wire import broken, in_place, outcome

_SERVICE = re.compile(r"^/(connect|connect-events)/v3(/.+)$")
_DOWNLOAD = re.compile(rf"^{documents.DOWNLOADS}/([^/]+)/[^/]+$")


class BillApp:
    """Mounted at /bill: the real paths of gateway.prod.bill.com and api.bill.com below one host."""

    def __init__(self, state: BillState) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = _path(scope)
        service = _SERVICE.match(path)
        if service:
            await BillCall(self.state, request, service[1], service[2].rstrip("/")).answer(scope, receive, send)
            return
        name, sent = await self._other(request, path)
        self.state.counts.add(PROVIDER, f"{request.method} {name}", outcome(sent))
        await sent(scope, receive, send)

    async def _other(self, request: Request, path: str) -> tuple[str, Response]:
        download = _DOWNLOAD.match(path)
        try:
            if download and request.method == "GET":
                return f"{documents.DOWNLOADS}/{{id}}/{{name}}", self._downloaded(request, download[1])
            if path == v2.SET_APPROVERS and request.method == "POST":
                return v2.SET_APPROVERS, await self._set_approvers(request)
            raise refused(404, NO_SUCH_API)
        except RefusedError as refusal:
            body = problems_json(refusal.problems, self.state.clock.now())
            return path, JSONResponse(body, refusal.status)

    def _downloaded(self, request: Request, document_id: str) -> Response:
        """The file behind a downloadLink; its session is the only header that is asked for."""
        now, session_id = self.state.clock.now(), request.headers.get("sessionid", "")
        session = self.state.sessions.sessions.get(session_id)
        if session is None:
            raise refused(401, NO_SESSION)
        self.state.sessions.used(session_id, session.dev_key, now)
        document = documents.found(self.state.books[session.organization_id], document_id, now)
        return Response(document.content, media_type="application/octet-stream")

    async def _set_approvers(self, request: Request) -> Response:
        sent = await request.body()
        form, now = await request.form(), self.state.clock.now()
        try:
            dev_key, session_id = str(form.get("devKey", "")), str(form.get("sessionId", ""))
            session = self.state.sessions.used(session_id, dev_key, now)
        except RefusedError as refusal:
            return JSONResponse(v2.failure(refusal.problems[0].code, refusal.problems[0].message))
        hit = self.state.faults.take(PROVIDER, request.method, v2.SET_APPROVERS, sent)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        unhandled = json.dumps(v2.failure(SYSTEM_ERROR, TEXTS[SYSTEM_ERROR]))
        before = in_place(hit.fault, unhandled, unhandled) if hit.fault else None
        if before:
            return before
        books = self.state.books[session.organization_id]
        whole = JSONResponse(v2.set_approvers(books, str(form.get("data", "")), now))
        return broken(whole, hit.fault, unhandled) if hit.fault else whole


def _path(scope: Scope) -> str:
    """The path below the mount, percent-encoding kept."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("ascii", "replace").partition("?")[0].removeprefix(scope.get("root_path", ""))
