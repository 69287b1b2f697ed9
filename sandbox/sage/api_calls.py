"""What happens around one call of Sage's API: token, business, subscription, limits, the turn to write, faults,
idempotency_id, and the ways in which an answer can be lost."""

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.late import LateCommit
from sandbox.sage import accounting, messages, people
from sandbox.sage.books import Books
from sandbox.sage.endpoints import collection, endpoint
from sandbox.sage.formats import RefusedError, error, refused
from sandbox.sage.idempotency import KEY, MISMATCH_STATUS, RESOURCES, KeyedCall, KeyMismatchError
from sandbox.sage.limiter import PARALLEL_STATUS, SEQUENTIAL, Problem
from sandbox.sage.state import SageState
from sandbox.sage.tokens import Grant
from sandbox.sage.wire import ApiAnswer, ApiCall, SageUser, read_json, refusal, wrapped
from sandbox.wire import broken, in_place, outcome

MAX_BODY_BYTES = 30_000_000  # assumed
UNEXPECTED_BODY = (
    '[{"$severity":"error","$dataCode":"UnexpectedError","$message":"An unexpected error occurred.","$source":""}]'
)


@dataclass(frozen=True)
class Caller:
    """Who calls, for which business; no books where the call concerns the person alone."""

    grant: Grant
    user: SageUser
    books: Books | None

    @property
    def business_id(self) -> str:
        return self.books.business_id if self.books else ""


