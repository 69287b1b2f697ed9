"""What happens around one call of BILL's APIs: developer key, session, limits, faults, and the ways in which an answer
can be lost."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.bill import api, events_api
from sandbox.bill.books import Books
from sandbox.bill.endpoints import collection, endpoint
from sandbox.bill.formats import (
    CONCURRENT_LIMIT,
    HOURLY_LIMIT,
    LIMIT_STATUS,
    SYSTEM_ERROR,
    TEXTS,
    Problem,
    RefusedError,
    bad_field,
    problems_json,
    read_json,
    read_object,
    refused,
    to_json,
)  # fmt: skip
from sandbox.bill.limiter import Limit
from sandbox.bill.sessions import Session
from sandbox.bill.state import BillState
from sandbox.bill.wire import Answer, ApiCall
from sandbox.faults import Fault
from sandbox.late import LateCommit
from sandbox.wire import broken, in_place, outcome

MAX_BODY_BYTES = 12_000_000  # assumed, about twice the largest file
PROVIDER = "bill"


@dataclass(frozen=True)
class Caller:
    """Who calls, for which organization. `session` is None while logging in."""

    dev_key: str
    session: Session | None
    session_id: str = ""


class BillCall:
    """One call on its way. `service` is "connect" or "connect-events", `path` what follows its /v3."""

    def __init__(self, state: BillState, request: Request, service: str, path: str) -> None:
        self._state = state
        self._request = request
        self._service = service
        self._path = path
        self._body = b""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer on the wire; the call keeps its place among the concurrent ones until the last byte is sent."""
        self._body = await _read_body(self._request)
        try:
            caller = self._admitted()
        except RefusedError as refusal:
            await self._sent(self._refusal(refusal), scope, receive, send)
            return
        try:
            await self._sent(await self._worked(caller), scope, receive, send)
        finally:
            if caller.session:
                self._state.limiter.leave(caller.dev_key, caller.session.organization_id)

    async def _sent(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        # Before the first byte goes out: a test that has its answer may read the counts at once.
        result = outcome(response)
        self._state.counts.add(PROVIDER, f"{self._request.method} {endpoint(self._path)}", result)
        if self._logging_in:
            self._state.counts.add_token_grant(PROVIDER, "login", result)
        await response(scope, receive, send)

    @property
    def _logging_in(self) -> bool:
        return (self._service, self._request.method, self._path) == ("connect", "POST", "/login")

    def _admitted(self) -> Caller:
        """Developer key, then the hour, then the session, then calls at once (the order is assumed)."""
        now = self._state.clock.now()
        if len(self._body) > MAX_BODY_BYTES:
            raise RefusedError(413, Problem(SYSTEM_ERROR, "Payload Too Large", "SERVER"))
        if self._logging_in:
            given = read_object(read_json(self._body))
            dev_key = str(given.get("devKey", ""))
            self._state.sessions.check_key(dev_key)
            self._limited(self._state.limiter.count(dev_key, now, login=True))
            return Caller(dev_key, None)
        dev_key, session_id = self._request.headers.get("devkey", ""), self._request.headers.get("sessionid", "")
        self._state.sessions.check_key(dev_key)
        self._limited(self._state.limiter.count(dev_key, now))
        session = self._state.sessions.used(session_id, dev_key, now)
        self._limited(self._state.limiter.enter(dev_key, session.organization_id))
        return Caller(dev_key, session, session_id)

    def _limited(self, limit: Limit | None) -> None:
        if limit is None:
            return
        self._state.counts.add_throttled(PROVIDER, limit)
        if limit == "concurrent":
            raise refused(LIMIT_STATUS, CONCURRENT_LIMIT)
        text = f"Max number of allowed requests per hour reached: {self._state.limiter.figure(limit)}."
        raise RefusedError(LIMIT_STATUS, Problem(HOURLY_LIMIT, text, "DOWNSTREAM"))

    async def _worked(self, caller: Caller) -> Response:
        hit = self._state.faults.take(PROVIDER, self._request.method, self._path, self._body)
        if hit.latency:
            await asyncio.sleep(hit.latency)
        fault = hit.fault
        if fault and fault.kind == "limiter":
            return self._limit_fault(fault)
        late = fault is not None and fault.kind == "commit_late"
        unhandled = self._unhandled()
        before = in_place(fault, unhandled, unhandled) if fault else None
        if late and fault and caller.session:
            self._postpone(caller.session, fault)
        elif late:
            self._answered(caller)  # a log-in has no later look-up to wait for: it takes effect, the answer is lost
        if before:
            return before
        whole = self._answered(caller)
        return broken(whole, fault, unhandled) if fault else whole

    def _limit_fault(self, fault: Fault) -> Response:
        """Faults of kind limiter: "concurrent" is BDC_1322, any other problem BDC_1144."""
        try:
            self._limited("concurrent" if fault.problem == "concurrent" else "hour")
        except RefusedError as refusal:
            return self._refusal(refusal)
        raise AssertionError("a limit is always refused")

    def _answered(self, caller: Caller) -> Response:
        state = self._state
        state.late.run_due(state.clock.now())
        try:
            answer = self._login() if caller.session is None else self._in_session(caller, caller.session)
        except RefusedError as refusal:
            return self._refusal(refusal)
        finally:
            if caller.session and self._request.method == "GET":
                state.late.looked_up(caller.session.organization_id, collection(self._path))
        if isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, media_type=answer.media_type)
        content = b"" if answer.body is None else to_json(answer.body)
        return Response(content, answer.status, media_type=answer.media_type)

    def _login(self) -> Answer:
        given = read_object(read_json(self._body))
        missing = [f"{name}: must not be blank" for name in _LOGIN_FIELDS if not isinstance(given.get(name), str)]
        if missing:
            raise bad_field(*missing)
        now, sessions = self._state.clock.now(), self._state.sessions
        dev_key, username, password, organization_id = (given[name] for name in _LOGIN_FIELDS)
        session_id = sessions.log_in(dev_key, username, password, organization_id, now)
        user_id = sessions.sessions[session_id].user_id
        body = {"sessionId": session_id, "organizationId": organization_id, "userId": user_id, "trusted": False}
        return Answer(200, body)

    def _in_session(self, caller: Caller, session: Session) -> Answer:
        books, now = self._state.books[session.organization_id], self._state.clock.now()
        if self._service == "connect-events":
            return events_api.answer(self._state.notifier, session.organization_id, self._events_call(), now)
        if (self._request.method, self._path) == ("GET", "/login/session"):
            ids = {"organizationId": session.organization_id, "userId": session.user_id}
            return Answer(200, {**ids, "mfaStatus": "INCOMPLETE"})  # assumed: no session here is trusted
        if (self._request.method, self._path) == ("POST", "/logout"):
            self._state.sessions.log_out(caller.session_id)
            return Answer(200, {})
        return self._committed(books, self._call(session))

    def _committed(self, books: Books, call: ApiCall) -> Answer:
        answer = api.answer(books, call)
        self._state.notifier.notify(books.organization_id, answer.events, call.options, call.now)
        return answer

    def _postpone(self, session: Session, fault: Fault) -> None:
        call, books = self._call(session), self._state.books[session.organization_id]
        seconds = fault.visible_after_seconds
        lookups = fault.visible_after_lookups if seconds is not None or fault.visible_after_lookups else 1
        due = call.now + timedelta(seconds=seconds) if seconds is not None else None

        def commit() -> None:
            try:
                self._committed(books, call)
            except RefusedError:
                return  # refused in its time: it leaves nothing, as the call would have

        late = LateCommit(books.organization_id, collection(self._path), None, lookups, due, commit)
        self._state.late.add(late)

    def _call(self, session: Session) -> ApiCall:
        return ApiCall(
            method=self._request.method,
            path=self._path,
            query=dict(self._request.query_params),
            body=self._body,
            now=self._state.clock.now(),
            user_id=session.user_id,
            session_kind=session.kind,
            base_url=base_url(self._request),
            options=self._state.options,
        )

    def _events_call(self) -> events_api.EventsCall:
        key = self._request.headers.get("x-idempotent-key", "")
        return events_api.EventsCall(
            self._request.method, self._path, dict(self._request.query_params), self._body, key
        )

    def _refusal(self, refusal: RefusedError) -> Response:
        body: list[Mapping[str, Any]] = [*problems_json(refusal.problems, self._state.clock.now())]
        return Response(to_json(body), refusal.status, media_type="application/json")

    def _unhandled(self) -> str:
        problem = Problem(SYSTEM_ERROR, TEXTS[SYSTEM_ERROR], "SERVER")
        return to_json(problems_json([problem], self._state.clock.now())).decode()


_LOGIN_FIELDS = ("devKey", "username", "password", "organizationId")


def base_url(request: Request) -> str:
    """Scheme, host and mount path: what stands for https://gateway.prod.bill.com."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def _read_body(request: Request) -> bytes:
    """The body, or its first bytes beyond what the gateway takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)
