"""Selecting records for a GET: where, If-Modified-Since, ids, statuses, order, paging.

Source: Xero Accounting API, "Requests and responses" (filtering, ordering, paging, If-Modified-Since) and the
parameter lists of the published OpenAPI description.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.xero import where
from sandbox.xero.books import ID_FIELDS, Books
from sandbox.xero.formats import Record, RefusedError, exception, instant, milliseconds
from sandbox.xero.wire import ApiCall

DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE = 1000
_DATE_FIELDS = frozenset({"Date", "DueDate", "UpdatedDateUTC", "FullyPaidOnDate"})
_DOCUMENT_FIELDS = (
    "Type Status Date DueDate Reference Url CurrencyCode CurrencyRate SubTotal TotalTax Total UpdatedDateUTC "
    "LineAmountTypes HasAttachments"
)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


FIELDS: dict[str, frozenset[str]] = {
    "Accounts": _names(
        "AccountID Code Name Type Class TaxType Status SystemAccount BankAccountType CurrencyCode Description "
        "EnablePaymentsToAccount ShowInExpenseClaims BankAccountNumber ReportingCode UpdatedDateUTC"
    ),
    "Contacts": _names(
        "ContactID ContactStatus Name FirstName LastName EmailAddress ContactNumber AccountNumber TaxNumber "
        "CompanyNumber IsSupplier IsCustomer DefaultCurrency UpdatedDateUTC"
    ),
    "TaxRates": _names(
        "Name TaxType Status ReportTaxType EffectiveRate DisplayTaxRate CanApplyToAssets CanApplyToEquity "
        "CanApplyToExpenses CanApplyToLiabilities CanApplyToRevenue"
    ),
    "TrackingCategories": _names("TrackingCategoryID Name Status"),
    "Items": _names("ItemID Code Name IsSold IsPurchased IsTrackedAsInventory UpdatedDateUTC"),
    "Currencies": _names("Code Description"),
    "Users": _names("UserID EmailAddress FirstName LastName IsSubscriber OrganisationRole UpdatedDateUTC"),
    "Invoices": _names(
        f"InvoiceID InvoiceNumber AmountDue AmountPaid AmountCredited FullyPaidOnDate {_DOCUMENT_FIELDS}"
    ),
    "CreditNotes": _names(f"CreditNoteID CreditNoteNumber RemainingCredit FullyPaidOnDate {_DOCUMENT_FIELDS}"),
    "BankTransactions": _names(f"BankTransactionID IsReconciled {_DOCUMENT_FIELDS}"),
    "Payments": _names(
        "PaymentID Date Amount BankAmount Reference Status PaymentType IsReconciled CurrencyRate UpdatedDateUTC"
    ),
}
_INSIDE = {"Contact": "Contacts", "BankAccount": "Accounts", "Account": "Accounts", "Invoice": "Invoices"}


@dataclass(frozen=True)
class Selection:
    """Records in the order to be answered; `pagination` is Xero's object, present when a page was asked for."""

    records: Sequence[Record]
    pagination: Record | None


def select(books: Books, table: str, call: ApiCall, *, paged: bool) -> Selection:
    """The records a GET of a collection answers with. Raises RefusedError: 400 for the query, 412 for the header."""
    records: Iterable[Record] = books.tables[table].values()
    since = _modified_since(call)
    if since is not None:
        # Whether Xero's comparison includes the instant itself is not documented; assumed inclusive.
        records = [r for r in records if "UpdatedDateUTC" not in r or instant(r["UpdatedDateUTC"]) >= since]
    if call.query.get("where"):
        predicate = where.parse(call.query["where"])
        records = [r for r in records if predicate(lambda path, r=r: _value(books, table, r, path))]  # type: ignore[misc]
    records = _named(table, list(records), call)
    records = _ordered(books, table, records, call.query.get("order", ""))
    return _page(records, call) if paged else Selection(records, None)


def _modified_since(call: ApiCall) -> datetime | None:
    header = call.headers.get("if-modified-since")
    if not header:
        return None
    try:
        return instant(header.replace("Z", "+00:00"))
    except ValueError:
        pass
    try:
        parsed = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        raise RefusedError(412, "The If-Modified-Since header is not a date-time") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _value(books: Books, table: str, record: Record, path: tuple[str, ...]) -> Any:
    """The value of a field path for a filter; raises KeyError where the resource has no such field."""
    name, *rest = path
    if rest:
        inner_table = _INSIDE[name]
        inner = record.get(name) or {}
        stored = books.get(inner_table, inner.get(ID_FIELDS[inner_table])) or {}
        return _value(books, inner_table, stored, tuple(rest))
    if name not in FIELDS[table]:
        raise KeyError(name)
    value = record.get(name)
    if value is not None and name in _DATE_FIELDS:
        return instant(value)
    return value


