"""Documents like those that are about to be created, found by one filter for several.

Source: Xero Accounting API, "Requests and responses" (`where` with AND, OR, Guid and DateTime), "Invoices", "Credit
notes" and "Bank transactions". Where Xero has dropped a purchase credit note's number, date and total count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from shared.domain.duplicates import Seen, Sought, seen_there
from shared.providers.contract import Session
from shared.providers.transport import broken
from shared.providers.xero import api
from shared.providers.xero.answers import done, id_of, marker_of
from shared.providers.xero.lookups import WHERE_LENGTH
from shared.providers.xero.profile import PAGE_SIZE

_TYPES: Final = {"Invoices": "ACCPAY", "CreditNotes": "ACCPAYCREDIT", "BankTransactions": "SPEND"}
_DROPS_NUMBERS: Final = "CreditNotes"
_NUMBERS: Final = {"Invoices": "InvoiceNumber", "CreditNotes": "CreditNoteNumber"}


def alike(session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
    """As many as fit into one filter, by one call."""
    asked, parts, length = list[Sought](), list[str](), 0
    for one in map(_askable, sought):
        part = _part(resource, one)
        if parts and length + len(part) > WHERE_LENGTH:
            break
        asked.append(one)
        parts.append(part)
        length += len(part)
    where = f'Type=="{_TYPES[resource]}" AND ({" OR ".join(parts)})'
    told = api.get(session, f"/{resource}", {"where": where, "page": "1", "pageSize": str(PAGE_SIZE)})
    records = api.records(told, resource) if told else []
    if len(records) >= PAGE_SIZE:
        raise broken(f"{PAGE_SIZE} {resource} look like {len(asked)}")
    seen = [known for record in records if (known := _seen(resource, record)) is not None]
    found = seen_there(asked, seen)
    if resource == _DROPS_NUMBERS:
        numberless = [one for one in seen if not one.number]
        left = [replace(one, number=None) for one in asked if found[one.marker] is None]
        found |= seen_there(left, numberless)
    return found


def _askable(sought: Sought) -> Sought:
    """How a quote inside a filter's text is written is not documented: such a number is compared by date and total."""
    awkward = sought.number is not None and not {'"', "\\"}.isdisjoint(sought.number)
    return replace(sought, number=None) if awkward else sought


def _part(resource: str, sought: Sought) -> str:
    contact = f'Contact.ContactID==Guid("{sought.contact}")'
    if sought.number is not None:
        named = f'{_NUMBERS[resource]}=="{sought.number}"'
        either = f"({named} OR ({_on_day(sought)}))" if resource == _DROPS_NUMBERS else named
        return f"({contact} AND {either})"
    return f"({contact} AND {_on_day(sought)})"


def _on_day(sought: Sought) -> str:
    day = ",".join(str(int(part)) for part in sought.date.split("-"))
    return f"Date==DateTime({day}) AND Total=={sought.total}"


def _seen(resource: str, record: Mapping[str, Any]) -> Seen | None:
    """None for what is void or deleted."""
    document = id_of(resource, record)
    known = done(resource, "", record)
    if document is None or known.voided:
        return None
    on = api.calendar_date(record.get("DateString") or record.get("Date"))
    return Seen(
        document=document,
        marker=marker_of(resource, record),
        contact=(record.get("Contact") or {}).get("ContactID"),
        number=known.number,
        date=on.isoformat() if on else None,
        currency=record.get("CurrencyCode"),
        total=known.total,
    )
