"""The organizations, people and lists a fresh sandbox's BILL begins with, and larger ones for measuring."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.bill import approvals
from sandbox.bill.books import PREFIXES, Books, fixed_id
from sandbox.bill.formats import Record, stamp
from sandbox.bill.sessions import Credential
from sandbox.simulation import SeedChoice

SEEDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LARGE: Mapping[str, int] = {"contacts": 20_000, "items": 5_000, "accounts": 500}
DEV_KEY = "sandbox-bill-dev-key"
OWNER = "alex.morgan@example.com"
PASSWORD = "sandbox-bill-password"  # noqa: S105 - the seed's own, told in the sandbox's README
TOKEN_NAME = "ledgerbridge"  # noqa: S105 - a name, not a value
NAMES = ("Maple Street Bakery Inc", "Northwind Studio LLC", "Harbour & Finch US Inc")
APPROVAL_FROM = "1000"
ROLES = ("ADMINISTRATOR", "ACCOUNTANT", "APPROVER", "PAYER", "CLERK")
_PEOPLE = (
    (OWNER, "Alex", "Morgan", "ADMINISTRATOR", False),
    ("jordan.lee@example.com", "Jordan", "Lee", "APPROVER", False),
    ("taylor.kim@example.com", "Taylor", "Kim", "ACCOUNTANT", False),
    ("riley.cruz@example.com", "Riley", "Cruz", "CLERK", False),
    ("casey.former@example.com", "Casey", "Former", "APPROVER", True),
)
_ACCOUNTS = (
    ("1000", "Checking", "BANK"),
    ("1010", "Savings", "BANK"),
    ("1500", "Equipment", "FIXED_ASSET"),
    ("2000", "Accounts Payable", "ACCOUNTS_PAYABLE"),
    ("2100", "Company Card", "CREDIT_CARD"),
    ("4000", "Sales", "INCOME"),
    ("5000", "Cost of Goods Sold", "COST_OF_GOODS_SOLD"),
    ("6100", "Office Supplies", "EXPENSE"),
    ("6200", "Travel", "EXPENSE"),
    ("6300", "Software Subscriptions", "EXPENSE"),
    ("6400", "Repairs and Maintenance", "EXPENSE"),
    ("6500", "Advertising", "EXPENSE"),
    ("6600", "Professional Fees", "EXPENSE"),
    ("6700", "Utilities", "EXPENSE"),
    ("6800", "Rent", "EXPENSE"),
)
_ARCHIVED_ACCOUNT = ("6990", "Fax Machine Supplies", "EXPENSE")
_CHILD_ACCOUNT = ("6210", "Airfare", "EXPENSE", "6200")
# Name and whether archived.
_SIMPLE: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "departments": (("Kitchen", False), ("Front of House", False), ("Pop-up", True)),
    "accounting-classes": (("Wholesale", False), ("Retail", False)),
    "locations": (("Downtown", False), ("Riverside", False)),
    "jobs": (("Lee Wedding", False), ("Summer Fair", False)),
}
_ITEMS = (("Flour 25 kg", "NON_INVENTORY", "6100"), ("Delivery", "SERVICE", "6600"))
_VENDORS = (
    ("Office Depot", False),
    ("Delta Air Lines", False),
    ("City Power & Light", False),
    ("Riverside Mills", False),
    ("Happy Music Supplies", False),
    ("Old Supplier Co", True),
)
_CUSTOMERS = (("Corner Cafe", "orders@cornercafe.example.com"), ("Grand Hotel", "ap@grandhotel.example.com"))
_ADDRESS = {"city": "San Jose", "stateOrProvince": "CA", "zipOrPostalCode": "95002", "country": "US"}


def seeded(choice: SeedChoice) -> list[Books]:
    """Three organizations, in the order of NAMES; a bulk seed pads the lists of the first to these totals, archived
    records counted (contacts are vendors; BILL has no tax rates). Raises ValueError."""
    books = [_organization(name) for name in NAMES]
    if isinstance(choice, str):
        if choice == "large":
            _pad(books[0], LARGE)
        elif choice != "small":
            raise ValueError('seed must be "small", "large" or {"contacts": n, "items": n, "accounts": n}')
        return books
    if not set(choice) <= {"contacts", "items", "accounts", "tax_rates"}:
        raise ValueError("a bulk seed takes contacts, items, accounts and tax_rates")
    _pad(books[0], choice)
    return books


def credentials() -> list[Credential]:
    """The owner's password and one sync token for each organization: "sandbox-sync-token-1" to "-3"."""
    rows: list[Credential] = []
    for number, name in enumerate(NAMES, start=1):
        organization_id = fixed_id("008", name)
        user_id = fixed_id("006", f"{organization_id} {OWNER}")
        rows.append(Credential("user", OWNER, PASSWORD, organization_id, user_id))
        rows.append(Credential("token", TOKEN_NAME, f"sandbox-sync-token-{number}", organization_id, user_id))
    return rows


