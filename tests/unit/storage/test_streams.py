"""A large list streams through: what is in memory does not grow with it."""

import tracemalloc
from typing import Any

from shared.domain.lists import Book, Entry, Kind
from shared.storage.lists import ListStore
from shared.storage.table import Table

BOOK = Book("tenant", "account", "xero", "organisation")


class Bottomless:
    """A database that takes every row and has none."""

    def __init__(self) -> None:
        self.rows = 0

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        self.rows += len(request["RequestItems"]["t"])
        return {}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": []}


def _peak(entries: int) -> int:
    client = Bottomless()
    store = ListStore(Table(client, "t"))  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        store.write(BOOK, Kind.SUPPLIERS, (_entry(number) for number in range(entries)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert client.rows == 2 * entries  # an entry, and its name
    return peak


def _entry(number: int) -> Entry:
    entry_id = BOOK.entry_id(Kind.SUPPLIERS, str(number))
    return Entry(entry_id, Kind.SUPPLIERS, f"Supplier {number}", provider_id=str(number), values={"email": "a@b.c"})


def test_25550_entries_take_no_more_memory_than_250() -> None:
    _peak(50)  # what is cached by type is cached before measuring
    few, many = _peak(250), _peak(25_550)
    assert many < few + 256 * 1024, f"{few} bytes for 250 entries, {many} for 25,550"
