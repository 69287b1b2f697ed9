"""ApprovalMax on a company of the sandbox's QuickBooks Online.

QuickBooks has no bills that await approval: what is made there comes in as Approved, and what is approved in
ApprovalMax is created there.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

from sandbox.approvalmax.answers import Record, to_json
from sandbox.approvalmax.ledgers import DocumentState, File, LedgerRefusedError
from sandbox.quickbooks import accounting
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.state import QuickBooksState
from sandbox.quickbooks.wire import ApiAnswer, ApiCall

# Classes and locations as ApprovalMax's tracking shows them (assumed).
CLASS, LOCATION = "class", "location"
_TAX_MODES = {"Exclusive": "TaxExcluded", "Inclusive": "TaxInclusive", "NoTax": "NotApplicable"}
_TAX_TYPES = {theirs: mine for mine, theirs in _TAX_MODES.items()}
_LONGEST_NUMBER = 21


class QuickBooksLedger:
    """Reads the company, writes through the Accounting API's own rules."""

    kind: Literal["quickbooks"] = "quickbooks"

    def __init__(self, state: QuickBooksState, realm_id: str) -> None:
        self._state = state
        self._realm_id = realm_id

    @property
    def _company(self) -> Company:
        return self._state.companies[self._realm_id]

    @property
    def external_id(self) -> str:
        return self._realm_id

    @property
    def name(self) -> str:
        return str(self._company.info["CompanyName"])

    @property
    def country(self) -> str:
        return self._company.country

    @property
    def currency(self) -> str:
        return self._company.home_currency

    def lists(self) -> Mapping[str, list[Record]]:
        tables = self._company.tables
        active = {name: [one for one in rows.values() if one.get("Active", True)] for name, rows in tables.items()}
        return {
            "contacts": [{"contactId": one["Id"], "name": one["DisplayName"]} for one in active["Vendor"]],
            "accounts": [
                {
                    "accountId": one["Id"],
                    "accountCode": one.get("AcctNum"),
                    "name": one["FullyQualifiedName"],
                    "type": one["AccountType"],
                }
                for one in active["Account"]
            ],
            "tax-rates": [
                {"taxCode": one["Id"], "name": one["Name"], "rate": self._rate(one)} for one in active["TaxCode"]
            ],
            "tracking-categories": [
                _category(CLASS, "Class", active["Class"]),
                _category(LOCATION, "Location", active["Department"]),
            ],
            "items": [{"itemId": one["Id"], "itemCode": one.get("Sku"), "name": one["Name"]} for one in active["Item"]],
            "currencies": [{"currencyCode": one["Code"]} for one in active["CompanyCurrency"]],
        }

    def bills(self) -> Mapping[str, Record]:
        """Every bill there is; requests see to it that each comes in once."""
        return {key: self._request(one) for key, one in self._company.tables["Bill"].items()}

    def state_of(self, document_id: str) -> DocumentState:
        return "approved" if document_id in self._company.tables["Bill"] else "gone"

    def settle(self, document_id: str, now: datetime, *, approved: bool) -> None:  # noqa: ARG002 - a Ledger's method
        raise LedgerRefusedError("QuickBooks Online has no bills that await approval.")

    def create(self, request: Record, files: list[File], now: datetime) -> str:
        vendor_id = request["contactId"] or self._new_vendor(request["contact"], now)
        located = [one["optionId"] for line in request["lineItems"] for one in line["tracking"] if _is(one, LOCATION)]
        bill = {
            "VendorRef": {"value": vendor_id},
            "TxnDate": request["date"],
            "DueDate": request["dueDate"],
            "DocNumber": request["documentNumber"][:_LONGEST_NUMBER],
            "PrivateNote": request["externalUrl"],
            "CurrencyRef": {"value": request["currencyCode"]},
            **({} if self.country == "US" else {"GlobalTaxCalculation": _TAX_MODES[request["taxType"]]}),
            **({"DepartmentRef": {"value": located[0]}} if located else {}),
            "Line": [self._line(line) for line in request["lineItems"]],
        }
        made = self._call("/bill", to_json(bill), "application/json", now)
        document_id = str(made.body["Bill"]["Id"])
        for file in files:
            content_type, body = _upload(file, document_id)
            self._call("/upload", body, content_type, now)
        return document_id

    def _new_vendor(self, name: str, now: datetime) -> str:
        made = self._call("/vendor", to_json({"DisplayName": name}), "application/json", now)
        return str(made.body["Vendor"]["Id"])

    def _line(self, line: Record) -> Record:
        classes = [one["optionId"] for one in line["tracking"] if _is(one, CLASS)]
        detail = {
            "AccountRef": {"value": line["accountId"]},
            **({"TaxCodeRef": {"value": line["taxCode"]}} if line["taxCode"] and self.country != "US" else {}),
            **({"ClassRef": {"value": classes[0]}} if classes else {}),
        }
        kind = "AccountBasedExpenseLineDetail"
        return {"DetailType": kind, "Amount": line["amount"], "Description": line["description"], kind: detail}

    def _call(self, path: str, body: bytes, content_type: str, now: datetime) -> ApiAnswer:
        headers = {"accept": "application/json", "content-type": content_type}
        call = ApiCall("POST", path, {"minorversion": "75"}, headers, body, now)
        answer = accounting.answer(self._company, call)
        if answer.status != 200:
            raise LedgerRefusedError(_message(answer.body))
        self._state.webhooks.send(self._realm_id, answer.events)
        return answer

    def _rate(self, code: Record) -> Decimal:
        details = code.get("PurchaseTaxRateList", {}).get("TaxRateDetail", [])
        rates = self._company.tables["TaxRate"]
        return sum((Decimal(rates[one["TaxRateRef"]["value"]]["RateValue"]) for one in details), Decimal(0))

    def _request(self, bill: Record) -> Record:
        vendor = self._company.tables["Vendor"][bill["VendorRef"]["value"]]
        tax = bill.get("TxnTaxDetail", {}).get("TotalTax", Decimal(0))
        return {
            "documentNumber": bill.get("DocNumber"),
            "reference": None,
            "externalUrl": f"https://app.qbo.intuit.com/app/bill?txnId={bill['Id']}",
            "contactId": vendor["Id"],
            "contact": vendor["DisplayName"],
            "date": bill["TxnDate"],
            "dueDate": bill.get("DueDate"),
            "currencyCode": bill.get("CurrencyRef", {}).get("value", self.currency),
            "taxType": _TAX_TYPES.get(bill.get("GlobalTaxCalculation", "NotApplicable"), "NoTax"),
            "subTotal": bill["TotalAmt"] - tax,
            "totalTax": tax,
            "total": bill["TotalAmt"],
            "lineItems": [_pulled_line(line) for line in bill["Line"]],
            "attachments": [],
        }


