"""Lines of invoices, credit notes, quick entries and other payments: amounts as sent, compared with what they imply.

Sage does not work out the tax of what is recorded through the API: "tax_amount ... is required in v3.1, unless the tax
rate is of a zero, exempt or no_tax type" (published description). How far an amount may be off is assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.sage import checks, messages
from sandbox.sage.checks import Desk, Money, Side
from sandbox.sage.formats import Fields, Problems, Record, cents, ref

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Line:
    """One checked line; amounts in the document's currency, `shown` as Sage answers it."""

    ledger_account: str
    tax_rate: str | None
    net: Decimal
    tax: Decimal
    quantity: Decimal
    shown: Record

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def read_lines(
    desk: Desk, rows: Sequence[Any], name: str, *, side: Side, day: date | None, money: Money, problems: Problems
) -> list[Line]:
    """The lines of an invoice or credit note; what is wrong goes to `problems`, as "invoice_lines.tax_amount"."""
    lines = [_line(desk, Fields(row, problems, f"{name}."), side, day, money) for row in rows]
    return [line for line in lines if line is not None]


def taxed(desk: Desk, fields: Fields, rate: Record | None, net: Decimal, day: date | None) -> Decimal:
    """The tax amount that was sent, compared with the rate; 0 where none is due."""
    percentage = (checks.percentage_on(rate, day) if rate and day else None) or _ZERO
    sent = fields.amount("tax_amount", required=percentage > 0)
    if sent is None or (rate is None and checks.refused_rate(desk, fields)):
        return sent or _ZERO
    expected = cents(net * percentage / 100)
    if abs(sent - expected) > (desk.rules.tax_tolerance if percentage else _ZERO):
        fields.wrong("tax_amount", messages.LINE_TAX)
    return sent


def breakdown(desk: Desk, rate: Record | None, net: Decimal, tax: Decimal, day: date) -> list[Record]:
    """Tax by component of a combined rate; the last takes what rounding leaves."""
    if rate is None or not tax:
        return []
    parts = [desk.books.tables["tax_rates"][one["id"]] for one in rate["component_tax_rates"]] or [rate]
    rows: list[Record] = []
    left = tax
    for part in parts:
        percentage = checks.percentage_on(part, day) or _ZERO
        amount = left if part is parts[-1] else cents(net * percentage / 100)
        left -= amount
        rows.append({"tax_rate": ref("tax_rates", part["id"]), "percentage": percentage, "amount": amount})
    return rows


def _line(desk: Desk, fields: Fields, side: Side, day: date | None, money: Money) -> Line | None:
    description = fields.text("description", required=True)
    account = checks.ledger_account(desk, fields, checks.AREAS[side])
    quantity = fields.number("quantity", required=side == "purchase")
    price = fields.number("unit_price", required=True)
    product, service = checks.item(desk, fields)
    categories = checks.analysis(desk, fields)
    rate = checks.tax_rate(desk, fields, side, day)
    if price is None or account is None or day is None or (quantity is None and side == "purchase"):
        return None
    many = Decimal(1) if quantity is None else quantity
    discount = (fields.amount("discount_amount") or _ZERO) if side == "sales" else _ZERO
    net, tax = _amounts(desk, fields, rate, cents(many * price) - discount, day)
    shown = {
        "id": desk.books.new_id(),
        "displayed_as": description,
        "description": description,
        "ledger_account": ref("ledger_accounts", account),
        "product": ref("products" if desk.books.get("products", product) else "stock_items", product),
        "service": ref("services", service),
        "quantity": many,
        "unit_price": price,
        "unit_price_includes_tax": fields.flag("unit_price_includes_tax"),
        "net_amount": net,
        "tax_rate": ref("tax_rates", rate["id"] if rate else None),
        "tax_amount": tax,
        "tax_breakdown": breakdown(desk, rate, net, tax, day),
        "total_amount": net + tax,
        "analysis_type_categories": categories,
        "trade_of_asset": fields.flag("trade_of_asset"),
        **_in_base(price, net, tax, money),
    }
    if side == "sales":
        shown["discount_amount"] = discount
    return Line(account, rate["id"] if rate else None, net, tax, many, shown)


def _amounts(desk: Desk, fields: Fields, rate: Record | None, worth: Decimal, day: date) -> tuple[Decimal, Decimal]:
    """Net and tax of a line worth quantity x price, and what was sent compared with them."""
    if fields.flag("unit_price_includes_tax"):
        percentage = (checks.percentage_on(rate, day) if rate else None) or _ZERO
        net_by_rate = cents(worth * 100 / (100 + percentage))
        tax = taxed(desk, fields, rate, net_by_rate, day)
        net = worth - tax
    else:
        net = worth
        tax = taxed(desk, fields, rate, net, day)
    sent_net, sent_total = fields.amount("net_amount"), fields.amount("total_amount")
    if sent_net is not None and sent_net != net:
        fields.wrong("net_amount", messages.LINE_NET)
    if sent_total is not None and sent_total != net + tax:
        fields.wrong("total_amount", messages.LINE_TOTAL)
    return net, tax


def _in_base(price: Decimal, net: Decimal, tax: Decimal, money: Money) -> Record:
    return {
        "base_currency_unit_price": cents(price * money.rate),
        "base_currency_net_amount": cents(net * money.rate),
        "base_currency_tax_amount": cents(tax * money.rate),
        "base_currency_total_amount": cents((net + tax) * money.rate),
    }
