"""How Sage's API is called: the business of every call, pages, both shapes of an error, and what 401 and 403 mean.

Sources: "Authentication", "Best practices", "Pagination", "Response codes" and "Frequently raised errors" of
developer.sage.com/accounting.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Problem
from shared.domain.limits import LimitReading, LimitScope
from shared.providers.contract import AccessLost, CallFailed, Session, WholeRefused
from shared.providers.sage.faults import UNKNOWN_CODE, problem
from shared.providers.sage.profile import API, PAGE_SIZE
from shared.providers.transport import Answer, Call, Dialect, broken, perform, scope_missing

THROTTLED_WAIT: Final = timedelta(seconds=60)  # assumed: "Best practices" says 429 and nothing of how long
# Where Sage's clock cannot be read: before our own time, for clocks that differ.
CLOCKS_DIFFER: Final = timedelta(minutes=2)
MOST_PAGES: Final = 50  # of a filtered list
_BUSINESS_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_PERMISSION: Final = "provider_permission"
_ENDED: Final = "provider_subscription"
_GONE: Final = "organisation_gone"
_CERTAIN: Final = frozenset({_ENDED, "organisation_mismatch"})


@dataclass(frozen=True, slots=True)
class BusinessCall:
    """A call about one business's books. Without the business's id there is no such call: ValueError.

    Sage answers a call without X-Business with the person's lead business, whichever that is.
    """

    business: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def __post_init__(self) -> None:
        if not _BUSINESS_ID.fullmatch(self.business):
            raise ValueError("a call to Sage names its business")

    def headers(self) -> dict[str, str]:
        """What goes out beside the token."""
        named = {"X-Business": self.business}
        return named if self.content is None else {**named, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class BusinessesCall:
    """The only call that names no business: the list of the businesses a consent covers."""

    page: int = 1


def _reading(_headers: Mapping[str, str]) -> LimitReading:
    return LimitReading()  # Sage tells nothing of what is left


def _ended(answer: Answer) -> bool:
    """A 401 about the subscription, which no newer token cures ("Frequently raised errors")."""
    return scope_missing(answer) or problem(messages_of(answer)).code == _ENDED


def _access_lost(answer: Answer) -> Problem:
    """401 for an ended subscription; 403 for what the person, or the plan, may not do."""
    found = problem(messages_of(answer))
    return Problem(_PERMISSION, provider_text=found.provider_text) if found.code == UNKNOWN_CODE else found


DIALECT: Final = Dialect(
    _reading, lambda _headers: LimitScope.MINUTE, {LimitScope.MINUTE: THROTTLED_WAIT}, _access_lost, _ended
)


def businesses(session: Session, call: BusinessesCall) -> Answer:
    """One page of the businesses that the token's person sees."""
    params = {"page": str(call.page), "items_per_page": str(PAGE_SIZE)}
    return perform(session, Call("GET", f"{API}/businesses", params, _bearer(session)), DIALECT)


def request(session: Session, call: BusinessCall) -> Answer:
    """A call with the session's token, for the business it names.

    Raises what `perform` raises. A 403 while the business itself can still be read is WholeRefused: it is about this
    resource alone ("Frequently raised errors": only a 403 to every call asks for a new consent).
    """
    try:
        return _performed(session, call)
    except AccessLost as lost:
        if lost.problem.code in _CERTAIN:
            raise
        _probe(session, call.business)
        raise WholeRefused(lost.problem) from lost


def _probe(session: Session, business: str) -> None:
    """Whether the business itself is still open to us; AccessLost where it is not."""
    try:
        answer = _performed(session, BusinessCall(business, "GET", f"/businesses/{segment(business)}"))
    except AccessLost as lost:
        if lost.problem.code in _CERTAIN:
            raise
        raise AccessLost(Problem(_GONE, provider_text=lost.problem.provider_text)) from lost
    if answer.status != 200:
        raise AccessLost(Problem(_GONE, provider_text=answer.text() or None))


def _performed(session: Session, call: BusinessCall) -> Answer:
    headers = {**_bearer(session), **call.headers()}
    answer = perform(session, Call(call.method, API + call.path, call.params, headers, call.content), DIALECT)
    echo = answer.headers.get("x-business", call.business)
    if echo.lower() != call.business.lower():
        raise AccessLost(Problem("organisation_mismatch", details={"answered": echo[:64]}))
    return answer


def _bearer(session: Session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.access_token.reveal()}"}


