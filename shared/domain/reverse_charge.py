"""Domestic reverse charge (United Kingdom): the buyer accounts for the tax, so that a document owes its net alone.

Source: HMRC's VAT Notice 735. The tax may stand on the paper, as a note of what the buyer has to account for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from shared.domain.errors import Problem
from shared.domain.items import Item, TaxMode
from shared.domain.lists import Entry
from shared.domain.split import stated_tax
from shared.domain.tax_treatment import treatment

_REVERSE: Final = "reverse"  # of treatment()
_BY_RATE: Final = "reverse_charge_by_rate"


class ReverseCharge(StrEnum):
    """How accounting software is told of it."""

    SWITCH = "switch"  # of the document; its lines have the usual rates
    TAX_RATE = "tax_rate"  # a rate of its own on every line, which comes to nothing


def as_reversed(item: Item, way: ReverseCharge | None) -> Item:
    """A document under reverse charge in the one form that is worked with: amounts without tax, none charged.

    A paper that says so has no tax, or nought of it, or notes what the buyer has to account for; each of these comes
    out alike. With a switch the tax is worked out by the lines' rates where the paper notes none; with a rate that
    comes to nothing a note of it stands nowhere. A paper whose amounts include tax charges it, and stays as it is.
    """
    if not item.reverse_charge or (item.tax_mode is TaxMode.INCLUSIVE and stated_tax(item) != 0):
        return item
    noted = way is not ReverseCharge.TAX_RATE
    lines = tuple(replace(line, tax_amount=(line.tax_amount or None) if noted else None) for line in item.lines)
    tax_total = (item.tax_total or None) if noted else None
    return replace(item, tax_mode=TaxMode.EXCLUSIVE, lines=lines, tax_total=tax_total)


def owed(item: Item, taxes: Sequence[Decimal | None]) -> Decimal | None:
    """What the item's lines come to with the tax of each, as far as it is charged; None where that is not known."""
    amounts = sum((line.amount for line in item.lines), Decimal(0))
    inside = item.tax_mode is not TaxMode.EXCLUSIVE
    if inside is not bool(item.reverse_charge):
        return amounts
    known = [tax for tax in taxes if tax is not None]
    if len(known) < len(taxes):
        return None
    tax = sum(known, Decimal(0))
    return amounts - tax if inside else amounts + tax


def reverse_charge_problems(item: Item, tax_rates: Mapping[str, Entry], way: ReverseCharge | None) -> Iterator[Problem]:
    """Why a document under reverse charge would not be booked as one: no way to say so, or lines of other rates."""
    if not item.reverse_charge or way is ReverseCharge.SWITCH:
        return
    if way is None:
        yield Problem("field_not_carried", "reverse_charge")
        return
    for number, line in enumerate(item.lines):
        rate = tax_rates.get(line.tax_rate or "")
        if rate is None and line.tax_rate is not None:
            continue  # it is not in these books, which is said of every field
        if rate is None or _REVERSE not in treatment(rate):
            details = {} if rate is None else {"tax_rate": rate.name}
            yield Problem(_BY_RATE, f"lines[{number}].tax_rate", details=details)


def without_consequences(problems: Iterable[Problem]) -> list[Problem]:
    """The problems but for sums that come to something else because a line's rate is to be one of reverse charge."""
    found = list(problems)
    if not any(problem.code == _BY_RATE for problem in found):
        return found
    return [one for one in found if one.code != "lines_do_not_add_up" or one.field not in {"total", "tax_total"}]


def reversed_inside(inside: Sequence[Item]) -> Iterator[Problem]:
    """The items of an expense claim that are under reverse charge: one bill with others cannot say so."""
    for number, item in enumerate(inside):
        if item.reverse_charge:
            yield Problem("field_not_carried", f"items[{number}].reverse_charge", details={"item": item.id})
