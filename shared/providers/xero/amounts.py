"""Amounts as Xero works them out: tax per line, rounded to two decimals, halves away from zero, then summed.

Source: "Rounding in Xero" and the OpenAPI description of LineItem. Two decimals for every currency is assumed.
"""

from collections.abc import Mapping
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


def added_tax(line: Line, tax_rate: Entry | None) -> Decimal | None:
    """What Xero adds to a line whose amount is without tax: the document's own figure, else by the rate's percentage.

    None where neither is known.
    """
    if line.tax_amount is not None:
        return cents(line.tax_amount)
    if tax_rate is None or tax_rate.values.get("rate") is None:
        return None
    return cents(cents(line.amount) * Decimal(str(tax_rate.values["rate"])) / _HUNDRED)


def document_total(item: Item, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """The total that Xero works out from the lines; None where that hangs on a tax rate that is not known."""
    total = sum((cents(line.amount) for line in item.lines), Decimal(0))
    if item.tax_mode is not TaxMode.EXCLUSIVE:
        return total
    for line in item.lines:
        tax = added_tax(line, tax_rates.get(line.tax_rate or ""))
        if tax is None:
            return None
        total += tax
    return total


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
