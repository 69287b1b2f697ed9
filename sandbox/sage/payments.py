"""Contact payments with their allocations, and other payments and receipts.

Transaction types: developer.sage.com/accounting, guide "Payments and Receipts" (CUSTOMER_REFUND, VENDOR_REFUND and
OTHER_RECEIPT from there; VENDOR_PAYMENT assumed after CUSTOMER_RECEIPT).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.sage import artefacts, checks, lines, messages, quick_entries
from sandbox.sage.books import Books
from sandbox.sage.checks import Desk, Side
from sandbox.sage.formats import Fields, Problems, Record, cents, not_found, ref, ref_id, stamp
from sandbox.sage.postings import Posting, Source, post, retract

_ZERO = Decimal(0)
# Transaction type by side and by whether money leaves the bank.
CONTACT_PAYMENTS: dict[str, tuple[Side, bool]] = {
    "VENDOR_PAYMENT": ("purchase", True),
    "VENDOR_REFUND": ("purchase", False),
    "CUSTOMER_RECEIPT": ("sales", False),
    "CUSTOMER_REFUND": ("sales", True),
}


@dataclass(frozen=True)
class _Allocation:
    table: str
    artefact: Record
    amount: Decimal


def create_contact_payment(desk: Desk, raw: Any) -> Record:
    """Record a payment to or from a contact and settle what it is allocated to.

    What is not allocated stays on account. Raises RefusedError with everything that is wrong.
    """
    problems = Problems()
    fields = Fields(raw, problems)
    kind = fields.text("transaction_type_id", required=True) or ""
    if kind and kind not in CONTACT_PAYMENTS:
        fields.wrong("transaction_type_id", messages.TRANSACTION_TYPE)
    side, leaves = CONTACT_PAYMENTS.get(kind, (None, True))
    contact = checks.contact(desk, fields, side)
    bank = checks.bank_account(desk, fields)
    day = checks.open_day(desk, fields)
    total = fields.amount("total_amount", required=True)
    money = checks.currency(desk, fields)
    reference = fields.text("reference", longest=25) or ""
    if bank is not None and ref_id(bank["currency"]) not in (money.currency, desk.books.base_currency):
        fields.wrong("bank_account_id", messages.BANK_CURRENCY)
    settled = _allocations(desk, fields, contact, kind, total)
    problems.raise_any()
    if contact is None or bank is None or day is None or total is None:
        raise RuntimeError("a payment passed its checks without contact, bank account, date or total")
    record = _payment(desk, kind, day, total, reference) | {
        "contact": ref("contacts", contact["id"]),
        "bank_account": ref("bank_accounts", bank["id"]),
        "currency": ref("currencies", money.currency),
        "exchange_rate": money.rate,
        "payment_method": ref("payment_methods", fields.text("payment_method_id")),
        "base_currency_net_amount": cents(total * money.rate),
        "base_currency_tax_amount": _ZERO,
        "base_currency_total_amount": cents(total * money.rate),
        "links": [],
        "allocated_artefacts": [
            {
                "id": desk.books.new_id(),
                "artefact": ref(one.table, one.artefact["id"]),
                "amount": one.amount,
                "discount": _ZERO,
            }
            for one in settled
        ],
    }
    record["transaction"] = ref("transactions", _book_contact_payment(desk, record, bank, settled, leaves=leaves))
    stored = desk.books.put("contact_payments", record)
    for one in settled:
        _settle(desk, one.table, str(one.artefact["id"]), stored, one.amount)
    return stored


def create_other_payment(desk: Desk, raw: Any) -> Record:
    """Record a payment or receipt straight against a bank account. Raises RefusedError."""
    problems = Problems()
    fields = Fields(raw, problems)
    kind = fields.text("transaction_type_id", required=True) or ""
    if kind and kind not in ("OTHER_PAYMENT", "OTHER_RECEIPT"):
        fields.wrong("transaction_type_id", messages.TRANSACTION_TYPE)
    contact = checks.contact(desk, fields, None, required=False)
    bank = checks.bank_account(desk, fields)  # that a bank account is needed is assumed: the description says optional
    day = checks.open_day(desk, fields)
    total = fields.amount("total_amount", required=True)
    reference = fields.text("reference", longest=25) or ""
    side: Side = "sales" if kind == "OTHER_RECEIPT" else "purchase"
    rows = fields.rows("payment_lines", required=True)
    area = checks.AREAS.get(kind, "other_payments")
    read = [_other_line(desk, Fields(row, problems, "payment_lines."), side, area, day) for row in rows]
    if total is not None and not problems.errors and sum((one["total_amount"] for one in read), _ZERO) != total:
        fields.wrong("total_amount", messages.HEADER_TOTAL)
    problems.raise_any()
    if bank is None or day is None or total is None:
        raise RuntimeError("an other payment passed its checks without bank account, date or total")
    record = _payment(desk, kind, day, total, reference) | {
        "contact": ref("contacts", contact["id"] if contact else None),
        "bank_account": ref("bank_accounts", bank["id"]),
        "payment_method": ref("payment_methods", fields.text("payment_method_id")),
        "net_amount": sum((one["net_amount"] for one in read), _ZERO),
        "tax_amount": sum((one["tax_amount"] for one in read), _ZERO),
        "payment_lines": read,
        "deletable": True,
    }
    record["transaction"] = ref("transactions", _book_other_payment(desk, record, bank, side))
    return desk.books.put("other_payments", record)


def delete(desk: Desk, table: str, record_id: str) -> None:
    """Delete a payment: what it settled is outstanding again. Raises RefusedError (404)."""
    record = desk.books.live(table, record_id)
    if record is None:
        raise not_found()
    at = stamp(desk.now)
    retract(desk.books, str(ref_id(record["transaction"])), desk.now)
    desk.books.put(table, {**record, "deleted_at": at, "updated_at": at})
    for one in record.get("allocated_artefacts", []):
        _settle(desk, one["artefact"]["$in"], one["artefact"]["id"], record, -one["amount"])


def _allocations(
    desk: Desk, fields: Fields, contact: Record | None, kind: str, total: Decimal | None
) -> list[_Allocation]:
    found = []
    for row in fields.rows("allocated_artefacts"):
        one = Fields(row, fields.problems, "allocated_artefacts.")
        key, amount = one.text("artefact_id", required=True), one.amount("amount", required=True)
        match = _artefact(desk.books, key)
        if key is None or amount is None:
            continue
        if match is None:
            one.wrong("artefact_id", messages.UNKNOWN_REFERENCE.format(what="artefact"))
        elif not _allocatable(match, contact, kind):
            one.wrong("artefact_id", messages.NOT_ALLOCATABLE)
        elif amount <= 0 or amount > match[1]["outstanding_amount"]:
            one.wrong("amount", messages.ALLOCATED_TOO_MUCH)
        else:
            found.append(_Allocation(match[0], match[1], amount))
    if total is not None and sum((one.amount for one in found), _ZERO) > total:
        fields.wrong("allocated_artefacts", messages.ALLOCATED_OVER_TOTAL)
    return found


def _artefact(books: Books, key: str | None) -> tuple[str, Record] | None:
    for table in (*artefacts.KINDS, *quick_entries.KINDS):
        if found := books.live(table, key):
            return table, found
    return None


def _allocatable(match: tuple[str, Record], contact: Record | None, kind: str) -> bool:
    """Payments and receipts settle invoices of the same contact, refunds its credit notes."""
    table, artefact = match
    if contact is None or kind not in CONTACT_PAYMENTS or ref_id(artefact["status"]) in ("DRAFT", "VOID"):
        return False
    side, _ = CONTACT_PAYMENTS[kind]
    credit = "credit_note" in table or ref_id(artefact.get("quick_entry_type")) == "CREDIT_NOTE"
    mine = ref_id(artefact["contact"]) == contact["id"]
    return mine and table.startswith(side) and credit == kind.endswith("_REFUND")


def _settle(desk: Desk, table: str, artefact_id: str, payment: Record, amount: Decimal) -> None:
    """Pay a part of a document, or take the payment back when the amount is negative."""
    artefact = desk.books.tables[table][artefact_id]
    outstanding = artefact["outstanding_amount"] - amount
    paid = artefact["total_amount"] - outstanding
    status = "PAID" if not outstanding else "PART_PAID" if paid else "UNPAID"
    kept = [one for one in artefact["payments_allocations"] if one["contact_payment"]["id"] != payment["id"]]
    if amount > 0:
        kept.append(
            {
                "date": payment["date"],
                "type": "contact_payment",
                "reference": payment["reference"],
                "amount": amount,
                "discount": _ZERO,
                "contact_payment": ref("contact_payments", payment["id"]),
                "displayed_as": payment["displayed_as"],
            }
        )
    last_paid = payment["date"] if amount > 0 else None
    # Quick entries have no such totals.
    totals = {"total_paid": paid, "payments_allocations_total_amount": paid, "last_paid": last_paid}
    changes = {name: value for name, value in totals.items() if name in artefact} | {
        "outstanding_amount": outstanding,
        "base_currency_outstanding_amount": cents(outstanding * artefact["exchange_rate"]),
        "status": ref("artefact_statuses", status),
        "payments_allocations": kept,
        "updated_at": stamp(desk.now),
    }
    desk.books.put(table, {**artefact, **changes})


def _payment(desk: Desk, kind: str, day: date, total: Decimal, reference: str) -> Record:
    at = stamp(desk.now)
    return {
        "id": desk.books.new_id(),
        "displayed_as": reference,
        "created_at": at,
        "updated_at": at,
        "deleted_at": None,
        "transaction_type": ref("transaction_types", kind),
        "date": day.isoformat(),
        "net_amount": total,
        "tax_amount": _ZERO,
        "total_amount": total,
        "reference": reference,
        "editable": True,
    }


def _other_line(desk: Desk, fields: Fields, side: Side, area: str, day: date | None) -> Record:
    account = checks.ledger_account(desk, fields, area)
    total = fields.amount("total_amount", required=True) or _ZERO
    rate = checks.tax_rate(desk, fields, side, day)
    # Read beside the request's problems: `taxed` reads it again and tells what is wrong with it.
    net = total - (Fields(fields.raw, Problems()).amount("tax_amount") or _ZERO)
    tax = lines.taxed(desk, fields, rate, net, day)
    sent_net = fields.amount("net_amount")
    if sent_net is not None and sent_net != net:
        fields.wrong("net_amount", messages.LINE_NET)
    details = fields.text("details") or ""
    return {
        "id": desk.books.new_id(),
        "displayed_as": details,
        "ledger_account": ref("ledger_accounts", account),
        "details": details,
        "tax_rate": ref("tax_rates", rate["id"] if rate else None),
        "net_amount": net,
        "tax_amount": tax,
        "total_amount": total,
        "analysis_type_categories": checks.analysis(desk, fields),
    }


def _book_contact_payment(
    desk: Desk, record: Record, bank: Record, settled: Sequence[_Allocation], *, leaves: bool
) -> str:
    """Bank against the contact's control account; what exchange rates moved since the document is gain or loss."""
    books, total = desk.books, record["base_currency_total_amount"]
    name = desk.books.tables["contacts"][record["contact"]["id"]]["name"]
    allocated = sum((one.amount for one in settled), _ZERO)
    owed = sum((cents(one.amount * one.artefact["exchange_rate"]) for one in settled), _ZERO)
    owed += total - cents(allocated * record["exchange_rate"])
    direction = -1 if leaves else 1
    purchase = record["transaction_type"]["id"].startswith("VENDOR")
    control = books.control("TRADE_CREDITORS" if purchase else "TRADE_DEBTORS")
    postings = [
        Posting(str(ref_id(bank["ledger_account"])), direction * total, name),
        Posting(control, -direction * owed, name),
        Posting(books.control("EXCHANGE_RATE_GAINS"), direction * (owed - total), "Exchange rate difference"),
    ]
    return post(books, _source("contact_payments", record, total), postings, desk.now)


