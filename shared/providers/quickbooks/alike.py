"""Documents like those that are about to be created: a query for each, several of them in one batch call.

Sources: "Query operations" (DocNumber, TxnDate and TotalAmt are filterable), "Batch" (up to 30 operations a call). The
query language has no OR, and not every entity can be filtered by its vendor: that is compared on this side.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.duplicates import Seen, Sought, seen_there
from shared.providers.contract import Session, amount_text
from shared.providers.quickbooks import api
from shared.providers.quickbooks.answers import done, id_of, marker_of
from shared.providers.quickbooks.profile import PROFILE

# Who a document is of: Bill and VendorCredit name a vendor, a Purchase its payee.
_PARTIES: Final = ("VendorRef", "EntityRef")


def alike(session: Session, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
    """As many as one batch takes, by one call."""
    asked = {f"q{number}": one for number, one in enumerate(sought[: PROFILE.publishing.batch_elements])}
    texts = {name: api.select("*", resource, _where(one), 1) for name, one in asked.items()}
    told, _ = api.queries(session, texts)
    found: dict[str, str | None] = {}
    for name, one in asked.items():
        records = api.records_of(told[name], resource)
        found |= seen_there([one], [seen for record in records if (seen := _seen(resource, record)) is not None])
    return found


def _where(sought: Sought) -> str:
    if sought.number is not None:
        return f"DocNumber = {api.literal(sought.number)}"
    return f"TxnDate = {api.literal(sought.date)} AND TotalAmt = {api.literal(sought.total)}"


def _seen(resource: str, record: Mapping[str, Any]) -> Seen | None:
    """None for what is void."""
    document, known = id_of(record), done(resource, "", record)
    if document is None or known.voided:
        return None
    total = record.get("TotalAmt")
    return Seen(
        document=document,
        marker=marker_of(record),
        contact=next((found for name in _PARTIES if (found := api.ref(record, name)) is not None), None),
        number=known.number,
        date=record.get("TxnDate"),
        currency=api.ref(record, "CurrencyRef"),
        total=amount_text(Decimal(total)) if isinstance(total, int | Decimal) else None,
    )
