"""Entries made, changed and taken away here: payment methods, new suppliers, and what a person hides or deletes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.accounts import Account, Caller
from shared.domain.errors import ConflictError, LedgerbridgeError, fail
from shared.domain.lists import Book, Entry, EntryStatus, Kind, folded
from shared.usecases.happenings import happened
from shared.usecases.readiness import book_of, linked_connections
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

# In a connected account these may still be made here: the provider gets them with the first document that needs them.
MADE_AT_PUBLISHING: Final = frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})
# What an account may keep by hand while nothing is connected.
KINDS_BY_HAND: Final = (
    Kind.CATEGORIES,
    Kind.SUPPLIERS,
    Kind.CUSTOMERS,
    Kind.TAX_RATES,
    Kind.BANK_ACCOUNTS,
    Kind.PRODUCTS,
    Kind.PROJECTS,
    Kind.DIMENSIONS,
    Kind.CURRENCIES,
)
TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What a caller wants of an entry; None leaves a value as it is. `values` of None inside take a value away."""

    name: str | None = None
    code: str | None = None
    visible: bool | None = None
    status: EntryStatus | None = None
    values: Mapping[str, Any] | None = None
    parent: str | None = None
    bank_account: str | None = None
    unlink_bank_account: bool = False


def book_for(account: Account, kind: Kind) -> Book:
    """The book a list of the account lies in: payment methods are the account's own whatever is connected."""
    return Book.own(account.tenant, account.id) if kind is Kind.PAYMENT_METHODS else book_of(account, None)


def is_own(book: Book) -> bool:
    return book == Book.own(book.tenant, book.account)


def read_entry(service: Service, account: Account, kind: Kind, entry_id: str) -> Entry:
    """One entry of the account's current lists, or of another live connection's; raises not_found."""
    return placed(service, account, kind, entry_id)[1]


def placed(service: Service, account: Account, kind: Kind, entry_id: str) -> tuple[Book, Entry]:
    """An entry and the book it lies in: an id is of one book alone."""
    book = book_for(account, kind)
    entry = service.lists.entry(book, kind, entry_id)
    if entry is not None:
        return book, entry
    for connection in [] if kind is Kind.PAYMENT_METHODS else linked_connections(service, account):
        if connection.book != book and (entry := service.lists.entry(connection.book, kind, entry_id)) is not None:
            return connection.book, entry
    raise fail("not_found", field="entry")


def create_entry(
    service: Service,
    account: Account,
    kind: Kind,
    entry_id: str,
    wanted: EntryChange,
    *,
    connection_id: str | None = None,
) -> Entry:
    """Make an entry under a given id, so that a repeat meets its own work; in a connection's book where one is named.

    Raises list_has_no_entries_of_own where the list comes from the provider, supplier_name_taken for a contact whose
    name another one has, not_found or bank_account_not_found for a bank account that is not in the current book,
    not_found for a connection that is not a live one of the account.
    """
    book = book_for(account, kind) if connection_id is None else _book_of_named(service, account, kind, connection_id)
    by_hand = kind is Kind.PAYMENT_METHODS or kind in (KINDS_BY_HAND if is_own(book) else MADE_AT_PUBLISHING)
    if not by_hand:
        raise fail("list_has_no_entries_of_own", kind=kind.value)
    values = _values(service, account, kind, {}, wanted)
    entry = Entry(
        id=entry_id,
        kind=kind,
        name=" ".join((wanted.name or "").split()),
        code=wanted.code,
        visible=wanted.visible is not False,
        parent=_parent(service, book, kind, wanted.parent),
        values=values,
    )
    try:
        service.lists.put_own(entry, book)
    except ConflictError:
        return _met_again(service, book, entry)
    return entry


def _book_of_named(service: Service, account: Account, kind: Kind, connection_id: str) -> Book:
    """The book of a live connection of the account, for the contacts that its software is to get."""
    connection = next((one for one in linked_connections(service, account) if one.id == connection_id), None)
    if connection is None:
        raise fail("not_found", field="connection")
    if kind not in MADE_AT_PUBLISHING:
        raise fail("list_has_no_entries_of_own", kind=kind.value)
    return book_of(account, connection)


def _parent(service: Service, book: Book, kind: Kind, wanted: str | None) -> str | None:
    """The dimension that a value is of; a dimension itself has none."""
    if wanted is None:
        return None
    found = service.lists.entry(book, kind, wanted) if kind is Kind.DIMENSIONS else None
    if found is None or found.parent is not None or not found.usable:
        raise fail("invalid_request", field="parent", reason="name a dimension of yours; only its values have one")
    return found.id


def _met_again(service: Service, book: Book, entry: Entry) -> Entry:
    """Our own earlier try, or somebody else's entry of that name."""
    there = service.lists.entry(book, entry.kind, entry.id)
    if there is not None:
        return there
    holder = service.lists.by_name(book, entry.kind, folded(entry.name))
    raise fail("supplier_name_taken", field="name", entry=holder.id if holder else "")


