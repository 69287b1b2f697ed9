"""What can be known to be wrong before Xero is asked: one row for each problem, and the rows where nothing is."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.connections import Destination, PublishAs
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.providers.contract import Resolved, Target
from shared.providers.xero.calls import PROVIDER
from tests.unit.providers import xero_kit as kit
from tests.unit.providers.xero_kit import (
    BANK_TARGET,
    BILL,
    CREDIT,
    INVOICE,
    LINE,
    RESOLVED,
    SALES_TARGET,
    TARGET,
)

D = Decimal


def codes(item: Item, resolved: Resolved = RESOLVED, target: Target = TARGET) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.field) for problem in PROVIDER.check(item, resolved, target)]


def bill(line: Line | None = None, **fields: Any) -> Item:
    return replace(BILL, **({"lines": (line,)} if line else {}), **fields)


def line(**fields: Any) -> Line:
    return replace(LINE, **fields)


def publish_as(status: PublishAs, target: Target = TARGET) -> Target:
    return replace(target, publish_as=status)


LOCKED, YEAR_LOCKED = date(2026, 1, 31), date(2025, 3, 31)
ADVISER = replace(kit.ORGANISATION, lock_exempt=True)

FINE = {
    "a bill": (BILL, RESOLVED, TARGET),
    "a sales invoice": (INVOICE, RESOLVED, SALES_TARGET),
    "a bill's credit note": (replace(CREDIT, due_date=None), RESOLVED, TARGET),
    "spend money": (replace(BILL, due_date=None), RESOLVED, BANK_TARGET),
    "tax inside the amounts": (
        bill(line(amount=D("48.00")), tax_mode=TaxMode.INCLUSIVE, tax_total=D("8.00")),
        RESOLVED,
        TARGET,
    ),
    "no tax at all": (bill(line(amount=D("48.00"), tax_rate=None), tax_mode=TaxMode.NONE), RESOLVED, TARGET),
    "own tax figure": (bill(line(tax_amount=D("7.99")), total=D("47.99"), tax_total=D("7.99")), RESOLVED, TARGET),
    "a cent of rounding per line": (
        replace(BILL, lines=(line(amount=D("0.03")),) * 3, total=D("0.12")),
        RESOLVED,
        TARGET,
    ),
    "the day after the lock": (bill(date=date(2026, 2, 1)), RESOLVED, TARGET),
    "a draft inside the lock": (bill(date=YEAR_LOCKED), RESOLVED, publish_as(PublishAs.DRAFT)),
    "awaiting approval inside the lock": (bill(date=LOCKED), RESOLVED, publish_as(PublishAs.AWAITING_APPROVAL)),
    "an adviser inside the period lock": (bill(date=LOCKED), RESOLVED, replace(TARGET, organisation=ADVISER)),
    "a draft without due date": (bill(due_date=None), RESOLVED, publish_as(PublishAs.DRAFT)),
    "a receipt without due date": (bill(due_date=None, type=ItemType.RECEIPT), RESOLVED, TARGET),
    "two tracking values": (bill(line(tracking=("north", "retail"))), RESOLVED, TARGET),
    "a discount line": (
        replace(BILL, lines=(LINE, line(amount=D("-10.00"))), total=D("36.00")),
        RESOLVED,
        TARGET,
    ),
    "a supplier that is still to be made": (
        BILL,
        replace(RESOLVED, contact=replace(kit.NORTHGATE, provider_id=None)),
        TARGET,
    ),
    "foreign, paid from the organisation's own currency": (
        bill(currency="EUR", paid=True),
        RESOLVED,
        publish_as(PublishAs.PAID),
    ),
    "a tracked product on its inventory account": (
        bill(line(product="tracked", category="stock")),
        RESOLVED,
        TARGET,
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_nothing_is_wrong_with(name: str) -> None:
    item, resolved, target = FINE[name]
    assert codes(item, resolved, target) == []


WRONG = {
    "no supplier": (bill(contact=None), replace(RESOLVED, contact=None), TARGET, ("supplier_missing", "contact")),
    "unknown supplier": (BILL, replace(RESOLVED, contact=None), TARGET, ("entry_unresolved", "contact")),
    "archived supplier": (
        BILL,
        replace(RESOLVED, contact=replace(kit.NORTHGATE, status=kit.INACTIVE)),
        TARGET,
        ("supplier_archived", "contact"),
    ),
    "merged supplier": (
        BILL,
        replace(RESOLVED, contact=replace(kit.NORTHGATE, survivor="other")),
        TARGET,
        ("supplier_merged", "contact"),
    ),
    "new supplier, long name": (
        BILL,
        replace(RESOLVED, contact=replace(kit.NORTHGATE, provider_id=None, name="x" * 256)),
        TARGET,
        ("text_too_long", "contact"),
    ),
    "no date": (bill(date=None), RESOLVED, TARGET, ("date_missing", "date")),
    "period lock": (bill(date=LOCKED), RESOLVED, TARGET, ("period_locked", "date")),
    "year lock": (bill(date=YEAR_LOCKED), RESOLVED, TARGET, ("year_locked", "date")),
    "year lock binds advisers": (
        bill(date=YEAR_LOCKED),
        RESOLVED,
        replace(TARGET, organisation=ADVISER),
        ("year_locked", "date"),
    ),
    "spend money inside the lock": (bill(date=LOCKED), RESOLVED, BANK_TARGET, ("period_locked", "date")),
    "spend money as draft inside the lock": (
        bill(date=LOCKED),
        RESOLVED,
        publish_as(PublishAs.DRAFT, BANK_TARGET),
        ("period_locked", "date"),
    ),
    "paid inside the lock": (
        bill(date=LOCKED, paid=True),
        RESOLVED,
        publish_as(PublishAs.PAID),
        ("period_locked", "date"),
    ),
    "no due date": (bill(due_date=None), RESOLVED, TARGET, ("due_date_missing", "due_date")),
    "no due date, for approval": (
        bill(due_date=None),
        RESOLVED,
        publish_as(PublishAs.AWAITING_APPROVAL),
        ("due_date_missing", "due_date"),
    ),
    "no sales number": (replace(INVOICE, number=" "), RESOLVED, SALES_TARGET, ("number_missing", "number")),
    "long number": (bill(number="9" * 256), RESOLVED, TARGET, ("text_too_long", "number")),
    "currency": (bill(currency="USD"), RESOLVED, TARGET, ("currency_not_enabled", "currency")),
    "negative total": (
        bill(line(amount=D("-40.00")), total=D("-48.00")),
        RESOLVED,
        TARGET,
        ("total_negative", "total"),
    ),
    "a cent off, exclusive": (bill(total=D("48.01")), RESOLVED, TARGET, ("lines_do_not_add_up", "total")),
    "a cent off, inclusive": (
        bill(tax_mode=TaxMode.INCLUSIVE, total=D("40.01")),
        RESOLVED,
        TARGET,
        ("lines_do_not_add_up", "total"),
    ),
    "a cent off, no tax": (
        bill(tax_mode=TaxMode.NONE, total=D("39.99")),
        RESOLVED,
        TARGET,
        ("lines_do_not_add_up", "total"),
    ),
    "own tax does not give the tax total": (
        bill(line(tax_amount=D("8.00")), tax_total=D("8.01")),
        RESOLVED,
        TARGET,
        ("lines_do_not_add_up", "tax_total"),
    ),
    "quantity times price": (
        bill(line(quantity=D(3), unit_amount=D("13.00"))),
        RESOLVED,
        TARGET,
        ("lines_do_not_add_up", "lines[0].amount"),
    ),
    "no lines": (bill(lines=(), total=D(0)), RESOLVED, TARGET, ("lines_missing", "lines")),
    "long text": (
        bill(line(description="x" * 4001)),
        RESOLVED,
        TARGET,
        ("text_too_long", "lines[0].description"),
    ),
    "negative quantity": (
        bill(line(quantity=D(-1), amount=D("-40.00")), total=D("-48.00")),
        RESOLVED,
        TARGET,
        ("quantity_negative", "lines[0].quantity"),
    ),
    "tax above the line": (
        bill(line(tax_amount=D("41.00")), total=D("81.00")),
        RESOLVED,
        TARGET,
        ("tax_exceeds_line", "lines[0].tax_amount"),
    ),
    "no category": (bill(line(category=None)), RESOLVED, TARGET, ("category_missing", "lines[0].category")),
    "unknown category": (bill(line(category="zz")), RESOLVED, TARGET, ("entry_unresolved", "lines[0].category")),
    "archived category": (bill(line(category="old")), RESOLVED, TARGET, ("account_archived", "lines[0].category")),
    "system account": (bill(line(category="debtors")), RESOLVED, TARGET, ("account_not_valid", "lines[0].category")),
    "no tax rate": (bill(line(tax_rate=None)), RESOLVED, TARGET, ("tax_rate_missing", "lines[0].tax_rate")),
    "deleted tax rate": (bill(line(tax_rate="gone")), RESOLVED, TARGET, ("tax_rate_not_found", "lines[0].tax_rate")),
    "sales tax on a cost": (bill(line(tax_rate="out20")), RESOLVED, TARGET, ("tax_wrong_side", "lines[0].tax_rate")),
    "cost tax on a sale": (
        replace(INVOICE, lines=(replace(kit.SALES_LINE, tax_rate="in20"),)),
        RESOLVED,
        SALES_TARGET,
        ("tax_wrong_side", "lines[0].tax_rate"),
    ),
    "tax rate of another class": (
        bill(line(category="sales")),
        RESOLVED,
        TARGET,
        ("tax_not_for_account", "lines[0].tax_rate"),
    ),
    "deleted product": (
        bill(line(product="gone-product")),
        RESOLVED,
        TARGET,
        ("product_not_found", "lines[0].product"),
    ),
    "tracked product elsewhere": (
        bill(line(product="tracked")),
        RESOLVED,
        TARGET,
        ("inventory_account", "lines[0].category"),
    ),
    "inactive option": (
        bill(line(tracking=("closed",))),
        RESOLVED,
        TARGET,
        ("tracking_not_found", "lines[0].tracking[0]"),
    ),
    "option of nothing": (
        bill(line(tracking=("zz",))),
        RESOLVED,
        TARGET,
        ("entry_unresolved", "lines[0].tracking[0]"),
    ),
    "two of one category": (
        bill(line(tracking=("north", "south"))),
        RESOLVED,
        TARGET,
        ("too_many_dimensions", "lines[0].tracking[1]"),
    ),
    "three tracking values": (
        bill(line(tracking=("north", "retail", "south"))),
        RESOLVED,
        TARGET,
        ("too_many_dimensions", "lines[0].tracking"),
    ),
    "no payment method": (
        bill(payment_method=None),
        replace(RESOLVED, bank_account=None),
        BANK_TARGET,
        ("payment_method_missing", "payment_method"),
    ),
    "nothing linked": (
        BILL,
        replace(RESOLVED, bank_account=None),
        BANK_TARGET,
        ("bank_account_not_linked", "payment_method"),
    ),
    "archived bank account": (
        BILL,
        replace(RESOLVED, bank_account=replace(kit.BANK, status=kit.INACTIVE)),
        BANK_TARGET,
        ("bank_account_not_found", "payment_method"),
    ),
    "foreign spend money": (
        bill(currency="EUR"),
        RESOLVED,
        BANK_TARGET,
        ("currency_of_bank_account", "payment_method"),
    ),
    "paid from a third currency": (
        bill(paid=True),
        replace(RESOLVED, bank_account=kit.EUROS),
        publish_as(PublishAs.PAID),
        ("currency_of_bank_account", "payment_method"),
    ),
    "expense claims": (
        BILL,
        RESOLVED,
        replace(TARGET, destination=Destination.EXPENSE_CLAIMS),
        ("destination_not_offered", "destination"),
    ),
    "a sale as a purchase": (INVOICE, RESOLVED, TARGET, ("destination_not_offered", "destination")),
    "a credit note to the bank": (CREDIT, RESOLVED, BANK_TARGET, ("destination_not_offered", "destination")),
    "a plan without bills": (
        BILL,
        RESOLVED,
        replace(TARGET, organisation=replace(kit.ORGANISATION, plan="LEDGER")),
        ("plan_without_bills", "destination"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name: str) -> None:
    item, resolved, target, expected = WRONG[name]
    assert expected in codes(item, resolved, target)


def test_problems_come_in_the_order_of_the_fields() -> None:
    broken = replace(
        BILL, side=Side.COSTS, date=None, due_date=None, currency="USD", total=D(1), lines=(line(category="old"),)
    )
    fields = [field for _, field in codes(broken)]
    assert fields == ["date", "due_date", "currency", "total", "lines[0].category"]
