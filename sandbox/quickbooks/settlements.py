"""Payments of bills and of invoices: they take from the balance of the documents that they are linked to.

Sources: the BillPayment and Payment reference pages.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.quickbooks import references
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import LONGEST_NOTE, LONGEST_NUMBER, Wish, control_account
from sandbox.quickbooks.errors import business, invalid_choice, no_such_reference, required
from sandbox.quickbooks.formats import PACIFIC, ZERO, cents, read_amount, read_day, read_text, ref_value
from sandbox.quickbooks.wire import Record

# What each kind of payment may settle, and the sign with which it counts.
_SETTLES: Mapping[str, Mapping[str, int]] = {
    "BillPayment": {"Bill": 1, "VendorCredit": -1},
    "Payment": {"Invoice": 1, "CreditMemo": -1},
}
_PAY_TYPES = {"Check": ("CheckPayment", "BankAccountRef", "Bank")}
_PAY_TYPES |= {"CreditCard": ("CreditCardPayment", "CCAccountRef", "Credit Card")}


def checked(company: Company, entity: str, wish: Wish) -> Record:
    """A payment as it will be stored, without its identity. Raises RefusedError."""
    body = {key: value for key, value in wish.body.items() if key not in {"MetaData", "SyncToken", "domain", "sparse"}}
    today = wish.now.astimezone(PACIFIC).date().isoformat()
    body["TxnDate"] = read_day(body.get("TxnDate", today), "TxnDate")
    for name, longest in (("DocNumber", LONGEST_NUMBER), ("PrivateNote", LONGEST_NOTE)):
        if name in body:
            body[name] = read_text(body[name], name, longest)
    kind = "Vendor" if entity == "BillPayment" else "Customer"
    partner = references.needed(company, kind, body, f"{kind}Ref")
    body[f"{kind}Ref"] = references.ref(partner)
    body = references.currency_of(company, body, partner)
    body = _paid_by(company, body) if entity == "BillPayment" else _received_in(company, body)
    if "TotalAmt" not in body:
        raise required("TotalAmt")
    body["TotalAmt"] = cents(read_amount(body["TotalAmt"], "TotalAmt"))
    body["Line"] = [_line(company, entity, body, one, kind) for one in body.get("Line", [])]
    applied = sum((sign * line["Amount"] for line in body["Line"] for sign in _signs(entity, line)), ZERO)
    if applied > body["TotalAmt"]:
        raise business("The total of the lines is more than the amount of the payment.")
    return body if entity == "BillPayment" else {**body, "UnappliedAmt": body["TotalAmt"] - applied}


def apply(company: Company, entity: str, payment: Record, now: datetime, factor: int = 1) -> None:
    """Take the payment from the documents it settles; with factor -1, give it back. Raises RefusedError (6000)."""
    for line in payment["Line"]:
        for link in line["LinkedTxn"]:
            document = company.tables[link["TxnType"]][link["TxnId"]]
            balance: Decimal = document["Balance"] - factor * line["Amount"]
            if balance < 0:
                raise business("You can't apply more than the balance of the linked transaction.")
            others = [one for one in document["LinkedTxn"] if one["TxnId"] != payment["Id"]]
            mine = [{"TxnId": payment["Id"], "TxnType": _link_name(entity, payment)}] if factor > 0 else []
            company.change(link["TxnType"], {**document, "Balance": balance, "LinkedTxn": [*others, *mine]}, now)


def _paid_by(company: Company, body: Record) -> Record:
    kind = body.get("PayType")
    if kind is None:
        raise required("PayType")
    if kind not in _PAY_TYPES:
        raise invalid_choice("PayType", kind)
    holder, name, wanted = _PAY_TYPES[kind]
    detail = body.get(holder) or {}
    account = references.needed(company, "Account", detail, name)
    if account["AccountType"] != wanted:
        raise business(f"Invalid account type: You need to select a {wanted} account for this transaction.")
    references.account_in(company, account, body["CurrencyRef"]["value"])
    payable = control_account(company, "Accounts Payable", body["CurrencyRef"]["value"])
    named = {**detail, name: references.ref(account)}
    return {**body, holder: named, "APAccountRef": references.ref(payable)}


def _received_in(company: Company, body: Record) -> Record:
    body = references.with_name(company, "PaymentMethod", body, "PaymentMethodRef")
    return references.with_name(company, "Account", body, "DepositToAccountRef")


def _line(company: Company, entity: str, body: Record, sent: Any, kind: str) -> Record:
    if not isinstance(sent, dict) or "Amount" not in sent:
        raise required("Line.Amount")
    links = sent.get("LinkedTxn") or []
    if not links:
        raise required("LinkedTxn")
    for link in links:
        if link.get("TxnType") not in _SETTLES[entity]:
            raise invalid_choice("TxnType", link.get("TxnType"))
        found = company.get(link["TxnType"], str(link.get("TxnId")))
        if found is None:
            raise no_such_reference("TxnId", link["TxnType"], str(link.get("TxnId")))
        if ref_value(found, f"{kind}Ref") != ref_value(body, f"{kind}Ref"):
            raise business(f"The {kind.lower()} of the linked transaction is not the {kind.lower()} of the payment.")
        if found["CurrencyRef"]["value"] != body["CurrencyRef"]["value"]:
            raise business("You can only use one foreign currency per transaction.")
    plain = [{"TxnId": str(one["TxnId"]), "TxnType": one["TxnType"]} for one in links]
    return {"Amount": cents(read_amount(sent["Amount"], "Amount")), "LinkedTxn": plain}


def _signs(entity: str, line: Record) -> list[int]:
    return [_SETTLES[entity][one["TxnType"]] for one in line["LinkedTxn"]]


def _link_name(entity: str, payment: Record) -> str:
    if entity == "Payment":
        return "Payment"
    return "BillPaymentCheck" if payment["PayType"] == "Check" else "BillPaymentCreditCard"
