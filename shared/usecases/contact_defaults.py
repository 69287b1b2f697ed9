"""What the accounting software itself says of a supplier's or customer's documents: the last word before settings."""

from collections.abc import Iterable

from shared.domain.coding import Coding, DueDate, DueFrom
from shared.domain.items import Item, ItemType
from shared.domain.lists import Book, Entry, Kind
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways
from shared.usecases.readiness import contact_kind


class ContactDefaults:
    """Finds the defaults of the items' contacts; a book's categories are read where a default names one by its code."""

    def __init__(self, ways: Ways, cache: EntryCache) -> None:
        self._ways = ways
        self._cache = cache
        self._codes: dict[Book, dict[str, str]] = {}

    def of(self, item: Item) -> Coding | None:
        """What the software says of documents of the item's contact; None where it says nothing."""
        if item.contact is None or item.type is ItemType.EXPENSE_CLAIM:
            return None
        book = self._ways.of(item).book
        entry = self._cache.get(book, contact_kind(item.side), item.contact)
        return None if entry is None else self._coding(book, entry)

    def _coding(self, book: Book, entry: Entry) -> Coding | None:
        said = entry.values
        rate = said.get("default_tax_rate")
        days = said.get("due_days")
        coding = Coding(
            category=self._category(book, entry),
            tax_rate=None if rate is None else book.entry_id(Kind.TAX_RATES, rate),
            due_date=None if days is None else DueDate(int(days), DueFrom(said.get("due_after", DueFrom.DATE))),
        )
        return None if coding == Coding() else coding

    def _category(self, book: Book, entry: Entry) -> str | None:
        provider_id, code = entry.values.get("default_category"), entry.values.get("default_category_code")
        if provider_id is not None:
            return book.entry_id(Kind.CATEGORIES, provider_id)
        if code is None:
            return None
        if book not in self._codes:
            self._codes[book] = _by_code(self._ways.service.lists.all(book, Kind.CATEGORIES))
        return self._codes[book].get(code)


def _by_code(entries: Iterable[Entry]) -> dict[str, str]:
    return {entry.code: entry.id for entry in entries if entry.code is not None and entry.usable}
