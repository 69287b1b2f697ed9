"""Codings that rest: the software they are for is gone, and its lists are to be merged into others later."""

from collections.abc import Collection, Iterator

from shared.domain.accounts import Account
from shared.domain.errors import Problem
from shared.domain.items import Item
from shared.domain.lists import Book, Kind


def at_rest(account: Account, book: Book, item: Item, refs: Collection[tuple[Kind, str]]) -> Iterator[Problem]:
    """What keeps back an item whose coding (`refs`) is of before the codings were suspended, in the book of then.

    In another book such a coding leads nowhere anyhow, and one that was made anew there is not kept back. Tax rates
    alone may be nobody's coding but the connection's defaults.
    """
    coded = any(kind is not Kind.TAX_RATES for kind, _ in refs)
    if coded and account.is_at_rest(item.created_at) and book.key == account.suspended_book:
        yield Problem("codings_suspended")
