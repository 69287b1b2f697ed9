"""The two books of a merge: which the account knows, and which are meant where nobody says."""

from shared.domain.accounts import Account
from shared.domain.errors import fail
from shared.domain.lists import OWN_BOOK_PROVIDER, Book, Kind
from shared.domain.merges import Merge
from shared.usecases.integrations import Ways
from shared.usecases.own_lists import KINDS_BY_HAND, is_own
from shared.usecases.readiness import book_of
from shared.usecases.service import Service


def books_of(merge: Merge) -> tuple[Book, Book]:
    """The old book and the new one of a merge."""
    old, new = (Book.of_key(merge.tenant, merge.account, key) for key in (merge.source, merge.target))
    return old, new


def source_of(service: Service, account: Account, named: str | None, target: Book) -> Book:
    """The book whose entries are merged: the one named, else the one before; raises invalid_request."""
    own = Book.own(account.tenant, account.id)
    every = service.connections.of_account(account.tenant, account.id)
    chosen = [one for one in every if one.organisation is not None]
    if named is not None:
        known = {book.key: book for book in [own, *(one.book for one in chosen)]} | {OWN_BOOK_PROVIDER: own}
        if named not in known or known[named] == target:
            reason = "name other books of this account's, as provider:organisation, or own for its own lists"
            raise fail("invalid_request", field="from", reason=reason)
        return known[named]
    before = next((key for key in reversed(account.books) if key != target.key), None)
    if before is not None:
        return Book.of_key(account.tenant, account.id, before)
    if target == own:
        raise fail("invalid_request", field="from", reason="the account has no books but its own lists")
    return own


def target_of(service: Service, account: Account, named: str | None) -> Book:
    """The book that entries are merged into: the one named, else the current one; raises invalid_request."""
    if named is None:
        return book_of(account, None)
    used = {book.key: book for book in Ways(service, account).books()}
    own = Book.own(account.tenant, account.id)
    if own.key in used:
        used[OWN_BOOK_PROVIDER] = own
    if named not in used:
        raise fail("invalid_request", field="to", reason="name the current books, or those of a live connection")
    return used[named]


def has_list(book: Book, kind: Kind) -> bool:
    """Whether there is such a list in a book: software does not have them all."""
    from shared.providers import registry

    return kind in (KINDS_BY_HAND if is_own(book) else registry.profile(book.provider).kinds)