def _category(category_id: str, name: str, entries: list[Record]) -> Record:
    options = [{"optionId": one["Id"], "optionName": one["FullyQualifiedName"]} for one in entries]
    return {"categoryId": category_id, "categoryName": name, "options": options}


def _is(tracked: Record, category_id: str) -> bool:
    return bool(tracked["categoryId"] == category_id)


def _pulled_line(line: Record) -> Record:
    detail = line.get(line.get("DetailType", ""), {})
    return {
        "description": line.get("Description"),
        "quantity": detail.get("Qty", Decimal(1)),
        "itemPrice": detail.get("UnitPrice", line.get("Amount")),
        "amount": line.get("Amount"),
        "accountId": detail.get("AccountRef", {}).get("value"),
        "itemId": detail.get("ItemRef", {}).get("value"),
        "taxCode": detail.get("TaxCodeRef", {}).get("value"),
        "tracking": [],
    }


def _upload(file: File, bill_id: str) -> tuple[str, bytes]:
    """Content type and body of an upload of one file to a bill."""
    boundary = uuid4().hex
    reference = {"EntityRef": {"type": "Bill", "value": bill_id}}
    metadata = json.dumps({"FileName": file.name, "AttachableRef": [reference]})
    name = file.name.replace('"', "")
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file_metadata_01"; filename="metadata.json"\r\n'
        f"Content-Type: application/json\r\n\r\n{metadata}\r\n".encode(),
        f'--{boundary}\r\nContent-Disposition: form-data; name="file_content_01"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode(),
        file.content,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _message(body: Any) -> str:
    """The ledger's first words on what is wrong."""
    errors = body.get("Fault", {}).get("Error", []) if isinstance(body, dict) else []
    return "; ".join(str(one.get("Detail") or one.get("Message")) for one in errors) or str(body)
