"""Money spent that nobody has reconciled yet: what Xero tells of bank lines, for it gives no statement lines out.

Source: Xero Accounting API, "Bank transactions" (IsReconciled) and "Requests and responses" (where, order, paging,
If-Modified-Since).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shared.domain.bank_reading import BankPage, ToldLine
from shared.providers.contract import Session
from shared.providers.transport import broken
from shared.providers.xero import api
from shared.providers.xero.answers import id_of, marker_of

PER_PAGE: Final = 250  # so that one page's lines are stored and matched before the next is asked for
_RESOURCE: Final = "BankTransactions"


def bank_lines(session: Session, page: str | None, since: str | None, first_day: date) -> BankPage:
    """One page: what is not reconciled, or with `since` everything that changed, whatever it is by now.

    In the order of their ids, so that what is reconciled meanwhile moves no page but its own.
    """
    number = int(page or "1")
    where = f'Type=="SPEND" AND Date>=DateTime({first_day.year},{first_day.month},{first_day.day})'
    if since is None:
        where += ' AND Status=="AUTHORISED" AND IsReconciled==false'
    params = {"where": where, "order": "BankTransactionID", "page": str(number), "pageSize": str(PER_PAGE)}
    started = session.now()
    told = api.get(session, f"/{_RESOURCE}", params, since)
    if told is None:
        return BankPage((), None, since)
    records = api.records(told, _RESOURCE)
    lines = tuple(line for record in records if (line := _line(record)) is not None)
    more = len(records) >= PER_PAGE
    return BankPage(lines, str(number + 1) if more else None, api.cursor(session, told, started))


def _line(record: Mapping[str, Any]) -> ToldLine | None:
    """None for what says too little to be matched."""
    document, on = id_of(_RESOURCE, record), api.calendar_date(record.get("DateString") or record.get("Date"))
    account = (record.get("BankAccount") or {}).get("AccountID")
    total, currency = record.get("Total"), record.get("CurrencyCode")
    if document is None or on is None or not isinstance(account, str) or not isinstance(currency, str):
        return None
    if not isinstance(total, int | Decimal):
        raise broken("a bank transaction has no Total")
    return ToldLine(
        document=document,
        bank_account=account,
        date=on,
        amount=Decimal(total),
        currency=currency,
        description=_description(record),
        is_open=record.get("Status") == "AUTHORISED" and record.get("IsReconciled") is False,
        marker=marker_of(_RESOURCE, record),
    )


def _description(record: Mapping[str, Any]) -> str | None:
    contact = (record.get("Contact") or {}).get("Name")
    return " - ".join(str(one) for one in (contact, record.get("Reference")) if one) or None