def _book_other_payment(desk: Desk, record: Record, bank: Record, side: Side) -> str:
    books = desk.books
    direction = 1 if side == "purchase" else -1
    own = ref_id(bank["currency"]) or books.base_currency
    known = books.find("business_exchange_rates", lambda one: ref_id(one["currency"]) == own)
    rate = known["inverse_rate"] if known and own != books.base_currency else Decimal(1)
    postings = []
    for one in record["payment_lines"]:
        net, tax = cents(one["net_amount"] * rate), cents(one["tax_amount"] * rate)
        account, tax_rate = str(ref_id(one["ledger_account"])), ref_id(one["tax_rate"])
        postings.append(Posting(account, direction * net, one["details"], tax_rate))
        postings.append(
            Posting(books.control("TAX_ON_PURCHASES" if side == "purchase" else "TAX_ON_SALES"), direction * tax, "Tax")
        )
    total = sum((one.amount for one in postings), _ZERO)
    postings.append(Posting(str(ref_id(bank["ledger_account"])), -total, record["reference"]))
    return post(books, _source("other_payments", record, abs(total)), postings, desk.now)


def _source(table: str, record: Record, total: Decimal) -> Source:
    return Source(
        table,
        record["id"],
        record["transaction_type"]["id"],
        date.fromisoformat(record["date"]),
        record["reference"],
        ref_id(record["contact"]),
        total,
        record["total_amount"],
    )
