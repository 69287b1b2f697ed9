"""What a document comes to as it would go out, against what it says of itself."""

from collections.abc import Iterator
from decimal import Decimal

from shared.domain.errors import Problem
from shared.domain.items import Item, TaxMode
from shared.providers.contract import amount_text


def sum_problems(item: Item, total: Decimal | None, tax: Decimal | None) -> Iterator[Problem]:
    """Where its lines, as the software will have them, miss the document's total, or else the tax that it states.

    None is a figure that is not known: it is not compared. A document without tax states none.
    """
    if total is not None and total != item.total:
        yield _missed("total", total, item.total)
    elif tax is not None and item.tax_mode is not TaxMode.NONE and item.tax_total not in {None, tax}:
        yield _missed("tax_total", tax, item.tax_total or Decimal(0))


def _missed(field: str, lines: Decimal, stated: Decimal) -> Problem:
    return Problem("lines_do_not_add_up", field, details={"lines": amount_text(lines), "stated": amount_text(stated)})
