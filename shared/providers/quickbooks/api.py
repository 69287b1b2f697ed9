"""How QuickBooks' API is called: addresses, queries, batches, both shapes of a fault, and what 401 and 403 mean.

Sources: "Limits and throttles", "Query operations", "Batch", "Handling common errors" of developer.intuit.com.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Problem
from shared.domain.limits import Blocked, LimitReading, LimitScope
from shared.providers.contract import AccessLost, CallFailed, LimitReached, Session, WholeRefused
from shared.providers.quickbooks.faults import ACCESS_CODES, PASSING_CODES, THROTTLED, problem
from shared.providers.quickbooks.profile import API, BATCHES, MINOR_VERSION, PAGE_SIZE
from shared.providers.transport import Answer, Call, Dialect, broken, perform, to_json

THROTTLED_WAIT: Final = timedelta(seconds=60)  # "Limits and throttles": no Retry-After is promised
# Codes that say a list is not there for this company.
_NOT_THERE: Final = frozenset({"plan_lacks_feature", "feature_off"})
_PASSING_TYPES: Final = frozenset({"systemfault", "service", "authenticationfault", "authentication"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal: its type and, of each error, code and words ("6240 Duplicate Name Exists Error : ...")."""

    kind: str
    codes: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def throttled(self) -> bool:
        return THROTTLED in self.codes

    @property
    def passing(self) -> bool:
        """Whether it says nothing about the document: the same may succeed later, or has been done already."""
        return self.kind.lower() in _PASSING_TYPES or bool(PASSING_CODES.intersection(self.codes))

    @property
    def access_lost(self) -> bool:
        return bool(ACCESS_CODES.intersection(self.codes))

    def problem(self) -> Problem:
        return problem(self.texts)


