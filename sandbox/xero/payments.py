"""Payments against invoices, bills and credit notes, and their deletion.

Source: Xero Accounting API, "Payments"; messages from its OpenAPI description unless marked assumed.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.xero import documents, rules, tax
from sandbox.xero.books import Books
from sandbox.xero.formats import InvalidElementError, Record, cents, read_date, read_number, read_text, stamp
from sandbox.xero.wire import ApiCall, WebhookEvent

TOO_MUCH = "Payment amount exceeds the amount outstanding on this document"
NOT_AUTHORISED = "Payments can only be made against Authorised documents"
NOT_ENABLED = "The account selected is not enabled to receive payments."  # assumed wording
NO_ACCOUNT = "The account for the payment could not be found or is not active."  # assumed wording
NO_DOCUMENT = "The document with the supplied id was not found for this endpoint."
NO_AMOUNT = "The payment amount must be greater than zero."  # assumed wording
WRONG_CHANGE = "Payment not of valid status for modification"
WRONG_UPDATE = "A payment can only be deleted: Status DELETED."  # assumed wording
OTHER_CURRENCY = (
    "The payment account's currency must be that of the document or of the organisation."  # assumed wording
)


@dataclass(frozen=True)
class _Target:
    """What is paid: the document and the sort it is."""

    kind: documents.Kind
    name: str
    record: Record

    @property
    def due(self) -> Decimal:
        """What may still be paid, in the document's currency."""
        return Decimal(self.record["AmountDue" if self.name == "Invoice" else "RemainingCredit"])


def save(books: Books, call: ApiCall, element: Record, path: str) -> documents.Saved:
    """One new payment, stored; the document's amount due falls and it turns PAID at zero.

    Raises InvalidElementError, or RefusedError for unreadable values.
    """
    target = _target(books, element)
    account = _account(books, element)
    amount = cents(read_number(element.get("Amount", 0), f"{path}.Amount"))
    day = read_date(element["Date"], f"{path}.Date") if element.get("Date") else call.now.date().isoformat()
    problems = [message for message in _problems(books, call, target, account, amount) if message]
    locked = rules.lock_problem(books, call.user, day)
    if problems or locked or target is None or account is None:
        raise InvalidElementError([*problems, *([locked] if locked else [])])
    rate = element.get("CurrencyRate")
    payment: Record = {
        "PaymentID": books.new_id(),
        "Date": day,
        "Amount": amount,
        "BankAmount": amount,
        "Reference": read_text(element.get("Reference") or "", f"{path}.Reference"),
        "CurrencyRate": read_number(rate, f"{path}.CurrencyRate") if rate else target.record["CurrencyRate"],
        "PaymentType": _payment_type(target),
        "Status": "AUTHORISED",
        "IsReconciled": element.get("IsReconciled") is True,
        "Account": {"AccountID": account["AccountID"]},
        target.name: {f"{target.name}ID": target.record[target.kind.id_field]},
        "UpdatedDateUTC": stamp(call.now),
        "_app": call.app_id,
    }
    books.put("Payments", payment)
    return documents.Saved(payment, _settle(books, call, target, payment, amount), [])


def delete(books: Books, call: ApiCall, payment: Record, element: Record) -> documents.Saved:
    """A payment taken back: POST {"Status": "DELETED"}. The document is open again. Raises InvalidElementError."""
    if element.get("Status") != "DELETED":
        raise InvalidElementError([WRONG_UPDATE])
    if payment["Status"] == "DELETED":
        raise InvalidElementError([WRONG_CHANGE])
    gone = {**payment, "Status": "DELETED", "UpdatedDateUTC": stamp(call.now)}
    books.put("Payments", gone)
    target = _target(books, payment)
    if target is None:
        raise InvalidElementError([NO_DOCUMENT])
    return documents.Saved(gone, _settle(books, call, target, gone, -payment["Amount"]), [])


def _problems(
    books: Books, call: ApiCall, target: _Target | None, account: Record | None, amount: Decimal
) -> list[str | None]:
    found: list[str | None] = [None if call.user.role in ("STANDARD", "FINANCIALADVISER") else rules.NO_RIGHT]
    if target is None:
        found.append(NO_DOCUMENT)
    elif target.record["Status"] not in ("AUTHORISED", "PAID"):
        found.append(NOT_AUTHORISED)
    elif amount > target.due:
        found.append(TOO_MUCH)
    if amount <= 0:
        found.append(NO_AMOUNT)
    if account is None or account["Status"] != "ACTIVE":
        found.append(NO_ACCOUNT)
    elif account["Type"] != "BANK" and not account.get("EnablePaymentsToAccount"):
        found.append(NOT_ENABLED)
    elif target is not None and account.get("CurrencyCode") not in (
        None,
        books.base_currency,
        target.record["CurrencyCode"],
    ):
        found.append(OTHER_CURRENCY)
    return found


def _target(books: Books, element: Record) -> _Target | None:
    """The document named by Invoice{InvoiceID|InvoiceNumber}, CreditNote{...} or InvoiceNumber."""
    for name, table in (("Invoice", "Invoices"), ("CreditNote", "CreditNotes")):
        given = element.get(name)
        given = given if isinstance(given, dict) else {}
        number = given.get(f"{name}Number") or element.get(f"{name}Number")
        found = books.get(table, given.get(f"{name}ID"))
        if found is None and number and not given.get(f"{name}ID"):
            found = books.find(table, "number", str(number))
        if found is not None:
            return _Target(documents.KINDS[table], name, found)
    return None


def _account(books: Books, element: Record) -> Record | None:
    given = element.get("Account")
    given = given if isinstance(given, dict) else {}
    found = books.get("Accounts", given.get("AccountID"))
    code = given.get("Code") or element.get("Code")
    return found or (books.find("Accounts", "code", str(code)) if code else None)


def _payment_type(target: _Target) -> str:
    side = "ACCREC" if target.record["Type"].startswith("ACCREC") else "ACCPAY"
    return f"{side}PAYMENT" if target.name == "Invoice" else f"{side[:1]}{side[3]}CREDITPAYMENT"


def _settle(books: Books, call: ApiCall, target: _Target, payment: Record, amount: Decimal) -> tuple[WebhookEvent, ...]:
    """Book an amount against the document (negative when taken back) and report its change."""
    record = target.record
    paid = {**record, "AmountPaid": record.get("AmountPaid", tax.ZERO) + amount, "UpdatedDateUTC": stamp(call.now)}
    left = target.due - amount
    paid["AmountDue" if target.name == "Invoice" else "RemainingCredit"] = left
    paid["_payments"] = list(dict.fromkeys([*record.get("_payments", []), payment["PaymentID"]]))
    paid["Status"] = "PAID" if left == 0 else "AUTHORISED"
    paid["FullyPaidOnDate"] = payment["Date"] if left == 0 else None
    books.put(target.kind.table, paid)
    return documents.event(call, target.kind, paid, created=False)
