"""One HTTP call to a provider: paid for, bounded in time and size, and honest about whether it may have arrived."""

import json
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from shared.domain.errors import Problem
from shared.domain.limits import Blocked, LimitReading, LimitScope
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Session, TokenRefused, amount_text

# httpx is loaded by the first call: a preview maps and checks without making one.
if TYPE_CHECKING:
    import httpx

HTTP_DEADLINE: Final = timedelta(seconds=20)
# A call with less time than this could not end before its deadline.
SHORTEST_CALL: Final = timedelta(seconds=1)
LARGEST_ANSWER: Final = 32 * 1024 * 1024  # bytes, inflated
READ_TRIES: Final = 3
RETRY_PAUSE_SECONDS: Final = 0.4
SHORTEST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(hours=24)
DEFAULT_WAIT: Final = timedelta(seconds=60)
_CHUNK: Final = 64 * 1024

_lock: Final = Lock()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read to its end: status, headers with lower-case names, body inflated."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON with Decimal for every number that is not whole.

        Raises CallFailed(sent=True) for what is not JSON: the provider may have acted all the same.
        """
        if "json" not in self.headers.get("content-type", "").lower():
            raise broken(f"{self.headers.get('content-type', 'no content type')} instead of JSON")
        try:
            return json.loads(self.body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise broken(str(error)) from error

    def text(self) -> str:
        """The start of the body for people to read: the provider's own words."""
        return self.body[:500].decode("utf-8", "replace").strip()


def scope_missing(answer: Answer) -> bool:
    """Whether a 401 says that the token is good and its scopes are too few (RFC 6750, section 3.1)."""
    return "scope" in answer.headers.get("www-authenticate", "")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a provider's headers speak of limits and lost rights."""

    reading: Callable[[Mapping[str, str]], LimitReading]
    scope: Callable[[Mapping[str, str]], LimitScope]
    default_waits: Mapping[LimitScope, timedelta]
    access_lost: Callable[[Answer], Problem]
    # Whether a 401 is about rights that no newer token would bring back.
    beyond_token: Callable[[Answer], bool] = scope_missing
    # The limit that a refusal's body tells of, whatever its status; None where it tells of none.
    limited: Callable[[Session, Answer], Blocked | None] = lambda _session, _answer: None


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make. `url` is the provider's real one; the session's override replaces its scheme and host."""

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


def address(url: str, override: str) -> str:
    """Where a provider's real URL is called: itself, or its path under `override` (scheme, host and prefix)."""
    if not override:
        return url
    parts = urlsplit(url)
    return override.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def perform(session: Session, call: Call, dialect: Dialect) -> Answer:
    """Make a call for an organisation. GETs are tried up to READ_TRIES times, anything else once.

    Returns answers below 500 other than 401, 403 and 429. Raises LimitReached, TokenRefused, AccessLost, CallFailed.
    """
    for tries_left in reversed(range(READ_TRIES if call.method == "GET" else 1)):
        try:
            return _judged(session, _paid(session, call, dialect), dialect)
        except CallFailed:
            pause = timedelta(seconds=random.uniform(0.5, 1.5) * RETRY_PAUSE_SECONDS)  # noqa: S311
            if not tries_left or session.now() + pause + SHORTEST_CALL >= session.deadline:
                raise
            time.sleep(pause.total_seconds())
    raise AssertionError("unreachable: the last try returns or raises")


def _paid(session: Session, call: Call, dialect: Dialect) -> Answer:
    session.permit()
    reading = LimitReading()
    try:
        left = min(HTTP_DEADLINE, session.deadline - session.now())
        if left < SHORTEST_CALL:
            raise CallFailed(Problem("busy", details={"why": "no time left for another call"}), sent=False)
        answer = fetch(call, session.base_url, left)
        reading = dialect.reading(answer.headers)
    finally:
        session.observe(reading)  # a call without an answer has ended too
    return answer