def change_entry(
    service: Service,
    account: Account,
    kind: Kind,
    entry_id: str,
    wanted: EntryChange,
    *,
    by: Caller,
    version: int | None = None,
) -> Entry:
    """Change an entry made here, or hide, show, delete or restore any; items that use it are looked at again.

    A supplier or customer that is deleted here and alive in the software returns with the next refresh.

    `version` is If-Match's, None for any. Raises precondition_failed, invalid_request for one that was merged into
    another, list_has_no_entries_of_own for another change to an entry that the provider has and for restoring one that
    is inactive there, and what create_entry raises.
    """
    for _ in range(TRIES):
        book, before = placed(service, account, kind, entry_id)
        if version is not None and version != before.version:
            raise fail("precondition_failed", current=before.version)
        if before.survivor is not None:
            reason = "it was merged into another entry: change that one"
            raise fail("invalid_request", field="entry", reason=reason, survivor=before.survivor)
        try:
            after = _apply(service, account, book, before, wanted)
        except ConflictError:
            continue
        if after != before:
            _announce(service, account, before, after, by)
        return after
    raise ConflictError("the entry is being changed by others all the time")


def _apply(service: Service, account: Account, book: Book, before: Entry, wanted: EntryChange) -> Entry:
    if is_own(book) or before.provider_id is None:
        return _apply_own(service, account, book, before, wanted)
    told = (wanted.name, wanted.code, wanted.values, wanted.bank_account)
    if any(value is not None for value in told) or wanted.unlink_bank_account:
        raise fail("list_has_no_entries_of_own", kind=before.kind.value)
    deleted = None if wanted.status is None else wanted.status is EntryStatus.INACTIVE
    now = service.clock.now()
    service.lists.set_override(book, before, visible=wanted.visible, deleted=deleted, at=now)
    after = read_entry(service, account, before.kind, before.id)
    if wanted.status is EntryStatus.ACTIVE and after.status is not EntryStatus.ACTIVE:
        raise fail("list_has_no_entries_of_own", field="status", kind=before.kind.value)
    return after


def _apply_own(service: Service, account: Account, book: Book, before: Entry, wanted: EntryChange) -> Entry:
    after = replace(
        before,
        name=" ".join(wanted.name.split()) if wanted.name is not None else before.name,
        code=wanted.code if wanted.code is not None else before.code,
        visible=wanted.visible if wanted.visible is not None else before.visible,
        status=wanted.status or before.status,
        values=_values(service, account, before.kind, before.values, wanted),
    )
    if after != before:
        service.lists.update_own(after, book, before)
    return after


def _values(
    service: Service, account: Account, kind: Kind, before: Mapping[str, Any], wanted: EntryChange
) -> dict[str, Any]:
    if kind is not Kind.TAX_RATES and (wanted.values or {}).get("rate") is not None:
        raise fail("invalid_request", field="rate", reason="only tax rates have a rate")
    if kind not in MADE_AT_PUBLISHING and (wanted.values or {}).get("address") is not None:
        raise fail("invalid_request", field="address", reason="only suppliers and customers have an address")
    values = {**before, **(wanted.values or {})}
    values = {name: value for name, value in values.items() if value is not None}
    if wanted.bank_account is None and not wanted.unlink_bank_account:
        return values
    if kind is not Kind.PAYMENT_METHODS:
        raise fail("invalid_request", field="bank_account", reason="only payment methods have a bank account")
    links = dict(values.get("bank_accounts") or {})
    if wanted.bank_account is None:
        links.pop(_book_name(book_of(account, None)), None)
        return {**values, "bank_accounts": links}
    book, linked = _bank_account(service, account, wanted.bank_account)
    return {**values, "bank_accounts": {**links, _book_name(book): linked.id}}


def _book_name(book: Book) -> str:
    return f"{book.provider}:{book.organisation}"


def _bank_account(service: Service, account: Account, entry_id: str) -> tuple[Book, Entry]:
    try:
        book, linked = placed(service, account, Kind.BANK_ACCOUNTS, entry_id)
    except LedgerbridgeError:
        raise fail("bank_account_not_found", field="bank_account") from None
    if not linked.usable:
        raise fail("bank_account_not_found", field="bank_account")
    return book, linked


def _announce(service: Service, account: Account, before: Entry, after: Entry, by: Caller) -> None:
    """Items may refer to the entry: their readiness is worked out again; the log keeps who changed what."""
    service.accounts.bump_coding_version(account.tenant, account.id)
    event = happened(
        service, account.id, "entry.changed", by=by, subject=after.id, before=_said(before), after=_said(after)
    )
    service.events.append(account.tenant, event)
    ask_recheck(service, account.tenant, account.id)


def _said(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.kind.value,
        "name": entry.name,
        "status": entry.status.value,
        "visible": entry.visible,
        "bank_accounts": entry.values.get("bank_accounts"),
    }
