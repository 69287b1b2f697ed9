"""Amounts and tax as Sage takes them: it works out no tax of a purchase, so that each line carries its own.

Sources: the API description, v3.1 (`tax_amount` of a line is required unless its rate is zero, exempt or no tax), and
its fields `unit_price` and `quantity`. Tax is rounded per line to the currency's smallest unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry
from shared.domain.money import rounded
from shared.domain.readiness import line_tax
from shared.providers.contract import amount_text

TaxRates = Mapping[str, Entry]

UNIT_STEP: Final = Decimal("0.0001")  # assumed: decimals of a unit price and a quantity that Sage keeps
RATE_STEP: Final = Decimal("0.000001")  # assumed: decimals of an exchange rate that Sage keeps
# Assumed: how much of its lines' tax a document owes that has `vat_reverse_charge`. The description says nothing of its
# totals; that neither party pays the tax to the other is what the charge is.
REVERSE_CHARGE_OWED: Final = Decimal(0)
# A document's own tax may differ from that of its lines by what rounding each of them can come to, no more.
ROUNDING_PER_LINE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figures:
    """What each line comes to without tax, and its tax, to the currency's smallest unit.

    `reverse_charge`: the buyer accounts for the tax, and does not owe it.
    """

    net: tuple[Decimal, ...]
    tax: tuple[Decimal, ...]
    reverse_charge: bool = False

    @property
    def total(self) -> Decimal:
        """What Sage will say the document comes to."""
        tax = sum(self.tax, Decimal(0))
        return sum(self.net, Decimal(0)) + (tax * REVERSE_CHARGE_OWED if self.reverse_charge else tax)


def figures(item: Item, tax_rates: TaxRates) -> Figures | None:
    """The document's figures by line; None where a line's tax is neither stated nor can be worked out.

    Where a document that includes its tax states a sum of tax that differs by rounding, the largest line whose tax
    was worked out takes the difference.
    """
    known = [line_tax(line, item, tax_rates) for line in item.lines]
    taxes = [rounded(tax, item.currency) for tax in known if tax is not None]
    if len(taxes) != len(known):
        return None
    rest = _rest(item, sum(taxes, Decimal(0)))
    worked_out = [place for place, line in enumerate(item.lines) if line.tax_amount is None and taxes[place]]
    if rest and worked_out and abs(rest) <= ROUNDING_PER_LINE * len(item.lines):
        taxes[max(worked_out, key=lambda place: abs(item.lines[place].amount))] += rest
    inclusive = item.tax_mode is TaxMode.INCLUSIVE
    net = tuple(
        rounded(line.amount - (tax if inclusive else 0), item.currency)
        for line, tax in zip(item.lines, taxes, strict=True)
    )
    return Figures(net, tuple(taxes), bool(item.reverse_charge))


def _rest(item: Item, worked_out: Decimal) -> Decimal:
    if item.tax_mode is not TaxMode.INCLUSIVE or item.tax_total is None:
        return Decimal(0)
    return item.tax_total - worked_out


def unstated_tax(item: Item, found: Figures) -> Decimal:
    """The tax that the document states beyond what its lines give; 0 where it states none."""
    if item.tax_total is None or item.tax_mode is TaxMode.NONE:
        return Decimal(0)
    return item.tax_total - sum(found.tax, Decimal(0))


def quantity_and_price(line: Line, net: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """Quantity and unit price without tax that multiply to the line's net amount; one of the whole where none do."""
    quantity = line.quantity.quantize(UNIT_STEP, rounding=ROUND_HALF_UP)
    if quantity > 0 and quantity == line.quantity:
        price = (net / quantity).quantize(UNIT_STEP, rounding=ROUND_HALF_UP)
        if rounded(quantity * price, currency) == net:
            return quantity, price
    return Decimal(1), net


def exchange_rate(item: Item) -> Decimal | None:
    """What one unit of the document's currency is worth in the business's own.

    Ours is the other way round. That Sage's `exchange_rate` is the worth of a foreign unit is assumed.
    """
    if item.exchange_rate is None:
        return None
    return (1 / item.exchange_rate).quantize(RATE_STEP, rounding=ROUND_HALF_UP)


def shown(amount: Decimal) -> str:
    """An amount as problems show it."""
    return amount_text(amount) if amount else "0"
