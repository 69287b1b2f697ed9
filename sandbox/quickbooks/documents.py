"""Bills, expenses, vendor credits, invoices, sales receipts and credit memos: made, changed, voided and deleted.

Sources: the API reference page of each entity; "Handling common errors" for what is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.quickbooks import lines, references, tax
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.entities import PURCHASE_SIDE, SALES_SIDE
from sandbox.quickbooks.errors import business, duplicate_number, invalid_choice, not_in_plan, required
from sandbox.quickbooks.formats import PACIFIC, ZERO, add_days, read_amount, read_day, read_flag, read_text, ref_value
from sandbox.quickbooks.wire import Record

LONGEST_NUMBER = 21
LONGEST_NOTE = 4_000
PAYMENT_TYPES = {"Cash": "Bank", "Check": "Bank", "CreditCard": "Credit Card"}
SIMPLE_START_LACKS = frozenset({"Bill", "VendorCredit", "BillPayment", "Class", "Department"})
# Assumed: the number of a bill, expense or vendor credit is taken only by another one of the same vendor.
NUMBER_UNIQUE_PER_VENDOR = True
_WITH_BALANCE = {"Bill", "VendorCredit", "Invoice", "CreditMemo"}
_SYSTEM = frozenset(
    [
        "TotalAmt",
        "Balance",
        "HomeBalance",
        "HomeTotalAmt",
        "LinkedTxn",
        "MetaData",
        "SyncToken",
        "domain",
        "sparse",
        "Id",
        "status",
    ]
)


@dataclass(frozen=True)
class Wish:
    """What a caller sent: the body without nulls, the time, and the `include` switches of the URL."""

    body: Record
    now: datetime
    include: frozenset[str] = frozenset()


def check_plan(company: Company, entity: str) -> None:
    """Simple Start has no bills (refusing the write with 5020 is assumed). Raises RefusedError."""
    if company.plan == "Simple Start" and entity in SIMPLE_START_LACKS:
        raise not_in_plan(entity)


def checked(company: Company, entity: str, wish: Wish, before: Record | None) -> Record:
    """A document as it will be stored, without its identity. Raises RefusedError."""
    body = {key: value for key, value in wish.body.items() if key not in _SYSTEM and value not in ("", {})}
    body = _header(company, entity, body, wish, before)
    sales = entity in SALES_SIDE
    body, partner = _partner(company, entity, body)
    body = references.currency_of(company, body, partner)
    currency = body["CurrencyRef"]["value"]
    if entity == "Purchase":
        body = _paid_from(company, body, currency)
    made = lines.checked(company, body, currency, sales=sales)
    counted = [one for one in made if one["DetailType"] != "SubTotalLineDetail"]
    taxed = tax.worked_out(company, body, counted, sales=sales)
    _check_amounts(entity, taxed.lines, taxed.total)
    body = {**body, "Line": _answered_lines(taxed, sales=sales), "TotalAmt": taxed.total}
    if taxed.detail is not None:
        body["TxnTaxDetail"] = taxed.detail
    body = _accounts(company, entity, body, currency)
    if entity in _WITH_BALANCE:
        body["Balance"] = taxed.total - _settled(before)
        if body["Balance"] < 0:
            # The wording is assumed.
            raise business("The transaction cannot be changed to less than what has been paid of it.")
    return {**body, "LinkedTxn": before.get("LinkedTxn", []) if before else []}


def voided(record: Record) -> Record:
    """A voided document stays, at nothing. That its note keeps the old one behind "Voided" is assumed."""
    note = record.get("PrivateNote")
    empty = [{**line, "Amount": ZERO} for line in record.get("Line", [])]
    gone: Record = {"TotalAmt": ZERO, "Line": empty, "PrivateNote": f"Voided - {note}" if note else "Voided"}
    if "Balance" in record:
        gone["Balance"] = ZERO
    if "TxnTaxDetail" in record:
        gone["TxnTaxDetail"] = {"TotalTax": ZERO}
    return {**record, **gone, "LinkedTxn": []}


def _header(company: Company, entity: str, body: Record, wish: Wish, before: Record | None) -> Record:
    today = wish.now.astimezone(PACIFIC).date().isoformat()
    body["TxnDate"] = read_day(body.get("TxnDate", today), "TxnDate")
    if "PrivateNote" in body:
        body["PrivateNote"] = read_text(body["PrivateNote"], "PrivateNote", LONGEST_NOTE)
    if "GlobalTaxCalculation" in body and company.country == "US":
        raise business("GlobalTaxCalculation is not applicable to US companies.")
    body = references.department_of(company, body)
    body = _terms(company, body)
    if "DueDate" in body:
        body["DueDate"] = read_day(body["DueDate"], "DueDate")
        if body["DueDate"] < body["TxnDate"]:
            raise business("The due date must be on or after the transaction date.")
    return _numbered(company, entity, body, wish, before)


def _terms(company: Company, body: Record) -> Record:
    term = references.target(company, "Term", body, "SalesTermRef")
    if term is None:
        return body
    due = body.get("DueDate") or add_days(body["TxnDate"], int(term["DueDays"]))
    return {**body, "SalesTermRef": references.ref(term), "DueDate": due}


def _numbered(company: Company, entity: str, body: Record, wish: Wish, before: Record | None) -> Record:
    number = body.get("DocNumber")
    if number is None:
        if entity in SALES_SIDE and not company.preference("SalesFormsPrefs", "CustomTxnNumbers"):
            kept = before.get("DocNumber") if before else None
            return {**body, "DocNumber": kept or _next_number(company, entity)}
        return body
    body["DocNumber"] = read_text(number, "DocNumber", LONGEST_NUMBER)
    allowed = not company.warns_of_duplicates or "allowduplicatedocnum" in wish.include
    if not allowed:
        for other_id in company.numbered(entity, number):
            other = company.tables[entity][other_id]
            if (before is None or other_id != before["Id"]) and _same_partner(entity, body, other):
                raise duplicate_number(number, entity)
    return body


def _next_number(company: Company, entity: str) -> str:
    number = 1001 + len(company.tables[entity])
    while company.numbered(entity, str(number)):
        number += 1
    return str(number)


def _same_partner(entity: str, body: Record, other: Record) -> bool:
    if entity in SALES_SIDE or not NUMBER_UNIQUE_PER_VENDOR:
        return True
    name = "EntityRef" if entity == "Purchase" else "VendorRef"
    return ref_value(body, name) == ref_value(other, name)


def _partner(company: Company, entity: str, body: Record) -> tuple[Record, Record | None]:
    """The vendor or customer, named; an expense may have neither."""
    if entity == "Purchase":
        kind = str((body.get("EntityRef") or {}).get("type", "Vendor"))
        if kind not in {"Vendor", "Customer"}:
            raise invalid_choice("EntityRef.type", kind)
        found = references.target(company, kind, body, "EntityRef")
        return ({**body, "EntityRef": {**references.ref(found), "type": kind}} if found else body), found
    kind = "Vendor" if entity in PURCHASE_SIDE else "Customer"
    name = f"{kind}Ref"
    found = references.needed(company, kind, body, name)
    return {**body, name: references.ref(found)}, found


def _paid_from(company: Company, body: Record, currency: str) -> Record:
    kind = body.get("PaymentType")
    if kind is None:
        raise required("PaymentType")
    if kind not in PAYMENT_TYPES:
        raise invalid_choice("PaymentType", kind)
    account = references.needed(company, "Account", body, "AccountRef")
    if account["AccountType"] != PAYMENT_TYPES[kind]:
        raise business(f"Invalid account type: You need a {PAYMENT_TYPES[kind]} account for this transaction.")
    references.account_in(company, account, currency)
    credit = read_flag(body.get("Credit", False), "Credit")
    if credit and kind != "CreditCard":
        raise business("Credit can only be specified for credit card purchases.")
    method = references.with_name(company, "PaymentMethod", body, "PaymentMethodRef")
    return {**method, "AccountRef": references.ref(account), "Credit": credit}


def _accounts(company: Company, entity: str, body: Record, currency: str) -> Record:
    """The ledger accounts that a document posts to besides its lines."""
    if entity in {"Bill", "VendorCredit"}:
        return _control_account(company, body, "APAccountRef", "Accounts Payable", currency)
    if entity == "SalesReceipt":
        deposit = references.target(company, "Account", body, "DepositToAccountRef") or _undeposited(company)
        return {**body, "DepositToAccountRef": references.ref(deposit)}
    return body


def _control_account(company: Company, body: Record, name: str, kind: str, currency: str) -> Record:
    given = references.target(company, "Account", body, name)
    if given is not None and given["AccountType"] != kind:
        raise business(f"You must specify an account of type {kind}.")
    found = given or control_account(company, kind, currency)
    return {**body, name: references.ref(found)}


def control_account(company: Company, kind: str, currency: str) -> Record:
    """The payable or receivable account of a currency; the first one of that type if there is none."""
    of_kind = [one for one in company.tables["Account"].values() if one["AccountType"] == kind]
    return next((one for one in of_kind if one["CurrencyRef"]["value"] == currency), of_kind[0])


def _undeposited(company: Company) -> Record:
    accounts = company.tables["Account"].values()
    return next(one for one in accounts if one["AccountSubType"] == "UndepositedFunds")


def _check_amounts(entity: str, made: list[Record], total: Decimal) -> None:
    if total < 0:
        raise business("Transaction amount must be 0 or greater.")
    if entity == "Purchase" and not made:
        raise required("Line")


def _answered_lines(taxed: tax.Taxed, *, sales: bool) -> list[Record]:
    if not sales:
        return taxed.lines
    sub_total = {"Amount": taxed.net, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*taxed.lines, sub_total]


def _settled(before: Record | None) -> Decimal:
    """How much of a document had been paid before it was changed."""
    if before is None or "Balance" not in before:
        return ZERO
    return read_amount(before["TotalAmt"], "TotalAmt") - read_amount(before["Balance"], "Balance")


def is_open(company: Company, record: Mapping[str, Any]) -> bool:
    """Whether the books are still open on the document's date."""
    closed = company.preference("AccountingInfoPrefs", "BookCloseDate")
    return closed is None or str(record["TxnDate"]) > str(closed)
