"""Payment terms of vendors and customers: their records name a term, its days stand in a list of its own.

Sources: "Vendor" (TermRef), "Customer" (SalesTermRef) and "Term" (DueDays; terms of type DATE_DRIVEN fall on a day of
the month and have none) of developer.intuit.com's API reference.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.providers.contract import Session
from shared.providers.quickbooks import api

Record = Mapping[str, Any]
# The days of the terms that have days, by QuickBooks' id.
Terms = Mapping[str, int]

TERM: Final = "Term"
NAMING: Final = frozenset({"Vendor", "Customer"})
_NAMED_BY: Final = ("TermRef", "SalesTermRef")
DUE_DAYS: Final = "DueDays"


def terms_for(session: Session, records: Iterable[Record], known: Terms | None) -> Terms | None:
    """What the terms are that the records name: read once for a pass, where a record names one; None until then.

    A company's first 1,000 terms are read, in one call.
    """
    if known is not None or not any(_named(record) for record in records):
        return known
    text = api.select("*", TERM, "Active IN (true, false) ORDERBY Id", 1)
    return {str(one["Id"]): one[DUE_DAYS] for one in api.query(session, text, TERM) if _has_days(one)}


def with_days(record: Record, terms: Terms | None) -> Record:
    """The record with the days of its term as `DueDays`; as it is where it names none that is known."""
    days = (terms or {}).get(_named(record) or "")
    return record if days is None else {**record, DUE_DAYS: days}


def written_terms(terms: Terms | None) -> str:
    """The terms as a place in a list carries them from page to page."""
    return "?" if terms is None else ",".join(f"{term}={days}" for term, days in terms.items())


def read_terms(text: str) -> Terms | None:
    """Terms that `written_terms` wrote."""
    if text == "?":
        return None
    parts = (part.rpartition("=") for part in text.split(",") if part)
    return {term: int(days) for term, _, days in parts}


def _named(record: Record) -> str | None:
    return next((term for name in _NAMED_BY if (term := api.ref(record, name)) is not None), None)


def _has_days(term: Record) -> bool:
    days = term.get(DUE_DAYS)
    return isinstance(days, int) and not isinstance(days, bool)
