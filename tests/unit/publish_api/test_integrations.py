"""Which connection an item is published through: who decides, in which order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.accounts import Account
from shared.domain.addresses import Address
from shared.domain.connections import Slot
from shared.domain.integrations import Because, asks_rule, integration_of, sales_problem
from shared.domain.item_drafts import ItemDraft, Reference
from shared.domain.items import ItemType, Side, Summary, TaxMode

COST = Summary(Side.COSTS, ItemType.INVOICE, "GBP", Decimal(10), contact="supplier")
SALE = replace(COST, side=Side.SALES)
CLAIM = replace(COST, type=ItemType.EXPENSE_CLAIM)
BARE = Account("a", "t", "Bakery", datetime(2026, 3, 11, tzinfo=UTC))
BOTH = replace(BARE, publishing_integration="bill", expense_claims_integration="approvalmax")


@pytest.mark.parametrize(
    ("item", "account", "rule", "slot", "reason"),
    [
        (COST, BARE, None, Slot.MAIN, Because.MAIN),
        (COST, BOTH, None, Slot.BILL, Because.DEFAULT),
        (CLAIM, BOTH, None, Slot.APPROVALMAX, Because.DEFAULT),
        (CLAIM, replace(BOTH, expense_claims_integration=None), None, Slot.MAIN, Because.MAIN),
        (COST, BOTH, Slot.MAIN, Slot.MAIN, Because.SUPPLIER_RULE),
        (CLAIM, BOTH, Slot.BILL, Slot.BILL, Because.SUPPLIER_RULE),
        (replace(COST, integration=Slot.APPROVALMAX), BOTH, Slot.MAIN, Slot.APPROVALMAX, Because.ITEM),
        (replace(COST, integration=Slot.MAIN), BOTH, Slot.BILL, Slot.MAIN, Because.ITEM),
        (SALE, BOTH, Slot.BILL, Slot.MAIN, Because.SALES),
        (replace(SALE, integration=Slot.BILL), BOTH, None, Slot.MAIN, Because.SALES),
    ],
)
def test_the_first_that_says_anything_decides(
    item: Summary, account: Account, rule: Slot | None, slot: Slot, reason: Because
) -> None:
    found = integration_of(item, account, rule)
    assert (found.slot, found.reason) == (slot, reason)


@pytest.mark.parametrize(
    ("item", "asks"),
    [(COST, True), (CLAIM, True), (SALE, False), (replace(COST, contact=None), False),
     (replace(COST, integration=Slot.MAIN), False)],
)  # fmt: skip
def test_a_rule_is_read_only_where_it_has_a_say(item: Summary, asks: bool) -> None:
    assert asks_rule(item) is asks


def test_sales_take_no_secondary() -> None:
    problem = sales_problem(Side.SALES, Slot.BILL)
    assert problem is not None
    assert (problem.code, problem.field) == ("integration_not_for_sales", "integration")
    fine = [(Side.SALES, None), (Side.SALES, Slot.MAIN), (Side.COSTS, Slot.BILL)]
    assert [sales_problem(side, slot) for side, slot in fine] == [None] * 3


def test_a_body_from_before_there_were_integrations_keeps_its_digest() -> None:
    draft = ItemDraft(Side.COSTS, ItemType.INVOICE, "GBP", TaxMode.NONE, Decimal(1), ())
    assert "integration" not in repr(draft)
    named = [replace(draft, integration=slot).digest() for slot in (Slot.MAIN, Slot.BILL)]
    assert len({draft.digest(), *named}) == 3


def test_a_body_from_before_there_were_addresses_and_approvers_keeps_its_digest() -> None:
    draft = ItemDraft(Side.COSTS, ItemType.INVOICE, "GBP", TaxMode.NONE, Decimal(1), (), contact=Reference(name="A"))
    assert "approver" not in repr(draft) and "address" not in repr(draft)
    address = Address("1 Side Street", "Reno", "89501", "US")
    addressed = replace(draft, contact=Reference(name="A", address=address))
    named = [replace(draft, approver=Reference(name=name)) for name in ("B", "C")]
    assert len({one.digest() for one in (draft, addressed, *named)}) == 4