def get(session: Session, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A GET about the session's business: the answer's object. Raises CallFailed for a refusal."""
    answer = get_answer(session, path, params or {})
    if answer.status != 200:
        raise unexpected(answer)
    return json_object(answer)


def get_answer(session: Session, path: str, params: Mapping[str, str]) -> Answer:
    """A GET about the session's business. A refusal of rights is CallFailed: there is no document to refuse."""
    try:
        return request(session, BusinessCall(session.organisation, "GET", path, params))
    except WholeRefused as refused:
        raise CallFailed(refused.problem, sent=True) from refused


def post(session: Session, path: str, content: bytes) -> Answer:
    """A POST about the session's business; the caller reads the answer, for a refusal means more than one thing."""
    return request(session, BusinessCall(session.organisation, "POST", path, {}, content))


def unexpected(answer: Answer) -> CallFailed:
    """The failure of an answer that says nothing certain about what was asked."""
    told = messages_of(answer)
    text = problem(told).provider_text or answer.text()
    return CallFailed(Problem("provider_refused", provider_text=text, details={"status": answer.status}), sent=True)


def refusal(answer: Answer) -> Problem:
    """What an answer's errors mean; they come as an array."""
    return problem(messages_of(answer) or [{"$message": answer.text()}])


def messages_of(answer: Answer) -> list[Mapping[str, Any]]:
    """The errors of an answer: an array at the API, one object from its gateway (assumed); none where it is neither."""
    try:
        told = answer.json()
    except CallFailed:
        return []
    listed = told if isinstance(told, list) else [told]
    return [one for one in listed if isinstance(one, Mapping)]


def json_object(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object. Raises CallFailed(sent=True) for anything else."""
    told = answer.json()
    if not isinstance(told, dict):
        raise broken("a JSON object was expected")
    return told


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows, whether another follows, and how many rows there are in all (-1: not told)."""

    rows: tuple[dict[str, Any], ...]
    more: bool
    total: int


def page_of(told: Mapping[str, Any], number: int) -> Page:
    """A list's envelope, as the answer to page `number`.

    Only `$next` tells the end: a page past it is the last page once more ("Pagination"). Raises CallFailed for rows
    that are no list of objects, and for the envelope of another page.
    """
    rows = told.get("$items")
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise broken("$items is not a list of objects")
    if told.get("$page", number) != number:
        raise broken(f"page {number} was asked for, page {told['$page']} came")
    total = told.get("$total")
    return Page(tuple(rows), told.get("$next") is not None, total if isinstance(total, int) else -1)


def rows(session: Session, path: str, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every row of a filtered list, page by page. Raises CallFailed for a list that does not end."""
    for number in range(1, MOST_PAGES + 1):
        params = {**asked, "page": str(number), "items_per_page": str(PAGE_SIZE)}
        page = page_of(get(session, path, params), number)
        yield from page.rows
        if not page.more:
            return
    raise broken(f"more than {MOST_PAGES} pages of {path}")


def answered_at(answer: Answer, session: Session) -> datetime:
    """When Sage answered by its own clock, else some time before ours: nothing that changed later lies before it."""
    try:
        at = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError):
        return session.now() - CLOCKS_DIFFER
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), session.now())


def moment(at: datetime) -> str:
    """A time for `updated_or_created_since` and `deleted_since`, to the second, with its offset."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def calendar_date(text: object) -> date | None:
    """A day as Sage writes it; None for anything else."""
    try:
        return date.fromisoformat(text[:10]) if isinstance(text, str) else None
    except ValueError:
        return None


def text_of(record: Mapping[str, Any], name: str) -> str | None:
    """A field that is a text with something in it, else None."""
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def ref(record: Mapping[str, Any], name: str) -> str | None:
    """The id inside a reference field."""
    found = record.get(name)
    return text_of(found, "id") if isinstance(found, Mapping) else None


def number_of(record: Mapping[str, Any], name: str) -> Decimal | None:
    """An amount; None where there is none."""
    value = record.get(name)
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def plan_of(business: Mapping[str, Any]) -> str | None:
    """The plan that is paid for, by Sage's id of it. AccessLost where every subscription has ended."""
    listed = business.get("subscriptions")
    plans = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    active = [one for one in plans if one.get("active") is True]
    if plans and not active:
        raise AccessLost(Problem("provider_subscription", details={"plan": text_of(plans[0], "id") or ""}))
    return text_of(active[0], "id") if active else None


def segment(text: str) -> str:
    """A part of a path, with everything escaped."""
    return quote(text, safe="")
