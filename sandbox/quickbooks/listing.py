"""Entries of lists: vendors, customers, accounts, items, classes and departments, made and changed.

Sources: the API reference page of each entity. Display names are unique over vendors, customers and employees.
"""

from datetime import datetime
from typing import Any

from sandbox.quickbooks import references
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.documents import Wish, check_plan
from sandbox.quickbooks.errors import RefusedError, business, duplicate_name, invalid_choice, required
from sandbox.quickbooks.formats import read_flag, read_text, ref_value
from sandbox.quickbooks.wire import Record

DELETED_SUFFIX = " (deleted)"
_LONGEST = {"Vendor": 500, "Customer": 500, "Account": 100, "Item": 100, "Class": 100, "Department": 100}
_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_FORBIDDEN = (":", "\t", "\n")
_SYSTEM = frozenset(["MetaData", "SyncToken", "domain", "sparse", "Id", "status", "Balance", "FullyQualifiedName"])
CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense",
}
ITEM_TYPES = ("Service", "NonInventory", "Inventory", "Category", "Group")


def checked(company: Company, entity: str, wish: Wish, before: Record | None) -> Record:
    """An entry as it will be stored, without its identity. Raises RefusedError."""
    check_plan(company, entity)
    body = {key: value for key, value in wish.body.items() if key not in _SYSTEM and value not in ("", {})}
    body["Active"] = read_flag(body.get("Active", True), "Active")
    if entity in {"Vendor", "Customer"}:
        return _person(company, entity, body, before)
    body = _own_name(company, entity, body, before)
    if entity == "Account":
        return _account(company, body)
    return _item(company, body) if entity == "Item" else body


def rename_children(company: Company, entity: str, parent: Record, now: datetime) -> None:
    """The paths of what hangs below an entry follow its name."""
    for child in list(company.tables[entity].values()):
        if ref_value(child, "ParentRef") == parent["Id"]:
            path = f"{parent['FullyQualifiedName']}:{_short(entity, child)}"
            if child.get("FullyQualifiedName") != path:
                rename_children(
                    company, entity, company.change(entity, {**child, "FullyQualifiedName": path}, now), now
                )


def _short(entity: str, record: Record) -> str:
    return str(record["DisplayName"] if entity == "Customer" else record["Name"])


def _person(company: Company, entity: str, body: Record, before: Record | None) -> Record:
    name = body.get("DisplayName") or " ".join(str(body[part]) for part in _NAME_PARTS if part in body)
    if not name:
        raise required("DisplayName")
    name = _checked_name(entity, name, "DisplayName")
    _check_email(body)
    if not body["Active"] and not name.endswith(DELETED_SUFFIX):
        name += DELETED_SUFFIX
    elif body["Active"]:
        name = name.removesuffix(DELETED_SUFFIX)
    _check_free(company, entity, name, before)
    made = {**body, "DisplayName": name, "PrintOnCheckName": body.get("PrintOnCheckName", name)}
    made["CurrencyRef"] = _currency(company, body, before)
    for field, target in (("TermRef", "Term"), ("SalesTermRef", "Term"), ("APAccountRef", "Account")):
        made = references.with_name(company, target, made, field)
    return made if entity == "Vendor" else _customer(company, made)


def _customer(company: Company, body: Record) -> Record:
    parent = references.target(company, "Customer", body, "ParentRef")
    if parent is None:
        return {**body, "FullyQualifiedName": body["DisplayName"], "Job": False, "IsProject": False}
    path = f"{parent['FullyQualifiedName']}:{body['DisplayName']}"
    return {**body, "FullyQualifiedName": path, "Job": True, "IsProject": bool(body.get("IsProject", False))}


def _currency(company: Company, body: Record, before: Record | None) -> Record:
    """A name's currency is fixed when it is made. Raises RefusedError (6000)."""
    code = ref_value(body, "CurrencyRef")
    if before is not None:
        if code not in {None, before["CurrencyRef"]["value"]}:
            raise business("You cannot change the currency of an existing customer or vendor.")
        kept: Record = before["CurrencyRef"]
        return kept
    if code is None or code == company.home_currency:
        return references.currency_ref(company.home_currency)
    if not company.multicurrency:
        raise business("Multi Currency should be enabled to perform this operation")
    references.rate_of(company, code)
    return references.currency_ref(code)


def _own_name(company: Company, entity: str, body: Record, before: Record | None) -> Record:
    if not body.get("Name"):
        raise required("Name")
    name = _checked_name(entity, body["Name"], "Name")
    if not body["Active"] and not name.endswith(DELETED_SUFFIX):
        name += DELETED_SUFFIX
    elif body["Active"]:
        name = name.removesuffix(DELETED_SUFFIX)
    parent = references.target(company, entity, body, "ParentRef")
    path = f"{parent['FullyQualifiedName']}:{name}" if parent else name
    _check_free(company, entity, path, before)
    sub = {"Account": "SubAccount", "Item": "SubItem", "Class": "SubClass", "Department": "SubDepartment"}[entity]
    return {**body, "Name": name, "FullyQualifiedName": path, sub: parent is not None}


def _checked_name(entity: str, name: Any, field: str) -> str:
    text = read_text(name, field, _LONGEST[entity])
    if any(mark in text for mark in _FORBIDDEN):
        # The wording is assumed.
        raise business(f"{field} cannot contain a colon, a tab or a new line.")
    return text


def _check_email(body: Record) -> None:
    address = str((body.get("PrimaryEmailAddr") or {}).get("Address", ""))
    if address and ("@" not in address or "." not in address):
        detail = "Email Address does not conform to the syntax rules of RFC 822."
        raise RefusedError("2210", "Invalid Email Address format", detail, element="PrimaryEmailAddr")


def _check_free(company: Company, entity: str, name: str, before: Record | None) -> None:
    holder = company.named(entity, name)
    if holder is not None and holder != (entity, before["Id"] if before else None):
        raise duplicate_name()


def _account(company: Company, body: Record) -> Record:
    kind = body.get("AccountType")
    if kind is None:
        raise required("AccountType")
    if kind not in CLASSIFICATIONS:
        raise invalid_choice("AccountType", kind)
    code = ref_value(body, "CurrencyRef") or company.home_currency
    if code != company.home_currency:
        references.rate_of(company, code)
    head = {"Classification": CLASSIFICATIONS[kind], "CurrencyRef": references.currency_ref(code)}
    return {**body, **head, "AccountSubType": body.get("AccountSubType", kind.replace(" ", ""))}


def _item(company: Company, body: Record) -> Record:
    kind = body.get("Type", "Service")
    if kind not in ITEM_TYPES:
        raise invalid_choice("Type", kind)
    if kind in {"Service", "NonInventory"} and not {"IncomeAccountRef", "ExpenseAccountRef"} & set(body):
        raise required("IncomeAccountRef")
    made = {**body, "Type": kind}
    for field in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"):
        made = references.with_name(company, "Account", made, field)
    return made
