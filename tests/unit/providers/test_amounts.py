"""Amounts: what goes out comes to the document's own figures to its currency's smallest unit, or it is not ready.

Documents of currencies with no, two and three decimals, tax on top of and inside the amounts, their tax rounded line by
line or once for the document, with and without stated tax, quantities and prices, right and one unit beside. What each
software makes of an element is worked out here a second time, from its own description.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import Problem
from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry, Kind
from shared.domain.money import minor_units
from shared.domain.readiness import own_problems
from shared.providers import registry
from shared.providers.contract import Resolved, Target
from tests.unit.providers import xero_kit
from tests.unit.providers.approvalmax import kit as approvalmax_kit
from tests.unit.providers.bill import test_mapping as bill_kit
from tests.unit.providers.quickbooks import kit as quickbooks_kit
from tests.unit.providers.sage import kit as sage_kit

D = Decimal
Element = Mapping[str, Any]
Books = tuple[Decimal, Decimal | None]  # the total and, where the software books it by itself, the tax
CURRENCIES = ("JPY", "ISK", "GBP", "USD", "KWD", "TND")
RATES = {name: D(name) for name in ("0", "5", "7.25", "12.5", "20", "21")}


def _unit(currency: str) -> Decimal:
    return D(1).scaleb(-minor_units(currency))


def _to(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Paper:
    """A document: whether all of it is in whole units, and its tax rounded line by line."""

    item: Item
    plain: bool


def _tax(amount: Decimal, percent: Decimal, mode: TaxMode) -> Decimal:
    if mode is TaxMode.NONE:
        return D(0)
    return amount * percent / (100 + percent) if mode is TaxMode.INCLUSIVE else amount * percent / 100


@st.composite
def papers(draw: st.DrawFn, currencies: tuple[str, ...] = CURRENCIES, *, beside: bool = False) -> Paper:
    currency = draw(st.sampled_from(currencies))
    unit, mode = _unit(currency), draw(st.sampled_from(TaxMode))
    finest = draw(st.sampled_from([unit, unit, unit, D("0.0001")]))
    lines = tuple(draw(_lines(finest, unit, mode)) for _ in range(draw(st.integers(1, 4))))
    exact = [_tax(line.amount, RATES[line.tax_rate or "0"], mode) for line in lines]
    by_line, whole = draw(st.booleans()), sum(exact, D(0))
    taxes = [_to(one, unit) for one in exact]
    if draw(st.sampled_from([False, False, True])):
        lines = tuple(replace(line, tax_amount=tax) for line, tax in zip(lines, taxes, strict=True))
    tax = sum(taxes, D(0)) if by_line else _to(whole, unit)
    net = sum((line.amount for line in lines), D(0))
    off = draw(st.sampled_from([unit, -unit])) if beside else D(0)
    item = replace(
        xero_kit.BILL,
        currency=currency,
        tax_mode=mode,
        lines=lines,
        total=net + (tax if mode is TaxMode.EXCLUSIVE else 0) + off,
        tax_total=draw(st.sampled_from([None, tax])),
        payment_method=None,
    )
    return Paper(item, plain=finest == unit and by_line)


@st.composite
def _lines(draw: st.DrawFn, finest: Decimal, unit: Decimal, mode: TaxMode) -> Line:
    amount = draw(st.integers(1, 99_999)) * finest
    percent = "0" if mode is TaxMode.NONE else draw(st.sampled_from(sorted(RATES)))
    line = Line("Goods", amount, category="cat", tax_rate=percent)
    if draw(st.booleans()):
        return line
    quantity = draw(st.integers(1, 99_999)) * D("0.01")
    price = _to(amount / quantity, D("0.0001"))
    shown = _to(quantity * price, unit)
    return replace(line, amount=shown, quantity=quantity, unit_amount=price) if shown else line


@dataclass(frozen=True)
class Software:
    """A provider, somewhere to publish to, and what it will have in its books of an element."""

    name: str
    target: Target
    books: Callable[[Element, Decimal], Books]

    def problems(self, item: Item) -> list[Problem]:
        found = own_problems(item, _resolved(item).tax_rates)
        return found + registry.provider(self.name).check(item, _resolved(item), self._target(item))

    def booked(self, item: Item) -> Books:
        element = registry.provider(self.name).draft(item, _resolved(item), self._target(item)).element
        return self.books(element, _unit(item.currency))

    def _target(self, item: Item) -> Target:
        organisation = replace(self.target.organisation, base_currency=item.currency)
        return replace(self.target, organisation=organisation)


def _resolved(item: Item) -> Resolved:
    rates = {name: _rate(name) for name in RATES}
    category = Entry("cat", Kind.CATEGORIES, "Costs", code="429", provider_id="cat")
    contact = Entry("sup", Kind.SUPPLIERS, "Fuel", provider_id="sup", values={"currency": item.currency})
    return Resolved(
        contact=contact,
        categories={"cat": category},
        tax_rates=rates,
        products={},
        tracking={},
        dimensions={},
        bank_account=None,
        currencies=frozenset({item.currency}),
    )


def _rate(name: str) -> Entry:
    part = [{"id": name, "name": name, "rate": name}]
    return Entry(name, Kind.TAX_RATES, name, provider_id=name, values={"rate": name, "costs_components": part})


CENT = D("0.01")


def _xero(element: Element, unit: Decimal) -> Books:
    """Tax per line to two decimals, halves away from zero, then summed ("Rounding in Xero")."""
    mode = {"Exclusive": TaxMode.EXCLUSIVE, "Inclusive": TaxMode.INCLUSIVE, "NoTax": TaxMode.NONE}
    inside = mode[element["LineAmountTypes"]]
    total = tax = D(0)
    for line in element["LineItems"]:
        if "UnitAmount" in line:  # Xero refuses a line whose amount is another
            assert _to(line["UnitAmount"] * line["Quantity"], CENT) == line["LineAmount"]
        own = _to(_tax(line["LineAmount"], RATES[line.get("TaxType", "0")], inside), CENT)
        total += line["LineAmount"]
        tax += line.get("TaxAmount", own)
    return total + (tax if inside is TaxMode.EXCLUSIVE else 0), tax


def _quickbooks(element: Element, unit: Decimal) -> Books:
    """Amounts without tax, and the tax that the document carries or that its codes come to, however it is rounded."""
    lines = element["Bill"]["Line"]
    net = sum((line["Amount"] for line in lines), D(0))
    assert all(line["Amount"] == _to(line["Amount"], unit) for line in lines)
    if "TxnTaxDetail" in element["Bill"]:
        tax: Decimal = element["Bill"]["TxnTaxDetail"]["TotalTax"]
        return net + tax, tax
    bases: dict[str, Decimal] = {}
    by_line = D(0)
    for line in lines:
        code = line["AccountBasedExpenseLineDetail"]["TaxCodeRef"]["value"]
        bases[code] = bases.get(code, D(0)) + line["Amount"]
        by_line += _to(line["Amount"] * RATES[code] / 100, unit)
    by_rate = sum((_to(base * RATES[code] / 100, unit) for code, base in bases.items()), D(0))
    assert by_line == by_rate
    if element["Bill"]["GlobalTaxCalculation"] == "TaxInclusive":
        gross = sum((line["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] for line in lines), D(0))
        assert gross == net + by_line
    return net + by_line, by_line


def _sage(element: Element, unit: Decimal) -> Books:
    """Quantity times price, and the tax that each line carries: Sage works out none of a purchase."""
    lines = element["invoice_lines"]
    net = sum((_to(line["quantity"] * line["unit_price"], unit) for line in lines), D(0))
    tax = sum((line.get("tax_amount", D(0)) for line in lines), D(0))
    return net + tax, tax


def _bill(element: Element, unit: Decimal) -> Books:
    """The lines' amounts and nothing else: BILL has no tax."""
    return sum((line["amount"] for line in element["billLineItems"]), D(0)), None


