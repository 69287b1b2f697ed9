"""Domestic reverse charge: what a paper says of its tax, and what it owes."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.items import Item, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import rounded
from shared.domain.readiness import sum_problems
from shared.domain.reverse_charge import ReverseCharge, as_reversed, reverse_charge_problems
from shared.providers.sage import mapping
from shared.providers.sage.checks import check
from tests.unit.providers.sage.kit import BILL, LINE, RESOLVED, TARGET, D

ZERO = D(0)
PLAIN = Entry("plain", Kind.TAX_RATES, "20% (VAT on Expenses)", values={"rate": "20"})
REVERSED = Entry("reversed", Kind.TAX_RATES, "Domestic Reverse Charge @ 20% (VAT on Expenses)", values={"rate": "0"})
RATES = {one.id: one for one in (PLAIN, REVERSED)}
amounts = st.lists(st.decimals("0.01", "99999.99", places=2), min_size=1, max_size=8)


def bill(net: Sequence[Decimal], rate: str = "standard") -> Item:
    """A bill under reverse charge that says nothing of tax."""
    lines = tuple(replace(LINE, amount=amount, tax_rate=rate) for amount in net)
    return replace(BILL, reverse_charge=True, lines=lines, total=sum(net, ZERO))


def noted(item: Item) -> Item:
    """The same with the tax that the buyer has to account for, by line and in all."""
    lines = tuple(replace(line, tax_amount=rounded(line.amount / 5, "GBP")) for line in item.lines)
    return replace(item, lines=lines, tax_total=sum((line.tax_amount or ZERO for line in lines), ZERO))


def nought(item: Item) -> Item:
    return replace(item, lines=tuple(replace(line, tax_amount=ZERO) for line in item.lines), tax_total=ZERO)


@given(net=amounts)
def test_whatever_a_paper_says_of_its_tax_it_owes_its_net(net: list[Decimal]) -> None:
    """Each way of writing it down is ready, and becomes the same document."""
    plain = bill(net)
    papers = [
        plain,
        noted(plain),
        nought(plain),
        replace(plain, tax_total=ZERO),
        replace(plain, tax_mode=TaxMode.NONE),
        replace(nought(plain), tax_mode=TaxMode.INCLUSIVE),
        replace(plain, tax_mode=TaxMode.INCLUSIVE, tax_total=ZERO),
    ]
    bodies = set()
    for paper in papers:
        item = as_reversed(paper, ReverseCharge.SWITCH)
        assert sum_problems(item, RESOLVED.tax_rates) == []
        assert check(item, RESOLVED, TARGET) == []
        element = mapping.draft(item, RESOLVED, TARGET).element
        assert sum((line["tax_amount"] for line in element["invoice_lines"]), ZERO) == sum(
            (rounded(amount / 5, "GBP") for amount in net), ZERO
        )
        bodies.add(mapping.body("purchase_invoices", [element]))
    assert len(bodies) == 1


@given(net=amounts, beyond=st.decimals("0.01", "99.99", places=2))
def test_another_total_is_held_back(net: list[Decimal], beyond: Decimal) -> None:
    item = as_reversed(replace(bill(net), total=sum(net, beyond)), ReverseCharge.SWITCH)
    for found in (sum_problems(item, RESOLVED.tax_rates), check(item, RESOLVED, TARGET)):
        assert [(one.code, one.field) for one in found] == [("lines_do_not_add_up", "total")]


def test_a_paper_that_charges_its_tax_is_under_no_reverse_charge() -> None:
    charged = replace(LINE, amount=D("48.00"), tax_amount=D("8.00"))
    paper = replace(BILL, reverse_charge=True, tax_mode=TaxMode.INCLUSIVE, lines=(charged,), total=D("48.00"))
    for way in (*ReverseCharge, None):
        item = as_reversed(paper, way)
        assert item == paper
        assert [(one.code, one.field) for one in sum_problems(item, RESOLVED.tax_rates)] == [
            ("lines_do_not_add_up", "total")
        ]


@pytest.mark.parametrize("said", [False, None])
def test_other_papers_stay_as_they_are(said: bool | None) -> None:
    paper = nought(replace(bill([D(40)]), reverse_charge=said, tax_mode=TaxMode.NONE))
    assert as_reversed(paper, ReverseCharge.SWITCH) == paper
    assert list(reverse_charge_problems(paper, RATES, None)) == []


def test_where_a_rate_tells_it_every_line_has_one() -> None:
    item = as_reversed(noted(bill([D(40), D(60)], "reversed")), ReverseCharge.TAX_RATE)
    assert list(reverse_charge_problems(item, RATES, ReverseCharge.TAX_RATE)) == []
    assert sum_problems(item, RATES) == []  # the note of what is to be accounted for is nobody's tax here
    mixed = replace(item, lines=(item.lines[0], replace(item.lines[1], tax_rate="plain")))
    (problem,) = reverse_charge_problems(mixed, RATES, ReverseCharge.TAX_RATE)
    assert (problem.code, problem.field) == ("reverse_charge_by_rate", "lines[1].tax_rate")
    none = replace(item, lines=(replace(item.lines[0], tax_rate=None), replace(item.lines[1], tax_rate="elsewhere")))
    (problem,) = reverse_charge_problems(none, RATES, ReverseCharge.TAX_RATE)
    assert (problem.code, problem.field) == ("reverse_charge_by_rate", "lines[0].tax_rate")


def test_what_cannot_be_told_at_all_is_held_back() -> None:
    (problem,) = reverse_charge_problems(bill([D(40)]), RATES, None)
    assert (problem.code, problem.field) == ("field_not_carried", "reverse_charge")
