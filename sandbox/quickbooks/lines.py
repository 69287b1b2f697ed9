"""Lines of documents: what each kind demands, and how it is stored and answered."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks import properties, references
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.errors import (
    RefusedError,
    business,
    feature_off,
    invalid_choice,
    invalid_type,
    required,
)
from sandbox.quickbooks.formats import cents, read_amount, read_text, ref_value
from sandbox.quickbooks.wire import Record

LONGEST_DESCRIPTION = 4_000
BILLABLE_CHOICES = ("Billable", "NotBillable", "HasBeenBilled")
BILLABLE_TYPES = frozenset(
    {
        "Expense",
        "Other Expense",
        "Other Current Liability",
        "Other Current Asset",
        "Other Asset",
        "Fixed Asset",
        "Cost of Goods Sold",
    }
)
_PURCHASE_DETAILS = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail", "DescriptionOnly")
_SALES_DETAILS = ("SalesItemLineDetail", "SubTotalLineDetail", "DescriptionOnly")


def checked(company: Company, body: Mapping[str, Any], currency: str, *, sales: bool) -> list[Record]:
    """A document's lines, numbered and with names beside their references.

    Raises RefusedError for a missing or unusable part of a line, by the code that Intuit gives it.
    """
    sent = body.get("Line")
    if sent is None or sent == []:
        raise required("Line")
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise invalid_type("Line", "an array")
    made = [_line(company, one, currency, sales=sales) for one in sent]
    if all(line["DetailType"] in {"DescriptionOnly", "SubTotalLineDetail"} for line in made):
        raise business("You must specify at least one transaction line.")
    return [{**line, "Id": str(at), "LineNum": at} for at, line in enumerate(made, 1)]


def _line(company: Company, sent: Record, currency: str, *, sales: bool) -> Record:
    properties.check_line(sent)
    kind = sent.get("DetailType")
    if kind is None:
        raise required("DetailType")
    if kind not in (_SALES_DETAILS if sales else _PURCHASE_DETAILS):
        raise invalid_choice("DetailType", kind)
    line = {key: value for key, value in sent.items() if key not in {"Id", "LineNum"}}
    if "Description" in line:
        line["Description"] = read_text(line["Description"], "Description", LONGEST_DESCRIPTION)
    if kind in {"DescriptionOnly", "SubTotalLineDetail"}:
        return {**line, "Amount": read_amount(line.get("Amount", Decimal(0)), "Amount")}
    if "Amount" not in line:
        raise required("Amount")
    line["Amount"] = cents(read_amount(line["Amount"], "Amount"))
    detail = line.get(kind)
    if not isinstance(detail, dict):
        raise required(kind)
    return {**line, kind: _detail(company, kind, detail, line["Amount"], currency)}


def _detail(company: Company, kind: str, sent: Record, amount: Decimal, currency: str) -> Record:
    if kind == "AccountBasedExpenseLineDetail":
        detail = _account_based(company, sent, currency)
    else:
        detail = _item_based(company, kind, sent, amount)
    detail = references.class_of(company, detail)
    detail = references.with_name(company, "Customer", detail, "CustomerRef")
    if ref_value(detail, "TaxCodeRef") is None and company.country == "US":
        # Assumed: a line without a code is answered as not taxable.
        detail = {**detail, "TaxCodeRef": {"value": "NON"}}
    return detail


def _account_based(company: Company, detail: Record, currency: str) -> Record:
    account = references.needed(company, "Account", detail, "AccountRef")
    if account["AccountType"] == "Accounts Payable":
        raise business("You cannot use an Accounts Payable account on the lines of this transaction.")
    references.account_in(company, account, currency)
    _check_billable(company, detail, account)
    status = detail.get("BillableStatus", "NotBillable")
    return {**detail, "AccountRef": references.ref(account), "BillableStatus": status}


def _check_billable(company: Company, detail: Record, account: Record) -> None:
    status = detail.get("BillableStatus")
    if status is None:
        return
    if status not in BILLABLE_CHOICES:
        raise invalid_choice("BillableStatus", status)
    if account["AccountType"] not in BILLABLE_TYPES:
        if status == "NotBillable":
            raise business("Invalid billable status NotBillable: the target account is not reimbursable.")
        raise business(
            "For billable expenses you must use an account of one of the following account types: expense, other "
            "expense, other current liabilities, other current assets, other assets, fixed assets or COGS."
        )
    if status == "Billable":
        if not company.preference("VendorAndPurchasesPrefs", "BillableExpenseTracking"):
            raise feature_off("Billable expense tracking")
        if ref_value(detail, "CustomerRef") is None:
            raise business("If this line is billable, you must specify a customer.")


def _item_based(company: Company, kind: str, detail: Record, amount: Decimal) -> Record:
    item = references.needed(company, "Item", detail, "ItemRef")
    if kind == "ItemBasedExpenseLineDetail" and ref_value(item, "ExpenseAccountRef") is None:
        raise business("The item does not have an expense account. You need to specify one before purchasing it.")
    if kind == "SalesItemLineDetail" and ref_value(item, "IncomeAccountRef") is None:
        raise business("The item does not have an income account. You need to specify one before selling it.")
    if "Qty" in detail and "UnitPrice" in detail:
        worth = cents(read_amount(detail["Qty"], "Qty") * read_amount(detail["UnitPrice"], "UnitPrice"))
        if worth != amount:
            text = (
                "Amount calculation incorrect in the request. Amount is not equal to UnitPrice * Qty. Supplied value:"
            )
            raise RefusedError("6070", "Amount calculation incorrect in the request", f"{text}{amount}")
    _check_billable(company, detail, {"AccountType": "Expense"})
    return {**detail, "ItemRef": references.ref(item)}