def _listed(call: ApiCall, name: str) -> set[str] | None:
    raw = call.query.get(name)
    return {part.strip().casefold() for part in raw.split(",") if part.strip()} if raw else None


def _named(table: str, records: list[Record], call: ApiCall) -> list[Record]:
    """IDs, InvoiceNumbers, ContactIDs, Statuses, searchTerm, createdByMyApp and includeArchived."""
    ids = _listed(call, "IDs")
    if ids is not None and table in ("Contacts", "Invoices"):
        records = [r for r in records if r[ID_FIELDS[table]].casefold() in ids]
    if table == "Invoices":
        numbers, contacts, statuses = (_listed(call, name) for name in ("InvoiceNumbers", "ContactIDs", "Statuses"))
        if numbers is not None:
            records = [r for r in records if (r.get("InvoiceNumber") or "").casefold() in numbers]
        if contacts is not None:
            records = [r for r in records if r["Contact"]["ContactID"] in contacts]
        if statuses is not None:
            records = [r for r in records if r["Status"].casefold() in statuses]
        if call.query.get("createdByMyApp", "").lower() == "true":
            records = [r for r in records if r.get("_app") == call.app_id]
    if table == "Contacts":
        records = _contacts(records, call, by_id=ids is not None)
    if table == "TrackingCategories" and call.query.get("includeArchived", "").lower() != "true":
        records = [r for r in records if r["Status"] == "ACTIVE"]
    return records


def _contacts(records: list[Record], call: ApiCall, *, by_id: bool) -> list[Record]:
    """Archived contacts show on request, when named by id, and (assumed, Xero-OpenAPI says nothing) in `where`."""
    term = call.query.get("searchTerm", "").casefold()
    if term:
        fields = ("Name", "FirstName", "LastName", "ContactNumber", "EmailAddress", "CompanyNumber")
        records = [r for r in records if any(term in (r.get(name) or "").casefold() for name in fields)]
    if (
        call.query.get("includeArchived", "").lower() == "true"
        or by_id
        or "ContactStatus" in call.query.get("where", "")
    ):
        return records
    return [r for r in records if r["ContactStatus"] == "ACTIVE"]


def _ordered(books: Books, table: str, records: list[Record], order: str) -> list[Record]:
    """`order=UpdatedDateUTC DESC, Name`; several keys, each ASC unless told otherwise."""
    for part in reversed([p.strip() for p in order.split(",") if p.strip()]):
        name, _, direction = part.partition(" ")
        if name not in FIELDS[table] and "." not in name:
            raise exception(400, 16, "QueryParseException", f"No property or field '{name}' exists in this type")
        path = tuple(name.split("."))
        try:
            records = sorted(
                records,
                key=lambda r: _sortable(_value(books, table, r, path)),
                reverse=direction.strip().upper() == "DESC",
            )
        except KeyError:
            raise exception(400, 16, "QueryParseException", f"No property or field '{name}' exists") from None
    return records


def _sortable(value: Any) -> tuple[bool, Any]:
    if isinstance(value, datetime):
        value = milliseconds(value)
    if isinstance(value, bool | Decimal):
        value = float(value)
    return (value is not None, value.casefold() if isinstance(value, str) else value)


def _whole_number(call: ApiCall, name: str, default: int) -> int:
    raw = call.query.get(name, str(default))
    if not raw.isdigit() or not 1 <= int(raw) <= 1_000_000:
        raise exception(400, 10, "ValidationException", f"{name} must be a positive whole number")
    return int(raw)


def _page(records: list[Record], call: ApiCall) -> Selection:
    """One page. Without `page` or `pageSize` everything is answered at once, as Xero does for old clients."""
    if "page" not in call.query and "pageSize" not in call.query:
        return Selection(records, None)
    page, size = _whole_number(call, "page", 1), _whole_number(call, "pageSize", DEFAULT_PAGE_SIZE)
    if size > LARGEST_PAGE_SIZE:
        # That Xero refuses rather than clamps is assumed.
        raise exception(400, 10, "ValidationException", f"pageSize must be between 1 and {LARGEST_PAGE_SIZE}")
    start = (page - 1) * size
    pagination = {"page": page, "pageSize": size, "pageCount": -(-len(records) // size), "itemCount": len(records)}
    return Selection(records[start : start + size], pagination)
