"""One business of the sandbox's Sage, called as the shell calls it, without HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.sage import postings, seed
from sandbox.sage.accounting import answer
from sandbox.sage.books import Books
from sandbox.sage.checks import Rules
from sandbox.sage.wire import ApiCall, SageUser

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = {person.email: person for person in seed.people()}
SEEDED = {books.business["name"]: books.to_snapshot() for books in seed.businesses()}
GB, IE, US, CA = (
    "Harbour & Finch Ltd",
    "Liffey Street Design Ltd",
    "Maple Street Bakery Inc",
    "Granville Island Paper Ltd",
)
START = "Corner Shop (Start) Ltd"


def fresh(name: str = GB) -> Books:
    return Books.from_snapshot(SEEDED[name])


@dataclass
class Desk:
    """`books` as one person sees them."""

    books: Books = field(default_factory=fresh)
    user: SageUser = PEOPLE[seed.OWNER]
    scope: str = "full_access"
    now: datetime = NOW
    rules: Rules = field(default_factory=Rules)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """Status, and the body as JSON where it is (else as bytes)."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = ApiCall(method, path, query or {}, "application/json", raw, self.now, self.user, self.scope)
        given = answer(self.books, self.rules, sent)
        is_json = given.media_type == "application/json" and given.body
        return given.status, json.loads(given.body) if is_json else given.body

    def create(self, table: str, element: Mapping[str, Any]) -> Any:
        """What a POST stored, or an AssertionError with the answer."""
        status, body = self.call("POST", f"/{table}", {WRAPPERS[table]: element})
        assert status == 201, body
        return body

    def refused(self, table: str, element: Mapping[str, Any]) -> dict[str, str]:
        """What a 422 says, by source."""
        status, body = self.call("POST", f"/{table}", {WRAPPERS[table]: element})
        assert status == 422, body
        assert {one["$dataCode"] for one in body} == {"RecordInvalid"}
        return {one["$source"]: one["$message"] for one in body}

    def read(self, table: str, record_id: str) -> Any:
        status, body = self.call("GET", f"/{table}/{record_id}")
        assert status == 200, body
        return body

    def contact(self, name: str) -> str:
        return self._id("contacts", "name", name)

    def account(self, code: int) -> str:
        return self._id("ledger_accounts", "nominal_code", code)

    def bank(self, code: int) -> str:
        return self._id("bank_accounts", "nominal_code", code)

    def category(self, name: str) -> str:
        return self._id("analysis_type_categories", "name", name)

    def balances(self) -> dict[str, Decimal]:
        return {code: balance for code, balance in postings.balances(self.books).items() if balance}

    def _id(self, table: str, name: str, value: object) -> str:
        found = self.books.find(table, lambda one: one[name] == value)
        assert found is not None, (table, value)
        return str(found["id"])

    def line(self, code: int = 7520, **changes: Any) -> dict[str, Any]:
        """A line of 40.00 with 8.00 of tax; a value of None leaves a field out."""
        whole = {
            "description": "Paper",
            "ledger_account_id": self.account(code),
            "quantity": 1,
            "unit_price": 40.0,
            "tax_rate_id": f"{self.books.country}_STANDARD",
            "tax_amount": 8.0,
        } | changes
        return _given(whole)

    def bill(self, **changes: Any) -> dict[str, Any]:
        """A purchase invoice of 48.00; a value of None leaves a field out."""
        whole = {
            "contact_id": next(iter(self.books.tables["contacts"])),
            "date": "2026-11-11",
            "due_date": "2026-12-11",
            "reference": "LB0123456789",
            "vendor_reference": "SUP-77",
            "invoice_lines": [self.line()],
        } | changes
        return _given(whole)

    def credit(self, **changes: Any) -> dict[str, Any]:
        """A purchase credit note of 48.00."""
        return self.bill(due_date=None, invoice_lines=None, credit_note_lines=[self.line()], **changes)

    def sale(self, **changes: Any) -> dict[str, Any]:
        """A sales invoice of 48.00."""
        whole = {
            "contact_id": self.contact("City Agency"),
            "vendor_reference": None,
            "invoice_lines": [self.line(4000)],
        } | changes
        return self.bill(**whole)

    def other(self, **changes: Any) -> dict[str, Any]:
        """An other payment of 48.00 from the current account."""
        line = {
            "ledger_account_id": self.account(7310),
            "details": "Fuel",
            "total_amount": 48.0,
            "tax_amount": 8.0,
            "tax_rate_id": "GB_STANDARD",
        }
        whole = {
            "transaction_type_id": "OTHER_PAYMENT",
            "bank_account_id": self.bank(1200),
            "date": "2026-11-11",
            "total_amount": 48.0,
            "reference": "LB-OTHER",
            "payment_lines": [line],
        } | changes
        return _given(whole)

    def quick(self, **changes: Any) -> dict[str, Any]:
        """A purchase quick entry of 48.00."""
        whole = {
            "quick_entry_type_id": "INVOICE",
            "contact_id": self.contact("Northgate Stationers"),
            "date": "2026-11-11",
            "reference": "LB-QUICK",
            "ledger_account_id": self.account(7520),
            "details": "Paper",
            "net_amount": 40.0,
            "tax_rate_id": "GB_STANDARD",
            "tax_amount": 8.0,
            "total_amount": 48.0,
        } | changes
        return _given(whole)

    def payment(self, artefact: Mapping[str, Any], amount: float = 48.0, **changes: Any) -> dict[str, Any]:
        """A payment to the supplier of a bill, from the current account."""
        whole = {
            "transaction_type_id": "VENDOR_PAYMENT",
            "contact_id": artefact["contact"]["id"],
            "bank_account_id": self.bank(1200),
            "date": "2026-11-12",
            "total_amount": amount,
            "allocated_artefacts": [{"artefact_id": artefact["id"], "amount": amount}],
        } | changes
        return _given(whole)


WRAPPERS = {
    "contacts": "contact",
    "purchase_invoices": "purchase_invoice",
    "sales_invoices": "sales_invoice",
    "purchase_credit_notes": "purchase_credit_note",
    "sales_credit_notes": "sales_credit_note",
    "purchase_quick_entries": "purchase_quick_entry",
    "sales_quick_entries": "sales_quick_entry",
    "other_payments": "other_payment",
    "contact_payments": "contact_payment",
    "attachments": "attachment",
}


def _given(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if value is not None}
