"""The dimensions that tracking values are of, read where several sources may speak of different ones."""

from collections.abc import Callable, Iterable, Iterator

from shared.domain.accounts import Account
from shared.domain.code_item import values_in_play
from shared.domain.items import Item
from shared.domain.lists import Book, Kind
from shared.domain.rules import Words
from shared.domain.tracking import DimensionOf
from shared.usecases.entry_cache import EntryCache
from shared.usecases.service import Service


class DimensionsAtHand:
    """What one invocation has read of them; `books` are all that the account's items may be of."""

    def __init__(self, service: Service, account: Account, books: Callable[[], list[Book]]) -> None:
        self._cache = EntryCache(service, account)
        self._books = books
        self._known: dict[str, str | None] = {}

    def load(self, asked: Iterable[tuple[Item, Words]]) -> None:
        """Read the values that these words are about, in a call for each book, whatever the number of items."""
        self._load({value for item, words in asked for value in _several(item, words)})

    def of(self, item: Item, words: Words) -> DimensionOf:
        """The dimension of each value that counts here; empty where all sources together name no two values."""
        wanted = _several(item, words)
        self._load(wanted)
        return {value: parent for value in wanted if (parent := self._known[value]) is not None}

    def _load(self, values: set[str]) -> None:
        missing = {value for value in values if value not in self._known}
        for book in self._books():
            if not missing:
                return
            self._cache.load(book, ((Kind.DIMENSIONS, value) for value in missing))
            found = dict(self._parents(book, missing))
            self._known |= found
            missing -= found.keys()
        self._known |= dict.fromkeys(missing)

    def _parents(self, book: Book, values: Iterable[str]) -> Iterator[tuple[str, str]]:
        for value in values:
            entry = self._cache.get(book, Kind.DIMENSIONS, value)
            if entry is not None and entry.parent is not None:
                yield value, entry.parent


def _several(item: Item, words: Words) -> set[str]:
    """The values in play where there is anything to decide between them."""
    values = values_in_play(item, words.values())
    return values if len(values) > 1 else set()
