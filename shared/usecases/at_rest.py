"""Codings that rest: the software they are for is gone, and its lists are to be merged into others later."""

from collections.abc import Collection, Iterator

from shared.domain.accounts import Account
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.domain.lists import Book, Kind
from shared.usecases.entry_cache import EntryCache, Ref


def at_rest(account: Account, book: Book, item: Item, refs: Collection[Ref], cache: EntryCache) -> Iterator[Problem]:
    """What keeps an item back whose coding (`refs`) is of before the codings were suspended.

    It is in the book of then, or is led into another by an earlier merge; a coding that was made anew in another book
    is not kept back. Tax rates alone may be nobody's coding but the connection's defaults.
    """
    if not account.is_at_rest(item.created_at):
        return
    there = book.key == account.suspended_book
    coded = [ref for ref in refs if ref[0] is not Kind.TAX_RATES]
    if any(there or cache.led(book, *ref).entry != ref[1] for ref in coded):
        yield Problem("codings_suspended")
