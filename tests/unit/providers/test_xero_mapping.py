"""Items as Xero's elements, and the bytes that go out."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.connections import PublishAs
from shared.domain.items import Item, ItemType, TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Resolved, Target, Wanted
from shared.providers.xero.calls import PROVIDER
from tests.unit.providers import xero_kit as kit
from tests.unit.providers.xero_kit import BANK_TARGET, BILL, CREDIT, INVOICE, LINE, RESOLVED, SALES_TARGET, TARGET

D = Decimal
LINK = f"https://ledgerbridge.invalid/d/{kit.MARKER}"


def element(item: Item, target: Target = TARGET, resolved: Resolved = RESOLVED) -> dict[str, Any]:
    return dict(PROVIDER.draft(item, resolved, target).element)


def test_a_bill() -> None:
    draft = PROVIDER.draft(replace(BILL, lines=(replace(LINE, tracking=("north", "retail")),)), RESOLVED, TARGET)
    assert draft.resource == "Invoices"
    assert draft.element == {
        "Type": "ACCPAY",
        "Contact": {"ContactID": "x-northgate"},
        "Date": "2026-03-11",
        "DueDate": "2026-04-10",
        "InvoiceNumber": "SUP-77",
        "Url": LINK,
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "GBP",
        "Status": "AUTHORISED",
        "LineItems": [
            {
                "Description": "Fuel",
                "Quantity": D(1),
                "UnitAmount": D("40.00"),
                "LineAmount": D("40.00"),
                "AccountID": "x-fuel",
                "TaxType": "INPUT2",
                "Tracking": [
                    {"TrackingCategoryID": "x-region", "TrackingOptionID": "x-north"},
                    {"TrackingCategoryID": "x-team", "TrackingOptionID": "x-retail"},
                ],
            }
        ],
    }
    assert draft.fingerprint == {
        "type": "ACCPAY",
        "contact": "x-northgate",
        "number": "SUP-77",
        "date": "2026-03-11",
        "currency": "GBP",
        "total": "48",
        "lines": 1,
        "amounts": ["40"],
        "texts": ["Fuel"],
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (PublishAs.DRAFT, "DRAFT"),
        (PublishAs.AWAITING_APPROVAL, "SUBMITTED"),
        (PublishAs.AWAITING_PAYMENT, "AUTHORISED"),
        (PublishAs.PAID, "AUTHORISED"),
    ],
)
def test_statuses(status: PublishAs, expected: str) -> None:
    assert element(BILL, replace(TARGET, publish_as=status))["Status"] == expected
    assert element(CREDIT, replace(TARGET, publish_as=status))["Status"] == expected


def test_what_carries_the_marker_follows_the_document() -> None:
    assert element(BILL)["Url"] == LINK
    assert element(INVOICE, SALES_TARGET)["Url"] == LINK
    assert element(BILL, BANK_TARGET)["Url"] == LINK
    sales_credit = element(replace(INVOICE, type=ItemType.CREDIT_NOTE), SALES_TARGET)
    assert (sales_credit["Type"], sales_credit["Reference"]) == ("ACCRECCREDIT", kit.MARKER)
    purchase_credit = element(CREDIT)
    assert purchase_credit["Type"] == "ACCPAYCREDIT"
    assert not {"Url", "Reference", "DueDate", "InvoiceNumber"} & set(purchase_credit)


def test_the_tenants_own_link_gets_the_marker() -> None:
    plain = replace(TARGET, link="https://app.example.com/i/7")
    assert element(BILL, plain)["Url"] == f"https://app.example.com/i/7?lb={kit.MARKER}"
    query = replace(TARGET, link="https://app.example.com/i?n=7")
    assert element(BILL, query)["Url"] == f"https://app.example.com/i?n=7&lb={kit.MARKER}"


def test_spend_and_receive_money() -> None:
    spend = element(BILL, BANK_TARGET)
    assert (spend["Type"], spend["Status"], spend["BankAccount"]) == ("SPEND", "AUTHORISED", {"AccountID": "x-bank"})
    assert spend["Reference"] == "SUP-77"
    assert "DueDate" not in spend
    assert element(INVOICE, BANK_TARGET)["Type"] == "RECEIVE"


def test_tax_is_sent_as_the_document_has_it() -> None:
    own = element(replace(BILL, lines=(replace(LINE, tax_amount=D("7.99")),)))
    assert own["LineItems"][0]["TaxAmount"] == D("7.99")
    assert "TaxAmount" not in element(BILL)["LineItems"][0]
    none = element(replace(BILL, tax_mode=TaxMode.NONE, lines=(replace(LINE, tax_rate=None),)))
    assert none["LineAmountTypes"] == "NoTax"
    assert "TaxType" not in none["LineItems"][0]
    assert element(replace(BILL, tax_mode=TaxMode.INCLUSIVE))["LineAmountTypes"] == "Inclusive"


@pytest.mark.parametrize(
    ("quantity", "unit", "amount", "sent"),
    [
        ("1", None, "40.00", "40"),
        ("3", "13.3333", "40.00", "13.3333"),
        ("3", None, "40.00", "13.3333"),
        ("0.25", "19.9975", "5.00", "19.9975"),
        ("70000", None, "1000.00", None),  # 0.0143 x 70000 = 1001: Xero divides by itself
        ("0", None, "0", None),
    ],
)
def test_a_unit_amount_is_sent_only_where_it_gives_the_line_again(
    quantity: str, unit: str | None, amount: str, sent: str | None
) -> None:
    line = replace(LINE, quantity=D(quantity), unit_amount=D(unit) if unit else None, amount=D(amount))
    found = element(replace(BILL, lines=(line,)))["LineItems"][0]
    assert found.get("UnitAmount") == (D(sent) if sent else None)
    assert found["LineAmount"] == D(amount)


def test_a_line_without_text_takes_the_items() -> None:
    silent = replace(BILL, lines=(replace(LINE, description=" "),))
    assert element(silent)["LineItems"][0]["Description"] == "Item"
    assert element(replace(silent, description="Diesel"))["LineItems"][0]["Description"] == "Diesel"


def test_a_receipt_is_due_the_day_it_was_made() -> None:
    receipt = replace(BILL, type=ItemType.RECEIPT, due_date=None)
    assert element(receipt)["DueDate"] == "2026-03-11"


def test_an_exchange_rate_goes_with_foreign_documents_only() -> None:
    assert element(replace(BILL, currency="EUR", exchange_rate=D("1.1725")))["CurrencyRate"] == D("1.1725")
    assert "CurrencyRate" not in element(replace(BILL, exchange_rate=D("1.1725")))


def test_a_supplier_that_is_not_there_yet_is_shown_by_name() -> None:
    new = replace(RESOLVED, contact=replace(kit.NORTHGATE, provider_id=None))
    assert element(BILL, resolved=new)["Contact"] == {"Name": "Northgate Stationers"}


def test_a_new_supplier() -> None:
    entry = Entry("e", Kind.SUPPLIERS, " Café Ñandú ", values={"email": "a@example.com", "tax_number": None})
    draft = PROVIDER.new_supplier(entry, kit.MARKER)
    assert draft.resource == "Contacts"
    assert draft.element == {"Name": "Café Ñandú", "ContactNumber": kit.MARKER, "EmailAddress": "a@example.com"}


def test_a_payment() -> None:
    paid = replace(BILL, paid=True, paid_on=date(2026, 3, 12))
    draft = PROVIDER.payment(paid, Wanted("Invoices", "inv-1"), RESOLVED, kit.MARKER)
    assert draft.resource == "Payments"
    assert draft.element == {
        "Invoice": {"InvoiceID": "inv-1"},
        "Account": {"AccountID": "x-bank"},
        "Date": "2026-03-12",
        "Amount": D("48.00"),
        "Reference": kit.MARKER,
    }
    refund = PROVIDER.payment(paid, Wanted("CreditNotes", "cn-1"), RESOLVED, kit.MARKER)
    assert refund.element["CreditNote"] == {"CreditNoteID": "cn-1"}


def test_the_same_elements_always_give_the_same_bytes_with_exact_numbers() -> None:
    one = element(replace(BILL, lines=(replace(LINE, amount=D("0.10")),), total=D("0.12")))
    shuffled = dict(reversed(one.items()))
    body = PROVIDER.body("Invoices", [one])
    assert body == PROVIDER.body("Invoices", [shuffled])
    assert b'"LineAmount":0.1,' in body
    assert json.loads(body, parse_float=D)["Invoices"][0]["LineItems"][0]["UnitAmount"] == D("0.1")


def test_numbers_keep_every_digit_and_no_float_slips_in() -> None:
    assert PROVIDER.body("R", [{"a": D("123456789012.3456"), "b": D("1E+3"), "c": D("-0.00")}]) == (
        b'{"R":[{"a":123456789012.3456,"b":1000,"c":0}]}'
    )
    with pytest.raises(TypeError):
        PROVIDER.body("R", [{"a": 0.1}])


def test_tax_that_a_document_rounded_once_goes_to_its_largest_line() -> None:
    lines = (replace(LINE, amount=D("10.01")), replace(LINE, amount=D("20.02")))
    inclusive = replace(BILL, lines=lines, tax_mode=TaxMode.INCLUSIVE, total=D("30.03"))
    once = element(replace(inclusive, tax_total=D("5.00")))["LineItems"]
    assert [line.get("TaxAmount") for line in once] == [None, D("3.33")]  # 1.67 and 3.34 line by line
    assert all("TaxAmount" not in line for line in element(replace(inclusive, tax_total=D("5.01")))["LineItems"])
