"""How Xero's APIs are called: headers, limits, dates, and what 401 and 403 mean.

Sources: "Requests and responses", "OAuth 2.0 API limits" and "HTTP response codes" of developer.xero.com.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Problem
from shared.domain.limits import LimitReading, LimitScope
from shared.providers.contract import CallFailed, Session
from shared.providers.transport import Answer, Call, Dialect, broken, perform, whole_number
from shared.providers.xero.faults import UNKNOWN_CODE, problem
from shared.providers.xero.profile import API

# Xero tells Retry-After for minute and day limits only; a call in flight ends within seconds.
_CONCURRENT_WAIT: Final = timedelta(seconds=5)
# Changes within the second a pass began in, or while its first answer was made, come again with the next delta.
DELTA_OVERLAP: Final = timedelta(seconds=2)
_SCOPES: Final = {
    "minute": LimitScope.MINUTE,
    "day": LimitScope.DAY,
    "concurrent": LimitScope.CONCURRENT,
    "appminute": LimitScope.APP_MINUTE,
}
_MS_DATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/\Z")


def _reading(headers: Mapping[str, str]) -> LimitReading:
    return LimitReading(
        minute_left=whole_number(headers.get("x-minlimit-remaining")),
        day_left=whole_number(headers.get("x-daylimit-remaining")),
        app_minute_left=whole_number(headers.get("x-appminlimit-remaining")),
    )


def _scope(headers: Mapping[str, str]) -> LimitScope:
    return _SCOPES.get(headers.get("x-rate-limit-problem", "").strip().lower(), LimitScope.MINUTE)


def _access_lost(answer: Answer) -> Problem:
    """401 and 403 say in their body whether the organisation is gone; a missing scope stands in a header."""
    said = f"{answer.headers.get('www-authenticate', '')} {answer.text()}".strip()
    found = problem([said])
    return found if found.code != UNKNOWN_CODE else Problem("organisation_gone", provider_text=said or None)


DIALECT: Final = Dialect(_reading, _scope, {LimitScope.CONCURRENT: _CONCURRENT_WAIT}, _access_lost)


def get(session: Session, path: str, params: Mapping[str, str], since: str | None = None) -> dict[str, Any] | None:
    """A GET of the Accounting API: the answer's envelope, or None for 304 and 204 (nothing is newer than `since`)."""
    headers = {"If-Modified-Since": since} if since else {}
    answer = request(session, Call("GET", API + path, params, headers))
    if answer.status in {204, 304}:
        return None
    if answer.status != 200:
        details = {"status": answer.status, "path": path}
        raise CallFailed(Problem("provider_refused", provider_text=answer.text(), details=details), sent=True)
    return envelope(answer)


def request(session: Session, call: Call) -> Answer:
    """A call with the session's token and, where one is chosen, its organisation."""
    headers = {"Authorization": f"Bearer {session.access_token.reveal()}", **call.headers}
    if session.organisation:
        headers["xero-tenant-id"] = session.organisation
    return perform(session, Call(call.method, call.url, call.params, headers, call.content), DIALECT)


def envelope(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object. Raises CallFailed(sent=True) for anything else."""
    told = answer.json()
    if not isinstance(told, dict):
        raise broken("a JSON object was expected")
    return told


def records(told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The records of an envelope. Raises CallFailed(sent=True) when they are not a list of objects."""
    found = told.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise broken(f"{name} is not a list of objects")
    return found


def moment(text: object) -> datetime | None:
    """A time as Xero writes it: /Date(ms+0000)/, or ISO 8601 taken as UTC; None for anything else."""
    if not isinstance(text, str):
        return None
    found = _MS_DATE.match(text)
    try:
        if found:
            return datetime.fromtimestamp(int(found.group(1)) / 1000, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def calendar_date(text: object) -> date | None:
    """A day as Xero writes it: midnight UTC of that day, whatever the organisation's time zone."""
    at = moment(text)
    return at.date() if at else None


def header_time(at: datetime) -> str:
    """A time for If-Modified-Since, to the second: the description asks for a date-time with its offset."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cursor(session: Session, told: Mapping[str, Any], started: datetime) -> str:
    """Where the next delta starts: Xero's own clock when it began to answer, less the overlap."""
    ended = session.now()
    at = moment(told.get("DateTimeUTC")) or ended
    return header_time(at - (ended - started) * session.pace - DELTA_OVERLAP)


def segment(text: str) -> str:
    """A part of a path, with everything escaped."""
    return quote(text, safe="")
