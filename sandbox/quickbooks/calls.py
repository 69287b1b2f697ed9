"""What happens around one call below /v3/company: token, company, limits, faults, request id, and, when the books have
answered, webhooks and the ways in which an answer can be lost."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.late import LateCommit
from sandbox.quickbooks import accounting, errors, oauth
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.endpoints import endpoint
from sandbox.quickbooks.formats import answer_time, to_json, to_xml
from sandbox.quickbooks.identity import ACCOUNTING
from sandbox.quickbooks.requests import LONGEST_REQUEST_ID
from sandbox.quickbooks.state import QuickBooksState
from sandbox.quickbooks.tokens import Grant
from sandbox.quickbooks.wire import ApiAnswer, ApiCall
from sandbox.wire import broken, in_place, outcome

UNHANDLED = json.dumps({"Fault": errors.application_error().fault()})
OFFLINE = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)
# Any look-up of the company counts for what is to become visible later: look-ups here are not by collection.
LOOKED_UP = "any"
LARGEST_BODY = 101 * 1024 * 1024


@dataclass(frozen=True)
class Caller:
    """Who calls, for which company."""

    grant: Grant
    company: Company


class GatewayRefusedError(Exception):
    """A call answered before it reaches the books."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class CompanyCall:
    """One call on its way; it keeps its place among the concurrent calls until the last byte of its answer."""

    def __init__(self, state: QuickBooksState, request: Request, realm_id: str, path: str) -> None:
        self._state = state
        self._request = request
        self._realm_id = realm_id
        self._path = path

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the wire."""
        try:
            caller = self._caller()
            self._admit(caller)
        except GatewayRefusedError as refused:
            self._count(refused.answer)
            await refused.answer(scope, receive, send)
            return
        try:
            response = await self._worked(caller)
            response.headers["intuit_tid"] = f"1-{uuid.uuid4()}"
            self._count(response)
            await response(scope, receive, send)
        finally:
            self._state.limiter.leave(caller.grant.app_id, self._realm_id)

    def _count(self, response: Response) -> None:
        # Before the first byte goes out: a test that has its answer may read the counts at once.
        name = f"{self._request.method} {endpoint(self._path)}"
        self._state.counts.add("quickbooks", name, outcome(response))
        self._state.minor_versions[self._request.query_params.get("minorversion", "none")] += 1

    def _caller(self) -> Caller:
        scheme, _, value = self._request.headers.get("authorization", "").partition(" ")
        now, tokens = self._state.clock.now(), self._state.identity.tokens
        token = tokens.access_tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None or not token.works_at(now):
            raise GatewayRefusedError(self._unauthorised("Token expired" if token else "Token invalid", value))
        grant = tokens.grants[token.grant_id]
        company = self._state.companies.get(self._realm_id)
        if company is None or grant.realm_id != self._realm_id or grant.revoked or ACCOUNTING not in grant.scopes:
            raise GatewayRefusedError(self._forbidden())
        return Caller(grant, company)

    def _unauthorised(self, why: str, value: str) -> Response:
        message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
        detail = f"{why}: {value[:4]}..."
        body = errors.gateway_fault(3200, message, detail, "AUTHENTICATION", self._state.clock.now())
        headers = {"www-authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
        return Response(json.dumps(body), 401, headers, media_type="application/json")

    def _forbidden(self) -> Response:
        message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
        body = errors.gateway_fault(3100, message, "ApplicationAuthorizationFailed", "SERVICE", self._state.clock.now())
        return Response(json.dumps(body), 403, media_type="application/json")

    def _admit(self, caller: Caller) -> None:
        batch = self._path.lower() == "/batch"
        now = self._state.clock.now()
        problem = self._state.limiter.enter(caller.grant.app_id, self._realm_id, now, batch=batch)
        if problem:
            raise GatewayRefusedError(self._throttled(problem, None))

    def _throttled(self, problem: str, retry_after: int | None) -> Response:
        self._state.counts.add_throttled("quickbooks", problem)
        refused = errors.throttled()
        body = {"Fault": refused.fault(), "time": answer_time(self._state.clock.now())}
        response = self._sent(ApiAnswer(refused.status, body))
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    async def _worked(self, caller: Caller) -> Response:
        body = await self._request.body()
        hit = self._state.faults.take("quickbooks", self._request.method, self._path.lower(), body)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if len(body) > LARGEST_BODY:
            return Response(OFFLINE.replace("502 Bad Gateway", "413 Request Entity Too Large"), 413)
        if hit.fault and hit.fault.kind == "limiter":
            return self._throttled(hit.fault.problem, hit.fault.retry_after)
        call = self._call(body)
        if hit.fault and hit.fault.kind == "commit_late":
            self._postpone(caller, call, hit.fault)
        before = in_place(hit.fault, UNHANDLED, OFFLINE) if hit.fault else None
        whole = before or self._sent(self._answered(caller, call))
        return whole if before or not hit.fault else broken(whole, hit.fault, UNHANDLED)

    def _answered(self, caller: Caller, call: ApiCall) -> ApiAnswer:
        state = self._state
        state.late.run_due(call.now)
        request_id = self._request_id(call)
        if request_id:
            if len(request_id) > LONGEST_REQUEST_ID:
                refused = errors.invalid_type("requestid", f"at most {LONGEST_REQUEST_ID} characters")
                return ApiAnswer(400, {"Fault": refused.fault(), "time": answer_time(call.now)})
            if state.request_ids.honoured:
                state.late.run_keyed(self._realm_id, request_id)
            earlier = state.request_ids.earlier(self._realm_id, request_id, call.now)
            if earlier:
                return earlier
        answer = self._committed(caller, call, request_id)
        if accounting.looks_up(call):
            state.late.looked_up(self._realm_id, LOOKED_UP)
        return answer

    def _committed(self, caller: Caller, call: ApiCall, request_id: str | None) -> ApiAnswer:
        answer = accounting.answer(caller.company, call)
        if request_id:
            self._state.request_ids.keep(self._realm_id, request_id, answer, call.now)
        self._state.webhooks.send(self._realm_id, answer.events)
        return answer

    def _postpone(self, caller: Caller, call: ApiCall, fault: Fault) -> None:
        request_id = self._request_id(call)
        seconds = fault.visible_after_seconds
        lookups = fault.visible_after_lookups if seconds is not None or fault.visible_after_lookups else 1
        due_at = call.now + timedelta(seconds=seconds) if seconds is not None else None

        def commit() -> None:
            # Several calls under one id may wait for their effect: they have one effect, as if none had waited.
            ids, now = self._state.request_ids, self._state.clock.now()
            if request_id is None or ids.earlier(self._realm_id, request_id, now) is None:
                self._committed(caller, call, request_id)

        self._state.late.add(LateCommit(self._realm_id, LOOKED_UP, request_id, lookups, due_at, commit))

    def _request_id(self, call: ApiCall) -> str | None:
        return call.query.get("requestid") if call.method == "POST" else None

    def _call(self, body: bytes) -> ApiCall:
        return ApiCall(
            method=self._request.method,
            path=self._path,
            query=dict(self._request.query_params),
            headers=dict(self._request.headers),
            body=body,
            now=self._state.clock.now(),
            files_at=f"{oauth.base_url(self._request)}/files/{self._realm_id}",
        )

    def _sent(self, answer: ApiAnswer) -> Response:
        """JSON when the Accept header asks for it, XML otherwise, as Intuit's pages have it."""
        if isinstance(answer.body, str):
            return Response(answer.body, answer.status, media_type="text/plain")
        if "application/json" in self._request.headers.get("accept", ""):
            return Response(to_json(answer.body), answer.status, media_type="application/json")
        return Response(to_xml(answer.body), answer.status, media_type="application/xml")
