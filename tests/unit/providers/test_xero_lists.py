"""Xero's records as entries: kinds, statuses, sides, parents, survivors."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import CallFailed
from shared.providers.xero.lists import REQUESTS


def entries(resource: str, **record: Any) -> list[Entry]:
    request = next(one for one in REQUESTS if one.resource == resource)
    return list(request.entries(record))


def test_an_account_is_a_category_or_a_bank_account() -> None:
    (category,) = entries(
        "Accounts", AccountID="a1", Code="429", Name="Fuel", Type="OVERHEADS", Class="EXPENSE", TaxType="INPUT2"
    )
    assert (category.kind, category.code, category.values["class"]) == (Kind.CATEGORIES, "429", "expense")
    assert category.values["default_tax_rate"] == "INPUT2"
    (bank,) = entries(
        "Accounts",
        AccountID="b1",
        Name="Card",
        Type="BANK",
        BankAccountType="CREDITCARD",
        CurrencyCode="GBP",
        Status="ARCHIVED",
    )
    assert (bank.kind, bank.code, bank.values) == (
        Kind.BANK_ACCOUNTS,
        None,
        {"currency": "GBP", "type": "credit_card"},
    )
    assert bank.status is EntryStatus.INACTIVE


def test_accounts_that_take_no_lines_are_hidden() -> None:
    (debtors,) = entries(
        "Accounts", AccountID="a1", Code="610", Name="Debtors", Type="CURRENT", Class="ASSET", SystemAccount="DEBTORS"
    )
    assert not debtors.visible
    assert debtors.values["postable"] is False


@pytest.mark.parametrize(
    ("supplier", "customer", "kinds"),
    [
        (True, False, {Kind.SUPPLIERS}),
        (False, True, {Kind.CUSTOMERS}),
        (True, True, {Kind.SUPPLIERS, Kind.CUSTOMERS}),
        (False, False, {Kind.SUPPLIERS, Kind.CUSTOMERS}),
    ],
)
def test_a_contact_shows_where_its_documents_are_or_in_both(supplier: bool, customer: bool, kinds: set[Kind]) -> None:
    found = entries("Contacts", ContactID="c1", Name="A", IsSupplier=supplier, IsCustomer=customer)
    assert {entry.kind for entry in found} == kinds


def test_a_merged_contact_names_its_survivor() -> None:
    found = entries("Contacts", ContactID="c1", Name="A", ContactStatus="ARCHIVED", MergedToContactID="c2")
    assert {(entry.survivor, entry.status) for entry in found} == {("c2", EntryStatus.INACTIVE)}


@pytest.mark.parametrize(
    ("box", "flags", "sides"),
    [
        ("INPUT", {"CanApplyToRevenue": False}, (True, False)),
        ("CAPEXINPUT", {"CanApplyToExpenses": False}, (True, False)),
        ("OUTPUT", {"CanApplyToExpenses": False}, (False, True)),
        ("EXEMPTEXPENSES", {}, (True, False)),
        ("INPUTTAXED", {"CanApplyToExpenses": False}, (False, True)),
        ("NONE", {}, (True, True)),
        ("USSALESTAX", {}, (True, True)),
        ("REVERSECHARGES", {"CanApplyToRevenue": False}, (True, False)),
        (None, {"CanApplyToRevenue": False, "CanApplyToExpenses": False}, (True, True)),
    ],
)
def test_the_side_of_a_tax_rate(box: str | None, flags: dict[str, bool], sides: tuple[bool, bool]) -> None:
    (rate,) = entries(
        "TaxRates", TaxType="T1", Name="Rate", ReportTaxType=box, EffectiveRate=Decimal("20.0000"), **flags
    )
    assert (rate.values["costs"], rate.values["sales"]) == sides
    assert (rate.provider_id, rate.values["rate"]) == ("T1", "20")


def test_tracking_options_follow_their_category() -> None:
    region, north, east = entries(
        "TrackingCategories",
        TrackingCategoryID="t1",
        Name="Region",
        Status="ACTIVE",
        Options=[
            {"TrackingOptionID": "o1", "Name": "North", "Status": "ACTIVE"},
            {"TrackingOptionID": "o2", "Name": "East", "Status": "ARCHIVED"},
        ],
    )
    assert (region.parent, north.parent, east.parent) == (None, "t1", "t1")
    assert east.status is EntryStatus.INACTIVE


def test_items_currencies_and_users() -> None:
    (item,) = entries("Items", ItemID="i1", Code="BOOK", PurchaseDetails={"UnitPrice": Decimal("9.9975")})
    assert (item.name, item.code, item.values["purchase_price"]) == ("BOOK", "BOOK", "9.9975")
    (currency,) = entries("Currencies", Code="EUR", Description="Euro")
    assert (currency.provider_id, currency.code, currency.name) == ("EUR", "EUR", "Euro")
    (user,) = entries("Users", UserID="u1", FirstName="Alex", LastName="Morgan", EmailAddress="a@example.com")
    assert (user.name, user.values) == ("Alex Morgan", {"email": "a@example.com"})


def test_a_record_without_id_breaks_the_pass() -> None:
    with pytest.raises(CallFailed):
        entries("Accounts", Name="Fuel", Type="OVERHEADS")


def test_an_entry_says_the_same_when_nothing_changed() -> None:
    rate = {"TaxType": "T1", "Name": "Rate", "EffectiveRate": Decimal("20.0000")}
    assert entries("TaxRates", **rate)[0].digest() == entries("TaxRates", **{**rate, "EffectiveRate": 20})[0].digest()


def test_what_xero_fills_in_on_a_contacts_documents() -> None:
    supplier, customer = entries(
        "Contacts",
        ContactID="c1",
        Name="A",
        IsSupplier=True,
        IsCustomer=True,
        PurchasesDefaultAccountCode="429",
        AccountsPayableTaxType="INPUT2",
        SalesDefaultAccountCode="200",
        PaymentTerms={
            "Bills": {"Day": 14, "Type": "DAYSAFTERBILLMONTH"},
            "Sales": {"Day": 5, "Type": "OFCURRENTMONTH"},
        },
    )
    assert supplier.values == {
        "default_category_code": "429",
        "default_tax_rate": "INPUT2",
        "due_days": 14,
        "due_after": "end_of_month",
    }
    assert customer.values == {"default_category_code": "200"}
