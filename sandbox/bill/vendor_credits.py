"""Vendor credits: BILL's credit notes.

Source: developer.bill.com, "Vendor credits", "Create a vendor credit", "Create multiple vendor credits" (fields, 50 in
one request; that those are stored all or none is assumed, as for bills).
"""

from decimal import Decimal

from sandbox.bill.bills import LONGEST_DESCRIPTION, classified, reference
from sandbox.bill.books import Books
from sandbox.bill.formats import Record, bad_field, known_only, read_amount, read_day, read_object, read_text
from sandbox.bill.wire import ApiCall

MOST_IN_BULK = 50
TABLE = "vendor-credits"
_FIELDS = (
    "vendorId",
    "referenceNumber",
    "creditDate",
    "description",
    "applyToChartOfAccountId",
    "applyToBankAccountId",
    "vendorCreditLineItems",
)
_NEEDED = ("vendorId", "referenceNumber", "creditDate", "vendorCreditLineItems")


def create(books: Books, call: ApiCall, body: object) -> Record:
    """Raises RefusedError: 400 for fields, 422 for references."""
    return books.create(TABLE, _draft(books, read_object(body)), call.now)


def create_all(books: Books, call: ApiCall, body: object) -> list[Record]:
    if not isinstance(body, list) or not 1 <= len(body) <= MOST_IN_BULK:
        raise bad_field(f"size must be between 1 and {MOST_IN_BULK}")
    return [create(books, call, element) for element in body]


def update(books: Books, call: ApiCall, credit: Record, body: object) -> Record:
    """PATCH: the fields sent replace those stored, line items as a whole."""
    stored = {name: credit[name] for name in _FIELDS if name in credit}
    return books.update(TABLE, {**credit, **_draft(books, {**stored, **read_object(body)})}, call.now)


def _draft(books: Books, given: Record) -> Record:
    known_only(given, _FIELDS)
    missing = [f"{name}: must not be null" for name in _NEEDED if not given.get(name)]
    if missing:
        raise bad_field(*missing)
    if given.get("applyToChartOfAccountId") and given.get("applyToBankAccountId"):
        raise bad_field("applyToBankAccountId: only one of applyToChartOfAccountId and applyToBankAccountId can be set")
    lines = given["vendorCreditLineItems"]
    if not isinstance(lines, list):
        raise bad_field("vendorCreditLineItems: must be an array")
    draft: Record = {
        "vendorId": reference(books, "vendors", given["vendorId"], "vendorId"),
        "referenceNumber": read_text(given["referenceNumber"], "referenceNumber", 100, required=True),
        "creditDate": read_day(given["creditDate"], "creditDate"),
        "vendorCreditLineItems": [_line(books, read_object(line), at) for at, line in enumerate(lines)],
    }
    draft["amount"] = sum((line["amount"] for line in draft["vendorCreditLineItems"]), Decimal(0))
    description = read_text(given.get("description"), "description", LONGEST_DESCRIPTION)
    account = given.get("applyToChartOfAccountId")
    if account:
        draft["applyToChartOfAccountId"] = reference(books, "chart-of-accounts", account, "applyToChartOfAccountId")
    return {**draft, **({"description": description} if description is not None else {})}


def _line(books: Books, given: Record, at: int) -> Record:
    path = f"vendorCreditLineItems[{at}]."
    known_only(given, ("id", "description", "amount", "classifications"), path)
    line: Record = {
        "id": given.get("id") or books.new_id("vcl"),  # assumed prefix
        "amount": read_amount(given.get("amount"), f"{path}amount"),
        "description": read_text(given.get("description"), f"{path}description", LONGEST_DESCRIPTION),
        "classifications": classified(books, given.get("classifications") or {}, f"{path}classifications"),
    }
    return {name: value for name, value in line.items() if value not in (None, {})}
