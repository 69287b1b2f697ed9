"""Expense claims as bills: a line for each item, its tax kept, the coding that its lines share."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.claims import about_items, as_bill, claim_total
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Settings
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.readiness import coded

NOW = datetime(2026, 3, 11, tzinfo=UTC)


def item(*lines: Line, mode: TaxMode = TaxMode.INCLUSIVE, total: str, **more: Any) -> Item:
    named = {"type": ItemType.RECEIPT, "description": "Trip", **more}
    return Item(
        id="i", tenant="t", account="a", side=Side.COSTS, created_at=NOW, currency="GBP", tax_mode=mode,
        total=Decimal(total), lines=lines, **named,
    )  # fmt: skip


def line(amount: str, category: str = "travel", rate: str | None = "20", tax: str | None = None) -> Line:
    return Line("Taxi", Decimal(amount), category=category, tax_rate=rate, tax_amount=Decimal(tax) if tax else None)


CLAIM = item(total="0", type=ItemType.EXPENSE_CLAIM, items=("one", "two"), date=date(2026, 3, 11), paid=True)


def test_a_claim_stays_unpaid_where_its_connection_takes_costs_as_paid() -> None:
    unsaid = replace(CLAIM, paid=False, sources={"paid": Source.CONNECTION_DEFAULT})
    settings = Settings(costs_paid=True)
    assert coded(item(total="0", sources={"paid": Source.CONNECTION_DEFAULT}), settings).paid
    assert not coded(as_bill(unsaid, []), settings).paid


def bill_of(*inside: Item) -> Item:
    return as_bill(CLAIM, inside)


def test_a_claim_is_one_unpaid_bill() -> None:
    bill = bill_of(item(line("12.00", tax="2.00"), total="12.00", paid=True))
    assert (bill.type, bill.destination, bill.publish_as) == (
        ItemType.INVOICE, Destination.PURCHASES, PublishAs.AWAITING_PAYMENT,
    )  # fmt: skip
    assert (bill.paid, bill.payment_method, bill.due_date) == (False, None, CLAIM.date)
    assert bill.id == CLAIM.id  # what marks it at the provider is the claim's


def test_an_items_total_and_tax_are_its_line() -> None:
    exclusive = item(line("40.00"), line("10.00"), mode=TaxMode.EXCLUSIVE, total="60.00")
    stated = item(line("12.00", tax="2.00"), total="12.00")
    by_rate = item(line("24.00"), total="24.00")
    refund = item(line("6.00", tax="1.00"), total="6.00", type=ItemType.CREDIT_NOTE)
    bill = bill_of(exclusive, stated, by_rate, refund)
    found = [(one.amount, one.tax_amount) for one in bill.lines]
    assert found == [
        (Decimal("60.00"), Decimal("10.00")), (Decimal("12.00"), Decimal("2.00")), (Decimal("24.00"), None),
        (Decimal("-6.00"), Decimal("-1.00")),
    ]  # fmt: skip
    assert claim_total([exclusive, stated, by_rate, refund]) == Decimal("90.00")


def test_what_lines_do_not_share_is_left_for_a_person() -> None:
    mixed = item(line("5.00", "travel"), line("5.00", "food"), total="10.00")
    (one,) = bill_of(mixed).lines
    assert (one.category, one.tax_rate, one.description) == (None, "20", "Trip")


def test_items_without_tax_make_a_bill_without_tax() -> None:
    plain = item(line("5.00", rate=None), mode=TaxMode.NONE, total="5.00")
    assert bill_of(plain).tax_mode is TaxMode.NONE
    taxed = item(line("12.00", tax="2.00"), total="12.00")
    both = bill_of(plain, taxed)
    assert (both.tax_mode, both.lines[0].tax_amount) == (TaxMode.INCLUSIVE, Decimal(0))


def test_problems_name_the_item_inside() -> None:
    found = about_items(Problem("category_missing", "lines[1].category"), CLAIM)
    assert (found.field, found.details) == ("items[1].category", {"item": "two"})
    assert about_items(Problem("lines_missing", "lines"), CLAIM).field == "items"
    assert about_items(Problem("date_missing", "date"), CLAIM) == Problem("date_missing", "date")
