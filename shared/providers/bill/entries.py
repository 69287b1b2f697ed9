"""BILL's records as entries. Ids of ours are left empty; `parent` holds BILL's id of an entry of the same kind.

Sources: developer.bill.com, "Create a vendor", "Create a chart of accounts" and its like for classifications, items,
customers and users; the fields of answers are those that public clients of v3 read.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.transport import broken

Record = Mapping[str, Any]

# What a vendor's address must have, in our names, and BILL's names of all that it may have ("Create a vendor").
ADDRESS: Final = ("line1", "city", "postal_code", "country")
ADDRESS_FIELDS: Final = {
    "line1": "line1",
    "line2": "line2",
    "city": "city",
    "region": "stateOrProvince",
    "postal_code": "zipOrPostalCode",
    "country": "country",
}
# Dimensions: our id of each, its name, and BILL's name of it in a line's classifications. A bill's line takes all.
DIMENSIONS: Final = {
    "accounting-classes": ("Class", "accountingClassId"),
    "departments": ("Department", "departmentId"),
    "locations": ("Location", "locationId"),
    "jobs": ("Job", "jobId"),
    "employees": ("Employee", "employeeId"),
}
_CLASSES: Final = {
    "ACCOUNTS_PAYABLE": "liability",
    "ACCOUNTS_RECEIVABLE": "asset",
    "BANK": "asset",
    "COST_OF_GOODS_SOLD": "expense",
    "CREDIT_CARD": "liability",
    "EQUITY": "equity",
    "EXPENSE": "expense",
    "FIXED_ASSET": "asset",
    "INCOME": "revenue",
    "LONG_TERM_LIABILITY": "liability",
    "OTHER_ASSET": "asset",
    "OTHER_CURRENT_ASSET": "asset",
    "OTHER_CURRENT_LIABILITY": "liability",
    "OTHER_EXPENSE": "expense",
    "OTHER_INCOME": "revenue",
}
_PAID_FROM: Final = {"BANK": "bank", "CREDIT_CARD": "credit_card"}
# Accounts that take no line of a bill (assumed from what they are for).
_NOT_POSTABLE: Final = frozenset({"ACCOUNTS_PAYABLE", "ACCOUNTS_RECEIVABLE", "NON_POSTING"})


def account(record: Record) -> Iterator[Entry]:
    """A category, or an account that bills are paid from."""
    told = record.get("account") or {}
    kind, number = str(told.get("type") or "UNSPECIFIED"), _text(told, "number")
    if kind in _PAID_FROM:
        yield _entry(record, Kind.BANK_ACCOUNTS, {"type": _PAID_FROM[kind]}, code=number)
        return
    postable = kind not in _NOT_POSTABLE
    values = {"class": _CLASSES.get(kind), "type": kind, "postable": postable}
    yield _entry(record, Kind.CATEGORIES, values, code=number, visible=postable, parent=_text(record, "parentId"))


def vendor(record: Record) -> Iterator[Entry]:
    values = {
        "email": record.get("email"),
        "currency": record.get("billCurrency"),
        "account_number": record.get("accountNumber"),
        "address": {
            ours: value for ours, theirs in ADDRESS_FIELDS.items() if (value := _text(_address(record), theirs))
        }
        or None,
    }
    yield _entry(record, Kind.SUPPLIERS, values)


def customer(record: Record) -> Iterator[Entry]:
    values = {"email": record.get("email"), "currency": record.get("invoiceCurrency")}
    yield _entry(record, Kind.CUSTOMERS, values)


def item(record: Record) -> Iterator[Entry]:
    values = {
        "purchase_account": record.get("expenseChartOfAccountId"),
        "sales_account": record.get("chartOfAccountId"),
    }
    yield _entry(record, Kind.PRODUCTS, values, code=_text(record, "shortName"))


def user(record: Record) -> Iterator[Entry]:
    """A user, who may be set as an approver of bills in BILL: which roles may is decided there."""
    name = " ".join(part for part in (_text(record, "firstName"), _text(record, "lastName")) if part)
    named = {**record, "name": name or record.get("email")}
    values = {"email": record.get("email"), "role": record.get("roleId")}
    yield _entry(named, Kind.USERS, values)
    yield _entry(named, Kind.APPROVERS, values)


def dimension(collection: str) -> Entry:
    """The dimension of a collection of classifications; its id is the collection's name."""
    return Entry(id="", kind=Kind.DIMENSIONS, name=DIMENSIONS[collection][0], provider_id=collection)


def value_of(collection: str) -> Callable[[Record], Iterator[Entry]]:
    """How the records of a collection of classifications are read: as values of its dimension."""

    def read(record: Record) -> Iterator[Entry]:
        names = (_text(record, "firstName"), _text(record, "lastName"))
        name = _text(record, "name") or " ".join(part for part in names if part)
        values = {"under": record.get("parentId")}
        yield _entry(
            {**record, "name": name}, Kind.DIMENSIONS, values, code=_text(record, "shortName"), parent=collection
        )

    return read


def _address(record: Record) -> Record:
    found = record.get("address")
    return found if isinstance(found, Mapping) else {}


def _entry(
    record: Record,
    kind: Kind,
    values: dict[str, Any],
    *,
    code: str | None = None,
    visible: bool = True,
    parent: str | None = None,
) -> Entry:
    """An entry of a record. Raises CallFailed (the answer is broken) for a record without id."""
    provider_id = _text(record, "id")
    if provider_id is None:
        raise broken(f"a record of {kind} has no id")
    return Entry(
        id="",
        kind=kind,
        name=_text(record, "name") or code or provider_id,
        code=code,
        status=EntryStatus.INACTIVE if record.get("archived") else EntryStatus.ACTIVE,
        visible=visible,
        provider_id=provider_id,
        parent=parent,
        values={name: value for name, value in values.items() if value is not None},
    )


def _text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None
