"""ApprovalMax on an organisation of the sandbox's Xero."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

from sandbox.approvalmax.answers import Record, to_json
from sandbox.approvalmax.ledgers import DocumentState, File, LedgerRefusedError
from sandbox.xero import accounting
from sandbox.xero.books import Books
from sandbox.xero.state import XeroState
from sandbox.xero.wire import ApiAnswer, ApiCall, XeroUser

_APP = "approvalmax"
_USER = XeroUser("5f0c6d1e-0000-4000-8000-00000000a4a4", "ApprovalMax", "xero@approvalmax.example.com", "STANDARD")
_STATES: Mapping[str, DocumentState] = {
    "SUBMITTED": "waiting",
    "AUTHORISED": "approved",
    "PAID": "approved",
    "DRAFT": "draft",
    "VOIDED": "gone",
    "DELETED": "gone",
}


class XeroLedger:
    """Reads the books, writes through the Accounting API's own rules."""

    kind: Literal["xero"] = "xero"

    def __init__(self, state: XeroState, tenant_id: str) -> None:
        self._state = state
        self._tenant_id = tenant_id

    @property
    def _books(self) -> Books:
        return self._state.books[self._tenant_id]

    @property
    def external_id(self) -> str:
        return self._tenant_id

    @property
    def name(self) -> str:
        return str(self._books.organisation["Name"])

    @property
    def country(self) -> str:
        return str(self._books.organisation["CountryCode"])

    @property
    def currency(self) -> str:
        return self._books.base_currency

    def lists(self) -> Mapping[str, list[Record]]:
        tables = self._books.tables
        active = {name: [one for one in rows.values() if _active(one)] for name, rows in tables.items()}
        return {
            "contacts": [{"contactId": one["ContactID"], "name": one["Name"]} for one in active["Contacts"]],
            "accounts": [_account(one) for one in active["Accounts"]],
            "tax-rates": [
                {"taxCode": one["TaxType"], "name": one["Name"], "rate": one["EffectiveRate"]}
                for one in active["TaxRates"]
            ],
            "tracking-categories": [_category(one) for one in active["TrackingCategories"]],
            "items": [
                {"itemId": one["ItemID"], "itemCode": one["Code"], "name": one["Name"]} for one in active["Items"]
            ],
            "currencies": [{"currencyCode": one["Code"]} for one in active["Currencies"]],
        }

    def bills(self) -> Mapping[str, Record]:
        """Bills awaiting approval: SUBMITTED."""
        return {
            key: self._request(one)
            for key, one in self._books.tables["Invoices"].items()
            if one["Type"] == "ACCPAY" and one["Status"] == "SUBMITTED"
        }

    def state_of(self, document_id: str) -> DocumentState:
        found = self._books.get("Invoices", document_id)
        return _STATES[found["Status"]] if found else "gone"

    def settle(self, document_id: str, now: datetime, *, approved: bool) -> None:
        status = "AUTHORISED" if approved else "DRAFT"
        self._call("POST", f"/Invoices/{document_id}", to_json({"Status": status}), now)

    def create(self, request: Record, files: list[File], now: datetime) -> str:
        invoice = {
            "Type": "ACCPAY",
            "Status": "AUTHORISED",
            "Contact": {"ContactID": request["contactId"]} if request["contactId"] else {"Name": request["contact"]},
            "Date": request["date"],
            "DueDate": request["dueDate"],
            "InvoiceNumber": request["documentNumber"],
            "CurrencyCode": request["currencyCode"],
            "LineAmountTypes": request["taxType"],
            "LineItems": [_xero_line(line) for line in request["lineItems"]],
            "Url": request["externalUrl"],
        }
        made = json.loads(self._call("PUT", "/Invoices", to_json({"Invoices": [invoice]}), now).body)
        document_id = str(made["Invoices"][0]["InvoiceID"])
        for file in files:
            self._call("PUT", f"/Invoices/{document_id}/Attachments/{quote(file.name, safe='')}", file.content, now)
        return document_id

    def _call(self, method: str, path: str, body: bytes, now: datetime) -> ApiAnswer:
        content_type = "application/octet-stream" if "/Attachments/" in path else "application/json"
        headers = {"accept": "application/json", "content-type": content_type}
        call = ApiCall(method, path, {}, headers, body, now, _USER, _APP, "ApprovalMax", frozenset())
        answer = accounting.answer(self._books, call)
        if answer.status != 200:
            raise LedgerRefusedError(_message(answer))
        self._state.webhooks.send(self._tenant_id, answer.events)
        return answer

    def _request(self, invoice: Record) -> Record:
        contact = self._books.tables["Contacts"][invoice["Contact"]["ContactID"]]
        files = self._books.attachments.get(invoice["InvoiceID"], [])
        return {
            "documentNumber": invoice.get("InvoiceNumber"),
            "reference": invoice.get("Reference") or None,
            "externalUrl": f"https://go.xero.com/AccountsPayable/View.aspx?InvoiceID={invoice['InvoiceID']}",
            "contactId": contact["ContactID"],
            "contact": contact["Name"],
            "date": invoice["Date"],
            "dueDate": invoice.get("DueDate"),
            "currencyCode": invoice["CurrencyCode"],
            "taxType": invoice["LineAmountTypes"],
            "subTotal": invoice["SubTotal"],
            "totalTax": invoice["TotalTax"],
            "total": invoice["Total"],
            "lineItems": [self._line(line) for line in invoice["LineItems"]],
            "attachments": [
                {"attachmentId": one.attachment_id, "fileName": one.file_name, "fileSize": len(one.content)}
                for one in files
            ],
        }

    def _line(self, line: Record) -> Record:
        account = self._books.find("Accounts", "code", line["AccountCode"]) if line.get("AccountCode") else None
        rate = self._books.get("TaxRates", line.get("TaxType"))
        return {
            "description": line.get("Description"),
            "quantity": line.get("Quantity"),
            "itemPrice": line.get("UnitAmount"),
            "amount": line.get("LineAmount"),
            "account": account["Name"] if account else None,
            "accountCode": line.get("AccountCode"),
            "accountId": account["AccountID"] if account else None,
            "itemCode": line.get("ItemCode"),
            "taxCode": line.get("TaxType"),
            "taxRate": rate["EffectiveRate"] if rate else None,
            "discountRate": line.get("DiscountRate"),
            "tracking": [_tracked(one) for one in line.get("Tracking", [])],
        }


