"""What happens around one call of the Accounting API: token, scope, organisation, limits, faults, idempotency key,
and, when the books have answered, webhooks and the ways in which an answer can be lost."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.late import LateCommit
from sandbox.wire import broken, in_place, outcome
from sandbox.xero import accounting, answers, oauth
from sandbox.xero.books import Books
from sandbox.xero.endpoints import API_PREFIX, collection, endpoint, sufficient_scopes
from sandbox.xero.idempotency import METHODS, KeyedCall, KeyMismatchError, KeyTooLongError
from sandbox.xero.identity import App
from sandbox.xero.limiter import Problem, Verdict
from sandbox.xero.state import XeroState
from sandbox.xero.tokens import Grant
from sandbox.xero.wire import ApiAnswer, ApiCall

MAX_BODY_BYTES = 30_000_000


@dataclass(frozen=True)
class Caller:
    """Who calls, for which organisation."""

    access_token: str
    grant: Grant
    app: App
    tenant_id: str
    books: Books


class AccountingCall:
    """One call on its way; it keeps its place among the concurrent calls until the last byte of its answer."""

    def __init__(self, state: XeroState, request: Request, path: str) -> None:
        self._state = state
        self._request = request
        self._path = path

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the wire."""
        try:
            caller = self._caller()
            verdict = self._admitted(caller)
        except answers.RefusedError as refused:
            self._count(refused.answer)
            await refused.answer(scope, receive, send)
            return
        limiter = self._state.limiter
        try:
            response = await self._worked(caller, verdict)
            self._count(response)
            await response(scope, receive, send)
        finally:
            limiter.leave(caller.app.client_id, caller.tenant_id)

    def _count(self, response: Response) -> None:
        # Before the first byte goes out: a test that has its answer may read the counts at once.
        name = f"{self._request.method} {endpoint(self._path)}"
        self._state.counts.add("xero", name, outcome(response))

    def _caller(self) -> Caller:
        token, grant = oauth.bearer(self._state, self._request)
        needed = sufficient_scopes(self._request.method, self._path)
        if needed and not needed & set(grant.scopes):
            raise answers.RefusedError(answers.scope_missing())
        tenant_id = self._request.headers.get("xero-tenant-id", "").lower()
        open_tenants = {one.tenant_id for one in self._state.identity.connections(grant.user_id, grant.app_id)}
        if tenant_id not in open_tenants:
            raise answers.RefusedError(answers.not_connected())
        if grant.revoked:
            raise answers.RefusedError(answers.token_unknown())
        return Caller(token, grant, self._state.identity.apps[grant.app_id], tenant_id, self._state.books[tenant_id])

    def _admitted(self, caller: Caller) -> Verdict:
        now = self._state.clock.now()
        verdict = self._state.limiter.enter(caller.app.client_id, caller.app.tier, caller.tenant_id, now)
        if verdict.problem:
            raise answers.RefusedError(self._throttled(verdict))
        return verdict

    async def _worked(self, caller: Caller, verdict: Verdict) -> Response:
        body = await _read_body(self._request)
        hit = self._state.faults.take("xero", self._request.method, self._path, body or b"")
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if body is None:
            return answers.problem(413, "Payload Too Large", "The request is too large.")
        if hit.fault and hit.fault.kind == "limiter":
            return self._limited(caller, verdict, hit.fault)
        if hit.fault and hit.fault.kind == "commit_late":
            self._postpone(caller, body, hit.fault)
        before = in_place(hit.fault, answers.UNHANDLED, answers.OFFLINE) if hit.fault else None
        if before and hit.fault and hit.fault.kept:
            self._keep(caller, body, before)
        whole = before or _sent(self._answered(caller, body))
        whole.headers.update(verdict.headers)
        return whole if before or not hit.fault else broken(whole, hit.fault, answers.UNHANDLED)

    def _keep(self, caller: Caller, body: bytes, failure: Response) -> None:
        """Xero keeps what it answered with the key, a failure of its own as well."""
        keyed = self._keyed(caller, body)
        if keyed:
            answer = ApiAnswer(failure.status_code, dict(failure.headers), bytes(failure.body))
            self._state.idempotency.keep(keyed, answer, self._state.clock.now())

    def _answered(self, caller: Caller, body: bytes) -> ApiAnswer:
        state, now = self._state, self._state.clock.now()
        state.late.run_due(now)
        keyed = self._keyed(caller, body)
        if keyed:
            state.late.run_keyed(caller.tenant_id, keyed.key)
            try:
                earlier = state.idempotency.earlier_answer(keyed, now)
            except (KeyMismatchError, KeyTooLongError) as refused:
                return _bad_request(str(refused))
            if earlier:
                return earlier
        answer = self._committed(caller, self._call(caller, body), keyed)
        if self._request.method == "GET":
            state.late.looked_up(caller.tenant_id, collection(self._path))
        return answer

    def _committed(self, caller: Caller, call: ApiCall, keyed: KeyedCall | None) -> ApiAnswer:
        answer = accounting.answer(caller.books, call)
        if keyed:
            self._state.idempotency.keep(keyed, answer, call.now)
        self._state.webhooks.send(caller.tenant_id, answer.events)
        return answer

    def _postpone(self, caller: Caller, body: bytes, fault: Fault) -> None:
        call, keyed = self._call(caller, body), self._keyed(caller, body)
        seconds = fault.visible_after_seconds
        lookups = fault.visible_after_lookups if seconds is not None or fault.visible_after_lookups else 1
        self._state.late.add(
            LateCommit(
                caller.tenant_id,
                collection(self._path),
                keyed.key if keyed else None,
                lookups,
                call.now + timedelta(seconds=seconds) if seconds is not None else None,
                lambda: self._commit_quietly(caller, call, keyed),
            )
        )

    def _commit_quietly(self, caller: Caller, call: ApiCall, keyed: KeyedCall | None) -> None:
        """Several calls under one key may wait for their effect: they have one effect, as if none had waited."""
        if keyed is None or self._state.idempotency.earlier_answer(keyed, self._state.clock.now()) is None:
            self._committed(caller, call, keyed)

    def _call(self, caller: Caller, body: bytes) -> ApiCall:
        return ApiCall(
            method=self._request.method,
            path=self._path,
            query=dict(self._request.query_params),
            headers=dict(self._request.headers),
            body=body,
            now=self._state.clock.now(),
            user=self._state.people[caller.grant.user_id],
            app_id=caller.app.client_id,
            app_name=caller.app.name,
            scopes=frozenset(caller.grant.scopes),
        )

    def _keyed(self, caller: Caller, body: bytes) -> KeyedCall | None:
        key = self._request.headers.get("idempotency-key")
        if not key or self._request.method not in METHODS:
            return None
        url = f"{API_PREFIX}{self._path}?{self._request.url.query}"
        app_id = caller.app.client_id
        return KeyedCall(key, app_id, caller.tenant_id, caller.access_token, self._request.method, url, body)

    def _limited(self, caller: Caller, verdict: Verdict, fault: Fault) -> Response:
        problem: Problem = fault.problem
        now = self._state.clock.now()
        left = self._state.limiter.time_left(problem, caller.app.client_id, caller.tenant_id, now)
        if fault.retry_after is not None:
            left = timedelta(seconds=fault.retry_after)
        return self._throttled(answers.used_up(verdict, problem, left))

    def _throttled(self, verdict: Verdict) -> Response:
        self._state.counts.add_throttled("xero", str(verdict.problem))
        return answers.throttled(verdict, verdict.retry_after)


def _sent(answer: ApiAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def _bad_request(detail: str) -> ApiAnswer:
    response = answers.problem(400, "Bad Request", detail)
    return ApiAnswer(400, {"content-type": "application/json"}, bytes(response.body))


async def _read_body(request: Request) -> bytes | None:
    """The whole body, or None when it is beyond what the gateway takes (assumed: 30 MB)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
