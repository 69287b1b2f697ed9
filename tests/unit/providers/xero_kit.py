"""Entries, items and targets of a small British organisation, for tests of Xero's mapping and checks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import Resolved, Target

NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
MARKER = "LB0123456789ABCDEFGH"
ORGANISATION = Organisation(
    id="tenant-1",
    name="Pennine Trading",
    country="GB",
    base_currency="GBP",
    plan="PREMIUM",
    period_lock_date=date(2026, 1, 31),
    year_end_lock_date=date(2025, 3, 31),
)
ACTIVE, INACTIVE = EntryStatus.ACTIVE, EntryStatus.INACTIVE


def entry(entry_id: str, kind: Kind, name: str, **fields: Any) -> Entry:
    return Entry(id=entry_id, kind=kind, name=name, **{"provider_id": f"x-{entry_id}", **fields})


FUEL = entry("fuel", Kind.CATEGORIES, "Fuel", code="429", values={"class": "expense"})
SALES = entry("sales", Kind.CATEGORIES, "Sales", code="200", values={"class": "revenue"})
OLD = entry("old", Kind.CATEGORIES, "Courier", code="451", status=INACTIVE, values={"class": "expense"})
DEBTORS = entry("debtors", Kind.CATEGORIES, "Debtors", code="610", values={"class": "asset", "postable": False})
STOCK = entry("stock", Kind.CATEGORIES, "Inventory", code="630", values={"class": "asset"})
_PURCHASES = {"rate": "20", "costs": True, "sales": False, "classes": ["asset", "expense"]}
_SALES = {"rate": "20", "costs": False, "sales": True, "classes": ["asset", "revenue"]}
INPUT = entry("in20", Kind.TAX_RATES, "20% expenses", code="INPUT2", provider_id="INPUT2", values=_PURCHASES)
OUTPUT = entry("out20", Kind.TAX_RATES, "20% income", code="OUTPUT2", provider_id="OUTPUT2", values=_SALES)
GONE_RATE = entry("gone", Kind.TAX_RATES, "17.5%", code="TAX001", status=INACTIVE, values=_PURCHASES)
NORTHGATE = entry("northgate", Kind.SUPPLIERS, "Northgate Stationers")
BANK = entry("bank", Kind.BANK_ACCOUNTS, "Business account", values={"currency": "GBP"})
EUROS = entry("euros", Kind.BANK_ACCOUNTS, "Euro account", values={"currency": "EUR"})
REGION = entry("region", Kind.DIMENSIONS, "Region")
TEAM = entry("team", Kind.DIMENSIONS, "Team")
NORTH = entry("north", Kind.DIMENSIONS, "North", parent="region")
SOUTH = entry("south", Kind.DIMENSIONS, "South", parent="region")
CLOSED = entry("closed", Kind.DIMENSIONS, "East", parent="region", status=INACTIVE)
RETAIL = entry("retail", Kind.DIMENSIONS, "Retail", parent="team")
BOOK = entry("book", Kind.PRODUCTS, "Book", code="BOOK")
TRACKED = entry("tracked", Kind.PRODUCTS, "Shirt", code="SHIRT", values={"tracked": True, "inventory_account": "630"})
NO_PRODUCT = entry("gone-product", Kind.PRODUCTS, "Pen", code="PEN", status=INACTIVE)

RESOLVED = Resolved(
    contact=NORTHGATE,
    categories={one.id: one for one in (FUEL, SALES, OLD, DEBTORS, STOCK)},
    tax_rates={one.id: one for one in (INPUT, OUTPUT, GONE_RATE)},
    products={one.id: one for one in (BOOK, TRACKED, NO_PRODUCT)},
    tracking={one.id: one for one in (NORTH, SOUTH, CLOSED, RETAIL)},
    dimensions={one.id: one for one in (REGION, TEAM)},
    bank_account=BANK,
    currencies=frozenset({"GBP", "EUR"}),
)
TARGET = Target(ORGANISATION, Settings(), Destination.PURCHASES, PublishAs.AWAITING_PAYMENT, MARKER)
SALES_TARGET = replace(TARGET, destination=Destination.SALES)
BANK_TARGET = replace(TARGET, destination=Destination.BANK_ACCOUNTS)

LINE = Line("Fuel", Decimal("40.00"), category="fuel", tax_rate="in20")
SALES_LINE = Line("Consulting", Decimal("100.00"), category="sales", tax_rate="out20")
BILL = Item(
    id="01JZZZZZZZZZZZZZZZZZZZZZZZ",
    tenant="T",
    account="A",
    side=Side.COSTS,
    type=ItemType.INVOICE,
    created_at=NOW,
    currency="GBP",
    tax_mode=TaxMode.EXCLUSIVE,
    total=Decimal("48.00"),
    lines=(LINE,),
    contact="northgate",
    date=date(2026, 3, 11),
    due_date=date(2026, 4, 10),
    number="SUP-77",
    payment_method="card",
)
INVOICE = replace(BILL, side=Side.SALES, total=Decimal("120.00"), lines=(SALES_LINE,), number="INV-1")
CREDIT = replace(BILL, type=ItemType.CREDIT_NOTE)
