"""A large list streams through: entries are written as they are produced and not gathered."""

from collections.abc import Iterator
from typing import Any

from shared.domain.lists import Book, Entry, Kind
from shared.storage.lists import ListStore
from shared.storage.table import Table

BOOK = Book("tenant", "account", "xero", "organisation")
ENTRIES = 25_550
ROWS_PER_CALL = 25


class Bottomless:
    """A database that takes every row and has none."""

    def __init__(self) -> None:
        self.rows = 0

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        self.rows += len(request["RequestItems"]["t"])
        return {}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": []}


def test_no_more_than_one_call_of_rows_is_held() -> None:
    client = Bottomless()
    furthest_ahead = 0

    def entries() -> Iterator[Entry]:
        nonlocal furthest_ahead
        for number in range(ENTRIES):
            furthest_ahead = max(furthest_ahead, 2 * number - client.rows)  # an entry, and its name
            entry_id = BOOK.entry_id(Kind.SUPPLIERS, str(number))
            yield Entry(entry_id, Kind.SUPPLIERS, f"Supplier {number}", provider_id=str(number))

    store = ListStore(Table(client, "t"))  # type: ignore[arg-type]
    assert store.write(BOOK, Kind.SUPPLIERS, entries()) == ENTRIES
    assert client.rows == 2 * ENTRIES
    assert furthest_ahead <= ROWS_PER_CALL + 2
