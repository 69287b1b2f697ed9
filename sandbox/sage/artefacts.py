"""Invoices and credit notes of both sides: created, released, voided.

Fields and lengths of the published description; "status_id": "DRAFT" and POST .../release for drafts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.sage import checks, lines, messages
from sandbox.sage.books import Books
from sandbox.sage.checks import Desk, Money, Side
from sandbox.sage.formats import Fields, Problems, Record, cents, invalid, not_found, ref, ref_id, stamp
from sandbox.sage.lines import Line
from sandbox.sage.postings import Posting, Source, post, retract

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Kind:
    """One resource of documents. `sign` is 1 where the contact is owed or owes more by it."""

    table: str
    wrapper: str
    transaction_type: str
    lines: str
    side: Side
    sign: int
    number: str | None = None
    prefix: str = ""


KINDS: Mapping[str, Kind] = {
    kind.table: kind
    for kind in (
        Kind("purchase_invoices", "purchase_invoice", "PURCHASE_INVOICE", "invoice_lines", "purchase", 1),
        Kind("sales_invoices", "sales_invoice", "SALES_INVOICE", "invoice_lines", "sales", 1, "invoice_number", "SI-"),
        Kind(
            "purchase_credit_notes", "purchase_credit_note", "PURCHASE_CREDIT_NOTE", "credit_note_lines", "purchase", -1
        ),
        Kind(
            "sales_credit_notes",
            "sales_credit_note",
            "SALES_CREDIT_NOTE",
            "credit_note_lines",
            "sales",
            -1,
            "credit_note_number",
            "SCN-",
        ),
    )
}


def create(desk: Desk, kind: Kind, raw: Any) -> Record:
    """Record a document. Raises RefusedError with everything that is wrong; nothing is stored then."""
    problems = Problems()
    fields = Fields(raw, problems)
    contact = checks.contact(desk, fields, kind.side)
    day = checks.open_day(desk, fields)
    due = fields.day("due_date", required=kind.table == "purchase_invoices")
    if day and due and due < day:
        fields.wrong("due_date", messages.DUE_BEFORE_DATE)
    money = checks.currency(desk, fields)
    texts = _texts(fields, kind)
    number = _number(desk.books, kind, fields)
    status = fields.text("status_id") or "UNPAID"
    if status not in ("DRAFT", "UNPAID"):
        fields.wrong("status_id", messages.STATUS)
    reverse_charge = checks.reverse_charge(desk, fields)
    rows = fields.rows(kind.lines, required=True)
    read = lines.read_lines(desk, rows, kind.lines, side=kind.side, day=day, money=money, problems=problems)
    if not problems.errors:
        _compare_totals(fields, *_sums(read, reverse_charge=reverse_charge))
        _refuse_twice(desk, kind, fields, contact, texts)
    problems.raise_any()
    if contact is None or day is None:
        raise RuntimeError("a document without contact or date passed its checks")
    net, tax = _sums(read, reverse_charge=reverse_charge)
    record = _record(desk, kind, contact, money, read, net=net, tax=tax) | texts | number
    record |= {
        "vat_reverse_charge": reverse_charge,
        "date": day.isoformat(),
        "status": ref("artefact_statuses", status),
        "displayed_as": _shown(kind, number, texts),
    }
    record |= _dates(kind, fields, due.isoformat() if due else None)
    if status != "DRAFT":
        record["transaction"] = ref("transactions", _book(desk, kind, record, read, money))
    return desk.books.put(kind.table, record)


def release(desk: Desk, kind: Kind, record_id: str) -> Record:
    """Make a draft count. Raises RefusedError (404, 422)."""
    record = desk.books.live(kind.table, record_id)
    if record is None:
        raise not_found()
    if ref_id(record["status"]) != "DRAFT":
        raise invalid(messages.NOT_A_DRAFT, "status_id")
    problems = Problems()
    checks.open_day(desk, Fields(record, problems))
    problems.raise_any()
    read = [_line_of(one) for one in record[kind.lines]]
    money = Money(str(ref_id(record["currency"])), record["exchange_rate"])
    transaction = _book(desk, kind, record, read, money)
    changed = {"status": ref("artefact_statuses", "UNPAID"), "updated_at": stamp(desk.now)}
    return desk.books.put(kind.table, {**record, **changed, "transaction": ref("transactions", transaction)})


def void(books: Books, table: str, record_id: str, reason: str | None, now: datetime) -> Record:
    """Void a document, or delete a draft: a voided one stays listed with status VOID (assumed), a draft vanishes.

    Raises RefusedError: 404, 422 with payments or a second time.
    """
    record = books.live(table, record_id)
    if record is None:
        raise not_found()
    if ref_id(record["status"]) == "VOID":
        raise invalid(messages.VOIDED)
    if record["payments_allocations"]:
        raise invalid(messages.HAS_PAYMENTS)
    if record.get("tax_reconciled"):
        raise invalid(messages.RECONCILED)
    at = stamp(now)
    if ref_id(record["status"]) == "DRAFT":
        return books.put(table, {**record, "deleted_at": at, "updated_at": at})
    retract(books, str(ref_id(record["transaction"])), now)
    gone: Record = {"outstanding_amount": _ZERO, "base_currency_outstanding_amount": _ZERO}
    if "void_reason" in record:  # quick entries have none
        gone["void_reason"] = reason
    return books.put(table, {**record, **gone, "status": ref("artefact_statuses", "VOID"), "updated_at": at})


def _texts(fields: Fields, kind: Kind) -> Record:
    texts = {"reference": 25, "notes": 2000}
    if kind.side == "purchase":
        texts["vendor_reference"] = 31
    return {name: fields.text(name, longest=longest) or "" for name, longest in texts.items()}


def _number(books: Books, kind: Kind, fields: Fields) -> Record:
    """Sales documents are numbered: as sent and not taken, else the next."""
    if kind.number is None:
        return {}
    name = kind.number
    taken = {one[name] for one in books.rows(kind.table)}
    sent = fields.text(name, longest=20)
    if sent in taken:
        fields.wrong(name, messages.NUMBER_TAKEN)
    free = next(str(n) for n in range(len(taken) + 1, 2 * len(taken) + 2) if str(n) not in taken)
    return {name: sent or free, f"{name}_prefix": fields.text(f"{name}_prefix", longest=6) or kind.prefix}


def _sums(read: list[Line], *, reverse_charge: bool) -> tuple[Decimal, Decimal]:
    """What a document comes to without tax, and the tax that is owed with it: the lines', less what is reversed."""
    net, tax = sum((one.net for one in read), _ZERO), sum((one.tax for one in read), _ZERO)
    return net, tax * checks.REVERSE_CHARGE_OWED if reverse_charge else tax


