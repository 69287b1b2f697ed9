"""ApprovalMax's requests as answers for our items, and what people decided on them.

Sources: the answers of `GET .../xero/bills` that clients of the API have recorded. `requestStatus` is a text, or an
object with name and value: both are read, whatever their case.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shared.domain.approvals import ApprovalOutcome, Decision
from shared.domain.errors import Problem
from shared.domain.ids import find_marker
from shared.domain.publishing import ElementAnswer, Member, Verdict
from shared.providers.approvalmax import api
from shared.providers.contract import Known, amount_text

Record = Mapping[str, Any]

_MOST_SHOWN: Final = 5
# `approved` has been seen; that the others are called so is assumed.
_OUTCOMES: Final = {
    "approved": ApprovalOutcome.APPROVED,
    "rejected": ApprovalOutcome.REJECTED,
    "cancelled": ApprovalOutcome.CANCELLED,
    "canceled": ApprovalOutcome.CANCELLED,
}
# Events by which people decide, seen with clients of the API, in the words they begin with.
_DECIDING: Final = ("approverapproved", "approverrejected", "approvedin", "rejectedin", "cancelled")


def status_of(record: Record) -> str:
    """The request's status as ApprovalMax writes it; empty where there is none."""
    told = record.get("requestStatus")
    if isinstance(told, Mapping):
        told = told.get("name") or told.get("value")
    return str(told or "")


def outcome_of(record: Record) -> ApprovalOutcome:
    return _OUTCOMES.get(status_of(record).lower(), ApprovalOutcome.PENDING)


def found_answers(members: Sequence[Member], records: Iterable[Record]) -> list[ElementAnswer]:
    """The members whose marker is a request's reference; one on two requests is for a person to sort out."""
    by_marker: dict[str, dict[str, Record]] = {}
    for record in records:
        marker, request_id = marker_of(record), record.get("requestId")
        if marker and isinstance(request_id, str) and request_id:
            by_marker.setdefault(marker, {})[request_id] = record
    answers = []
    for member in members:
        found = by_marker.get(member.marker, {})
        if len(found) == 1:
            answers.append(done(member.marker, next(iter(found.values()))))
        elif found:
            problem = Problem("outcome_unknown", details={"found": sorted(found)[:_MOST_SHOWN]})
            answers.append(ElementAnswer(member.marker, Verdict.UNKNOWN, problem=problem))
    return answers


def marker_of(record: Record) -> str | None:
    return find_marker(record.get("reference"))


def done(marker: str, record: Record) -> ElementAnswer:
    """A request that ApprovalMax has, as the answer for the member of this marker."""
    page = str(record.get("externalUrl") or "")
    return ElementAnswer(
        marker=marker,
        verdict=Verdict.DONE,
        provider_id=str(record["requestId"]),
        number=record.get("documentNumber") or None,
        status=status_of(record),
        total=_amount(record.get("total")),
        url=page if page.startswith("https://") else None,
        voided=outcome_of(record) is ApprovalOutcome.CANCELLED,
    )


def known_request(resource: str, marker: str, record: Record) -> Known:
    """A request that was asked for by its id, with the marker that it carries, if any."""
    return Known(resource, done(marker, record), marker_of(record))


def decision(record: Record, names: Mapping[str, str]) -> Decision:
    """What is known of a request's decision; `names` are people by id. Numbers and dates are for finding its bill."""
    event = _deciding(record)
    author = str(event.get("authorId") or "")
    return Decision(
        request=str(record["requestId"]),
        outcome=outcome_of(record),
        at=api.moment(record.get("decisionDate")) or api.moment(event.get("eventDate")),
        by=names.get(author) or author or None,
        number=str(record.get("documentNumber") or ""),
        date=str(record.get("date") or "")[:10],
        currency=str(record.get("currencyCode") or ""),
        total=_amount(record.get("total")),
        page=str(record.get("externalUrl") or ""),
    )


def authors(records: Iterable[Record]) -> set[str]:
    """The ids of the people who decided."""
    return {str(author) for record in records if (author := _deciding(record).get("authorId"))}


def _deciding(record: Record) -> Record:
    """The last event by which somebody decided; empty while nobody has."""
    if outcome_of(record) is ApprovalOutcome.PENDING:
        return {}
    listed = record.get("events")
    events = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    deciding = [one for one in events if str(one.get("eventType") or "").lower().startswith(_DECIDING)]
    return max(deciding, key=_when, default={})


def _when(event: Record) -> datetime:
    return api.moment(event.get("eventDate")) or datetime.fromisoformat("0001-01-01T00:00:00+00:00")


def _amount(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        return amount_text(Decimal(value))
    except InvalidOperation:
        return None
