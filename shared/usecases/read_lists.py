"""What an account's lists hold and how each of them stands."""

from dataclasses import dataclass

from shared.domain.accounts import Account
from shared.domain.connections import Connection, ListHealth
from shared.domain.errors import fail
from shared.domain.lists import Book, Entry, EntryStatus, Kind
from shared.usecases.own_lists import KINDS_BY_HAND, book_for
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class ListOverview:
    """One list: how many active entries it has, and how its last refresh went (None: kept by hand)."""

    kind: Kind
    entries: int
    health: ListHealth | None


def current_connection(service: Service, account: Account) -> Connection | None:
    """The live connection whose organisation is the account's current book, or None."""
    linked = (one for one in service.connections.of_account(account.tenant, account.id) if one.is_linked)
    current = [one for one in linked if one.book.key == account.current_book]
    return min(current, key=lambda one: one.is_ending, default=None)


def connection_of(service: Service, account: Account, connection_id: str | None) -> Connection | None:
    """The connection a caller names (raises not_found), else the one of the account's current book."""
    if connection_id is None:
        return current_connection(service, account)
    connection = service.connections.get(account.tenant, account.id, connection_id)
    if connection is None or connection.organisation is None:
        raise fail("not_found", field="connection")
    return connection


def overview(service: Service, account: Account, connection_id: str | None) -> list[ListOverview]:
    """Every list of the account's current book, or of one connection's, and the account's own payment methods."""
    connection = connection_of(service, account, connection_id)
    provided = service.provider(connection.provider).profile.kinds if connection else KINDS_BY_HAND
    found = [_one(service, account, connection, kind) for kind in provided]
    return [*found, _one(service, account, None, Kind.PAYMENT_METHODS)]


def _one(service: Service, account: Account, connection: Connection | None, kind: Kind) -> ListOverview:
    """A provider's list was counted when it was read; those kept by hand are short and counted now."""
    if connection is not None:
        health = connection.lists.get(kind, ListHealth(kind))
        return ListOverview(kind, health.entries, health)
    entries = service.lists.all(book_for(account, kind), kind)
    return ListOverview(kind, sum(entry.status is EntryStatus.ACTIVE for entry in entries), None)


def entries_page(
    service: Service,
    account: Account,
    kind: Kind,
    *,
    connection_id: str | None,
    q: str | None,
    status: EntryStatus | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Entry], str | None]:
    """A page of one list: entries whose name or code holds `q`, of a status; and where the next page starts."""
    connection = connection_of(service, account, connection_id) if connection_id else None
    book = _book(account, connection, kind)
    return service.lists.page(book, kind, q=q, status=status, cursor=cursor, limit=limit)


def _book(account: Account, connection: Connection | None, kind: Kind) -> Book:
    if connection is None or kind is Kind.PAYMENT_METHODS:
        return book_for(account, kind)
    return connection.book
