"""What QuickBooks refuses, by code and text: the messages that a connector must know."""

from typing import Any

import pytest

from rehearsal.sandbox_process import SandboxClient
from tests.contract.sandbox.quickbooks.desk import GB, US, Body, american_bill, bill, connect, line

_ITEM = {"ItemRef": {"value": "2"}, "Qty": 3, "UnitPrice": 4.5, "TaxCodeRef": {"value": "2"}}


def item_line(amount: float) -> Body:
    return {"DetailType": "ItemBasedExpenseLineDetail", "Amount": amount, "ItemBasedExpenseLineDetail": _ITEM}


def without(body: Body, name: str) -> Body:
    return {key: value for key, value in body.items() if key != name}


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (without(bill(), "VendorRef"), "2020", "VendorRef"),
        (without(bill(), "Line"), "2020", "Line"),
        (without(bill(), "CurrencyRef"), "2020", "CurrencyRef"),
        (without(bill(), "GlobalTaxCalculation"), "2020", "GlobalTaxCalculation"),
        (bill(GlobalTaxCalculation="Gross"), "2170", "Gross"),
        (bill(Nonsense=1), "2010", "Nonsense"),
        (bill(DocNumber="1" * 22), "2050", "max: 21"),
        (bill(PrivateNote="n" * 4001), "2050", "max: 4000"),
        (bill(vendor="999"), "2500", "Names element id 999 not found"),
        (bill(vendor="60"), "610", "has been made inactive"),
        (bill(line(1, account="999")), "2500", "Accounts element id 999 not found"),
        (bill(line(1, account="21")), "610", "has been made inactive"),
        (bill(line(1, account="4")), "6000", "Accounts Payable account"),
        (bill(line(1, account="22")), "6000", "home currency"),
        (bill(line(1, tax=None)), "6000", "have a VAT rate before you save"),
        (bill(line(1, tax="99")), "2500", "TaxCode"),
        (bill(vendor="65"), "6000", "only use one foreign currency per transaction"),
        (bill(CurrencyRef={"value": "JPY"}), "2500", "JPY"),
        (bill(DueDate="2026-03-10"), "6000", "due date"),
        (bill(TxnDate="soon"), "2010", "TxnDate"),
        (bill(line(1, BillableStatus="Billable")), "6000", "customer"),
        (bill(line(1, account="1", BillableStatus="Billable", CustomerRef={"value": "61"})), "6000", "account types"),
        (bill(line(1, account="1", BillableStatus="NotBillable")), "6000", "not reimbursable"),
        (bill(item_line(13.51)), "6070", "UnitPrice * Qty"),
        (bill(line(-5)), "6000", "0 or greater"),
    ],
)
def test_a_bill_is_refused(sandbox: SandboxClient, body: Body, code: str, text: str) -> None:
    desk = connect(sandbox, GB)
    refused = desk.refused("Bill", body)
    assert (refused["status"], refused["code"]) == (400, code)
    assert text in refused["Detail"]
    assert desk.books()["Bill"] == []


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (american_bill(CurrencyRef={"value": "USD"}), "6000", "Multi Currency should be enabled"),
        (american_bill(line(1, tax="2")), "6100", "TAX or NON"),
        (american_bill(GlobalTaxCalculation="TaxExcluded"), "6000", "not applicable to US"),
    ],
)
def test_an_american_bill_is_refused(sandbox: SandboxClient, body: Body, code: str, text: str) -> None:
    refused = connect(sandbox, US).refused("Bill", body)
    assert (refused["code"], text in refused["Detail"]) == (code, True)


@pytest.mark.parametrize(
    ("head", "code", "text"),
    [
        ({"PaymentType": "Cash", "AccountRef": {"value": "3"}}, "6000", "Bank account"),
        ({"PaymentType": "CreditCard", "AccountRef": {"value": "1"}}, "6000", "Credit Card account"),
        ({"PaymentType": "Barter", "AccountRef": {"value": "1"}}, "2170", "Barter"),
        ({"PaymentType": "Cash", "AccountRef": {"value": "22"}}, "6000", "home currency"),
        ({"PaymentType": "Cash", "AccountRef": {"value": "1"}, "Credit": True}, "6000", "credit card"),
        ({"PaymentType": "Cash"}, "2020", "AccountRef"),
    ],
)
def test_an_expense_is_refused(sandbox: SandboxClient, head: Body, code: str, text: str) -> None:
    refused = connect(sandbox, GB).refused("Purchase", without(bill(**head), "VendorRef"))
    assert (refused["code"], text in refused["Detail"]) == (code, True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"close_books": "2026-03-11"}, "6210"),
        ({"suspended": True}, "6190"),
        ({"plan": "Simple Start"}, "5020"),
    ],
)
def test_the_company_does_not_let_it(sandbox: SandboxClient, changes: Body, code: str) -> None:
    desk = connect(sandbox, GB)
    desk.edit(**changes)
    assert desk.refused("Bill", bill())["code"] == code
    assert desk.query("select * from Vendor")["maxResults"] == 7


