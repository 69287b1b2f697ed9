"""Changes made to an organisation from outside the API, as a person would in Xero's own screens."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.xero.books import Books, folded
from sandbox.xero.formats import Record, stamp


def edit(books: Books, changes: Mapping[str, Any], now: datetime) -> None:
    """Apply each named change, in its order. Raises ValueError for an unknown change, an unknown record or a value
    that is none; the books are then as they were.

    Known: lock_date, year_end_lock_date (ISO day or null); archive_account, restore_account (code);
    archive_contact, restore_contact (ContactID or name); merge_contact {from, to}; rename_contact {contact, name};
    rename_tracking {from, to}; archive_tracking (category name); archive_tracking_option {category, option};
    subscribe_currency, unsubscribe_currency (code); delete_item (code); delete_tax_rate (TaxType);
    plan (organisation Class); void {table, id}; pay (InvoiceID: in full, as reconciling a bank line does);
    spend {id, account (code), contact, date, total, reference?}: money spent that a person typed in; reconcile
    (BankTransactionID).
    """
    mark = books.mark()
    organisation = books.organisation
    try:
        for name, value in changes.items():
            _CHANGES[name](books, value, stamp(now))
    except (KeyError, ValueError, TypeError) as refused:
        books.undo_to(mark)
        books.organisation = organisation
        raise ValueError(f"cannot edit the books: {refused}") from refused
    books.commit()


def _lock(field: str) -> Callable[[Books, Any, str], None]:
    def change(books: Books, value: Any, _: str) -> None:
        day = date.fromisoformat(value).isoformat() if value else None
        books.organisation = {**books.organisation, field: day}

    return change


def _account_status(status: str) -> Callable[[Books, Any, str], None]:
    def change(books: Books, value: Any, at: str) -> None:
        account = books.find("Accounts", "code", str(value)) or books.get("Accounts", value)
        if account is None:
            raise KeyError(f"account {value}")
        books.put("Accounts", {**account, "Status": status, "UpdatedDateUTC": at})

    return change


def _contact(books: Books, value: Any) -> Record:
    found = (
        books.get("Contacts", value) or books.contact_named(str(value)) or books.contact_named(str(value), "ARCHIVED")
    )
    if found is None:
        raise KeyError(f"contact {value}")
    return found


def _contact_status(status: str) -> Callable[[Books, Any, str], None]:
    def change(books: Books, value: Any, at: str) -> None:
        books.put("Contacts", {**_contact(books, value), "ContactStatus": status, "UpdatedDateUTC": at})

    return change


def _merge_contact(books: Books, value: Any, at: str) -> None:
    """The merged contact is archived and points to the survivor. Documents keep naming it and do not change."""
    survivor = _contact(books, value["to"])
    gone = {**_contact(books, value["from"]), "MergedToContactID": survivor["ContactID"], "ContactStatus": "ARCHIVED"}
    books.put("Contacts", {**gone, "UpdatedDateUTC": at})
    books.put("Contacts", {**survivor, "UpdatedDateUTC": at})


def _rename_contact(books: Books, value: Any, at: str) -> None:
    books.put("Contacts", {**_contact(books, value["contact"]), "Name": str(value["name"]), "UpdatedDateUTC": at})


def _category(books: Books, name: Any) -> Record:
    for category in books.tables["TrackingCategories"].values():
        if folded(category["Name"]) == folded(str(name)) or category["TrackingCategoryID"] == name:
            return category
    raise KeyError(f"tracking category {name}")


def _rename_tracking(books: Books, value: Any, _: str) -> None:
    books.put("TrackingCategories", {**_category(books, value["from"]), "Name": str(value["to"])})


def _archive_tracking(books: Books, value: Any, _: str) -> None:
    books.put("TrackingCategories", {**_category(books, value), "Status": "ARCHIVED"})


def _archive_tracking_option(books: Books, value: Any, _: str) -> None:
    category = _category(books, value["category"])
    if all(folded(option["Name"]) != folded(value["option"]) for option in category["Options"]):
        raise KeyError(f"tracking option {value['option']}")
    options = [
        {**option, "Status": "ARCHIVED"} if folded(option["Name"]) == folded(value["option"]) else option
        for option in category["Options"]
    ]
    books.put("TrackingCategories", {**category, "Options": options})


def _subscribe_currency(books: Books, value: Any, _: str) -> None:
    books.put("Currencies", {"Code": str(value), "Description": str(value), "_rate": Decimal("1.5")})


def _remove(table: str, index: str | None) -> Callable[[Books, Any, str], None]:
    def change(books: Books, value: Any, _: str) -> None:
        found = books.find(table, index, str(value)) if index else books.get(table, value)
        if found is None:
            raise KeyError(f"{table} {value}")
        books.remove(table, found)

    return change


def _delete_tax_rate(books: Books, value: Any, _: str) -> None:
    books.put("TaxRates", {**books.tables["TaxRates"][value], "Status": "DELETED"})


def _plan(books: Books, value: Any, _: str) -> None:
    books.organisation = {**books.organisation, "Class": str(value)}


def _pay(books: Books, value: Any, at: str) -> None:
    invoice = books.get("Invoices", value)
    if invoice is None:
        raise KeyError(f"invoice {value}")
    paid = {"Status": "PAID", "AmountPaid": invoice["Total"], "AmountDue": Decimal(0), "UpdatedDateUTC": at}
    books.put("Invoices", {**invoice, **paid})


def _void(books: Books, value: Any, at: str) -> None:
    record = books.tables[value["table"]][value["id"]]
    books.put(value["table"], {**record, "Status": "VOIDED", "UpdatedDateUTC": at})


def _spend(books: Books, value: Any, at: str) -> None:
    account = books.find("Accounts", "code", str(value["account"]))
    if account is None or account["Type"] != "BANK":
        raise KeyError(f"bank account {value['account']}")
    total = Decimal(str(value["total"]))
    stored: Record = {
        "BankTransactionID": str(value["id"]),
        "Type": "SPEND",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": _contact(books, value["contact"])["ContactID"]},
        "BankAccount": {name: account[name] for name in ("AccountID", "Code", "Name") if account.get(name)},
        "CurrencyCode": account.get("CurrencyCode") or books.base_currency,
        "Date": date.fromisoformat(value["date"]).isoformat(),
        "Reference": value.get("reference"),
        "LineAmountTypes": "NoTax",
        "LineItems": [],
        "SubTotal": total,
        "TotalTax": Decimal(0),
        "Total": total,
        "IsReconciled": False,
        "HasAttachments": False,
        "UpdatedDateUTC": at,
    }
    books.put("BankTransactions", stored)


def _reconcile(books: Books, value: Any, at: str) -> None:
    books.put(
        "BankTransactions", {**books.tables["BankTransactions"][value], "IsReconciled": True, "UpdatedDateUTC": at}
    )


_CHANGES: Mapping[str, Callable[[Books, Any, str], None]] = {
    "lock_date": _lock("PeriodLockDate"),
    "year_end_lock_date": _lock("EndOfYearLockDate"),
    "archive_account": _account_status("ARCHIVED"),
    "restore_account": _account_status("ACTIVE"),
    "archive_contact": _contact_status("ARCHIVED"),
    "restore_contact": _contact_status("ACTIVE"),
    "merge_contact": _merge_contact,
    "rename_contact": _rename_contact,
    "rename_tracking": _rename_tracking,
    "archive_tracking": _archive_tracking,
    "archive_tracking_option": _archive_tracking_option,
    "subscribe_currency": _subscribe_currency,
    "unsubscribe_currency": _remove("Currencies", None),
    "delete_item": _remove("Items", "code"),
    "delete_tax_rate": _delete_tax_rate,
    "plan": _plan,
    "void": _void,
    "pay": _pay,
    "spend": _spend,
    "reconcile": _reconcile,
}
