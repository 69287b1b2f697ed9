"""Amounts of a bill. BILL has no tax: what the document's tax is becomes part of what its lines cost.

Source: developer.bill.com, "Create a bill" (a line's amount is what counts, quantity and price only explain it).
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from shared.domain.items import Item, TaxMode

CENT: Final = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """The amount to two decimals, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_amounts(item: Item) -> list[Decimal]:
    """What each line costs with its tax.

    Tax that the document states for a line goes to that line; the rest of the total goes to the other lines by their
    amounts, cents left over to the largest first. The amounts give the document's total wherever it can be reached.
    """
    amounts = [cents(line.amount) for line in item.lines]
    if item.tax_mode is not TaxMode.EXCLUSIVE:
        return amounts
    amounts = [one + cents(line.tax_amount or Decimal(0)) for one, line in zip(amounts, item.lines, strict=True)]
    open_lines = [place for place, line in enumerate(item.lines) if line.tax_amount is None]
    rest = item.total - sum(amounts, Decimal(0))
    weights = [abs(amounts[place]) for place in open_lines]
    if not rest or not any(weights):
        return amounts
    for place, share in zip(open_lines, _shares(rest, weights), strict=True):
        amounts[place] += share
    return amounts


def _shares(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """An amount cut by weights into whole cents that add up to it."""
    exact = [amount * weight / sum(weights) for weight in weights]
    shares = [one.quantize(CENT, rounding=ROUND_DOWN) for one in exact]
    step = CENT if amount > 0 else -CENT
    largest = sorted(range(len(weights)), key=lambda place: weights[place], reverse=True)
    for place in largest[: int((amount - sum(shares, Decimal(0))) / step)]:
        shares[place] += step
    return shares
