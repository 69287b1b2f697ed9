"""How ApprovalMax's public API writes amounts, times, statuses and refusals.

Source: refusals as recorded from the live service (ASP.NET problem details with an `error` object); pages as
{"payload": [...], "continuationToken": ...}. There is no page of ApprovalMax's that lists its errors: what says
"assumed" is ours.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

Record = dict[str, Any]
"""One object in the API's field names: amounts are Decimal, days ISO dates, instants ISO date-times in UTC.
Names beginning with "_" are the sandbox's own and never leave it by the API."""

INVALID_INPUT = "invalidInput"
NOT_FOUND_CODE = "notFound"  # assumed
FORBIDDEN_CODE = "accessDenied"  # assumed
THROTTLED_CODE = "tooManyRequests"  # assumed
INTERNAL_CODE = "internalError"  # assumed
_TITLES = {
    INVALID_INPUT: "Invalid input.",
    NOT_FOUND_CODE: "Not found.",
    FORBIDDEN_CODE: "Access denied.",
    THROTTLED_CODE: "Too many requests.",
    INTERNAL_CODE: "Internal error.",
}
PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Wrong:
    """One parameter or field at fault."""

    path: str
    value: Any
    message: str


class RefusedError(Exception):
    """A call refused: HTTP status, ApprovalMax's error code, a text, and the parameters at fault."""

    def __init__(self, status: int, code: str, detail: str, wrong: Sequence[Wrong] = ()) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.wrong = tuple(wrong)


def invalid(*wrong: Wrong) -> RefusedError:
    return RefusedError(400, INVALID_INPUT, "; ".join(one.message for one in wrong), wrong)


def not_found(what: str) -> RefusedError:
    return RefusedError(404, NOT_FOUND_CODE, f"The {what} is not found.")


def disabled(company_id: str) -> RefusedError:
    """An organisation whose plan has no public API: /companies still shows it (recorded)."""
    return RefusedError(400, INVALID_INPUT, f"The {company_id} is disabled.")


def throttled() -> RefusedError:
    return RefusedError(429, THROTTLED_CODE, "Rate limit is exceeded.")


def problem(refused: RefusedError, path: str) -> Response:
    """The refusal as answered; `path` is the instance."""
    title = _TITLES[refused.code]
    parameters = [
        {"path": one.path, "name": one.path.rpartition(".")[2], "value": one.value, "errorMessage": one.message}
        for one in refused.wrong
    ]
    body = {
        "type": f"/api/errors/{refused.code}",
        "title": title,
        "status": refused.status,
        "detail": refused.detail,
        "instance": path,
        "traceId": "00-5a6d7f0c2b9e4c1d8f3a7b6e5d4c3b2a-1a2b3c4d5e6f7a8b-00",
        "error": {"code": refused.code, "title": title, "parameters": parameters},
    }
    return Response(to_json(body), refused.status, media_type=PROBLEM_TYPE)


def unauthorized() -> Response:
    """401 with an empty body (assumed: what IdentityServer's bearer handler answers)."""
    return Response(b"", 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def to_json(value: Any) -> bytes:
    """JSON for the wire; Decimals become numbers."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} does not belong in an answer")


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(value: str, path: str) -> datetime:
    """Raises RefusedError (400)."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(Wrong(path, value, f"unrecognized value '{value}' for 'DateTime'")) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def day(value: Any, path: str) -> str:
    """An ISO day, of a day or a date-time. Raises RefusedError (400)."""
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise invalid(Wrong(path, value, "a date is needed")) from None
