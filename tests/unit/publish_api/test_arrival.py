"""How documents come in: papers that are kept, cash from a machine, values put aside, files under way."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from shared.domain.arrival import LONGEST_VALUE, arrival_problems, as_sent, fits_side, kept, quarantined, settled
from shared.domain.connections import Destination, Settings
from shared.domain.errors import Problem
from shared.domain.items import FetchStatus, FileFetch, Item, ItemType, Line, Side, TaxMode
from shared.domain.readiness import destination_of, own_problems
from shared.storage.codec import decode, encode

NOW = datetime(2026, 3, 11, tzinfo=UTC)
ITEM = Item(
    id="item",
    tenant="tenant",
    account="account",
    side=Side.COSTS,
    type=ItemType.ATM,
    created_at=NOW,
    currency="GBP",
    tax_mode=TaxMode.NONE,
    total=Decimal("100.00"),
    lines=(Line("Cash", Decimal("100.00"), category="petty-cash"),),
    contact="bank",
    date=date(2026, 3, 10),
)


def test_cash_from_a_machine_is_money_spent_from_its_bank_account() -> None:
    sent = as_sent(ITEM)
    assert (sent.type, sent.paid, sent.paid_on, sent.destination) == (
        ItemType.RECEIPT, True, ITEM.date, Destination.BANK_ACCOUNTS,
    )  # fmt: skip
    assert destination_of(ITEM, Settings()) is Destination.BANK_ACCOUNTS
    assert as_sent(replace(ITEM, destination=Destination.PURCHASES)).destination is Destination.PURCHASES


@pytest.mark.parametrize("kind", [ItemType.MILEAGE, ItemType.OTHER])
def test_mileage_and_other_costs_are_receipts_to_accounting_software(kind: ItemType) -> None:
    assert as_sent(replace(ITEM, type=kind)) == replace(ITEM, type=ItemType.RECEIPT)


@pytest.mark.parametrize("kind", [ItemType.STATEMENT, ItemType.DELIVERY_NOTE])
def test_statements_and_delivery_notes_are_kept_whatever_else_they_lack(kind: ItemType) -> None:
    item = replace(ITEM, type=kind, lines=(), contact=None)
    assert [problem.code for problem in kept(item, own_problems(item, {}))] == ["kept_not_published"]
    assert kept(ITEM, [Problem("date_missing")]) == [Problem("date_missing")]


@pytest.mark.parametrize("kind", ItemType)
def test_sales_are_invoices_credit_notes_and_receipts(kind: ItemType) -> None:
    assert fits_side(kind, Side.COSTS)
    assert fits_side(kind, Side.SALES) == (kind in {ItemType.RECEIPT, ItemType.INVOICE, ItemType.CREDIT_NOTE})


def test_what_was_put_aside_keeps_an_item_back_and_is_bounded() -> None:
    item = replace(ITEM, quarantine=(quarantined("f" * 500, "v" * 5000, "no such field"),))
    (problem,) = arrival_problems(item)
    assert problem.code == "value_not_mapped" and problem.field == "f" * 100
    assert problem.details == {"value": "v" * LONGEST_VALUE, "reason": "no such field"}


def test_a_field_that_a_person_gives_a_value_is_no_more_put_aside_or_doubtful() -> None:
    aside = (
        quarantined("lines[0].category", '"999"', "no such entry"),
        quarantined("colour", '"red"', "no such field"),
    )
    doubts = {"lines[0].amount": Decimal("0.4"), "total": Decimal("0.9")}
    item = settled(replace(ITEM, quarantine=aside, confidence=doubts), {"lines", "number"})
    assert (item.quarantine, item.confidence) == (aside[1:], {"total": Decimal("0.9")})


def test_a_file_that_is_not_here_keeps_an_item_back() -> None:
    under_way = replace(ITEM, fetch=FileFetch("0", "https://files.example/a.pdf"))
    assert [problem.code for problem in arrival_problems(under_way)] == ["file_under_way"]
    failed = replace(under_way, fetch=FileFetch("0", "https://files.example/a.pdf", status=FetchStatus.FAILED))
    assert [problem.code for problem in arrival_problems(failed)] == ["file_not_fetched"]
    assert list(arrival_problems(ITEM)) == []


def test_how_an_item_came_is_stored_and_read_again() -> None:
    item = replace(
        ITEM,
        owner="anna",
        confidence={"total": Decimal("0.97")},
        quarantine=(quarantined("colour", '"red"', "no such field"),),
        fetch=FileFetch("0", "https://files.example/a.pdf", status=FetchStatus.FAILED, problem=Problem("file_changed")),
    )
    assert decode(Item, encode(item)) == item
    assert not {"owner", "confidence", "quarantine", "fetch"} & encode(ITEM).keys()
