"""Stored records as Xero answers them: dates in both forms, inner contacts and accounts named, nothing of our own."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.formats import NO_ID, Record, instant, ms_date

_MS_ONLY = ("UpdatedDateUTC", "FullyPaidOnDate", "CreatedDateUTC", "PeriodLockDate", "EndOfYearLockDate")
_WITH_STRING = ("Date", "DueDate")
_UPDATED_STRING = ("Invoices", "CreditNotes", "Payments")
DOCUMENTS = ("Invoices", "CreditNotes", "BankTransactions")
DEFAULT_UNIT_DECIMALS = 2


def to_json(value: Any) -> bytes:
    """JSON for the wire; Decimals become numbers (two to four decimals, which a double carries exactly enough)."""
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} does not belong in an answer")


def record(
    books: Books, table: str, stored: Record, *, unitdp: int = DEFAULT_UNIT_DECIMALS, lines: bool = True
) -> Record:
    """One record as answered. `lines=False` leaves LineItems empty, as lists without paging do."""
    wire = _dated({name: value for name, value in stored.items() if not name.startswith("_")})
    if table in _UPDATED_STRING:
        wire["UpdatedDateUTCString"] = instant(stored["UpdatedDateUTC"]).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    if table in DOCUMENTS:
        wire["Contact"] = contact_brief(books, stored["Contact"]["ContactID"])
        wire["LineItems"] = [_line(line, unitdp) for line in stored["LineItems"]] if lines else []
    if table in ("Invoices", "CreditNotes"):
        wire["Payments"] = _payments(books, stored)
        wire["HasErrors"] = False
    if table == "Items":
        for side in ("SalesDetails", "PurchaseDetails"):
            wire[side] = _priced(stored.get(side) or {}, unitdp)
    if table == "Payments":
        wire.update(_payment_targets(books, stored))
    if table == "Contacts":
        wire["HasValidationErrors"] = False
    return wire


def organisation(books: Books) -> Record:
    """The organisation as answered; lock dates show only while set."""
    return _dated({name: value for name, value in books.organisation.items() if not name.startswith("_")})


def accepted(wire: Record, warnings: list[str], *, marked: bool) -> Record:
    """A stored element in the answer to its PUT or POST; `marked` (summarizeErrors=false) adds its status."""
    if marked:
        wire["StatusAttributeString"] = "WARNING" if warnings else "OK"
        wire["ValidationErrors"] = []
    if warnings or marked:
        wire["Warnings"] = [{"Message": message} for message in warnings]
    return wire


def refused(table: str, element: Record, messages: list[str]) -> Record:
    """An element that was refused, as sent, with its ValidationErrors; what had no id gets one of zeros."""
    wire = dict(element)
    wire[ID_FIELDS[table]] = wire.get(ID_FIELDS[table]) or NO_ID
    wire["StatusAttributeString"] = "ERROR"
    wire["HasValidationErrors" if table in ("Contacts", "Payments") else "HasErrors"] = True
    wire["ValidationErrors"] = [{"Message": message} for message in messages]
    wire["Warnings"] = []
    for name in (*_WITH_STRING, *_MS_ONLY):
        # The answer repeats days in Xero's own form.
        if isinstance(wire.get(name), str) and not wire[name].startswith("/Date("):
            try:
                wire[name] = ms_date(wire[name])
            except ValueError:
                del wire[name]
    return wire


def contact_brief(books: Books, contact_id: str) -> Record:
    """The contact inside a document."""
    contact = books.get("Contacts", contact_id) or {}
    return {
        "ContactID": contact_id,
        "Name": contact.get("Name", ""),
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def _dated(wire: Record) -> Record:
    for name in _WITH_STRING:
        if wire.get(name):
            wire[f"{name}String"] = f"{wire[name]}T00:00:00"
            wire[name] = ms_date(wire[name])
    for name in _MS_ONLY:
        if wire.get(name):
            wire[name] = ms_date(wire[name])
    return {name: value for name, value in wire.items() if value is not None}


def _line(line: Record, unitdp: int) -> Record:
    wire = {name: value for name, value in line.items() if value is not None}
    if "UnitAmount" in wire:
        wire["UnitAmount"] = _rounded(wire["UnitAmount"], unitdp)
    return wire


def _priced(details: Record, unitdp: int) -> Record:
    wire = dict(details)
    if "UnitPrice" in wire:
        wire["UnitPrice"] = _rounded(wire["UnitPrice"], unitdp)
    return wire


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _payments(books: Books, stored: Record) -> list[Record]:
    live = [books.tables["Payments"][one] for one in stored.get("_payments", [])]
    return [
        {
            "PaymentID": payment["PaymentID"],
            "Date": ms_date(payment["Date"]),
            "Amount": payment["Amount"],
            "Reference": payment.get("Reference", ""),
            "CurrencyRate": payment["CurrencyRate"],
            "HasAccount": True,
            "HasValidationErrors": False,
        }
        for payment in live
        if payment["Status"] == "AUTHORISED"
    ]


def _payment_targets(books: Books, stored: Record) -> Record:
    account = books.tables["Accounts"][stored["Account"]["AccountID"]]
    targets: Record = {
        "Account": {name: account[name] for name in ("AccountID", "Code", "Name") if account.get(name)},
        "HasAccount": True,
        "HasValidationErrors": False,
    }
    for name, table in (("Invoice", "Invoices"), ("CreditNote", "CreditNotes")):
        if name in stored:
            paid = books.tables[table][stored[name][f"{name}ID"]]
            targets[name] = record(books, table, paid, lines=False)
            targets[name].pop("Payments")
    return targets