def fault_of(told: Any) -> Fault | None:
    """The fault inside an answer or one of its elements: documents write Fault, gateways fault; None without one."""
    if not isinstance(told, Mapping):
        return None
    found = told.get("Fault", told.get("fault"))
    if not isinstance(found, Mapping):
        return None
    errors = found.get("Error", found.get("error"))
    listed = [one for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []
    codes = tuple(str(one.get("code") or "").strip().lstrip("0") for one in listed)
    texts = tuple(
        f"{code} {_words(one, 'Message')} : {_words(one, 'Detail')}" for code, one in zip(codes, listed, strict=True)
    )
    return Fault(str(found.get("type") or ""), codes, texts)


def _words(error: Mapping[str, Any], name: str) -> str:
    return str(error.get(name) or error.get(name.lower()) or "").strip()


def _access_lost(answer: Answer) -> Problem:
    """403: the consent revoked, another company, rights lost. Older answers of the throttle are 403 too."""
    fault = fault_of(_json_or_none(answer))
    if fault is None or not fault.texts:
        return Problem("organisation_gone", provider_text=answer.text() or None)
    found = fault.problem()
    return (
        found if found.code != "provider_refused" else Problem("organisation_gone", provider_text=found.provider_text)
    )


# QuickBooks tells nothing of what is left of its limits.
DIALECT: Final = Dialect(
    lambda _headers: LimitReading(),
    lambda _headers: LimitScope.MINUTE,
    {LimitScope.MINUTE: THROTTLED_WAIT},
    _access_lost,
)


def request(session: Session, call: Call) -> Answer:
    """A call with the session's token and the minor version. Raises what `perform` raises."""
    headers = {"Authorization": f"Bearer {session.access_token.reveal()}", **call.headers}
    params = {"minorversion": MINOR_VERSION, **call.params}
    try:
        return perform(session, Call(call.method, call.url, params, headers, call.content), DIALECT)
    except AccessLost as lost:
        if lost.problem.code == "rate_limited":
            raise _throttled(session) from lost
        raise


def get(session: Session, path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """A GET below the company's address: the answer's object, which holds no fault."""
    return read(session, request(session, Call("GET", url(session, path), params)))


def post(session: Session, path: str, params: Mapping[str, str], body: bytes, content_type: str) -> Answer:
    """A POST below the company's address; the caller reads the answer, for a refusal means more than one thing."""
    call = Call("POST", url(session, path), params, {"Content-Type": content_type}, body)
    return request(session, call)


def batch(session: Session, params: Mapping[str, str], body: bytes) -> Answer:
    """A call of the batch endpoint, which has a minute of its own ("Limits and throttles")."""
    return post(session.counted_as(BATCHES), "/batch", params, body, "application/json")


def read(session: Session, answer: Answer) -> dict[str, Any]:
    """The object of an answer. Raises LimitReached, AccessLost, WholeRefused (nothing was done), CallFailed."""
    told = _json_or_none(answer)
    fault = fault_of(told)
    if fault is not None:
        raise _failure(session, answer, fault)
    if answer.status == 413:
        raise WholeRefused(Problem("provider_refused", provider_text=answer.text(), details={"status": 413}))
    if answer.status != 200:
        details = {"status": answer.status}
        raise CallFailed(Problem("provider_refused", provider_text=answer.text(), details=details), sent=True)
    if not isinstance(told, dict):
        answer.json()
        raise broken("a JSON object was expected")
    return told


def _failure(session: Session, answer: Answer, fault: Fault) -> Exception:
    if fault.throttled:
        return _throttled(session)
    if fault.access_lost:
        return AccessLost(fault.problem())
    if fault.passing or answer.status not in {200, 400, 413}:
        text = " ".join(fault.texts) or None
        return CallFailed(Problem("provider_unavailable", provider_text=text), sent=True)
    return WholeRefused(fault.problem())


def _throttled(session: Session) -> LimitReached:
    return LimitReached(Blocked(LimitScope.MINUTE, session.now() + THROTTLED_WAIT / session.pace))


def _json_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except CallFailed:
        return None


def url(session: Session, path: str) -> str:
    """An address below that of the session's company."""
    return f"{API}/{segment(session.organisation)}{path}"


def select(what: str, entity: str, where: str = "", start: int | None = None) -> str:
    """A query; with `start` (from 1) one page of it. Texts from outside inside `where` are `literal`s."""
    found = f"SELECT {what} FROM {entity}"  # noqa: S608
    found += f" WHERE {where}" if where else ""
    return f"{found} STARTPOSITION {start} MAXRESULTS {PAGE_SIZE}" if start is not None else found


def query(session: Session, text: str, entity: str) -> list[dict[str, Any]]:
    """The records of one query. Raises CallFailed also for a refusal: what we ask must be right."""
    try:
        told = get(session, "/query", {"query": text})
    except WholeRefused as refused:
        raise CallFailed(refused.problem, sent=True) from refused
    return records(told.get("QueryResponse"), entity)


def queries(session: Session, texts: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], datetime | None]:
    """Several queries in one batch call: each one's element under the name it was asked with, and QuickBooks' time."""
    items = [{"bId": name, "Query": text} for name, text in texts.items()]
    try:
        told = read(session, batch(session, {}, to_json({"BatchItemRequest": items})))
    except WholeRefused as refused:
        raise CallFailed(refused.problem, sent=True) from refused
    found = {str(one.get("bId")): one for one in elements(told, "BatchItemResponse")}
    if set(found) != set(texts):
        raise broken("a batch of queries was answered in part")
    for one in found.values():
        fault = fault_of(one)
        if fault is not None and fault.throttled:
            raise _throttled(session)
    return found, instant(told.get("time"))


def elements(told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list that must be there. Raises CallFailed."""
    found = told.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise broken(f"{name} is not a list of objects")
    return found


def records(response: Any, entity: str) -> list[dict[str, Any]]:
    """The records of a QueryResponse; none where it is empty. Raises CallFailed for anything else."""
    if not isinstance(response, Mapping):
        raise broken("no QueryResponse")
    return elements({entity: response.get(entity, [])}, entity)


def answered(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """The QueryResponse of a batch's element. A list that the company does not have is empty; CallFailed otherwise."""
    fault = fault_of(element)
    if fault is not None:
        found = fault.problem()
        if found.code in _NOT_THERE:
            return {}
        raise CallFailed(found, sent=True)
    response = element.get("QueryResponse")
    if not isinstance(response, Mapping):
        raise broken("no QueryResponse")
    return response


def records_of(element: Mapping[str, Any], entity: str) -> list[dict[str, Any]]:
    """The records of a query that was asked in a batch."""
    return records(answered(element), entity)


def literal(text: str) -> str:
    """A text inside a query: quotes and backslashes escaped ("Query operations")."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def moment(at: datetime) -> str:
    """A time for queries and change data capture, in UTC to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: object) -> datetime | None:
    """A time as QuickBooks writes it; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def ref(record: Mapping[str, Any], name: str) -> str | None:
    """The id inside a reference field."""
    found = record.get(name)
    value = found.get("value") if isinstance(found, Mapping) else None
    return value if isinstance(value, str) and value else None


def parsed(body: bytes) -> Any:
    """Our own bytes again, numbers as Decimal."""
    return json.loads(body, parse_float=Decimal)


def joined(names: Iterable[str]) -> str:
    """Texts for an IN filter."""
    return ", ".join(literal(name) for name in names)


def segment(text: str) -> str:
    """A part of a path, with everything escaped."""
    return quote(text, safe="")