def test_closed_books_take_no_changes_either(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    made = desk.post("Bill", bill())
    desk.edit(close_books="2026-03-31")
    later = bill(TxnDate="2026-04-01", Id=made["Id"], SyncToken="0")
    assert desk.refused("Bill", later)["code"] == "6210"
    assert desk.refused("Bill", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")["code"] == "6210"
    assert desk.post("Bill", bill(TxnDate="2026-04-01"))["TxnDate"] == "2026-04-01"


@pytest.mark.parametrize(
    ("group", "name", "detail"),
    [
        ("AccountingInfoPrefs", "ClassTrackingPerTxnLine", {"ClassRef": {"value": "1"}}),
        (
            "VendorAndPurchasesPrefs",
            "BillableExpenseTracking",
            {"BillableStatus": "Billable", "CustomerRef": {"value": "61"}},
        ),
    ],
)
def test_features_must_be_on(sandbox: SandboxClient, group: str, name: str, detail: Body) -> None:
    desk = connect(sandbox, GB)
    body = bill(line(1, **detail))
    assert desk.post("Bill", body)["TotalAmt"] == 1.2
    desk.edit(preferences={group: {name: False}})
    assert desk.refused("Bill", body)["code"] == "5030"


def test_locations_must_be_on(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    body = bill(DepartmentRef={"value": "2"})
    assert desk.post("Bill", body)["DepartmentRef"]["name"] == "Market Stall"
    desk.edit(preferences={"AccountingInfoPrefs": {"TrackDepartments": False}})
    assert desk.refused("Bill", body)["code"] == "5030"


def test_a_number_is_taken_once_by_a_vendor_while_the_company_warns(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    desk.post("Bill", bill(DocNumber="S-1"))
    refused = desk.refused("Bill", bill(DocNumber="s-1 "))
    assert (refused["code"], refused["Detail"].endswith("DocNumber=s-1  is assigned to TxnType=Bill")) == ("6140", True)
    desk.post("Bill", bill(DocNumber="S-1", vendor="56"))
    desk.post("VendorCredit", bill(DocNumber="S-1"))
    desk.post("Bill", bill(DocNumber="S-1"), include="allowduplicatedocnum")
    desk.edit(warns_of_duplicates=False)
    desk.post("Bill", bill(DocNumber="S-1"))
    assert len(desk.books()["Bill"]) == 4


def test_names_are_unique_over_vendors_and_customers(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    for entity, name in (("Vendor", "riverside cafe"), ("Customer", "City Taxis")):
        assert desk.refused(entity, {"DisplayName": name})["code"] == "6240"
    made = desk.post("Vendor", {"DisplayName": "Fresh Foods"})
    assert made["CurrencyRef"]["value"] == "GBP"
    desk.post("Vendor", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert desk.post("Vendor", {"DisplayName": "Fresh Foods"})["Id"] != made["Id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"DisplayName": "a:b"}, "6000"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({}, "2020"),
        ({"DisplayName": "New", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ({"DisplayName": "New", "CurrencyRef": {"value": "JPY"}}, "2500"),
    ],
)
def test_a_vendor_is_refused(sandbox: SandboxClient, body: Body, code: str) -> None:
    assert connect(sandbox, GB).refused("Vendor", body)["code"] == code


def test_bad_text_is_refused_as_intuit_does(sandbox: SandboxClient) -> None:
    desk = connect(sandbox, GB)
    answer = desk.call("POST", "/vendor", content=b'{"DisplayName": "caf\xe9"}')
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["Message"]) == (500, "Unsupported Operation")
    assert desk.call("POST", "/vendor", content=b"{").json()["Fault"]["Error"][0]["code"] == "2010"


def test_lists_cannot_be_deleted(sandbox: SandboxClient) -> None:
    desk: Any = connect(sandbox, GB)
    assert desk.refused("Vendor", {"Id": "55", "SyncToken": "0"}, operation="delete")["code"] == "500"
