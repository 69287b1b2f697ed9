"""Problem details (RFC 9457): how every failure looks to a caller."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from shared.domain.catalogue import kind_of
from shared.domain.errors import Handling, Problem

MEDIA_TYPE: Final = "application/problem+json"
MOST_PROBLEMS: Final = 50  # listed in one answer
DEFAULT_RETRY: Final = 5  # seconds, where a problem says "later" without saying when


def describe(problem: Problem) -> dict[str, Any]:
    """One problem in the words of the catalogue; absent facts are left out."""
    kind = kind_of(problem)
    said: dict[str, Any] = {
        "code": kind.code,
        "class": kind.about.value,
        "handling": kind.handling.value,
        "cause": kind.cause,
        "remedy": kind.remedy,
    }
    if problem.field is not None:
        said["field"] = problem.field
    if problem.provider_text is not None:
        said["provider_text"] = problem.provider_text
    if problem.until is not None:
        said["until"] = problem.until.isoformat()
    if problem.details:
        said["details"] = problem.details
    return said


def document(problems: Sequence[Problem], request_id: str) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer for one or more problems: the first speaks for all, `problems` lists them."""
    first = kind_of(problems[0])
    body = {
        "type": f"/v1/errors#{first.code}",
        "title": first.cause,
        "status": first.http_status,
        **describe(problems[0]),
        "problems": [describe(problem) for problem in problems[:MOST_PROBLEMS]],
        "request_id": request_id,
    }
    return first.http_status, body


def retry_after(problem: Problem, now: datetime | None) -> int | None:
    """Whole seconds for the Retry-After header of a problem that passes with time, else None."""
    if kind_of(problem).handling is not Handling.RETRY_AT:
        return None
    if problem.until is None or now is None:
        return DEFAULT_RETRY
    return max(1, int((problem.until - now).total_seconds()) + 1)


def rendered(body: dict[str, Any]) -> str:
    return json.dumps(body, default=str, ensure_ascii=False)
