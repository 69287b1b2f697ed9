"""How BILL's API is called: sessions, headers, filters, pages, and what its refusals mean.

Sources: developer.bill.com, "API login", "BILL keys and tokens", "Common API error codes", "API rate limits", "Search
operations with lists". An access token here is a JSON object of the developer key and the session's id: calls carry
both as headers.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Problem
from shared.domain.grants import TokenPair
from shared.domain.limits import Blocked, LimitReading, LimitScope
from shared.domain.secrets import Secret
from shared.providers.bill.faults import (
    APP_REFUSED,
    CONCURRENT_LIMIT,
    HOURLY_LIMIT,
    PASSING,
    SESSION_ENDED,
    SIGN_IN_REFUSED,
    problem,
)
from shared.providers.bill.profile import ACCESS, API, PAGE_SIZE
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Session, TokenRefused, WholeRefused
from shared.providers.oauth import App, InvalidGrant
from shared.providers.transport import Answer, Call, Dialect, broken, fetch, perform, to_json

CONCURRENT_WAIT: Final = timedelta(seconds=3)  # assumed: a call in flight ends within seconds; no Retry-After is sent
MOST_PAGES: Final = 50  # of a look-up
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """BILL's errors of one answer: codes, and "BDC_1109 Session is invalid." of each; when it was said, if it says."""

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    at: datetime | None

    def any_of(self, codes: frozenset[str]) -> bool:
        return not codes.isdisjoint(self.codes)

    def problem(self) -> Problem:
        return problem(self.texts)


def refusal_of(answer: Answer) -> Refusal:
    """The errors of an answer: v3 sends an array, some gateways one object. Empty for anything else."""
    told = _json_or_none(answer)
    listed = told if isinstance(told, list) else [told]
    errors = [one for one in listed if isinstance(one, Mapping) and (one.get("code") or one.get("message"))]
    codes = tuple(str(one.get("code") or "").strip() for one in errors)
    texts = tuple(
        f"{code} {str(one.get('message') or '').strip()}".strip() for code, one in zip(codes, errors, strict=True)
    )
    return Refusal(codes, texts, moment(errors[0].get("timestamp")) if errors else None)


# --- limits and lost sessions
def _limited(session: Session, answer: Answer) -> Blocked | None:
    """BILL tells limits by code, under any 4xx: the hour's until the next full hour, calls at once for a moment."""
    return _blocked(session, refusal_of(answer))


def _blocked(session: Session, refusal: Refusal) -> Blocked | None:
    if HOURLY_LIMIT in refusal.codes:
        return Blocked(LimitScope.APP_MINUTE, session.now() + _to_next_hour(refusal.at or session.now()) / session.pace)
    if CONCURRENT_LIMIT in refusal.codes:
        return Blocked(LimitScope.CONCURRENT, session.now() + CONCURRENT_WAIT / session.pace)
    return None


def _to_next_hour(at: datetime) -> timedelta:
    begun = at.replace(minute=0, second=0, microsecond=0)
    return begun + timedelta(hours=1) - at


def _access_lost(answer: Answer) -> Problem:
    refusal = refusal_of(answer)
    if not refusal.texts:
        return Problem("organisation_gone", provider_text=answer.text() or None)
    found = refusal.problem()
    known = found.code != "provider_refused"
    return found if known else Problem("organisation_gone", provider_text=found.provider_text)


def _beyond_session(answer: Answer) -> bool:
    """Whether a 401 says something else than that the session has ended."""
    refusal = refusal_of(answer)
    return bool(refusal.codes) and not refusal.any_of(SESSION_ENDED)


DIALECT: Final = Dialect(
    lambda _headers: LimitReading(),  # BILL tells nothing of what is left
    lambda _headers: LimitScope.MINUTE,
    {},
    _access_lost,
    beyond_token=_beyond_session,
    limited=_limited,
)


# --- signing in
def sign_in(app: App, credentials: Secret) -> TokenPair:
    """POST /login with a sync token. Raises InvalidGrant where it is refused, CallFailed where it cannot be tried now.

    Sessions do not tell when they end: the lifetime counts from the login, although every call prolongs it.
    """
    typed = json.loads(credentials.reveal())
    dev_key = app.client_secret.reveal() if app.client_secret is not None else ""
    body = {
        "username": typed["token_name"],
        "password": typed["token"],
        "organizationId": typed["organization_id"],
        "devKey": dev_key,
    }
    answer = fetch(Call("POST", f"{API}/login", {}, _JSON, to_json(body)), app.base_url, app.deadline)
    received = app.now()
    if answer.status not in {200, 201}:
        raise _sign_in_failed(answer)
    told = answer.json()
    session_id = told.get("sessionId") if isinstance(told, dict) else None
    if not isinstance(session_id, str) or not session_id:
        raise broken("no sessionId in the answer to a login")
    if told.get("organizationId", typed["organization_id"]) != typed["organization_id"]:
        raise InvalidGrant("the token is of another organization")
    access = Secret(json.dumps({"devKey": dev_key, "sessionId": session_id}))
    return TokenPair(access, credentials, received + ACCESS.session_lifetime / app.pace, received)