def _approvalmax(element: Element, unit: Decimal) -> Books:
    """Assumed: as Xero, from quantity and price, since no amount and no tax is sent."""
    lines = [
        {
            "LineAmount": _to(line["quantity"] * line["itemPrice"], CENT),
            **({"TaxType": line["taxCode"]} if "taxCode" in line else {}),
        }
        for line in element["lineItems"]
    ]
    return _xero({"LineAmountTypes": element["taxType"], "LineItems": lines}, unit)


XERO = Software("xero", xero_kit.TARGET, _xero)
QUICKBOOKS = Software("quickbooks", quickbooks_kit.target(), _quickbooks)
SAGE = Software("sage", sage_kit.TARGET, _sage)
BILL = Software("bill", bill_kit.target(), _bill)
APPROVALMAX = Software("approvalmax", approvalmax_kit.target(), _approvalmax)
EVERY = (XERO, QUICKBOOKS, SAGE, BILL, APPROVALMAX)


def test_every_provider_is_here() -> None:
    assert {one.name for one in EVERY} == set(registry.names())


@pytest.mark.parametrize("software", EVERY, ids=lambda one: one.name)
@given(paper=papers())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_books_have_the_documents_own_figures_or_it_is_not_ready(software: Software, paper: Paper) -> None:
    item = paper.item
    if software.problems(item):
        return
    total, tax = software.booked(item)
    assert total == item.total
    if tax is not None and item.tax_total is not None and item.tax_mode is not TaxMode.NONE:
        assert tax == item.tax_total


@pytest.mark.parametrize("software", EVERY, ids=lambda one: one.name)
@given(paper=papers(beside=True))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_unit_beside_is_never_ready(software: Software, paper: Paper) -> None:
    if paper.plain:
        assert "lines_do_not_add_up" in {problem.code for problem in software.problems(paper.item)}


@pytest.mark.parametrize("software", EVERY, ids=lambda one: one.name)
@given(paper=papers(("GBP", "USD")))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_right_document_is_ready_everywhere(software: Software, paper: Paper) -> None:
    if paper.plain:
        assert software.problems(paper.item) == []


@pytest.mark.parametrize("software", [QUICKBOOKS, SAGE], ids=lambda one: one.name)
@given(paper=papers(("JPY", "ISK", "KWD", "TND")))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_no_and_three_decimals_are_ready_where_the_software_rounds_to_the_currencys_own_unit(
    software: Software, paper: Paper
) -> None:
    if paper.plain:
        assert software.problems(paper.item) == []
