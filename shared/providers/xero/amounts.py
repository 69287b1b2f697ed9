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


def taxes(item: Item, tax_rates: Mapping[str, Entry]) -> list[Decimal | None]:
    """The tax of each line as Xero will have it: the document's own figure, else by the rate's percentage.

    None where neither is known. Where a document that includes its tax states a sum of tax that differs by rounding
    (it rounded once, not line by line), the largest line whose tax was worked out takes the difference.
    """
    found = [_by_itself(line, item.tax_mode, tax_rates) for line in item.lines]
    known = [tax for tax in found if tax is not None]
    if item.tax_mode is not TaxMode.INCLUSIVE or item.tax_total is None or len(known) < len(found):
        return found
    rest = item.tax_total - sum(known, Decimal(0))
    open_lines = [place for place, line in enumerate(item.lines) if line.tax_amount is None and known[place]]
    if rest and open_lines and abs(rest) <= CENT * len(found):
        place = max(open_lines, key=lambda place: abs(item.lines[place].amount))
        found[place] = known[place] + rest
    return found


def told_taxes(item: Item, tax_rates: Mapping[str, Entry]) -> list[Decimal | None]:
    """The tax to send with each line; None where Xero comes to it by itself."""
    found = zip(item.lines, taxes(item, tax_rates), strict=True)
    return [tax if _is_told(line, tax, item.tax_mode, tax_rates) else None for line, tax in found]


def _is_told(line: Line, tax: Decimal | None, mode: TaxMode, tax_rates: Mapping[str, Entry]) -> bool:
    return mode is not TaxMode.NONE and (line.tax_amount is not None or tax != _by_itself(line, mode, tax_rates))


def _by_itself(line: Line, mode: TaxMode, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """A line's tax by itself: the document's own figure, else what Xero works out where it is told none."""
    if mode is TaxMode.NONE:
        return Decimal(0)
    if line.tax_amount is not None:
        return cents(line.tax_amount)
    rate = tax_rates.get(line.tax_rate or "")
    if rate is None or rate.values.get("rate") is None:
        return None
    percent = Decimal(str(rate.values["rate"]))
    return cents(cents(line.amount) * percent / (_HUNDRED + (percent if mode is TaxMode.INCLUSIVE else 0)))


def document_total(item: Item, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """The total that Xero works out from the lines; None where that hangs on a tax rate that is not known."""
    total = sum((cents(line.amount) for line in item.lines), Decimal(0))
    if item.tax_mode is not TaxMode.EXCLUSIVE:
        return total
    tax = document_tax(item, tax_rates)
    return None if tax is None else total + tax


def document_tax(item: Item, tax_rates: Mapping[str, Entry]) -> Decimal | None:
    """The sum of its lines' tax as Xero will have it; None where one is not known."""
    found = taxes(item, tax_rates)
    return None if None in found else sum((tax for tax in found if tax is not None), Decimal(0))


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
