"""Refusals of the sandbox's Xero outside its books, in the shapes recorded from the live service."""

import math
import uuid
from datetime import datetime, timedelta

from starlette.responses import JSONResponse, Response

from sandbox.xero.limiter import Problem, Verdict

UNHANDLED = "An unhandled error with the Xero API occurred. Contact the Xero API team if problems persist."
OFFLINE = "The Xero API is currently offline for maintenance"
NOT_FOUND = "The resource you're looking for cannot be found"


class RefusedError(Exception):
    """A call answered before it reaches the books."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body: dict[str, object] = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid.uuid4()),
        "Extensions": {},
    }
    return JSONResponse(body, status, headers)


def token_expired(at: datetime) -> JSONResponse:
    return problem(401, "Unauthorized", f"TokenExpired: token expired at {at:%m/%d/%Y %H:%M:%S}")


def token_unknown() -> JSONResponse:
    return problem(401, "Unauthorized", "AuthenticationUnsuccessful")


def not_connected() -> JSONResponse:
    """No or a wrong xero-tenant-id, or the consent for that organisation has ended."""
    return problem(403, "Forbidden", "AuthenticationUnsuccessful")


def scope_missing() -> JSONResponse:
    """Assumed to be 401; 403 is reported too."""
    return problem(
        401, "Unauthorized", "AuthorizationUnsuccessful", {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    )


def throttled(verdict: Verdict, wait: timedelta | None) -> Response:
    """429 with an empty body. Retry-After is in the seconds of the sandbox clock, as everything it says is."""
    headers = {**verdict.headers, "X-Rate-Limit-Problem": str(verdict.problem)}
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait.total_seconds())))
    return Response(b"", 429, headers)


def used_up(verdict: Verdict, kind: Problem, left: timedelta | None) -> Verdict:
    """A limiter problem that a test asked for: the window it names reads as used up."""
    headers = {"minute": "X-MinLimit-Remaining", "day": "X-DayLimit-Remaining", "appminute": "X-AppMinLimit-Remaining"}
    emptied = {headers[kind]: "0"} if kind in headers else {}
    return Verdict(kind, left, {**verdict.headers, **emptied})