class SageCall:
    """One call on its way; it keeps its place among the calls at once until the last byte of its answer."""

    def __init__(self, state: SageState, request: Request, path: str) -> None:
        self._state = state
        self._request = request
        self._path = path

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the wire."""
        try:
            caller = self._caller()
            self._admitted(caller)
        except RefusedError as no:
            await self._sent(_response(refusal(no)), scope, receive, send)
            return
        except _PlainRefusalError as no:
            await self._sent(no.response, scope, receive, send)
            return
        writing = self._request.method == "POST" and collection(self._path) in SEQUENTIAL
        alone = self._state.turns.enter(caller.business_id) if writing else True
        try:
            response = await self._worked(caller, alone=alone or not self._state.refuse_parallel)
            if caller.books is not None:
                response.headers["X-Business"] = caller.business_id
            await self._sent(response, scope, receive, send)
        finally:
            self._state.limiter.leave(caller.grant.app_id)
            if writing:
                self._state.turns.leave(caller.business_id)

    async def _sent(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        # Counted before the first byte goes out: a test that has its answer may read the counts at once.
        self._state.counts.add("sage", f"{self._request.method} {endpoint(self._path)}", outcome(response))
        await response(scope, receive, send)

    def _caller(self) -> Caller:
        """Raises RefusedError or _PlainRefusalError; the path is judged only after the credential (recorded)."""
        grant = self._grant()
        user = self._state.people[grant.user_id]
        if people.concerns_person(self._path):
            return Caller(grant, user, None)
        theirs = self._state.businesses_of(grant.user_id)
        wanted = self._request.headers.get("x-business", "").lower()
        books = theirs.get(wanted) if wanted else next(iter(theirs.values()), None)
        if books is None:  # assumed: a business that is not the person's is answered as a missing right
            raise refused(403, messages.ACCESS_DENIED_CODE, messages.ACCESS_DENIED)
        if not books.active():
            raise refused(401, messages.NO_SUBSCRIPTION_CODE, messages.NO_SUBSCRIPTION)
        return Caller(grant, user, books)

    def _grant(self) -> Grant:
        header = self._request.headers.get("authorization")
        if header is None:
            raise _PlainRefusalError(JSONResponse(messages.NO_CREDENTIAL, 401))
        scheme, _, value = header.partition(" ")
        tokens = self._state.identity.tokens
        known = tokens.access_tokens.get(value) if scheme.lower() == "bearer" else None
        if known is None:
            raise refused(401, messages.TOKEN_ERROR, messages.TOKEN_INVALID, "Authorization")
        if not known.works_at(self._state.clock.now()):
            raise refused(401, messages.TOKEN_ERROR, messages.TOKEN_EXPIRED, "Authorization")
        return tokens.grants[known.grant_id]

    def _admitted(self, caller: Caller) -> None:
        now = self._state.clock.now()
        problem = self._state.limiter.enter(caller.grant.app_id, caller.business_id, now)
        if problem:
            left = self._state.limiter.time_left(problem, caller.business_id, now)
            raise _PlainRefusalError(self._throttled(problem, left if self._state.retry_after_told else None))

    async def _worked(self, caller: Caller, *, alone: bool) -> Response:
        body = await _read_body(self._request)
        hit = self._state.faults.take("sage", self._request.method, self._path, body or b"")
        if hit.latency:
            await asyncio.sleep(hit.latency)
        if body is None:
            return _response(refusal(refused(413, messages.TOO_LARGE_CODE, messages.TOO_LARGE)))
        if not alone:
            return _response(refusal(refused(PARALLEL_STATUS, messages.PARALLEL_CODE, messages.PARALLEL)))
        if hit.fault and hit.fault.kind == "limiter":
            told = hit.fault.retry_after
            return self._throttled(hit.fault.problem, timedelta(seconds=told) if told is not None else None)
        if hit.fault and hit.fault.kind == "commit_late":
            self._postpone(caller, body, hit.fault)
        before = in_place(hit.fault, UNEXPECTED_BODY, UNEXPECTED_BODY) if hit.fault else None
        whole = before or _response(self._answered(caller, body))
        if before or not hit.fault or (whole.status_code >= 400 and hit.fault.kind in {"reorder", "missing"}):
            return whole
        return broken(whole, hit.fault, UNEXPECTED_BODY)

    def _answered(self, caller: Caller, body: bytes) -> ApiAnswer:
        state, now = self._state, self._state.clock.now()
        state.late.run_due(now)
        try:
            keyed = self._keyed(caller, body)
            if keyed:
                state.late.run_keyed(caller.business_id, keyed.key)
            if keyed and (earlier := state.idempotency.earlier_answer(keyed, now)):
                return earlier
        except RefusedError as no:
            return refusal(no)
        except KeyMismatchError:
            return refusal(refused(MISMATCH_STATUS, messages.KEY_MISMATCH_CODE, messages.KEY_MISMATCH))
        answer = self._committed(caller, self._call(caller, body), keyed)
        if self._request.method == "GET":
            state.late.looked_up(caller.business_id, collection(self._path))
        return answer

    def _committed(self, caller: Caller, call: ApiCall, keyed: KeyedCall | None) -> ApiAnswer:
        if caller.books is None:
            return people.answer(self._state, call)
        answer = accounting.answer(caller.books, self._state.rules, call)
        if keyed:
            self._state.idempotency.keep(keyed, answer, call.now)
        return answer

    def _postpone(self, caller: Caller, body: bytes, fault: Fault) -> None:
        call = self._call(caller, body)
        try:
            keyed = self._keyed(caller, body)
        except RefusedError:
            keyed = None
        seconds = fault.visible_after_seconds
        lookups = fault.visible_after_lookups if seconds is not None or fault.visible_after_lookups else 1
        self._state.late.add(
            LateCommit(
                caller.business_id,
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
            content_type=self._request.headers.get("content-type", ""),
            body=body,
            now=self._state.clock.now(),
            user=caller.user,
            scope=caller.grant.scope,
        )

    def _keyed(self, caller: Caller, body: bytes) -> KeyedCall | None:
        """The key of a POST or PUT. Raises RefusedError for one of another form (assumed)."""
        resource = collection(self._path)
        if self._request.method not in ("POST", "PUT") or resource not in RESOURCES or not body:
            return None
        try:
            found = wrapped(read_json(body))
        except (ValueError, RecursionError):
            return None
        key = found[1].get("idempotency_id") if found else None
        if key is None:
            return None
        if not isinstance(key, str) or not KEY.match(key):
            raise RefusedError(422, [error(messages.RECORD_INVALID, messages.BAD_KEY, "idempotency_id")])
        return KeyedCall(key, caller.business_id, resource)

    def _throttled(self, problem: Problem, wait: timedelta | None) -> Response:
        self._state.counts.add_throttled("sage", problem)
        answer = _response(refusal(refused(429, messages.THROTTLED_CODE, messages.THROTTLED)))
        if wait is not None:
            answer.headers["Retry-After"] = str(max(1, math.ceil(wait.total_seconds())))
        return answer


class _PlainRefusalError(Exception):
    """A call answered otherwise than with an array of errors."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _response(answer: ApiAnswer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.media_type if answer.body else None)


async def _read_body(request: Request) -> bytes | None:
    """The whole body, or None when it is beyond what the gateway takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
