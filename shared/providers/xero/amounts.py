"""Amounts as Xero works them out: tax per line, rounded to two decimals, halves away from zero, then summed.

Source: "Rounding in Xero" and the OpenAPI description of LineItem. Two decimals for every currency is assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry

CENT: Final = Decimal("0.01")
UNIT_STEP: Final = Decimal("0.0001")  # unit amounts and quantities with ?unitdp=4
_HUNDRED: Final = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """The amount to two decimals, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Totals:
    """What Xero will say of a document, in its currency: net, tax, gross."""

    net: Decimal
    tax: Decimal
    total: Decimal


def line_tax(line: Line, tax_mode: TaxMode, tax_rate: Entry | None) -> Decimal | None:
    """The tax of a line: the document's own figure, else from the rate; None when the rate's percentage is unknown."""
    if tax_mode is TaxMode.NONE:
        return Decimal(0)
    if line.tax_amount is not None:
        return cents(line.tax_amount)
    if tax_rate is None or tax_rate.values.get("rate") is None:
        return None
    rate = Decimal(str(tax_rate.values["rate"]))
    if tax_mode is TaxMode.INCLUSIVE:
        return cents(cents(line.amount) * rate / (_HUNDRED + rate))
    return cents(cents(line.amount) * rate / _HUNDRED)


def totals(item: Item, tax_rates: Mapping[str, Entry]) -> Totals | None:
    """The document's totals, or None while a line's tax cannot be told (an inclusive total can: see `expected`)."""
    taxes = [line_tax(line, item.tax_mode, tax_rates.get(line.tax_rate or "")) for line in item.lines]
    if None in taxes:
        return None
    tax = sum((one for one in taxes if one is not None), Decimal(0))
    amounts = sum((cents(line.amount) for line in item.lines), Decimal(0))
    if item.tax_mode is TaxMode.INCLUSIVE:
        return Totals(amounts - tax, tax, amounts)
    return Totals(amounts, tax, amounts + tax)


def expected_total(item: Item, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """What the lines add up to; None where that hangs on a tax rate that is not known."""
    if item.tax_mode is not TaxMode.EXCLUSIVE:
        return sum((cents(line.amount) for line in item.lines), Decimal(0))
    known = totals(item, tax_rates)
    return known.total if known else None


def unit_price(line: Line) -> Decimal | None:
    """The unit amount to send, or None to let Xero divide the line amount by the quantity.

    Xero multiplies unit amount (four decimals) by quantity and refuses a line that gives another amount.
    """
    if line.quantity == 0:
        return None
    exact = line.unit_amount if line.unit_amount is not None else line.amount / line.quantity
    unit = exact.quantize(UNIT_STEP, rounding=ROUND_HALF_UP)
    quantity = line.quantity.quantize(UNIT_STEP, rounding=ROUND_HALF_UP)
    return unit if cents(unit * quantity) == cents(line.amount) else None
