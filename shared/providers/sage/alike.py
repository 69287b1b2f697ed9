"""Documents like those that are about to be created: one question for each contact.

Source: the API description's `contact_id`, `from_date` and `to_date`; there is no filter by number or amount, which are
compared on this side. Quick entries and other payments have no field for the paper's number: date and total count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from shared.domain.duplicates import Seen, Sought, seen_there
from shared.providers.contract import Session
from shared.providers.sage import api
from shared.providers.sage.answers import done, id_of, marker_of

# A paper of one number may have been dated otherwise by a person; what lies further off is not looked at.
AROUND: Final = timedelta(days=31)
MOST_SPANNED: Final = timedelta(days=92)  # between the dates that one question is about
_NUMBERED: Final = frozenset({"purchase_invoices", "purchase_credit_notes"})
_ATTRIBUTES: Final = "reference,vendor_reference,date,total_amount,currency,contact,status,deleted_at"


def alike(session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
    """Those of the first one's contact that lie near it in time, by one question, page by page."""
    first = sought[0]
    near = [one for one in sought if one.contact == first.contact and _day(one) - _day(first) <= MOST_SPANNED]
    asked = [one if resource in _NUMBERED else replace(one, number=None) for one in near if _day(one) >= _day(first)]
    days = [_day(one) for one in asked]
    around = AROUND if any(one.number is not None for one in asked) else timedelta()
    bounds = {"from_date": (min(days) - around).isoformat(), "to_date": (max(days) + around).isoformat()}
    rows = api.rows(session, f"/{resource}", {"contact_id": first.contact, "attributes": _ATTRIBUTES, **bounds})
    return seen_there(asked, [one for row in rows if (one := _seen(resource, row)) is not None])


def _day(sought: Sought) -> date:
    return date.fromisoformat(sought.date)


def _seen(resource: str, record: Mapping[str, Any]) -> Seen | None:
    """None for what is void or deleted."""
    document, known = id_of(record), done(resource, "", record)
    if document is None or known.voided:
        return None
    on = api.calendar_date(record.get("date"))
    return Seen(
        document=document,
        marker=marker_of(record),
        contact=api.ref(record, "contact"),
        number=api.text_of(record, "vendor_reference"),
        date=on.isoformat() if on else None,
        currency=api.ref(record, "currency"),
        total=known.total,
    )