def _active(record: Record) -> bool:
    return (record.get("Status") or record.get("ContactStatus") or "ACTIVE") == "ACTIVE"


def _account(account: Record) -> Record:
    names = {"accountId": "AccountID", "accountCode": "Code", "name": "Name", "type": "Type"}
    return {mine: account.get(theirs) for mine, theirs in names.items()}


def _category(category: Record) -> Record:
    options = [
        {"optionId": one["TrackingOptionID"], "optionName": one["Name"]} for one in category["Options"] if _active(one)
    ]
    return {"categoryId": category["TrackingCategoryID"], "categoryName": category["Name"], "options": options}


def _tracked(one: Record) -> Record:
    return {
        "categoryId": one.get("TrackingCategoryID"),
        "categoryName": one.get("Name"),
        "optionId": one.get("TrackingOptionID"),
        "optionName": one.get("Option"),
    }


def _xero_line(line: Record) -> Record:
    written: Record = {
        "Description": line["description"],
        "Quantity": line["quantity"],
        "UnitAmount": line["itemPrice"],
        "AccountCode": line["accountCode"],
        "TaxType": line["taxCode"],
        "ItemCode": line.get("itemCode"),
        "Tracking": [
            {"TrackingCategoryID": one["categoryId"], "TrackingOptionID": one["optionId"]} for one in line["tracking"]
        ],
    }
    return {name: value for name, value in written.items() if value not in (None, [])}


def _message(answer: ApiAnswer) -> str:
    """The ledger's first words on what is wrong."""
    try:
        body: dict[str, Any] = json.loads(answer.body, parse_float=Decimal)
        element = (body.get("Elements") or [{}])[0]
        errors = [one["Message"] for one in element.get("ValidationErrors", [])]
        return "; ".join(errors) or str(body.get("Message") or body)
    except ValueError:
        return answer.body.decode("utf-8", "replace")
