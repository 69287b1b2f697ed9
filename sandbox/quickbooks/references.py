"""References from documents to lists: they must be there, be active, and suit the company's settings."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.books import Company
from sandbox.quickbooks.charts import CURRENCY_NAMES
from sandbox.quickbooks.errors import business, feature_off, inactive_reference, no_such_reference
from sandbox.quickbooks.formats import needed_ref, ref_value
from sandbox.quickbooks.wire import Record

_LISTED = {"Account": "Accounts", "Vendor": "Names", "Customer": "Names"}


def target(company: Company, entity: str, holder: Mapping[str, Any], name: str) -> Record | None:
    """The record that a reference names; None when there is no reference. Raises RefusedError (610, 2500)."""
    value = ref_value(holder, name)
    if value is None:
        return None
    found = company.get(entity, value)
    if found is None:
        raise no_such_reference(name, _LISTED.get(entity, entity), value)
    if not found.get("Active", True):
        raise inactive_reference(name)
    return found


def needed(company: Company, entity: str, holder: Mapping[str, Any], name: str) -> Record:
    """The same for a reference that must be there. Raises RefusedError (2020 as well)."""
    needed_ref(holder, name)
    found = target(company, entity, holder, name)
    assert found is not None  # noqa: S101 - needed_ref has refused a missing one
    return found


def ref(record: Record) -> Record:
    """A reference as answers show it: id and name."""
    name = record.get("DisplayName") or record.get("FullyQualifiedName") or record.get("Name")
    return {"value": record["Id"], "name": name}


def with_name(company: Company, entity: str, holder: Record, name: str) -> Record:
    """`holder` with the reference checked and shown with its name."""
    found = target(company, entity, holder, name)
    return holder if found is None else {**holder, name: ref(found)}


def class_of(company: Company, holder: Record) -> Record:
    """ClassRef, which needs class tracking (refusing it while that is off is assumed)."""
    if ref_value(holder, "ClassRef") is None:
        return holder
    info = company.preferences["AccountingInfoPrefs"]
    if not (info["ClassTrackingPerTxn"] or info["ClassTrackingPerTxnLine"]):
        raise feature_off("Class tracking")
    return with_name(company, "Class", holder, "ClassRef")


def department_of(company: Company, body: Record) -> Record:
    """DepartmentRef, which needs location tracking (refusing it while that is off is assumed)."""
    if ref_value(body, "DepartmentRef") is None:
        return body
    if not company.preference("AccountingInfoPrefs", "TrackDepartments"):
        raise feature_off("Location tracking")
    return with_name(company, "Department", body, "DepartmentRef")


def currency_of(company: Company, body: Record, partner: Record | None) -> Record:
    """CurrencyRef and ExchangeRate: refused when multicurrency is off, needed when it is on, and the partner's own.

    Raises RefusedError (2020, 2500, 6000).
    """
    code = ref_value(body, "CurrencyRef")
    if not company.multicurrency:
        if code is not None:
            raise business("Multi Currency should be enabled to perform this operation")
        return {**body, "CurrencyRef": currency_ref(company.home_currency)}
    code = needed_ref(body, "CurrencyRef")
    rate = rate_of(company, code)
    if partner is not None and partner["CurrencyRef"]["value"] != code:
        raise business("You can only use one foreign currency per transaction.")
    foreign = code != company.home_currency
    # Assumed: ExchangeRate is answered for foreign currencies only, the company's own rate when none is sent.
    rated = {"ExchangeRate": body.get("ExchangeRate") or rate} if foreign else {}
    kept = {key: value for key, value in body.items() if key != "ExchangeRate"}
    return {**kept, "CurrencyRef": currency_ref(code), **rated}


def rate_of(company: Company, code: str) -> Decimal:
    """Home units for one unit of an active currency. Raises RefusedError (2500)."""
    if code == company.home_currency:
        return Decimal(1)
    rows = company.tables["CompanyCurrency"].values()
    found = next((one for one in rows if one["Code"] == code and one["Active"]), None)
    if found is None:
        raise no_such_reference("CurrencyRef", "Currency", code)
    rate: Decimal = found["_rate"]
    return rate


def currency_ref(code: str) -> Record:
    return {"value": code, "name": CURRENCY_NAMES.get(code, code)}


def account_in(company: Company, account: Record, currency: str) -> None:
    """An account's currency must be the document's or the home currency. Raises RefusedError (6000)."""
    own = account["CurrencyRef"]["value"]
    if own not in {currency, company.home_currency}:
        raise business("The account currency must be either the transaction currency or the home currency.")
