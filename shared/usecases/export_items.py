"""Write items as CSV, a page at a time: one row for each line, expense claims with the lines of the bill they make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from shared.domain.accounts import Account
from shared.domain.csv_text import write_csv
from shared.domain.items import Item, ItemState, ItemType, Line, Place, Side, Stage
from shared.domain.lists import Book, Entry, Kind
from shared.domain.publishing import PendingMarker
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, prefetch_all
from shared.usecases.read_items import shown_stage
from shared.usecases.readiness import contact_kind
from shared.usecases.service import Service

COLUMNS: Final = (
    "id", "external_id", "side", "type", "stage", "place", "owner", "contact", "number", "date", "due_date",
    "currency", "total", "tax_total", "tax_mode", "description", "paid", "paid_on", "payment_method", "claim",
    "duplicate_of", "reasons", "error", "published_at", "document_id", "document_url",
    "line", "line_description", "quantity", "unit_amount", "amount", "tax_amount", "category_code", "category",
    "tax_rate", "project", "customer", "tracking", "reverse_charge",
)  # fmt: skip
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Exported:
    """Which items are exported; None for all. Expense claims are left out unless they are what is asked for."""

    side: Side | None = None
    stage: Stage | None = None
    place: Place | None = None
    claims: bool = False


def export_items(
    service: Service, account: Account, chosen: Exported, *, position: str | None, limit: int
) -> tuple[str, str | None]:
    """A page of CSV with some `limit` items, newest first, and where the next page starts (None after the last).

    The first page alone has the header row, so that the pages behind each other are one file.
    """
    ways = Ways(service, account)
    page, after = service.items.page(
        account.tenant,
        account.id,
        position,
        limit,
        stage=chosen.stage,
        side=chosen.side,
        place=chosen.place,
        connections=ways.linked,
    )
    wanted = [row for row in page if (row.state.summary.type is ItemType.EXPENSE_CLAIM) is chosen.claims]
    items = service.items.batch_get(account.tenant, account.id, [row.state.item for row in wanted])
    cache = EntryCache(service, account)
    prefetch_all(ways, cache, items.values())
    rows = [
        told
        for row in wanted
        if row.state.item in items
        for told in _rows(
            _Names(cache, ways.of(items[row.state.item]).book), items[row.state.item], row.state, row.marker
        )
    ]
    text = write_csv(COLUMNS, rows)
    return (text if position is None else text.partition("\r\n")[2]), after


@dataclass(frozen=True, slots=True)
class _Names:
    """What the entries that an item names are called in the book it is coded with."""

    cache: EntryCache
    book: Book

    def entry(self, kind: Kind, entry_id: str | None) -> Entry | None:
        book = Book.own(self.book.tenant, self.book.account) if kind is Kind.PAYMENT_METHODS else self.book
        return self.cache.get(book, kind, entry_id) if entry_id is not None else None

    def name(self, kind: Kind, entry_id: str | None) -> str | None:
        """The entry's name; its id where the book does not have it."""
        found = self.entry(kind, entry_id)
        return found.name if found is not None else entry_id


def _rows(names: _Names, item: Item, state: ItemState, marker: PendingMarker | None) -> Iterator[Row]:
    head = _of_item(names, item, state, marker)
    lines = names.cache.whole(item).lines
    if not lines:
        yield head
    for number, line in enumerate(lines):
        yield {**head, "line": str(number + 1), **_of_line(names, line)}


def _of_item(names: _Names, item: Item, state: ItemState, marker: PendingMarker | None) -> dict[str, str | None]:
    there = state.published
    plain: dict[str, str | None] = {
        name: _text(getattr(item, name)) for name in COLUMNS if name in Item.__dataclass_fields__
    }
    return {
        **plain,
        "contact": names.name(contact_kind(item.side), item.contact),
        "payment_method": names.name(Kind.PAYMENT_METHODS, item.payment_method),
        "stage": shown_stage(state, marker).value,
        "place": state.place.value,
        "claim": state.claim,
        "duplicate_of": state.duplicate.suspected if state.duplicate else None,
        "reasons": " ".join(dict.fromkeys(reason.code for reason in state.reasons)),
        "error": state.last_error.code if state.last_error else None,
        "published_at": there.at.isoformat() if there else None,
        "document_id": there.document_id if there else None,
        "document_url": there.url if there else None,
    }


def _of_line(names: _Names, line: Line) -> Row:
    category = names.entry(Kind.CATEGORIES, line.category)
    return {
        "line_description": line.description,
        "quantity": _text(line.quantity),
        "unit_amount": _text(line.unit_amount),
        "amount": _text(line.amount),
        "tax_amount": _text(line.tax_amount),
        "category_code": category.code if category else None,
        "category": names.name(Kind.CATEGORIES, line.category),
        "tax_rate": names.name(Kind.TAX_RATES, line.tax_rate),
        "project": names.name(Kind.PROJECTS, line.project),
        "customer": names.name(Kind.CUSTOMERS, line.customer),
        "tracking": ", ".join(names.name(Kind.DIMENSIONS, value) or value for value in line.tracking),
    }


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