def _sign_in_failed(answer: Answer) -> Exception:
    refusal = refusal_of(answer)
    if refusal.any_of(SIGN_IN_REFUSED):
        return InvalidGrant(" ".join(refusal.texts))
    if refusal.any_of(APP_REFUSED):
        return CallFailed(refusal.problem(), sent=True)
    # Limits (200 logins an hour), a locked organization, an outage: the same credentials may do later.
    return CallFailed(Problem("provider_unavailable", provider_text=answer.text()), sent=True)


# --- calls
def request(session: Session, call: Call) -> Answer:
    """A call with the session's headers. Raises what `perform` raises; TokenRefused also for a session called expired
    or untrusted by 403.
    """
    opened = json.loads(session.access_token.reveal())
    headers = {"devKey": opened["devKey"], "sessionId": opened["sessionId"], **call.headers}
    try:
        return perform(session, Call(call.method, call.url, call.params, headers, call.content), DIALECT)
    except AccessLost as lost:
        if lost.problem.code == "connection_expired":
            raise TokenRefused from lost
        if lost.problem.code == "provider_not_set_up":  # our developer key: nothing was done, and no consent has ended
            raise CallFailed(lost.problem, sent=False) from lost
        raise


def get(session: Session, path: str, params: Mapping[str, str] | None = None) -> Any:
    """What a GET answers. Raises CallFailed for anything but 200: what we ask must be right."""
    answer = request(session, Call("GET", API + path, params or {}))
    if answer.status != 200:
        raise unexpected(answer)
    return answer.json()


def post(session: Session, path: str, params: Mapping[str, str], body: bytes, content_type: str) -> Answer:
    return request(session, Call("POST", API + path, params, {"Content-Type": content_type}, body))


def created(answer: Answer) -> Any:
    """What a creating call answered. Raises WholeRefused (nothing was made), CallFailed (that is not known)."""
    if answer.status in {200, 201}:
        return answer.json()
    refusal = refusal_of(answer)
    if not refusal.texts or refusal.any_of(PASSING):
        raise unexpected(answer)
    raise WholeRefused(refusal.problem())


def v2_problem(session: Session, answer: Answer, told: object) -> Problem:
    """What v2 refused, from `response_data` of its answer (error_code, error_message).

    Raises TokenRefused, LimitReached and CallFailed where nothing was refused for what was asked.
    """
    error = told if isinstance(told, Mapping) else {}
    code, message = str(error.get("error_code") or ""), str(error.get("error_message") or "")
    refusal = Refusal((code,), (f"{code} {message}".strip(),), None)
    if refusal.any_of(SESSION_ENDED):
        raise TokenRefused
    blocked = _blocked(session, refusal)
    if blocked is not None:
        raise LimitReached(blocked)
    if not code or refusal.any_of(PASSING):
        raise unexpected(answer)
    return refusal.problem()


def unexpected(answer: Answer) -> CallFailed:
    details = {"status": answer.status}
    return CallFailed(Problem("provider_refused", provider_text=answer.text(), details=details), sent=True)


def page(session: Session, path: str, params: Mapping[str, str], cursor: str | None) -> tuple[list[Any], str | None]:
    """One page of a list, in the order in which records were made, and the cursor of the next; None after the last.

    The last page is the one without `nextPage`, however many records it has.
    """
    asked = {"max": str(PAGE_SIZE), "sort": "createdTime:asc", **params}
    told = get(session, path, {**asked, "page": cursor} if cursor else asked)
    if not isinstance(told, dict):
        raise broken("a JSON object was expected")
    following = told.get("nextPage")
    return records(told.get("results")), following if isinstance(following, str) and following else None


def pages(session: Session, path: str, params: Mapping[str, str], most: int = MOST_PAGES) -> Iterator[dict[str, Any]]:
    """The records of all pages. Raises CallFailed when they do not end, or a page comes twice."""
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most):
        found, cursor = page(session, path, params, cursor)
        yield from found
        if cursor is None:
            return
        if cursor in seen:
            raise broken(f"a page of {path} came twice")
        seen.add(cursor)
    raise broken(f"more than {most} pages of {path}")


def records(found: Any) -> list[dict[str, Any]]:
    """The objects of an array. Raises CallFailed for anything else."""
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise broken("an array of objects was expected")
    return found


def since(at: datetime) -> str:
    """A filter for what has changed from a time on."""
    return f'updatedTime:gte:"{stamp(at)}"'


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def moment(text: object) -> datetime | None:
    """A time as BILL writes it; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def parsed(body: bytes) -> Any:
    """Our own bytes again, numbers as Decimal."""
    return json.loads(body, parse_float=Decimal)


def segment(text: str) -> str:
    """A part of a path, with everything escaped."""
    return quote(text, safe="")


def _json_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except CallFailed:
        return None
