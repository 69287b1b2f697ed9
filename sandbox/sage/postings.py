"""The double entry behind every document: one transaction, ledger entries in the business's own currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sandbox.sage.books import Books
from sandbox.sage.formats import Record, ref, stamp

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Posting:
    """One ledger entry: a debit when the amount is positive, a credit when negative; in the business's currency."""

    ledger_account: str
    amount: Decimal
    description: str = ""
    tax_rate: str | None = None


@dataclass(frozen=True)
class Source:
    """The document that a transaction comes from; `total` is in the business's currency, `own_total` in its own."""

    table: str
    record_id: str
    transaction_type: str
    day: date
    reference: str | None
    contact: str | None
    total: Decimal
    own_total: Decimal


def post(books: Books, source: Source, postings: Sequence[Posting], now: datetime) -> str:
    """Book a transaction and return its id. Raises ValueError unless debits equal credits."""
    balance = sum((one.amount for one in postings), _ZERO)
    if balance:
        raise ValueError(f"the postings of {source.table} differ by {balance}")
    transaction_id, at = books.new_id(), stamp(now)
    books.put("transactions", _transaction(transaction_id, source, at))
    for one in postings:
        if one.amount:
            _entry(books, transaction_id, source, one, at)
    return transaction_id


def retract(books: Books, transaction_id: str, now: datetime) -> None:
    """Mark a transaction and its ledger entries deleted: they stay readable, and no longer count."""
    at = stamp(now)
    transaction = books.tables["transactions"][transaction_id]
    books.put("transactions", {**transaction, "deleted": True, "updated_at": at})
    for entry in list(books.rows("ledger_entries")):
        if entry["transaction"]["id"] == transaction_id:
            books.put("ledger_entries", {**entry, "deleted": True, "updated_at": at})


def balances(books: Books) -> dict[str, Decimal]:
    """Balance of each ledger account by nominal code as text, debits positive, deleted entries left out."""
    totals: dict[str, Decimal] = {}
    for entry in books.rows("ledger_entries"):
        if not entry["deleted"]:
            code = str(books.tables["ledger_accounts"][entry["ledger_account"]["id"]]["nominal_code"])
            totals[code] = totals.get(code, _ZERO) + entry["debit"] - entry["credit"]
    return totals


def _transaction(transaction_id: str, source: Source, at: str) -> Record:
    return {
        "id": transaction_id,
        "displayed_as": source.reference or "",
        "created_at": at,
        "updated_at": at,
        "date": source.day.isoformat(),
        "deleted": False,
        "reference": source.reference or "",
        "total": source.total,
        "total_in_transaction_currency": source.own_total,
        "contact": ref("contacts", source.contact),
        "transaction_type": ref("transaction_types", source.transaction_type),
        "origin": ref(source.table, source.record_id),
        "number_of_attachments": "0",
    }


def _entry(books: Books, transaction_id: str, source: Source, one: Posting, at: str) -> None:
    books.put(
        "ledger_entries",
        {
            "id": books.new_id(),
            "displayed_as": one.description,
            "created_at": at,
            "updated_at": at,
            "date": source.day.isoformat(),
            "debit": max(one.amount, _ZERO),
            "credit": max(-one.amount, _ZERO),
            "ledger_account": ref("ledger_accounts", one.ledger_account),
            "transaction": ref("transactions", transaction_id),
            "contact": ref("contacts", source.contact),
            "deleted": False,
            "tax_rate": ref("tax_rates", one.tax_rate),
            "description": one.description,
        },
    )