def _judged(session: Session, answer: Answer, dialect: Dialect) -> Answer:
    blocked = dialect.limited(session, answer) if answer.status >= 400 else None
    if blocked is not None:
        raise LimitReached(blocked)
    if answer.status == 429:
        scope = dialect.scope(answer.headers)
        default = dialect.default_waits.get(scope, DEFAULT_WAIT)
        wait = retry_after(answer.headers.get("retry-after"), session.now(), default)
        raise LimitReached(Blocked(scope, session.now() + wait / session.pace))
    if answer.status == 401 and not dialect.beyond_token(answer):
        raise TokenRefused
    if answer.status in {401, 403}:
        raise AccessLost(dialect.access_lost(answer))
    if answer.status >= 500:
        details = {"status": answer.status}
        raise CallFailed(Problem("provider_unavailable", provider_text=answer.text(), details=details), sent=True)
    if 300 <= answer.status < 400 and answer.status != 304:
        raise broken(f"redirect {answer.status} is not followed")
    return answer


def fetch(call: Call, override: str, deadline: timedelta) -> Answer:
    """One exchange, no retry, no redirect, at most LARGEST_ANSWER bytes.

    Raises CallFailed: `sent` is False when no byte of the request can have left.
    """
    import httpcore
    import httpx

    from shared.providers.deadline import within

    # What can only happen before a byte of the request has left.
    not_sent = (
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
        httpcore.PoolTimeout,
        httpcore.UnsupportedProtocol,
        httpcore.LocalProtocolError,
    )
    url = address(call.url, override)
    request = client().build_request(
        call.method, url, params=call.params or None, headers=dict(call.headers), content=call.content
    )
    try:
        with within(deadline.total_seconds()):
            answer = client().send(request, stream=True, follow_redirects=False)
            try:
                return Answer(answer.status_code, dict(answer.headers), _body(answer))
            finally:
                answer.close()
    except not_sent as error:
        raise CallFailed(_unavailable(error), sent=False) from error
    except (httpcore.RemoteProtocolError, httpcore.ReadError) as error:
        raise broken(type(error).__name__) from error
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise CallFailed(_unavailable(error), sent=True) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CallFailed(_unavailable(error), sent=False) from error


@cache
def _client() -> "httpx.Client":
    import httpx

    from shared.providers.deadline import DeadlineTransport

    return httpx.Client(
        transport=DeadlineTransport(),
        headers={"User-Agent": "ledgerbridge", "Accept": "application/json", "Accept-Encoding": "gzip"},
        trust_env=False,
    )


def client() -> "httpx.Client":
    """The one client of the process: a TLS context costs more than most calls."""
    with _lock:
        return _client()


def _body(answer: "httpx.Response") -> bytes:
    """The whole body, inflated piece by piece so that a gzip bomb costs no more than the cap."""
    squeezed = answer.headers.get("content-encoding", "").strip().lower() == "gzip"
    inflater = zlib.decompressobj(wbits=31) if squeezed else None
    body = bytearray()
    for chunk in answer.iter_raw(_CHUNK):
        room = LARGEST_ANSWER + 1 - len(body)
        try:
            body += inflater.decompress(chunk, room) if inflater else chunk
        except zlib.error as error:
            raise broken("damaged gzip") from error
        if len(body) > LARGEST_ANSWER:
            raise broken(f"larger than {LARGEST_ANSWER} bytes")
    if inflater and body and not inflater.eof:
        raise broken("truncated gzip")
    return bytes(body)


def _unavailable(error: Exception) -> Problem:
    return Problem("provider_unavailable", details={"why": type(error).__name__})


def broken(why: str) -> CallFailed:
    """The failure of an answer that came and cannot be read: whatever was asked may have been done."""
    return CallFailed(Problem("provider_answer_broken", details={"why": why[:200]}), sent=True)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def retry_after(text: str | None, now: datetime, default: timedelta) -> timedelta:
    """What a Retry-After header asks for (seconds or an HTTP date), between 1 s and 24 h; `default` for rubbish."""
    wait = _asked(text or "", now)
    if wait is None:
        return default
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def _asked(text: str, now: datetime) -> timedelta | None:
    try:
        return timedelta(seconds=min(float(text), LONGEST_WAIT.total_seconds()))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now


def whole_number(text: str | None) -> int | None:
    """A header's count of calls left; None for silence and rubbish."""
    try:
        return max(int(text or ""), 0)
    except ValueError:
        return None


def to_json(value: Any) -> bytes:
    """Compact JSON with sorted keys and Decimals as exact numbers: the same value always gives the same bytes."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return amount_text(value) if value else "0"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(name)}:{_text(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, float):
        raise TypeError("an amount is never a float")
    return json.dumps(value, ensure_ascii=False)
