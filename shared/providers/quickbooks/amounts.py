"""Amounts and tax of a document as QuickBooks takes them.

Outside the United States QuickBooks adds the tax of each line's code; in the United States purchases carry no tax, so
that it is part of the cost, and sales have one amount of tax for the whole document. Sources: "Manage sales tax for
non-US locales", "Automated sales tax" and "TxnTaxDetail" of developer.intuit.com.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.domain.connections import Organisation
from shared.domain.items import Item, Side, TaxMode
from shared.domain.lists import Entry
from shared.domain.money import rounded
from shared.domain.readiness import line_tax
from shared.providers.quickbooks.profile import SALES_TAX

TaxRates = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Figures:
    """What each line comes to without tax, and its tax, to the currency's smallest unit."""

    net: tuple[Decimal, ...]
    tax: tuple[Decimal, ...]


def american(organisation: Organisation) -> bool:
    """Whether the company is one of the United States: lines are taxable or not, documents carry the tax."""
    return organisation.country == "US"


def carries_tax(item: Item, organisation: Organisation) -> bool:
    """Whether QuickBooks books tax of its own for the document; otherwise tax is part of each line's amount."""
    if SALES_TAX not in organisation.features:
        return False
    return item.side is Side.SALES or not american(organisation)


def figures(item: Item, tax_rates: TaxRates) -> Figures | None:
    """The document's figures by line; None where a line's tax is neither stated nor can be worked out."""
    taxes = _taxes(item, tax_rates)
    if taxes is None:
        return None
    inclusive = item.tax_mode is TaxMode.INCLUSIVE
    net = tuple(
        rounded(line.amount - (tax if inclusive else 0), item.currency)
        for line, tax in zip(item.lines, taxes, strict=True)
    )
    return Figures(net, tuple(taxes))


def _taxes(item: Item, tax_rates: TaxRates) -> list[Decimal] | None:
    """Each line's own tax; what the document states beyond that is shared out among the lines that state none."""
    worked_out = [line_tax(line, item, tax_rates) for line in item.lines]
    unknown = [place for place, tax in enumerate(worked_out) if tax is None]
    taxes = [rounded(tax or Decimal(0), item.currency) for tax in worked_out]
    rest = _rest(item, sum(taxes, Decimal(0)), any_unknown=bool(unknown))
    if rest is None:
        return None
    stated = [place for place, line in enumerate(item.lines) if line.tax_amount is None and taxes[place]]
    for place, share in _shared(item, rest, unknown or stated[-1:]).items():
        taxes[place] += share
    return taxes


def _rest(item: Item, known: Decimal, *, any_unknown: bool) -> Decimal | None:
    """The document's tax beyond what its lines are known to have; None where nothing tells."""
    if item.tax_mode is TaxMode.NONE:
        return Decimal(0)
    if item.tax_total is not None:
        return item.tax_total - known
    if not any_unknown:
        return Decimal(0)
    if item.tax_mode is TaxMode.EXCLUSIVE:
        return item.total - sum((line.amount for line in item.lines), Decimal(0)) - known
    return None


def _shared(item: Item, rest: Decimal, places: Sequence[int]) -> dict[int, Decimal]:
    """An amount divided among lines by their amounts; the last takes what rounding leaves."""
    weight = sum((item.lines[place].amount for place in places), Decimal(0))
    shares = {
        place: rounded(rest * item.lines[place].amount / weight, item.currency) if weight else Decimal(0)
        for place in places
    }
    if places:
        shares[places[-1]] += rest - sum(shares.values(), Decimal(0))
    return shares


def components(rate: Entry | None, side: Side) -> list[Mapping[str, Any]]:
    """The rates that a tax code combines on one side."""
    return list(rate.values.get(f"{side.value}_components") or []) if rate is not None else []


def tax_lines(item: Item, tax_rates: TaxRates, worked_out: Figures) -> list[dict[str, Any]]:
    """The document's tax by rate, where it is not exactly what QuickBooks works out by itself; else nothing.

    Whether QuickBooks rounds each line's tax or that of all lines of a rate is assumed to be unknown: only where both
    give the document's own tax is it left to work it out.
    """
    bases: dict[str, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    by_line: dict[str, Decimal] = defaultdict(Decimal)
    percents: dict[str, Decimal] = {}
    for line, net, tax in zip(item.lines, worked_out.net, worked_out.tax, strict=True):
        parts = components(tax_rates.get(line.tax_rate or ""), item.side)
        natural = [rounded(net * Decimal(part["rate"] or 0) / 100, item.currency) for part in parts]
        for part, share, own in zip(parts, _fitted(natural, tax), natural, strict=True):
            percents[part["id"]] = Decimal(part["rate"] or 0)
            bases[part["id"]] += net
            amounts[part["id"]] += share
            by_line[part["id"]] += own
    by_rate = {rate: rounded(bases[rate] * percents[rate] / 100, item.currency) for rate in bases}
    if amounts in (by_line, by_rate) and by_line == by_rate:
        return []
    return [_tax_line(rate, percents[rate], bases[rate], amounts[rate]) for rate in sorted(amounts)]


def _fitted(natural: Sequence[Decimal], tax: Decimal) -> list[Decimal]:
    """A line's tax divided among the rates of its code: each as it works out, the last with any takes the rest."""
    shares = list(natural)
    with_tax = [place for place, share in enumerate(shares) if share] or list(range(len(shares)))
    if with_tax:
        shares[with_tax[-1]] += tax - sum(natural, Decimal(0))
    return shares


def _tax_line(rate: str, percent: Decimal, base: Decimal, amount: Decimal) -> dict[str, Any]:
    return {
        "Amount": amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate},
            "PercentBased": True,
            "TaxPercent": percent,
            "NetAmountTaxable": base,
        },
    }
