"""How ApprovalMax's API is called: token, pages, times, and what its refusals mean.

Sources: developer.approvalmax.com ("Authorization flow"), and what clients of the API have recorded of its answers.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Problem
from shared.domain.limits import LimitReading, LimitScope
from shared.providers.approvalmax.faults import UNKNOWN_CODE, messages_of, problem
from shared.providers.approvalmax.profile import API, PAGE_SIZE
from shared.providers.contract import CallFailed, Session, WholeRefused
from shared.providers.transport import Answer, Call, Dialect, broken, perform

MOST_PAGES: Final = 20  # of one question


def _access_lost(answer: Answer) -> Problem:
    found = problem(_texts(answer))
    return found if found.code != UNKNOWN_CODE else Problem("organisation_gone", provider_text=found.provider_text)


# Nothing is told of what is left; after a 429 the caller waits (how long is not said: a minute is assumed).
DIALECT: Final = Dialect(lambda _headers: LimitReading(), lambda _headers: LimitScope.MINUTE, {}, _access_lost)


def request(session: Session, call: Call) -> Answer:
    """A call with the session's token. Raises what `perform` raises."""
    headers = {"Authorization": f"Bearer {session.access_token.reveal()}", **call.headers}
    return perform(session, Call(call.method, call.url, call.params, headers, call.content), DIALECT)


def get(session: Session, path: str, params: Mapping[str, str] | None = None) -> Any:
    """What a GET answers. Raises CallFailed for anything but 200, with what the refusal means where it is known."""
    answer = request(session, Call("GET", API + path, params or {}))
    if answer.status != 200:
        raise unexpected(answer)
    return answer.json()


def company(session: Session, path: str) -> str:
    """A path below the session's company."""
    return f"/companies/{segment(session.organisation)}{path}"


def pages(session: Session, path: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The records of all pages. Raises CallFailed when they do not end, or a page comes twice."""
    asked = {"limit": str(PAGE_SIZE), **params}
    token: str | None = None
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        told = get(session, path, {**asked, "continuationToken": token} if token else asked)
        yield from records(told)
        token = told.get("continuationToken") if isinstance(told, dict) else None
        if not token:
            return
        if token in seen:
            raise broken(f"a page of {path} came twice")
        seen.add(token)
    raise broken(f"more than {MOST_PAGES} pages of {path}")


def records(told: Any) -> list[dict[str, Any]]:
    """The objects of a page, or of a plain array. Raises CallFailed for anything else."""
    found = told.get("payload") if isinstance(told, dict) else told
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise broken("an array of objects was expected")
    return found


def created(answer: Answer) -> dict[str, Any]:
    """What a creating call answered. Raises WholeRefused (nothing was made), CallFailed (that is not known)."""
    if answer.status in {200, 201}:
        told = answer.json()
        # Some answers wrap their one record as pages wrap many.
        record = told.get("payload", told) if isinstance(told, dict) else told
        if not isinstance(record, dict):
            raise broken("a JSON object was expected")
        return record
    texts = _texts(answer)
    if answer.status not in {400, 404, 409, 413, 415, 422} or not texts:
        raise unexpected(answer)
    raise WholeRefused(problem(texts))


def unexpected(answer: Answer) -> CallFailed:
    found = problem(_texts(answer))
    if found.code == UNKNOWN_CODE:
        found = Problem(UNKNOWN_CODE, provider_text=answer.text(), details={"status": answer.status})
    return CallFailed(found, sent=True)


def _texts(answer: Answer) -> list[str]:
    try:
        return messages_of(json.loads(answer.body))
    except ValueError:
        return []


def segment(text: str) -> str:
    """A part of a path, with everything escaped."""
    return quote(text, safe="")


def stamp(at: datetime) -> str:
    """A time as the API's filters take it, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: object) -> datetime | None:
    """A time as ApprovalMax writes it; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
