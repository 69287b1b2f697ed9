"""Line amounts, tax and totals of a document, worked out as Xero does: tax per line, rounded to the cent.

Source: Xero Accounting API, "Invoices" (LineAmountTypes, LineItems), "Tax rates" (EffectiveRate), and "Rounding in
Xero": tax is calculated for each line to two decimals, halves away from zero, then summed.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.xero.formats import Record, cents

ZERO = Decimal("0.00")
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Totals:
    """SubTotal (without tax), TotalTax and Total of a document, in its currency."""

    sub_total: Decimal
    total_tax: Decimal
    total: Decimal


def line_amount(line: Record) -> Decimal:
    """Quantity times UnitAmount less DiscountRate (percent), to the cent."""
    gross = line["Quantity"] * line["UnitAmount"]
    return cents(gross * (_HUNDRED - line.get("DiscountRate", Decimal(0))) / _HUNDRED)


def line_tax(amount: Decimal, rate: Decimal, line_amount_types: str) -> Decimal:
    """Tax on a line: `rate` is EffectiveRate in percent; on top of the amount, or contained in it if Inclusive."""
    if line_amount_types == "NoTax":
        return ZERO
    if line_amount_types == "Inclusive":
        return cents(amount * rate / (_HUNDRED + rate))
    return cents(amount * rate / _HUNDRED)


def totals(lines: list[Record], line_amount_types: str) -> Totals:
    """Totals of lines that carry LineAmount and TaxAmount."""
    amounts = sum((line["LineAmount"] for line in lines), ZERO)
    tax = sum((line["TaxAmount"] for line in lines), ZERO)
    if line_amount_types == "Inclusive":
        return Totals(amounts - tax, tax, amounts)
    return Totals(amounts, tax, amounts + tax)