def _compare_totals(fields: Fields, net: Decimal, tax: Decimal) -> None:
    """Totals that were sent must be those of the lines (assumed to the cent)."""
    for name, message, worth in (
        ("net_amount", messages.HEADER_NET, net),
        ("tax_amount", messages.HEADER_TAX, tax),
        ("total_amount", messages.HEADER_TOTAL, net + tax),
    ):
        sent = fields.amount(name)
        if sent is not None and sent != worth:
            fields.wrong(name, message)
    if net + tax < 0:
        fields.wrong("total_amount", messages.NEGATIVE_TOTAL)


def _refuse_twice(desk: Desk, kind: Kind, fields: Fields, contact: Record | None, texts: Record) -> None:
    name = "vendor_reference" if kind.side == "purchase" else "reference"
    if not desk.rules.refuse_duplicates or not texts[name] or contact is None:
        return
    same = desk.books.find(
        kind.table,
        lambda one: (
            one[name] == texts[name] and ref_id(one["contact"]) == contact["id"] and ref_id(one["status"]) != "VOID"
        ),
    )
    if same is not None:
        fields.wrong(name, messages.DUPLICATE)


def _shown(kind: Kind, number: Record, texts: Record) -> str:
    if kind.number:
        return f"{number[f'{kind.number}_prefix']}{number[kind.number]}"
    return str(texts["reference"] or texts["vendor_reference"])


def _dates(kind: Kind, fields: Fields, due: str | None) -> Record:
    if kind.sign < 0:
        original = fields.day("original_invoice_date")
        return {"original_invoice_date": original.isoformat() if original else None}
    return {"due_date": due}


