"""Defaults, destinations, sums to the cent: pure rules of readiness."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.connections import Destination, PublishAs, Settings
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemState, ItemType, Line, Place, Side, Stage, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import rounded
from shared.domain.readiness import (
    STORED_REASONS,
    coded,
    destination_of,
    judged,
    own_problems,
    publish_as_of,
    sum_problems,
    summary_of,
)

RATES = {"vat": Entry("vat", Kind.TAX_RATES, "20%", values={"rate": "20"})}
BANK = Entry("bank", Kind.BANK_ACCOUNTS, "Current")


def _item(*lines: Line, total: str = "0", **changes: Any) -> Item:
    item = Item(
        id="item",
        tenant="tenant",
        account="account",
        side=Side.COSTS,
        type=ItemType.INVOICE,
        created_at=datetime(2026, 3, 11, tzinfo=UTC),
        currency="GBP",
        tax_mode=TaxMode.EXCLUSIVE,
        total=Decimal(total),
        lines=lines,
        contact="contact",
        date=datetime(2026, 3, 11, tzinfo=UTC).date(),
    )
    return replace(item, **changes)


def _line(amount: str, **changes: Any) -> Line:
    return replace(Line("Fuel", Decimal(amount), category="fuel", tax_rate="vat"), **changes)


@pytest.mark.parametrize(
    ("mode", "lines", "total", "tax_total", "field"),
    [
        (TaxMode.EXCLUSIVE, [_line("40.00")], "48.00", None, None),
        (TaxMode.EXCLUSIVE, [_line("40.00")], "48.01", None, "total"),
        (TaxMode.EXCLUSIVE, [_line("0.1"), _line("0.2")], "0.36", None, None),
        (TaxMode.EXCLUSIVE, [_line("40.00")], "48.00", "8.00", None),
        (TaxMode.EXCLUSIVE, [_line("40.00")], "48.00", "7.99", "tax_total"),
        (TaxMode.EXCLUSIVE, [_line("40.00", tax_amount=Decimal("7.99"))], "47.99", "7.99", None),
        (TaxMode.EXCLUSIVE, [_line("0.03"), _line("0.03")], "0.08", None, None),  # tax is rounded per line
        (TaxMode.INCLUSIVE, [_line("48.00")], "48.00", None, None),
        (TaxMode.INCLUSIVE, [_line("48.00")], "48.01", None, "total"),
        (TaxMode.INCLUSIVE, [_line("48.00", tax_amount=Decimal(8))], "48.00", "8.01", "tax_total"),
        (TaxMode.NONE, [_line("48.00")], "48.00", None, None),
        (TaxMode.EXCLUSIVE, [_line("40.00", tax_rate="gone")], "48.00", None, None),  # unknown rate: said elsewhere
    ],
)
def test_sums_hold_to_the_cent(
    mode: TaxMode, lines: list[Line], total: str, tax_total: str | None, field: str | None
) -> None:
    item = _item(*lines, total=total, tax_mode=mode, tax_total=Decimal(tax_total) if tax_total else None)
    found = [(problem.code, problem.field) for problem in sum_problems(item, RATES)]
    assert found == ([("lines_do_not_add_up", field)] if field else [])


@given(
    amounts=st.lists(st.decimals("0.01", "99999.99", places=2), min_size=1, max_size=12),
    off=st.sampled_from([Decimal("-0.01"), Decimal("0.01")]),
    mode=st.sampled_from(TaxMode),
)
def test_the_true_total_is_taken_and_a_cent_beside_it_is_not(
    amounts: list[Decimal], off: Decimal, mode: TaxMode
) -> None:
    lines = [_line(str(amount)) for amount in amounts]
    tax = sum((rounded(amount * Decimal("0.2"), "GBP") for amount in amounts), Decimal(0))
    total = sum(amounts, Decimal(0)) + (tax if mode is TaxMode.EXCLUSIVE else 0)
    item = _item(*lines, tax_mode=mode)
    assert sum_problems(replace(item, total=total), RATES) == []
    assert sum_problems(replace(item, total=total + off), RATES)[0].code == "lines_do_not_add_up"


def test_a_default_fills_what_is_empty_and_nothing_else() -> None:
    settings = Settings(default_costs_tax_rate="vat", default_sales_tax_rate="other")
    item = _item(_line("1", tax_rate=None), _line("1", tax_rate="own"))
    assert [line.tax_rate for line in coded(item, settings).lines] == ["vat", "own"]
    assert [line.tax_rate for line in coded(replace(item, side=Side.SALES), settings).lines] == ["other", "own"]
    assert coded(replace(item, tax_mode=TaxMode.NONE), settings).lines[0].tax_rate is None


def test_the_item_decides_before_the_connection() -> None:
    settings = Settings(costs_destination=Destination.BANK_ACCOUNTS)
    assert destination_of(_item(), settings) is Destination.BANK_ACCOUNTS
    assert destination_of(_item(destination=Destination.PURCHASES), settings) is Destination.PURCHASES
    assert destination_of(_item(side=Side.SALES), settings) is Destination.SALES


RECORDS = (PublishAs.DRAFT, PublishAs.AWAITING_PAYMENT, PublishAs.PAID)  # software that records payments
NO_MORE = (PublishAs.AWAITING_PAYMENT,)  # and software whose documents are never paid afterwards


@pytest.mark.parametrize(
    ("wanted", "paid", "bank", "offered", "given"),
    [
        (PublishAs.PAID, True, BANK, RECORDS, PublishAs.PAID),
        (PublishAs.PAID, True, BANK, (), PublishAs.PAID),  # money itself has no statuses
        (PublishAs.PAID, False, BANK, RECORDS, PublishAs.AWAITING_PAYMENT),
        (PublishAs.PAID, True, None, RECORDS, PublishAs.AWAITING_PAYMENT),
        (PublishAs.PAID, True, BANK, NO_MORE, PublishAs.AWAITING_PAYMENT),
        (PublishAs.DRAFT, True, BANK, RECORDS, PublishAs.DRAFT),
        (PublishAs.DRAFT, True, BANK, NO_MORE, PublishAs.DRAFT),  # which is refused: less never becomes more
        (PublishAs.AWAITING_APPROVAL, True, BANK, NO_MORE, PublishAs.AWAITING_APPROVAL),
        (None, True, BANK, RECORDS, PublishAs.AWAITING_PAYMENT),
    ],
)
def test_paid_means_where_possible(
    wanted: PublishAs | None, paid: bool, bank: Entry | None, offered: tuple[PublishAs, ...], given: PublishAs
) -> None:
    assert publish_as_of(_item(paid=paid, publish_as=wanted), Settings(), bank, offered) is given


def test_problems_name_fields_in_order() -> None:
    item = _item(_line("1", category=None), _line("2", tax_rate=None), contact=None, date=None)
    assert [(problem.code, problem.field) for problem in own_problems(item, RATES)] == [
        ("supplier_missing", "contact"),
        ("date_missing", "date"),
        ("category_missing", "lines[0].category"),
        ("tax_rate_missing", "lines[1].tax_rate"),
    ]
    assert own_problems(_item(_line("3", unit_amount=Decimal(2))), RATES)[0].field == "lines[0].amount"


def test_a_state_keeps_the_first_reasons_and_published_items_keep_their_stage() -> None:
    item = _item()
    state = ItemState("item", Stage.RECEIVED, Place.INBOX, summary_of(item))
    many = [Problem("provider_validation", f"lines[{n}]", "x" * 999, details={"a": "b" * 99}) for n in range(9)]
    kept = judged(state, many, 7)
    assert (kept.stage, kept.coding_version, len(kept.reasons)) == (Stage.NEEDS_REVIEW, 7, STORED_REASONS)
    assert len(str(kept.reasons)) < 1200
    assert judged(kept, [], 8).stage is Stage.READY
    there = replace(state, stage=Stage.PUBLISHED)
    assert judged(there, many, 9) == replace(there, coding_version=9)
