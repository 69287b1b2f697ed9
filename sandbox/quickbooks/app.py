"""The sandbox's QuickBooks as one ASGI application: routing, faults on the identity endpoints, counts."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.quickbooks import oauth
from sandbox.quickbooks.calls import OFFLINE, UNHANDLED, CompanyCall
from sandbox.quickbooks.state import QuickBooksState
from sandbox.wire import broken, in_place, outcome

IdentityEndpoint = Callable[[QuickBooksState, Request], Awaitable[Response]]
_IDENTITY: dict[tuple[str, str], IdentityEndpoint] = {
    ("GET", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.AUTHORIZE): oauth.authorize,
    ("POST", oauth.CONSENT): oauth.consent,
    ("POST", oauth.TOKEN): oauth.token,
    ("POST", oauth.REVOKE): oauth.revocation,
    ("GET", oauth.USER_INFO): oauth.user_info,
    ("GET", oauth.KEYS): oauth.keys,
    ("GET", "/.well-known/openid_configuration"): oauth.discovery,
    ("GET", "/.well-known/openid_sandbox_configuration"): oauth.discovery,
}
_IDENTITY_PATHS = {path for _, path in _IDENTITY}
_COMPANY = re.compile(r"^/v3/company/([^/]+)(/.+)$")
_FILE = re.compile(r"^/files/([^/]+)/([^/]+)$")


class QuickBooksApp:
    """Mounted at /quickbooks: the real paths of Intuit's hosts below one host."""

    def __init__(self, state: QuickBooksState) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        company = _COMPANY.match(path)
        if company:
            await CompanyCall(self.state, request, company.group(1), company.group(2)).answer(scope, receive, send)
            return
        file = _FILE.match(path)
        sent = self._file(file.group(1), file.group(2)) if file else await self._identity(request, path)
        name = "/files/{realm}/{id}" if file else path
        self.state.counts.add("quickbooks", f"{request.method} {name}", outcome(sent))
        await sent(scope, receive, send)

    def _file(self, realm_id: str, attachable_id: str) -> Response:
        """A TempDownloadUri, which needs no token. That it expires after 15 minutes is not simulated."""
        company = self.state.companies.get(realm_id)
        content = company.files.get(attachable_id) if company else None
        if company is None or content is None:
            return Response(b"", 404)
        return Response(content, 200, media_type=company.tables["Attachable"][attachable_id].get("ContentType"))

    async def _identity(self, request: Request, path: str) -> Response:
        hit = self.state.faults.take("quickbooks", request.method, path.lower())
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if hit.fault is None:
            return await self._identity_answer(request, path)
        # A late commit of a token has no later look-up to wait for: it commits, and the answer is lost.
        before = in_place(hit.fault, UNHANDLED, OFFLINE)
        if before and hit.fault.kind != "commit_late":
            return before
        whole = await self._identity_answer(request, path)
        return before or broken(whole, hit.fault, UNHANDLED)

    async def _identity_answer(self, request: Request, path: str) -> Response:
        known = _IDENTITY.get((request.method, path))
        if known:
            return await known(self.state, request)
        return Response(b"", 405 if path in _IDENTITY_PATHS else 404)
