"""Entries, items and targets of a small British company in QuickBooks, for tests of mapping and checks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import Resolved, Target
from shared.providers.quickbooks.profile import (
    BILLABLE,
    CLASSES,
    COST_CUSTOMERS,
    LOCATIONS,
    MULTI_CURRENCY,
    SALES_TAX,
)

D = Decimal
NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
MARKER = "LB0123456789ABCDEFGH"
EVERY_FEATURE = (MULTI_CURRENCY, SALES_TAX, CLASSES, LOCATIONS, BILLABLE, COST_CUSTOMERS)
COMPANY = Organisation(
    id="9130",
    name="Harbour & Finch",
    country="GB",
    base_currency="GBP",
    plan="QuickBooks Online Plus",
    period_lock_date=date(2026, 1, 31),
    features=EVERY_FEATURE,
)
AMERICAN = replace(COMPANY, country="US", base_currency="USD", features=(SALES_TAX,))
CANADIAN = replace(COMPANY, country="CA", base_currency="CAD", features=(SALES_TAX,))
INACTIVE = EntryStatus.INACTIVE


def entry(entry_id: str, kind: Kind, name: str, provider_id: str, **fields: Any) -> Entry:
    return Entry(id=entry_id, kind=kind, name=name, provider_id=provider_id, **fields)


def parts(*rates: str) -> list[dict[str, str]]:
    return [{"id": f"r{rate}", "name": rate, "rate": rate} for rate in rates]


def rate(entry_id: str, percent: str, *components: str, **fields: Any) -> Entry:
    both = {"costs_components": parts(*components), "sales_components": parts(*components)}
    values = {"rate": percent, "costs": True, "sales": True, **both, **fields.pop("values", {})}
    return entry(entry_id, Kind.TAX_RATES, entry_id, entry_id, values=values, **fields)


_K = Kind
FUEL = entry("fuel", _K.CATEGORIES, "Fuel", "15", values={"class": "expense", "billable": True, "currency": "GBP"})
RENT = entry("rent", _K.CATEGORIES, "Rent", "16", status=INACTIVE)
PAYABLE = entry("payable", _K.CATEGORIES, "Accounts Payable", "4", values={"postable": False})
SALES = entry("sales", _K.CATEGORIES, "Sales", "8", values={"class": "revenue", "billable": False})
EUROS_ONLY = entry("eur-cost", _K.CATEGORIES, "Euro costs", "17", values={"currency": "EUR"})
STANDARD, ZERO, EXEMPT = rate("20S", "20", "20"), rate("0Z", "0", "0"), rate("none", "0")
COMBINED, SINGLE = rate("GST/PST", "12", "5", "7"), rate("GST", "5", "5")
SALES_ONLY = rate("out", "20", "20", values={"costs": False})
GONE_RATE = rate("old", "17.5", "17.5", status=INACTIVE)
TAX = entry("TAX", _K.TAX_RATES, "TAX", "TAX", values={"costs": True, "sales": True})
NON = entry("NON", _K.TAX_RATES, "NON", "NON", values={"rate": "0", "costs": True, "sales": True})
CALIFORNIA = rate("california", "8", values={"on_lines": False, "costs": False, "sales": False})
SUPPLIER = entry("northern", _K.SUPPLIERS, "Northern Fuel", "56", values={"currency": "GBP"})
CUSTOMER = entry("cafe", _K.CUSTOMERS, "Riverside Cafe", "60")
BANK = entry("bank", _K.BANK_ACCOUNTS, "Current", "1", values={"type": "bank", "currency": "GBP"})
CARD = entry("card", _K.BANK_ACCOUNTS, "Card", "3", values={"type": "credit_card", "currency": "GBP"})
PAPER = entry(
    "paper", _K.PRODUCTS, "Paper", "2", values={"sales_account": "8", "purchase_account": "15", "tracked": False}
)
STOCK = entry("stock", _K.PRODUCTS, "Shirt", "3", values={"purchase_account": "90", "tracked": True})
CLASS, LOCATION = (
    entry("classes", _K.DIMENSIONS, "Classes", "classes"),
    entry("locations", _K.DIMENSIONS, "Locations", "locations"),
)
RETAIL = entry("retail", _K.DIMENSIONS, "Retail", "class:1", parent="classes")
EXPORT = entry("export", _K.DIMENSIONS, "Export", "class:2", parent="classes")
OFFICE = entry("office", _K.DIMENSIONS, "Office", "location:1", parent="locations")
STALL = entry("stall", _K.DIMENSIONS, "Stall", "location:2", parent="locations")
TERRACE = entry("terrace", _K.PROJECTS, "Cafe:Terrace", "61", values={"customer": "60"})


def by_id(*entries: Entry) -> dict[str, Entry]:
    return {one.id: one for one in entries}


RESOLVED = Resolved(
    contact=SUPPLIER,
    categories=by_id(FUEL, RENT, PAYABLE, SALES, EUROS_ONLY),
    tax_rates=by_id(STANDARD, ZERO, EXEMPT, COMBINED, SINGLE, SALES_ONLY, GONE_RATE, TAX, NON, CALIFORNIA),
    products=by_id(PAPER, STOCK),
    tracking=by_id(RETAIL, EXPORT, OFFICE, STALL),
    dimensions=by_id(CLASS, LOCATION),
    bank_account=BANK,
    currencies=frozenset({"GBP", "EUR", "USD", "CAD"}),
    projects=by_id(TERRACE),
    customers=by_id(CUSTOMER),
)


def line(amount: str = "40.00", **fields: Any) -> Line:
    known = {"description": "Diesel", "category": "fuel", "tax_rate": "20S"}
    tax = fields.pop("tax", None)
    return Line(amount=D(amount), tax_amount=D(tax) if tax else None, **{**known, **fields})


def item(*lines: Line, total: str = "48.00", **fields: Any) -> Item:
    known: dict[str, Any] = {
        "id": "01JNV0000000000000000000AA",
        "tenant": "T",
        "account": "A",
        "side": Side.COSTS,
        "type": ItemType.INVOICE,
        "created_at": NOW,
        "currency": "GBP",
        "tax_mode": TaxMode.EXCLUSIVE,
        "total": D(total),
        "lines": lines or (line(),),
        "contact": "northern",
        "date": date(2026, 3, 11),
        "due_date": date(2026, 4, 10),
        "number": "B-1",
        "payment_method": "card",
    }
    return Item(**{**known, **fields})


def sale(*lines: Line, **fields: Any) -> Item:
    return item(*(lines or (line(category="sales", product="paper"),)), side=Side.SALES, contact="cafe", **fields)


def resolved(**fields: Any) -> Resolved:
    return replace(RESOLVED, **fields)


def target(destination: Destination = Destination.PURCHASES, organisation: Organisation = COMPANY) -> Target:
    return Target(organisation, Settings(), destination, PublishAs.AWAITING_PAYMENT, MARKER)
