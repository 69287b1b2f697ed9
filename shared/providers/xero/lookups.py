"""Finding what was created in calls whose answers were lost: a few reads for a whole batch, matched on this side.

Sources: Xero Accounting API, "Invoices" (createdByMyApp), "Requests and responses" (If-Modified-Since, where, paging).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.publishing import Batch, Member
from shared.providers.contract import Session
from shared.providers.transport import broken
from shared.providers.xero import api
from shared.providers.xero.answers import id_of
from shared.providers.xero.profile import PAGE_SIZE

LOOK_BACK: Final = timedelta(minutes=2)  # before the first send, for clocks that differ
MOST_PAGES: Final = 20
WHERE_LENGTH: Final = 1500  # characters of a filter, so that the address stays within common limits
_PARAMS: Final = {
    "Invoices": {"createdByMyApp": "true"},
    "CreditNotes": {},
    "BankTransactions": {},
    "Payments": {},
    "Contacts": {"includeArchived": "true"},
}


def look_up(session: Session, batch: Batch) -> list[dict[str, Any]]:
    """Everything of the batch's collection that changed since shortly before its first send."""
    return changed(session, batch.resource, (batch.first_sent_at or batch.created_at) - LOOK_BACK)


def changed(session: Session, resource: str, at: datetime) -> list[dict[str, Any]]:
    """Everything of a collection that changed since a time."""
    since = api.header_time(at)
    found: dict[str, dict[str, Any]] = {}
    for number in range(1, MOST_PAGES + 1):
        params = {**_PARAMS[resource], "page": str(number), "pageSize": str(PAGE_SIZE)}
        told = api.get(session, f"/{resource}", params, since)
        records = api.records(told, resource) if told else []
        known = len(found)
        found |= {one_id: record for record in records if (one_id := id_of(resource, record))}
        if len(records) < PAGE_SIZE:
            return list(found.values())
        if len(found) == known:
            raise broken(f"page {number} of {resource} brought nothing new")
    raise broken(f"more than {MOST_PAGES} pages of {resource} since {since}")


def named_contacts(session: Session, members: Sequence[Member]) -> list[dict[str, Any]]:
    """The contacts that have one of these names, whoever made them and whenever."""
    found = []
    for filter_text in _filters([str(member.fingerprint["spelt"]) for member in members]):
        told = api.get(session, "/Contacts", {"where": filter_text, "page": "1", "pageSize": str(PAGE_SIZE)})
        found += api.records(told, "Contacts") if told else []
    return found


def _filters(names: Sequence[str]) -> Iterator[str]:
    """Filters over several names each. That a quote is doubled inside a text is assumed."""
    part = ""
    for name in names:
        quoted = name.replace('"', '""')
        one = f'Name=="{quoted}"'
        if part and len(part) + len(one) > WHERE_LENGTH:
            yield part
            part = ""
        part = f"{part} OR {one}" if part else one
    if part:
        yield part
