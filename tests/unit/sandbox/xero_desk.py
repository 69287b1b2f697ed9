"""One organisation of the sandbox's Xero, called as the shell calls it, without HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.xero import seed
from sandbox.xero.accounting import answer
from sandbox.xero.books import Books
from sandbox.xero.wire import ApiAnswer, ApiCall, XeroUser

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = {person.email: person for person in seed.people()}
SEEDED = seed.organisations()[0].to_snapshot()
HEADERS = {"accept": "application/json", "content-type": "application/json"}


@dataclass
class Desk:
    """`books` as one person of one app sees them; `last` is the whole answer to the last call."""

    books: Books = field(default_factory=lambda: Books.from_snapshot(SEEDED))
    user: XeroUser = PEOPLE[seed.OWNER]
    now: datetime = NOW
    app_id: str = "app"
    last: ApiAnswer | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status, and the body as JSON where it is (else as bytes)."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = ApiCall(
            method=method,
            path=path,
            query=query or {},
            headers={**HEADERS, **(headers or {})},
            body=raw,
            now=self.now,
            user=self.user,
            app_id=self.app_id,
            app_name="Test app",
            scopes=frozenset(),
        )
        self.last = answer(self.books, sent)
        is_json = "json" in self.last.headers["content-type"]
        return self.last.status, json.loads(self.last.body) if is_json else self.last.body

    def as_person(self, email: str) -> "Desk":
        """The same books, seen by another person."""
        return replace(self, user=PEOPLE[email])

    def create(self, table: str, element: Mapping[str, Any], **query: str) -> Any:
        """The one element stored by a PUT, or an AssertionError with the answer."""
        status, body = self.call("PUT", f"/{table}", {table: [element]}, query)
        assert status == 200, body
        return body[table][0]

    def messages(self, table: str, element: Mapping[str, Any], method: str = "PUT") -> list[str]:
        """The ValidationErrors of a refused element."""
        status, body = self.call(method, f"/{table}", {table: [element]})
        assert status == 400, body
        assert body["Type"] == "ValidationException", body
        return [error["Message"] for error in body["Elements"][0]["ValidationErrors"]]

    def stored(self, table: str) -> list[dict[str, Any]]:
        """The records of a table as the books hold them."""
        return list(self.books.tables[table].values())


def line(**changes: Any) -> dict[str, Any]:
    """A line of 40.00 on general expenses; a value of None leaves a field out."""
    whole = {"Description": "Fuel", "Quantity": 1, "UnitAmount": 40.0, "AccountCode": "429"} | changes
    return {name: value for name, value in whole.items() if value is not None}


def bill(**changes: Any) -> dict[str, Any]:
    """An approved bill of 48.00 with tax; a value of None leaves a field out."""
    whole = {
        "Type": "ACCPAY",
        "Contact": {"Name": "Northgate Stationers"},
        "Date": "2026-11-11",
        "DueDate": "2026-12-11",
        "InvoiceNumber": "SUP-77",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "LineItems": [line()],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def sale(**changes: Any) -> dict[str, Any]:
    """An approved sales invoice of 48.00 with tax."""
    return bill(
        **{
            "Type": "ACCREC",
            "Contact": {"Name": "City Agency"},
            "InvoiceNumber": "S-1",
            "LineItems": [line(AccountCode="200")],
        }
        | changes
    )


def spend(**changes: Any) -> dict[str, Any]:
    """Spend money of 48.00 from the current account."""
    return bill(**{"Type": "SPEND", "BankAccount": {"Code": "090"}, "DueDate": None, "InvoiceNumber": None} | changes)
