"""Items as Sage's elements: references, tax per line, idempotency ids, bytes that never differ."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.connections import PublishAs
from shared.domain.items import Item, ItemType, Line, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import rounded
from shared.providers.contract import Target, Wanted
from shared.providers.sage import mapping
from shared.providers.sage.amounts import figures, quantity_and_price
from tests.unit.providers.sage.kit import (
    BANK_TARGET,
    BILL,
    CREDIT,
    EUROS,
    INVOICE,
    LINE,
    MARKER,
    QUICK_TARGET,
    RESOLVED,
    SALES_TARGET,
    TARGET,
    D,
)


def element(item: Item = BILL, target: Target = TARGET, **resolved: Any) -> dict[str, Any]:
    return dict(mapping.draft(item, replace(RESOLVED, **resolved), target).element)


def test_a_bill() -> None:
    draft = mapping.draft(BILL, RESOLVED, TARGET)
    assert draft.resource == "purchase_invoices" and draft.carries_marker
    assert draft.element == {
        "idempotency_id": mapping.idempotency_id(MARKER, "purchase_invoices", 0),
        "contact_id": "s-northgate",
        "date": "2026-03-11",
        "due_date": "2026-04-10",
        "reference": MARKER,
        "vendor_reference": "SUP-77",
        "invoice_lines": [
            {
                "description": "Diesel",
                "ledger_account_id": "s-fuel",
                "quantity": 1,
                "unit_price": D("40.00"),
                "tax_rate_id": "GB_STANDARD",
                "tax_amount": D("8.00"),
            }
        ],
    }


@pytest.mark.parametrize(
    ("item", "target", "resource", "lines"),
    [
        (BILL, TARGET, "purchase_invoices", "invoice_lines"),
        (CREDIT, TARGET, "purchase_credit_notes", "credit_note_lines"),
        (INVOICE, SALES_TARGET, "sales_invoices", "invoice_lines"),
        (replace(INVOICE, type=ItemType.CREDIT_NOTE), SALES_TARGET, "sales_credit_notes", "credit_note_lines"),
        (BILL, BANK_TARGET, "other_payments", "payment_lines"),
        (INVOICE, BANK_TARGET, "other_payments", "payment_lines"),
        (BILL, QUICK_TARGET, "purchase_quick_entries", None),
        (INVOICE, QUICK_TARGET, "sales_quick_entries", None),
    ],
)
def test_where_each_document_goes(item: Item, target: Target, resource: str, lines: str | None) -> None:
    draft = mapping.draft(item, RESOLVED, target)
    assert draft.resource == resource
    assert {name for name in draft.element if name.endswith("_lines")} == ({lines} if lines else set())
    assert draft.element["reference"] == MARKER and len(MARKER) <= 25


def test_money_has_its_type_its_account_and_whole_amounts() -> None:
    spent, received = element(target=BANK_TARGET), element(INVOICE, BANK_TARGET)
    assert (spent["transaction_type_id"], received["transaction_type_id"]) == ("OTHER_PAYMENT", "OTHER_RECEIPT")
    assert spent["bank_account_id"] == "s-current" and spent["total_amount"] == 48
    (line,) = spent["payment_lines"]
    assert (line["net_amount"], line["tax_amount"], line["total_amount"]) == (40, 8, 48)
    assert line["details"] == "SUP-77 - Diesel"


def test_a_quick_entry_is_a_total() -> None:
    item = replace(BILL, lines=(LINE, replace(LINE, amount=D("60.00"))), total=D("120.00"))
    found = element(item, QUICK_TARGET)
    assert (found["net_amount"], found["tax_amount"], found["total_amount"]) == (100, 20, 120)
    assert found["quick_entry_type_id"] == "INVOICE"
    assert element(CREDIT, QUICK_TARGET)["quick_entry_type_id"] == "CREDIT_NOTE"


def test_a_sales_number_stands_in_the_notes() -> None:
    found = element(replace(INVOICE, description="For March"), SALES_TARGET)
    assert found["notes"] == "INV-1\nFor March" and "vendor_reference" not in found


def test_drafts_say_so_and_nothing_else_has_a_status() -> None:
    assert element(target=replace(TARGET, publish_as=PublishAs.DRAFT))["status_id"] == "DRAFT"
    assert "status_id" not in element() and "status_id" not in element(
        target=replace(TARGET, publish_as=PublishAs.PAID)
    )


def test_foreign_papers_name_their_currency_and_what_it_is_worth() -> None:
    found = element(replace(BILL, currency="EUR", exchange_rate=D("1.25")))
    assert (found["currency_id"], found["exchange_rate"]) == ("EUR", D("0.8"))
    assert "currency_id" not in element()


def test_products_services_and_stock_items() -> None:
    lines = tuple(replace(LINE, product=name) for name in ("book", "hours", "paper"))
    book, hours, paper = element(replace(BILL, lines=lines))["invoice_lines"]
    assert (book["product_id"], hours["service_id"], paper["product_id"]) == ("s-book", "s-hours", "s-paper")


def test_analysis_types_are_named_by_sages_own_ids() -> None:
    found = element(replace(BILL, lines=(replace(LINE, tracking=("south",)),)))
    assert found["invoice_lines"][0]["analysis_type_categories"] == ["2"]


# --- idempotency ids and bytes
def test_the_same_paper_has_the_same_bytes_and_an_edited_one_another_id() -> None:
    first, again = (mapping.draft(BILL, RESOLVED, TARGET).element for _ in range(2))
    assert mapping.body("purchase_invoices", [first]) == mapping.body("purchase_invoices", [again])
    edited = mapping.draft(replace(BILL, version=1), RESOLVED, TARGET).element
    ids = {first["idempotency_id"], edited["idempotency_id"], element(target=QUICK_TARGET)["idempotency_id"]}
    assert len(ids) == 3 and all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_bytes_give_back_what_they_were_made_of() -> None:
    body = mapping.body("purchase_invoices", [element()])
    assert mapping.body("purchase_invoices", mapping.elements("purchase_invoices", body)) == body


def test_a_call_creates_one() -> None:
    with pytest.raises(ValueError, match="too many values"):
        mapping.body("purchase_invoices", [element(), element()])


# --- contacts and payments
def test_a_new_contact_is_of_one_type() -> None:
    known = Entry("01NEW", Kind.SUPPLIERS, "  Fenland   Timber ", values={"email": "a@example.com", "currency": "EUR"})
    draft = mapping.new_supplier(known, MARKER)
    assert draft.element["name"] == "Fenland Timber" and draft.element["contact_type_ids"] == ["VENDOR"]
    assert draft.element["source_guid"] == MARKER and draft.element["currency_id"] == "EUR"
    customer = mapping.new_supplier(replace(known, kind=Kind.CUSTOMERS), MARKER)
    assert customer.element["contact_type_ids"] == ["CUSTOMER"]


def test_a_payment_is_of_the_whole_and_allocated() -> None:
    draft = mapping.payment(BILL, Wanted("purchase_invoices", "d1"), RESOLVED, MARKER)
    assert draft.resource == "contact_payments"
    assert draft.element["allocated_artefacts"] == [{"artefact_id": "d1", "amount": D("48.00")}]
    assert draft.element["transaction_type_id"] == "VENDOR_PAYMENT" and "currency_id" not in draft.element
    euro = replace(BILL, currency="EUR", exchange_rate=D("1.25"))
    foreign = mapping.payment(euro, Wanted("purchase_invoices", "d1"), RESOLVED, MARKER).element
    assert (foreign["currency_id"], foreign["exchange_rate"]) == ("EUR", D("0.8"))
    same = replace(RESOLVED, bank_account=EUROS)
    unrated = mapping.payment(replace(BILL, currency="EUR"), Wanted("purchase_invoices", "d1"), same, MARKER).element
    assert "currency_id" not in unrated


# --- amounts
@given(
    amounts=st.lists(st.decimals("0.01", "9999.99", places=2), min_size=1, max_size=8),
    mode=st.sampled_from([TaxMode.EXCLUSIVE, TaxMode.INCLUSIVE]),
)
def test_net_and_tax_of_every_line_are_cents_and_add_up(amounts: list[D], mode: TaxMode) -> None:
    lines = tuple(replace(LINE, amount=amount) for amount in amounts)
    item = replace(BILL, lines=lines, tax_mode=mode)
    found = figures(item, RESOLVED.tax_rates)
    assert found is not None
    for line, net, tax in zip(lines, found.net, found.tax, strict=True):
        assert net == rounded(net, "GBP") and tax == rounded(tax, "GBP")
        assert (net + tax if mode is TaxMode.INCLUSIVE else net) == line.amount
        assert abs(tax - net * D("0.2")) <= D("0.01")


def test_a_papers_own_tax_wins_by_a_cent() -> None:
    lines = (replace(LINE, amount=D("10.01")), replace(LINE, amount=D("20.02")))
    item = replace(BILL, lines=lines, tax_mode=TaxMode.INCLUSIVE, total=D("30.03"), tax_total=D("5.00"))
    found = figures(item, RESOLVED.tax_rates)
    assert found is not None and sum(found.tax) == 5 and found.total == D("30.03")


@given(st.decimals("0.01", "9999.99", places=2), st.decimals("0.0001", "500", places=4))
def test_quantity_times_price_is_always_the_amount(net: D, quantity: D) -> None:
    count, price = quantity_and_price(Line("x", net, quantity=quantity), net, "GBP")
    assert rounded(count * price, "GBP") == net
