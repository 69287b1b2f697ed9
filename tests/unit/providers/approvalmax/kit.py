"""An item, its references and a company, as the connector's pure parts take them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.approvals import Delivery, Ledger
from shared.domain.connections import Destination, Organisation, PublishAs, Settings
from shared.domain.ids import marker_for
from shared.domain.items import Document, Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, Kind
from shared.providers.contract import Resolved, Target

D = Decimal
MARKER = marker_for("T", "01HZZZZZZZZZZZZZZZZZZZZZZZ", 1)
CATEGORY = Entry("cat", Kind.CATEGORIES, "General Expenses", "429", provider_id="acc-1")
CONTACT = Entry("sup", Kind.SUPPLIERS, "Fuel & Co", provider_id="con-1")
TAX = Entry("tax", Kind.TAX_RATES, "20%", "INPUT2", provider_id="INPUT2")
PRODUCT = Entry("pro", Kind.PRODUCTS, "Diesel", "DIESEL", provider_id="itm-1")
REGION = Entry("dim", Kind.DIMENSIONS, "Region", provider_id="tc-1")
NORTH = Entry("north", Kind.DIMENSIONS, "North", provider_id="to-1", parent="dim")
EVERY = {one.id: one for one in (CATEGORY, TAX, PRODUCT, REGION, NORTH)}


def line(amount: str = "80.00", **more: Any) -> Line:
    return Line("Fuel", D(amount), **{"category": "cat", "tax_rate": "tax", **more})


def item(*lines: Line, **more: Any) -> Item:
    known: dict[str, Any] = {
        "id": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
        "tenant": "T",
        "account": "A",
        "side": Side.COSTS,
        "type": ItemType.INVOICE,
        "created_at": datetime(2026, 11, 1, tzinfo=UTC),
        "currency": "GBP",
        "tax_mode": TaxMode.EXCLUSIVE,
        "total": D("96.00"),
        "lines": lines or (line(),),
        "contact": "sup",
        "date": date(2026, 11, 2),
        "due_date": date(2026, 12, 2),
        "number": "B-1",
    }
    return Item(**{**known, **more})


def document(size: int) -> Document:
    return Document("k", "a.pdf", "application/pdf", size, "0" * 64)


def resolved(contact: Entry | None = CONTACT, **more: Any) -> Resolved:
    entries: dict[str, Any] = {
        "categories": EVERY,
        "tax_rates": EVERY,
        "products": EVERY,
        "tracking": EVERY,
        "dimensions": EVERY,
        "bank_account": None,
        "currencies": frozenset({"GBP"}),
    }
    return Resolved(contact=contact, **{**entries, **more})


def target(
    delivery: Delivery = Delivery.API,
    destination: Destination = Destination.PURCHASES,
    publish_as: PublishAs = PublishAs.AWAITING_APPROVAL,
    ledger: Ledger | None = Ledger("Harbour & Finch Ltd", "xero", "tenant-1"),  # noqa: B008 (frozen)
) -> Target:
    company = Organisation("company-1", "Harbour & Finch Ltd", base_currency="GBP", ledger=ledger)
    return Target(company, Settings(delivery=delivery), destination, publish_as, MARKER)