def _organization(name: str) -> Books:
    address = {"line1": "1 Main Street", **_ADDRESS}
    books = Books({"id": fixed_id("008", name), "name": name, "phone": "4085550100", "address": address})
    _people(books)
    numbers = {number: _account(books, number, title, kind)["id"] for number, title, kind in _ACCOUNTS}
    archived = _account(books, *_ARCHIVED_ACCOUNT)
    books.put("chart-of-accounts", {**archived, "archived": True})
    number, title, kind, parent = _CHILD_ACCOUNT
    books.put("chart-of-accounts", {**_account(books, number, title, kind), "parentId": numbers[parent]})
    for table, rows in _SIMPLE.items():
        for title, gone in rows:
            _add(books, table, {"name": title}, archived=gone)
    for title, item_type, account in _ITEMS:
        _add(books, "items", {"name": title, "type": item_type, "expenseChartOfAccountId": numbers[account]})
    _add(books, "employees", {"firstName": "Robin", "lastName": "Hart"})
    for title, email in _CUSTOMERS:
        _add(books, "customers", {"name": title, "email": email})
    for title, gone in _VENDORS:
        _add(books, "vendors", _vendor(title), archived=gone)
    approver = fixed_id("006", f"{books.organization_id} {_PEOPLE[1][0]}")
    rule = {"key": "BILL_AMOUNT", "op": "gte", "values": [APPROVAL_FROM]}
    policy = {"policyName": "Bills of 1,000 and more", "rules": [rule], "approvers": [approver]}
    approvals.save_policy(books, None, policy)
    books.commit()
    return books


def _people(books: Books) -> None:
    roles = {kind: _add(books, "roles", {"type": kind, "description": kind.title()})["id"] for kind in ROLES}
    for email, first, last, role, gone in _PEOPLE:
        user = {"firstName": first, "lastName": last, "email": email, "roleId": roles[role]}
        _put(books, "users", fixed_id("006", f"{books.organization_id} {email}"), user, archived=gone)


def _account(books: Books, number: str, name: str, kind: str) -> Record:
    return _add(books, "chart-of-accounts", {"name": name, "account": {"type": kind, "number": number}})


def _vendor(name: str) -> Record:
    return {
        "name": name,
        "accountType": "BUSINESS",
        "billCurrency": "USD",
        "email": f"billing{len(name)}@example.com",
        "address": {"line1": "123 Main Street", **_ADDRESS},
    }


def _add(books: Books, table: str, fields: Mapping[str, Any], *, archived: bool = False, after: int = 0) -> Record:
    return _put(books, table, books.new_id(PREFIXES[table]), fields, archived=archived, after=after)


def _put(
    books: Books, table: str, record_id: str, fields: Mapping[str, Any], *, archived: bool = False, after: int = 0
) -> Record:
    """A seeded record, changed `after` seconds after the first ones."""
    at = stamp(SEEDED_AT + timedelta(seconds=after))
    return books.put(table, {"id": record_id, "archived": archived, **fields, "createdTime": at, "updatedTime": at})


def _pad(books: Books, totals: Mapping[str, int]) -> None:
    for number in range(len(books.tables["vendors"]), totals.get("contacts", 0)):
        # A spread of change times, so that sorts and deltas have something to do.
        _add(books, "vendors", _vendor(f"Supplier {number:05d}"), after=number)
    for number in range(len(books.tables["items"]), totals.get("items", 0)):
        _add(books, "items", {"name": f"Product {number:05d}", "type": "NON_INVENTORY"})
    for number in range(len(books.tables["chart-of-accounts"]), totals.get("accounts", 0)):
        _account(books, f"7{number:04d}", f"Expense {number:04d}", "EXPENSE")
    books.commit()
