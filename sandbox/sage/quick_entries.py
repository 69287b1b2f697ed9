"""Quick entries of both sides: a document of one amount, one ledger account and one tax rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.sage import checks, lines, messages
from sandbox.sage.checks import Desk, Money, Side
from sandbox.sage.formats import Fields, Problems, Record, cents, ref, stamp
from sandbox.sage.postings import Posting, Source, post

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Kind:
    table: str
    wrapper: str
    transaction_type: str
    side: Side


KINDS: Mapping[str, Kind] = {
    "purchase_quick_entries": Kind(
        "purchase_quick_entries", "purchase_quick_entry", "PURCHASE_QUICK_ENTRY", "purchase"
    ),
    "sales_quick_entries": Kind("sales_quick_entries", "sales_quick_entry", "SALES_QUICK_ENTRY", "sales"),
}


@dataclass(frozen=True)
class _Read:
    """What a checked entry says."""

    contact: Record
    day: date
    money: Money
    credit: bool
    ledger_account: str
    rate: Record | None
    net: Decimal
    tax: Decimal
    texts: Record


def create(desk: Desk, kind: Kind, raw: Any) -> Record:
    """Record a quick entry. Raises RefusedError with everything that is wrong."""
    problems = Problems()
    fields = Fields(raw, problems)
    read = _read(desk, kind, fields)
    due = fields.day("due_date")
    categories = checks.analysis(desk, fields)
    problems.raise_any()
    if read is None:
        raise RuntimeError("a quick entry passed its checks without contact, date or account")
    record = _record(desk, kind, read) | read.texts
    record |= {"analysis_type_categories": categories, "due_date": due.isoformat() if due else None}
    record["transaction"] = ref("transactions", _book(desk, kind, record, read))
    return desk.books.put(kind.table, record)


def _read(desk: Desk, kind: Kind, fields: Fields) -> _Read | None:
    entry_type = fields.text("quick_entry_type_id", required=True)
    if entry_type and desk.books.get("quick_entry_types", entry_type) is None:
        fields.wrong("quick_entry_type_id", messages.UNKNOWN_REFERENCE.format(what="quick entry type"))
    contact = checks.contact(desk, fields, kind.side)
    day = checks.open_day(desk, fields)
    account = checks.ledger_account(desk, fields, checks.AREAS[kind.side])
    rate = checks.tax_rate(desk, fields, kind.side, day)
    money = checks.currency(desk, fields)
    texts = {
        "reference": fields.text("reference", longest=25, required=True),
        "details": fields.text("details", longest=255) or "",
    }
    net, tax = _amounts(desk, fields, rate, day)
    if contact is None or day is None or account is None:
        return None
    return _Read(contact, day, money, entry_type == "CREDIT_NOTE", account, rate, net, tax, texts)


def _amounts(desk: Desk, fields: Fields, rate: Record | None, day: date | None) -> tuple[Decimal, Decimal]:
    """Net and tax; a net amount, or a total to take the tax off, is needed (assumed)."""
    net, total = fields.amount("net_amount"), fields.amount("total_amount")
    if net is None and total is None:
        fields.wrong("net_amount", messages.REQUIRED)
        return _ZERO, _ZERO
    if net is None and total is not None:
        net = total - (fields.amount("tax_amount") or _ZERO)
    net = net if net is not None else _ZERO
    tax = lines.taxed(desk, fields, rate, net, day)
    if total is not None and total != net + tax:
        fields.wrong("total_amount", messages.LINE_TOTAL)
    if net + tax < 0:
        fields.wrong("total_amount", messages.NEGATIVE_TOTAL)
    return net, tax


def _record(desk: Desk, kind: Kind, read: _Read) -> Record:
    at, total, rate = stamp(desk.now), read.net + read.tax, read.money.rate
    base_net, base_tax = cents(read.net * rate), cents(read.tax * rate)
    return {
        "id": desk.books.new_id(),
        "displayed_as": read.texts["reference"],
        "created_at": at,
        "updated_at": at,
        "deleted_at": None,
        "transaction_type": ref("transaction_types", kind.transaction_type),
        "quick_entry_type": ref("quick_entry_types", "CREDIT_NOTE" if read.credit else "INVOICE"),
        "contact": ref("contacts", read.contact["id"]),
        "contact_name": read.contact["name"],
        "contact_reference": read.contact["reference"] or "",
        "date": read.day.isoformat(),
        "ledger_account": ref("ledger_accounts", read.ledger_account),
        "net_amount": read.net,
        "tax_rate": ref("tax_rates", read.rate["id"] if read.rate else None),
        "tax_amount": read.tax,
        "tax_breakdown": lines.breakdown(desk, read.rate, read.net, read.tax, read.day),
        "total_amount": total,
        "outstanding_amount": total,
        "currency": ref("currencies", read.money.currency),
        "exchange_rate": rate,
        "inverse_exchange_rate": 1 / rate,
        "base_currency_net_amount": base_net,
        "base_currency_tax_amount": base_tax,
        "base_currency_total_amount": base_net + base_tax,
        "base_currency_outstanding_amount": base_net + base_tax,
        "status": ref("artefact_statuses", "UNPAID"),
        "payments_allocations": [],
        "migrated": False,
    }


def _book(desk: Desk, kind: Kind, record: Record, read: _Read) -> str:
    purchase = kind.side == "purchase"
    direction = (1 if purchase else -1) * (-1 if read.credit else 1)
    books, total = desk.books, record["base_currency_total_amount"]
    postings = [
        Posting(
            read.ledger_account,
            direction * record["base_currency_net_amount"],
            record["details"],
            read.rate["id"] if read.rate else None,
        ),
        Posting(
            books.control("TAX_ON_PURCHASES" if purchase else "TAX_ON_SALES"),
            direction * record["base_currency_tax_amount"],
            "Tax",
        ),
        Posting(
            books.control("TRADE_CREDITORS" if purchase else "TRADE_DEBTORS"),
            -direction * total,
            record["contact_name"],
        ),
    ]
    source = Source(
        kind.table,
        record["id"],
        kind.transaction_type,
        read.day,
        record["reference"],
        read.contact["id"],
        total,
        record["total_amount"],
    )
    return post(books, source, postings, desk.now)
