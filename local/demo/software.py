"""The accounting software of the demo: whom to connect as, and how the sandbox's books of each are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.person import OWNER
from local.sandbox_client import SandboxControl

Books = dict[str, Any]


@dataclass(frozen=True)
class Software:
    """One provider as the demo meets it.

    `ticked` are the organisations that the person ticks on the consent page (None: all). `records` are the names in
    the sandbox's books under which documents lie, each with the field of its id and of its total.
    """

    name: str
    title: str
    organisation: str
    books_at: str
    records: Mapping[str, tuple[str, str]]
    files_at: str
    create: tuple[str, str]  # the call that creates documents, for a fault: method and path
    currency: str = "GBP"
    tax_code: str | None = None  # of ordinary costs, where several rates are as high
    sells_products: bool = False  # every line of a sale names a product
    slot: str = "main"
    ticked: tuple[str, ...] | None = None
    typed: Mapping[str, str] = field(default_factory=dict)  # credentials, where there is no consent page
    ledger: str | None = None  # whose books its documents lie in, where it has none of its own
    # How the sandbox ends the access that we have: path and body of its control call.
    access_lost: tuple[str, Mapping[str, str]] = ("tokens", {"expire": "access", "user": OWNER})

    def credentials(self, sandbox: SandboxControl) -> dict[str, str]:
        """What a person types in; empty where consent is given on a page."""
        if not self.typed:
            return {}
        known = {one["name"]: one["organisation_id"] for one in sandbox.read(f"/{self.name}/organisations")}
        return {**self.typed, "organization_id": known[self.organisation]}

    @property
    def provider(self) -> str:
        """Whose calls create its documents."""
        return self.ledger or self.name

    def books(self, sandbox: SandboxControl, organisation: str) -> Books:
        wanted = self.organisation if self.ledger else organisation
        found: Books = sandbox.read(f"/{self.provider}/{self.books_at.format(organisation=wanted)}")
        return found

    def new_books(self, books: Books, before: Books) -> Books:
        """The books without the documents and files that were in them before."""
        there = {id_ for id_, _ in self.documents(before)}
        left = {
            name: [record for record in books.get(name, []) if record[id_] not in there]
            for name, (id_, _) in self.records.items()
        }
        files = books[self.files_at]
        if isinstance(files, dict):
            kept: Any = {id_: found for id_, found in files.items() if id_ not in there}
        else:
            kept = [one for one in files if one not in before[self.files_at]]
        return {**books, **left, self.files_at: kept}

    def documents(self, books: Books) -> list[tuple[str, str]]:
        """Id and total of every document in the books."""
        return [
            (record[id_], str(record[total]))
            for name, (id_, total) in self.records.items()
            for record in books.get(name, [])
        ]

    def files(self, books: Books) -> int:
        """How many files lie with documents."""
        found = books[self.files_at]
        return sum(len(files) for files in found.values()) if self.provider == "xero" else len(found)


HARBOUR: Final = "Harbour & Finch Ltd"
XERO: Final = Software(
    "xero",
    "Xero",
    HARBOUR,
    "organisations/{organisation}/books",
    {
        "Invoices": ("InvoiceID", "Total"),
        "CreditNotes": ("CreditNoteID", "Total"),
        "BankTransactions": ("BankTransactionID", "Total"),
    },
    "Attachments",
    ("PUT", "/Invoices"),
)
QUICKBOOKS: Final = Software(
    "quickbooks",
    "QuickBooks Online",
    HARBOUR,
    "companies/{organisation}/books",
    dict.fromkeys(("Bill", "Purchase", "VendorCredit", "Invoice", "SalesReceipt", "CreditMemo"), ("Id", "TotalAmt")),
    "Attachable",
    ("POST", "/batch"),
    sells_products=True,
    ticked=(HARBOUR,),
)
SAGE: Final = Software(
    "sage",
    "Sage Accounting",
    HARBOUR,
    "businesses/{organisation}/books",
    dict.fromkeys(
        (
            "purchase_invoices",
            "sales_invoices",
            "purchase_credit_notes",
            "sales_credit_notes",
            "other_payments",
            "purchase_quick_entries",
            "sales_quick_entries",
        ),
        ("id", "total_amount"),
    ),
    "attachments",
    ("POST", "/purchase_invoices"),
)
BILL: Final = Software(
    "bill",
    "BILL",
    "Maple Street Bakery Inc",
    "organisations/{organisation}/books",
    {"bills": ("id", "amount")},
    "documents",
    ("POST", "/bills/bulk"),
    currency="USD",
    slot="bill",
    typed={"token_name": "ledgerbridge", "token": "sandbox-sync-token-1"},
    access_lost=("sessions", {}),
)
APPROVALMAX: Final = Software(
    "approvalmax",
    "ApprovalMax",
    HARBOUR,
    XERO.books_at,
    XERO.records,
    XERO.files_at,
    XERO.create,
    tax_code="INPUT2",
    slot="approvalmax",
    ledger="xero",
)
OTHERS: Final = {one.name: one for one in (QUICKBOOKS, SAGE, BILL, APPROVALMAX)}
