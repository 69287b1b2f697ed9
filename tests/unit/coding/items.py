"""Items to be coded."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.coding import Source
from shared.domain.items import Item, ItemType, Line, Side, TaxMode

DAY = date(2026, 1, 31)
FUEL = Line("Fuel", Decimal("40.00"))


def item_of(*lines: Line, **changes: Any) -> Item:
    """A bill in pounds, read from paper, whose total is that of its lines; one for fuel unless told otherwise."""
    lines = lines or (FUEL,)
    item = Item(
        id="item",
        tenant="tenant",
        account="account",
        side=Side.COSTS,
        type=ItemType.INVOICE,
        created_at=datetime(2026, 1, 31, tzinfo=UTC),
        currency="GBP",
        tax_mode=TaxMode.INCLUSIVE,
        total=sum((line.amount for line in lines), Decimal(0)),
        lines=lines,
        date=DAY,
        source=Source.EXTRACTED,
        sources={"paid": Source.CONNECTION_DEFAULT},
    )
    return replace(item, **changes)
