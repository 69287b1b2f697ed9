"""Entries, items and targets of a small British business in Sage, for tests of mapping and checks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import Resolved, Target
from shared.providers.sage.profile import MULTI_CURRENCY

D = Decimal
NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
MARKER = "LB0123456789ABCDEFGH"
BUSINESS = Organisation(
    id="0d40342d0287cd6b13555c54afca6c90",
    name="Pennine Trading",
    country="GB",
    base_currency="GBP",
    plan="ACCOUNTING",
    period_lock_date=date(2024, 3, 31),
    year_end_lock_date=date(2025, 3, 31),
    features=(MULTI_CURRENCY,),
)
INACTIVE = EntryStatus.INACTIVE
_K = Kind


def entry(entry_id: str, kind: Kind, name: str, **fields: Any) -> Entry:
    return Entry(id=entry_id, kind=kind, name=name, **{"provider_id": f"s-{entry_id}", **fields})


def rate(entry_id: str, percent: str, **fields: Any) -> Entry:
    values = {"rate": percent, **fields.pop("values", {})}
    return entry(entry_id, _K.TAX_RATES, entry_id, provider_id=f"GB_{entry_id.upper()}", values=values, **fields)


FUEL = entry("fuel", _K.CATEGORIES, "Fuel", code="7310", values={"areas": ["purchases", "other_payments"]})
RENT = entry("rent", _K.CATEGORIES, "Rent", code="7100", values={"areas": ["purchases", "other_payments"]})
SALES = entry("sales", _K.CATEGORIES, "Sales", code="4000", values={"areas": ["sales", "other_receipts"]})
OLD = entry("old", _K.CATEGORIES, "Courier", code="7501", status=INACTIVE, values={"areas": ["purchases"]})
PERIODS = [{"rate": "17.5", "from": "2010-01-01", "to": "2011-01-03"}, {"rate": "20", "from": "2011-01-04"}]
STANDARD, ZERO = rate("standard", "20", values={"periods": PERIODS}), rate("zero", "0")
ENDED = rate("ended", "5", values={"periods": [{"rate": "5", "from": "2020-07-15", "to": "2021-09-30"}]})
NORTHGATE = entry("northgate", _K.SUPPLIERS, "Northgate Stationers")
CURRENT = entry("current", _K.BANK_ACCOUNTS, "Current account", values={"currency": "GBP"})
EUROS = entry("euros", _K.BANK_ACCOUNTS, "Euro account", values={"currency": "EUR"})
REGION = entry("region", _K.DIMENSIONS, "Region", provider_id="type:1")
NORTH = entry("north", _K.DIMENSIONS, "North", parent="region", provider_id="category:1")
SOUTH = entry("south", _K.DIMENSIONS, "South", parent="region", provider_id="category:2")
BOOK = entry("book", _K.PRODUCTS, "Book", code="BOOK", values={"type": "product"})
HOURS = entry("hours", _K.PRODUCTS, "Hours", code="DEV", values={"type": "service"})
PAPER = entry("paper", _K.PRODUCTS, "Paper", code="A4", values={"type": "stock_item"})
PEN = entry("pen", _K.PRODUCTS, "Pen", code="PEN", status=INACTIVE, values={"type": "product"})

RESOLVED = Resolved(
    contact=NORTHGATE,
    categories={one.id: one for one in (FUEL, RENT, SALES, OLD)},
    tax_rates={one.id: one for one in (STANDARD, ZERO, ENDED)},
    products={one.id: one for one in (BOOK, HOURS, PAPER, PEN)},
    tracking={one.id: one for one in (NORTH, SOUTH)},
    dimensions={"region": REGION},
    bank_account=CURRENT,
    currencies=frozenset({"GBP", "EUR"}),
)
TARGET = Target(BUSINESS, Settings(), Destination.PURCHASES, PublishAs.AWAITING_PAYMENT, MARKER)
SALES_TARGET = replace(TARGET, destination=Destination.SALES)
BANK_TARGET = replace(TARGET, destination=Destination.BANK_ACCOUNTS)
QUICK_TARGET = replace(TARGET, destination=Destination.QUICK_ENTRIES)

LINE = Line("Diesel", D("40.00"), category="fuel", tax_rate="standard")
SALES_LINE = Line("Consulting", D("100.00"), category="sales", tax_rate="standard")
BILL = Item(
    id="01JZZZZZZZZZZZZZZZZZZZZZZZ",
    tenant="T",
    account="A",
    side=Side.COSTS,
    type=ItemType.INVOICE,
    created_at=NOW,
    currency="GBP",
    tax_mode=TaxMode.EXCLUSIVE,
    total=D("48.00"),
    lines=(LINE,),
    contact="northgate",
    date=date(2026, 3, 11),
    due_date=date(2026, 4, 10),
    number="SUP-77",
    payment_method="card",
)
INVOICE = replace(BILL, side=Side.SALES, total=D("120.00"), lines=(SALES_LINE,), number="INV-1")
CREDIT = replace(BILL, type=ItemType.CREDIT_NOTE)
