"""What is refused before any call."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.domain.connections import Destination, PublishAs, Settings
from shared.domain.items import Item, ItemType, TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Target
from shared.providers.sage.checks import check
from tests.unit.providers.sage.kit import (
    BANK_TARGET,
    BILL,
    BUSINESS,
    CREDIT,
    EUROS,
    INACTIVE,
    INVOICE,
    LINE,
    NORTHGATE,
    QUICK_TARGET,
    RESOLVED,
    SALES_LINE,
    SALES_TARGET,
    TARGET,
    D,
)

PAID: dict[str, Any] = {"paid": True, "publish_as": PublishAs.PAID}


def found(item: Item = BILL, target: Target = TARGET, **resolved: Any) -> set[tuple[str, str | None]]:
    return {(one.code, one.field) for one in check(item, replace(RESOLVED, **resolved), target)}


def lines(*changed: dict[str, Any], base: Any = LINE) -> Any:
    return tuple(replace(base, **fields) for fields in changed)


def in_business(target: Target = TARGET, **changes: Any) -> Target:
    return replace(target, organisation=replace(BUSINESS, **changes))


@pytest.mark.parametrize(
    ("item", "target"),
    [
        (BILL, TARGET),
        (CREDIT, TARGET),
        (INVOICE, SALES_TARGET),
        (BILL, BANK_TARGET),
        (INVOICE, BANK_TARGET),
        (BILL, QUICK_TARGET),
        (CREDIT, QUICK_TARGET),
        (INVOICE, QUICK_TARGET),
        (replace(BILL, type=ItemType.RECEIPT, due_date=None, number=None), TARGET),
        (replace(BILL, lines=lines({"tax_rate": None}), tax_mode=TaxMode.NONE, total=D("40.00")), TARGET),
        (replace(BILL, currency="EUR", exchange_rate=D("1.15")), TARGET),
        (replace(BILL, **PAID), replace(TARGET, publish_as=PublishAs.PAID)),
        (replace(BILL, date=date(2025, 1, 1)), replace(TARGET, publish_as=PublishAs.DRAFT)),
    ],
)
def test_nothing_is_wrong(item: Item, target: Target) -> None:
    assert found(item, target) == set()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"date": date(2025, 3, 31)}, ("year_locked", "date")),
        ({"date": None}, ("date_missing", "date")),
        ({"due_date": date(2026, 3, 1)}, ("due_date_before_date", "due_date")),
        ({"number": "N" * 32}, ("text_too_long", "number")),
        ({"total": D("-48.00")}, ("total_negative", "total")),
        ({"total": D("47.00")}, ("lines_do_not_add_up", "total")),
        ({"tax_total": D("7.00")}, ("lines_do_not_add_up", "tax_total")),
        ({"lines": ()}, ("lines_missing", "lines")),
        ({"lines": lines({"category": None})}, ("category_missing", "lines[0].category")),
        ({"lines": lines({"category": "gone"})}, ("entry_unresolved", "lines[0].category")),
        ({"lines": lines({"category": "old"})}, ("account_archived", "lines[0].category")),
        ({"lines": lines({"category": "sales"})}, ("account_not_valid", "lines[0].category")),
        ({"lines": lines({"tax_rate": None})}, ("tax_rate_missing", "lines[0].tax_rate")),
        ({"lines": lines({"tax_rate": "ended"})}, ("tax_rate_not_found", "lines[0].tax_rate")),
        (
            {"lines": lines({"tax_rate": "zero", "tax_amount": D("8.00")})},
            ("lines_do_not_add_up", "lines[0].tax_amount"),
        ),
        ({"lines": lines({"tax_amount": D("41.00")})}, ("tax_exceeds_line", "lines[0].tax_amount")),
        ({"lines": lines({"quantity": D(-1)})}, ("quantity_negative", "lines[0].quantity")),
        ({"tax_mode": TaxMode.NONE, "total": D("40.00")}, ("lines_do_not_add_up", "lines[0].tax_rate")),
        ({"lines": lines({"product": "pen"})}, ("product_not_found", "lines[0].product")),
        ({"lines": lines({"tracking": ("east",)})}, ("entry_unresolved", "lines[0].tracking[0]")),
        ({"lines": lines({"tracking": ("north", "south")})}, ("too_many_dimensions", "lines[0].tracking[1]")),
        (
            {"publish_as": PublishAs.PAID, "paid": True, "payment_method": None},
            ("payment_method_missing", "payment_method"),
        ),
    ],
)
def test_a_bill_that_sage_would_refuse(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    bank: dict[str, Any] = {"bank_account": None} if "payment_method" in changes else {}
    assert problem in found(replace(BILL, **changes), **bank)


def test_a_paid_paper_without_a_linked_account_is_refused_not_published_unpaid() -> None:
    paid, linked = replace(BILL, **PAID), ("bank_account_not_linked", "payment_method")
    assert found(paid, bank_account=None) == {linked}
    by_settings = replace(TARGET, settings=Settings(publish_as=PublishAs.PAID))
    assert found(replace(BILL, paid=True), by_settings, bank_account=None) == {linked}
    assert found(BILL, by_settings, bank_account=None) == set()  # it is not paid: nothing is to be recorded
    assert found(replace(paid, paid=False), bank_account=None) == set()


def test_reverse_charge_is_of_invoices_and_credit_notes_of_british_businesses() -> None:
    reverse, held = {"reverse_charge": True, "total": D("40.00")}, {("field_not_carried", "reverse_charge")}
    for item, target in ((BILL, TARGET), (CREDIT, TARGET)):
        assert found(replace(item, **reverse), target) == set()
        assert found(replace(item, **reverse), in_business(target, country="IE")) == held
        assert found(replace(item, **reverse), in_business(target, country=None)) == set()  # Sage will tell
    assert found(replace(INVOICE, reverse_charge=True, total=D("100.00")), SALES_TARGET) == set()
    for target in (QUICK_TARGET, BANK_TARGET):
        assert found(replace(BILL, **reverse), target) == held
        assert found(replace(BILL, reverse_charge=False), target) == set()


def test_dates_before_the_accounts_start_are_told_apart_from_the_lockdown() -> None:
    target = in_business(year_end_lock_date=None)
    assert found(replace(BILL, date=date(2024, 3, 31)), target) == {("before_accounts_start", "date")}
    assert found(replace(BILL, date=date(2024, 4, 1)), target) == set()


@pytest.mark.parametrize("target", [TARGET, QUICK_TARGET])
def test_the_start_plan_has_no_purchases(target: Target) -> None:
    assert found(BILL, in_business(target, plan="START")) == {("plan_without_bills", "destination")}
    assert found(BILL, in_business(BANK_TARGET, plan="START")) == set()
    assert found(INVOICE, in_business(SALES_TARGET, plan="START")) == set()
    assert found(INVOICE, in_business(QUICK_TARGET, plan="START")) == {("plan_lacks_feature", "destination")}


def test_what_sage_does_not_offer() -> None:
    assert found(CREDIT, BANK_TARGET) == {("destination_not_offered", "destination")}
    assert found(BILL, replace(TARGET, destination=Destination.CHECKS)) == {("destination_not_offered", "destination")}
    approval = replace(TARGET, publish_as=PublishAs.AWAITING_APPROVAL)
    assert found(BILL, approval) == {("destination_not_offered", "publish_as")}
    drafted = replace(QUICK_TARGET, publish_as=PublishAs.DRAFT)
    assert found(BILL, drafted) == {("destination_not_offered", "publish_as")}


def test_a_quick_entry_has_one_category_one_rate_and_no_analysis() -> None:
    item = replace(BILL, lines=lines({}, {"category": "rent", "tax_rate": "zero"}), total=D("88.00"))
    wrong = {("one_per_document", "lines[1].category"), ("one_per_document", "lines[1].tax_rate")}
    assert found(item, QUICK_TARGET) == wrong
    tracked = replace(BILL, lines=lines({"tracking": ("north",), "product": "book"}))
    assert found(tracked, QUICK_TARGET) == {
        ("too_many_dimensions", "lines[0].tracking[0]"),
        ("destination_not_offered", "lines[0].product"),
    }


def test_money_is_in_the_currency_of_its_account() -> None:
    assert found(BILL, BANK_TARGET, bank_account=EUROS) == {("currency_of_bank_account", "payment_method")}
    closed = replace(RESOLVED.bank_account or EUROS, status=INACTIVE)
    assert found(BILL, BANK_TARGET, bank_account=closed) == {("bank_account_not_found", "payment_method")}


def test_foreign_papers_need_multi_currency() -> None:
    euro, plain = replace(BILL, currency="EUR"), in_business(features=())
    assert found(euro, plain) == {("currency_not_enabled", "currency")}
    newcomer = Entry("01NEW", Kind.SUPPLIERS, "New", values={"currency": "EUR"})
    assert found(BILL, plain, contact=newcomer) == {("currency_not_enabled", "contact")}


def test_contacts_that_cannot_be_used() -> None:
    assert found(contact=None) == {("entry_unresolved", "contact")}
    assert found(replace(BILL, contact=None), contact=None) == {("supplier_missing", "contact")}
    assert found(contact=replace(NORTHGATE, status=INACTIVE)) == {("supplier_archived", "contact")}
    assert found(contact=replace(NORTHGATE, survivor="x")) == {("supplier_merged", "contact")}
    assert found(contact=Entry("01NEW", Kind.SUPPLIERS, "N" * 101)) == {("text_too_long", "contact")}


def test_a_category_is_looked_at_for_the_destination_it_goes_to() -> None:
    wrong = replace(INVOICE, lines=lines({"category": "fuel"}, base=SALES_LINE))
    assert found(wrong, SALES_TARGET) == {("account_not_valid", "lines[0].category")}