def _record(
    desk: Desk, kind: Kind, contact: Record, money: Money, read: list[Line], *, net: Decimal, tax: Decimal
) -> Record:
    total, at = net + tax, stamp(desk.now)
    base_net, base_tax = cents(net * money.rate), cents(tax * money.rate)
    record = {
        "id": desk.books.new_id(),
        "created_at": at,
        "updated_at": at,
        "deleted_at": None,
        "links": [],
        "editable": True,
        "transaction": None,
        "transaction_type": ref("transaction_types", kind.transaction_type),
        "contact": ref("contacts", contact["id"]),
        "contact_name": contact["name"],
        "contact_reference": contact["reference"] or "",
        "total_quantity": sum((one.quantity for one in read), _ZERO),
        "net_amount": net,
        "tax_amount": tax,
        "total_amount": total,
        "payments_allocations_total_amount": _ZERO,
        "payments_allocations_total_discount": _ZERO,
        "total_paid": _ZERO,
        "outstanding_amount": total,
        "currency": ref("currencies", money.currency),
        "exchange_rate": money.rate,
        "inverse_exchange_rate": 1 / money.rate,
        "base_currency_net_amount": base_net,
        "base_currency_tax_amount": base_tax,
        "base_currency_total_amount": base_net + base_tax,
        "base_currency_outstanding_amount": base_net + base_tax,
        "void_reason": None,
        kind.lines: [one.shown for one in read],
        "tax_analysis": _tax_analysis(read),
        "payments_allocations": [],
        "last_paid": None,
        "tax_reconciled": False,
        "migrated": False,
        "tax_calculation_method": "invoice",
    }
    if kind.side == "sales":
        record["sent"] = False
    return record


def _tax_analysis(read: list[Line]) -> list[Record]:
    """Net, tax and total by tax rate, in the order of the lines."""
    rates = dict.fromkeys(one.tax_rate for one in read if one.tax_rate)
    rows = []
    for rate in rates:
        net = sum((one.net for one in read if one.tax_rate == rate), _ZERO)
        tax = sum((one.tax for one in read if one.tax_rate == rate), _ZERO)
        total = net + tax
        rows.append({"tax_rate": ref("tax_rates", rate), "net_amount": net, "tax_amount": tax, "total_amount": total})
    return rows


def _book(desk: Desk, kind: Kind, record: Record, read: list[Line], money: Money) -> str:
    """Costs or income against the contact's control account; the last cent of a conversion goes to the first line.

    Who buys under reverse charge owes the tax of it to the state, and has it back from there (assumed: as booked by
    hand, on the two tax accounts); who sells has nothing to do with it.
    """
    books = desk.books
    purchase = kind.side == "purchase"
    direction = kind.sign if purchase else -kind.sign
    control = books.control("TRADE_CREDITORS" if purchase else "TRADE_DEBTORS")
    tax_account = books.control("TAX_ON_PURCHASES" if purchase else "TAX_ON_SALES")
    nets = [cents(one.net * money.rate) for one in read]
    if nets:
        nets[0] += record["base_currency_net_amount"] - sum(nets, _ZERO)
    postings = [
        Posting(one.ledger_account, direction * net, one.shown["description"], one.tax_rate)
        for one, net in zip(read, nets, strict=True)
    ]
    postings.append(Posting(tax_account, direction * record["base_currency_tax_amount"], "Tax"))
    if purchase and record.get("vat_reverse_charge"):
        reversed_tax = direction * cents(sum((one.tax for one in read), _ZERO) * money.rate)
        postings.append(Posting(tax_account, reversed_tax, "Reverse charge"))
        postings.append(Posting(books.control("TAX_ON_SALES"), -reversed_tax, "Reverse charge"))
    postings.append(Posting(control, -direction * record["base_currency_total_amount"], record["contact_name"]))
    source = Source(
        kind.table,
        record["id"],
        kind.transaction_type,
        date.fromisoformat(record["date"]),
        record["reference"] or record["displayed_as"],
        ref_id(record["contact"]),
        record["base_currency_total_amount"],
        record["total_amount"],
    )
    return post(books, source, postings, desk.now)


def _line_of(shown: Record) -> Line:
    account, rate = str(ref_id(shown["ledger_account"])), ref_id(shown["tax_rate"])
    return Line(account, rate, shown["net_amount"], shown["tax_amount"], shown["quantity"], shown)
