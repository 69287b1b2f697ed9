"""How BILL writes times, amounts and refusals on the wire.

Source: developer.bill.com, "Common API error codes" (an array of errors with timestamp, code, severity, category and
message), "FAQ" and "API rate limits". Which code stands for a bad field, a missing record or a refused reference is on
none of those pages: the constants below that say "assumed" are ours.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
"""One object in BILL's field names: amounts are Decimal, days ISO dates, instants ISO date-times in UTC.
Names beginning with "_" are the sandbox's own and never leave it by the API."""

SYSTEM_ERROR = "BDC_1001"
UNREADABLE = "BDC_1002"  # "a parameter is unknown or misspelt"; that every bad field carries it is assumed
WRONG_LOGIN = "BDC_1101"
WRONG_DEV_KEY = "BDC_1102"
NO_SESSION = "BDC_1109"
NO_SUCH_API = "BDC_1121"
HOURLY_LIMIT = "BDC_1144"
NAME_TAKEN = "BDC_1171"  # seen for invoice numbers (422); that vendors and bills share it is assumed
CONCURRENT_LIMIT = "BDC_1322"
UNTRUSTED = "BDC_1361"
WRONG_REFERENCE = UNREADABLE  # assumed: an id that is unknown, archived or of another kind
NOT_FOUND = UNREADABLE  # assumed: the path names a record that is not there (404)

LOGIN_STATUS = 401  # assumed for BDC_1101 and BDC_1102
LIMIT_STATUS = 400  # assumed: BILL's limits arrive as 4xx with the code in the body, and without Retry-After
RULE_STATUS = 422  # assumed for refusals by rule, as seen for duplicate invoice numbers

TEXTS: Mapping[str, str] = {
    SYSTEM_ERROR: "System error occurred.",
    WRONG_LOGIN: "User name and/or password do not match our records.",
    WRONG_DEV_KEY: "Developer key is invalid.",
    NO_SESSION: "Session is invalid.  Please log in.",
    NO_SUCH_API: "API not supported.",
    CONCURRENT_LIMIT: "Max number of concurrent requests per organization reached.",
    UNTRUSTED: "Untrusted session.",
}
_LARGEST_AMOUNT = Decimal("1e11")


@dataclass(frozen=True)
class Problem:
    """One error of an answer. `category` is REQUEST, APPLICATION, SERVER or DOWNSTREAM."""

    code: str
    message: str
    category: str = "REQUEST"


class RefusedError(Exception):
    """A call refused as a whole: an HTTP status and at least one problem."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(f"{status} {'; '.join(one.message for one in problems)}")
        self.status = status
        self.problems = problems


def refused(status: int, code: str) -> RefusedError:
    """A refusal with BILL's own text, which it files under DOWNSTREAM."""
    return RefusedError(status, Problem(code, TEXTS[code], "DOWNSTREAM"))


def bad_field(*messages: str) -> RefusedError:
    """400 for fields that cannot be read or are missing, "field: what is wrong" each (as seen live)."""
    return RefusedError(400, *(Problem(UNREADABLE, message) for message in messages))


def broken_rule(message: str, code: str = WRONG_REFERENCE) -> RefusedError:
    """A refusal by BILL's rules rather than by the form of the request."""
    return RefusedError(RULE_STATUS, Problem(code, message, "APPLICATION"))


def not_found(what: str) -> RefusedError:
    return RefusedError(404, Problem(NOT_FOUND, f"{what} not found.", "APPLICATION"))


def problems_json(problems: Sequence[Problem], now: datetime) -> list[Record]:
    """The array that BILL answers errors with."""
    return [
        {
            "timestamp": stamp(now),
            "code": one.code,
            "severity": "ERROR",
            "category": one.category,
            "message": one.message,
        }
        for one in problems
    ]


def stamp(at: datetime) -> str:
    """ "2026-12-30T23:15:23.127+00:00" """
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def instant(value: str) -> datetime:
    """A date-time in one of the forms "Search operations with lists" allows; without an offset it is UTC."""
    parsed = datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def to_json(value: Any) -> bytes:
    """Minified JSON; Decimals become numbers (two decimals, which a double carries exactly enough)."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} does not belong in an answer")


def visible(record: Mapping[str, Any]) -> Record:
    """A record without what is the sandbox's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def read_json(body: bytes) -> Any:
    """A JSON body with exact numbers. Raises RefusedError (400)."""
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
        raise bad_field("JSON parse error") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def read_object(value: Any, path: str = "body") -> Record:
    if not isinstance(value, dict):
        raise bad_field(f"{path}: must be an object")
    return value


def known_only(given: Mapping[str, Any], known: Sequence[str], path: str = "") -> None:
    """Raises RefusedError for a field BILL does not have there (that it is refused, not dropped, is assumed)."""
    for name in given:
        if name not in known:
            raise bad_field(f'Unrecognized field "{path}{name}"')


def read_text(value: Any, path: str, longest: int, *, required: bool = False) -> str | None:
    if value is None or value == "":
        if required:
            raise bad_field(f"{path}: must not be blank")
        return None
    if not isinstance(value, str):
        raise bad_field(f"{path}: must be a string")
    if len(value) > longest:
        raise bad_field(f"{path}: size must be between 0 and {longest}")
    return value


def read_day(value: Any, path: str) -> str:
    """A day as yyyy-MM-dd."""
    text = value if isinstance(value, str) and len(value) == 10 else ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise bad_field(f"{path}: must be a date in the format yyyy-MM-dd") from None


def read_amount(value: Any, path: str, decimals: int = 2) -> Decimal:
    """A number, or a number as text (the guide's samples have both), with at most `decimals` decimals."""
    try:
        number = Decimal(value) if isinstance(value, str | Decimal) else Decimal("NaN")
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _LARGEST_AMOUNT or number != round(number, decimals):
        raise bad_field(f"{path}: must be a number with at most {decimals} decimals")
    return number
