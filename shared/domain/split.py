"""Cut a document into lines: by share, exact to the smallest unit, or by the words on its lines."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.coding import Share, Split
from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import folded
from shared.domain.money import rounded
from shared.domain.tracking import DimensionOf, joined

WHOLE: Final = Decimal(100)


def shared_out(item: Item, shares: Sequence[Share], dimension_of: DimensionOf) -> tuple[Line, ...]:
    """A line for each share of what the item's lines come to; the last takes what rounding leaves.

    The tax is shared out as well where the document states it, so that the new lines are equal to it as the old ones
    were. What the old lines agree on (category, rate, project ...) stays on those shares that name nothing of their
    own (of dimensions: those that it names no value of); where they differ it is left open.
    """
    amounts = _parts(sum((line.amount for line in item.lines), Decimal(0)), shares, item.currency)
    tax = stated_tax(item)
    taxes: Sequence[Decimal | None] = [None] * len(shares) if tax is None else _parts(tax, shares, item.currency)
    said = item.description or ", ".join(dict.fromkeys(line.description for line in item.lines))
    return tuple(
        Line(
            description=share.description or said[:1000],
            amount=amount,
            tax_amount=part,
            category=share.category or _agreed(item, "category"),
            tax_rate=share.tax_rate or _agreed(item, "tax_rate"),
            tracking=joined(share.dimensions, _agreed(item, "tracking") or (), dimension_of),
            project=share.project or _agreed(item, "project"),
            customer=_agreed(item, "customer"),
            billable=bool(_agreed(item, "billable")),
        )
        for share, amount, part in zip(shares, amounts, taxes, strict=True)
    )


def stated_tax(item: Item) -> Decimal | None:
    """The document's tax where it states it, by line or in all; never concluded from a total that may be wrong."""
    if item.tax_mode is TaxMode.NONE:
        return None
    by_line = [line.tax_amount for line in item.lines]
    if by_line and None not in by_line:
        return sum((tax for tax in by_line if tax is not None), Decimal(0))
    return item.tax_total


def _parts(amount: Decimal, shares: Sequence[Share], currency: str) -> list[Decimal]:
    parts = [rounded(amount * share.percent / WHOLE, currency) for share in shares[:-1]]
    return [*parts, amount - sum(parts, Decimal(0))]


def _agreed(item: Item, field: str) -> Any:
    """What all lines say alike; None where they differ."""
    values = {getattr(line, field) for line in item.lines}
    return values.pop() if len(values) == 1 else None


def keyword_category(line: Line, split: Split) -> str | None:
    """The category of the first keyword that occurs in a line's description, whatever its case; None without one."""
    text = folded(line.description)
    return next((one.category for one in split.keywords if folded(one.keyword) in text), None)
