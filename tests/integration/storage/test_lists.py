"""Lists: entries of books, names of contacts, what people decided here, and what a refresh writes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import ConflictError
from shared.domain.lists import SHARDS, Book, Entry, EntryStatus, Kind, folded, shard_of
from shared.storage.entry_rows import Override
from shared.storage.lists import ListStore
from shared.storage.table import Table
from tests.integration.storage.samples import ACCOUNT, ORGANISATION, TENANT, fresh_id

BOOK = Book(TENANT, ACCOUNT, "xero", ORGANISATION)
SUPPLIERS = Kind.SUPPLIERS


def supplier(number: int, **changes: Any) -> Entry:
    entry_id = BOOK.entry_id(changes.get("kind", SUPPLIERS), str(number))
    entry = Entry(entry_id, SUPPLIERS, f"Müller {number} GmbH", provider_id=str(number), values={"email": "a@b.c"})
    return replace(entry, **changes)


def own(name: str, kind: Kind = SUPPLIERS) -> Entry:
    return Entry(fresh_id(), kind, name)


def test_entries_are_found_by_id_over_all_shards(table: Table) -> None:
    store = ListStore(table)
    entries = [supplier(number) for number in range(120)]
    assert store.write(BOOK, SUPPLIERS, iter(entries)) == 120
    assert store.write(BOOK, SUPPLIERS, []) == 0
    assert store.entry(BOOK, SUPPLIERS, entries[7].id) == entries[7]
    assert store.entry(BOOK, Kind.CUSTOMERS, entries[7].id) is None
    refs = [(SUPPLIERS, entry.id) for entry in entries] + [(SUPPLIERS, fresh_id())]
    assert store.entries(BOOK, refs) == {entry.id: entry for entry in entries}
    assert {entry.id for entry in store.all(BOOK, SUPPLIERS)} == {entry.id for entry in entries}
    assert len({shard_of(entry.id) for entry in entries}) == SHARDS
    assert list(store.all(replace(BOOK, account=fresh_id()), SUPPLIERS)) == []


def test_lists_are_paged_and_searched(table: Table) -> None:
    store = ListStore(table)
    entries = [supplier(number, code=f"C{number}") for number in range(45)]
    entries[3] = replace(entries[3], status=EntryStatus.INACTIVE)
    store.write(BOOK, SUPPLIERS, entries)
    seen, cursor = store.page(BOOK, SUPPLIERS, limit=10)
    while cursor:
        more, cursor = store.page(BOOK, SUPPLIERS, cursor=cursor, limit=10)
        seen += more
    assert sorted(entry.id for entry in seen) == sorted(entry.id for entry in entries)
    assert [entry.name for entry in store.page(BOOK, SUPPLIERS, q="MÜLLER  44")[0]] == ["Müller 44 GmbH"]
    assert [entry.code for entry in store.page(BOOK, SUPPLIERS, q="c17")[0]] == ["C17"]
    assert store.page(BOOK, SUPPLIERS, status=EntryStatus.INACTIVE)[0] == [entries[3]]


def test_a_contacts_name_finds_it_until_it_is_renamed(table: Table) -> None:
    store = ListStore(table)
    store.write(BOOK, SUPPLIERS, [supplier(1), supplier(2, status=EntryStatus.INACTIVE)])
    assert store.by_name(BOOK, SUPPLIERS, folded(" MÜLLER 1  gmbh ")) == supplier(1)
    assert store.by_name(BOOK, SUPPLIERS, folded("Müller 2 GmbH")) is None
    store.write(BOOK, SUPPLIERS, [supplier(1, name="Meier")])
    assert store.by_name(BOOK, SUPPLIERS, folded("Müller 1 GmbH")) is None
    assert store.by_name(BOOK, SUPPLIERS, "meier") == supplier(1, name="Meier")
    store.put_own(own("Müller 1 GmbH"), BOOK)  # the old name is free again


@pytest.mark.parametrize("name", ["Ünïcode # Ltd % 100", "x" * 500, "名前"])
def test_a_name_made_here_is_claimed_once(table: Table, name: str) -> None:
    store = ListStore(table)
    first = own(name)
    store.put_own(first, BOOK)
    with pytest.raises(ConflictError):
        store.put_own(first, BOOK)
    with pytest.raises(ConflictError):
        store.put_own(own(name.upper() if name.isascii() else name), BOOK)
    assert store.by_name(BOOK, SUPPLIERS, folded(name)) == first
    store.put_own(own(name, Kind.CUSTOMERS), BOOK)
    store.put_own(own(name, Kind.PAYMENT_METHODS), BOOK)
    store.put_own(own(name, Kind.PAYMENT_METHODS), BOOK)  # only contacts are told apart by name


def test_own_entries_are_changed_over_what_was_read(table: Table) -> None:
    store = ListStore(table)
    one, two = own("One"), own("Two")
    for entry in (one, two):
        store.put_own(entry, BOOK)
    renamed = replace(one, name="Uno", visible=False)
    store.update_own(renamed, BOOK, one)
    with pytest.raises(ConflictError):
        store.update_own(replace(one, name="Eins"), BOOK, one)
    with pytest.raises(ConflictError):  # another's name
        store.update_own(replace(renamed, name="TWO"), BOOK, renamed)
    assert store.by_name(BOOK, SUPPLIERS, "uno") == renamed
    assert store.by_name(BOOK, SUPPLIERS, "one") is None
    method = own("Company card", Kind.PAYMENT_METHODS)
    store.put_own(method, BOOK)
    linked = replace(method, values={"bank_accounts": {"xero:org": "b1"}})
    store.update_own(linked, BOOK, method)
    assert store.entry(BOOK, Kind.PAYMENT_METHODS, method.id) == linked


def test_an_entry_made_here_is_tied_to_the_providers_once(table: Table) -> None:
    store = ListStore(table)
    made = own("New supplier")
    store.put_own(made, BOOK)
    for _ in range(2):
        store.set_provider_id(BOOK, SUPPLIERS, made.id, "p1")
    with pytest.raises(ConflictError):
        store.set_provider_id(BOOK, SUPPLIERS, made.id, "p2")
    other = own("Another")
    store.put_own(other, BOOK)
    with pytest.raises(ConflictError):
        store.set_provider_id(BOOK, SUPPLIERS, other.id, "p1")
    with pytest.raises(ConflictError):
        store.set_provider_id(BOOK, SUPPLIERS, fresh_id(), "p3")
    tied = replace(made, provider_id="p1")
    assert store.adopted(BOOK, SUPPLIERS) == {"p1": made.id}
    assert store.entry(BOOK, SUPPLIERS, made.id) == tied
    store.update_own(replace(tied, code="S1"), BOOK, tied)


def test_what_people_hide_or_delete_here_outlives_a_refresh(table: Table) -> None:
    store = ListStore(table)
    store.write(BOOK, SUPPLIERS, [supplier(1), supplier(2)])
    store.set_override(BOOK, supplier(1), visible=False)
    store.set_override(BOOK, supplier(1, visible=False), deleted=True)
    hidden = supplier(1, visible=False, status=EntryStatus.INACTIVE)
    assert store.entry(BOOK, SUPPLIERS, supplier(1).id) == hidden
    store.write(BOOK, SUPPLIERS, [supplier(1, code="X"), supplier(2, code="Y")])
    assert store.entry(BOOK, SUPPLIERS, supplier(1).id) == replace(hidden, code="X")
    assert store.overrides(BOOK, SUPPLIERS) == {supplier(1).id: Override(visible=False, deleted=True)}
    store.set_override(BOOK, replace(hidden, code="X"), deleted=False)
    assert store.entry(BOOK, SUPPLIERS, supplier(1).id) == supplier(1, code="X", visible=False)
    with pytest.raises(ConflictError):
        store.set_override(BOOK, replace(supplier(1), id=fresh_id()), deleted=True)


def test_an_entry_is_hidden_or_deleted_only_as_it_was_read(table: Table) -> None:
    store = ListStore(table)
    store.write(BOOK, SUPPLIERS, [supplier(1)])
    store.set_override(BOOK, supplier(1), visible=False)
    for stale in (supplier(1), supplier(1, code="X", visible=False)):
        with pytest.raises(ConflictError):
            store.set_override(BOOK, stale, deleted=True)
    assert store.overrides(BOOK, SUPPLIERS) == {supplier(1).id: Override(visible=False)}


def test_an_entry_that_changes_between_the_look_and_the_write_stays(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ListStore(table)
    store.write(BOOK, SUPPLIERS, [supplier(1)])
    get, others = table.get, [supplier(1, code="X")]

    def overtaken(pk: str, sk: str) -> Any:
        row = get(pk, sk)
        store.write(BOOK, SUPPLIERS, [others.pop()] if others else [])
        return row

    monkeypatch.setattr(table, "get", overtaken)
    with pytest.raises(ConflictError):
        store.set_override(BOOK, supplier(1), deleted=True)
    assert store.entry(BOOK, SUPPLIERS, supplier(1).id) == supplier(1, code="X")


def test_what_is_deleted_here_during_a_refresh_stays_deleted(table: Table) -> None:
    store = ListStore(table)
    store.write(BOOK, SUPPLIERS, [supplier(1)])

    def page() -> Iterator[Entry]:
        yield supplier(2)  # a person deletes after the refresh has read what people decided
        store.set_override(BOOK, supplier(1), deleted=True)
        yield supplier(1, code="X")

    store.write(BOOK, SUPPLIERS, page())
    assert store.entry(BOOK, SUPPLIERS, supplier(1).id) == supplier(1, code="X", status=EntryStatus.INACTIVE)


def test_digest_records_are_fenced_by_the_refresh_lease(table: Table) -> None:
    store = ListStore(table)
    assert store.digests(BOOK, SUPPLIERS) == {}
    digests = {supplier(number).id: supplier(number).digest() + "-" for number in range(1300)}
    store.put_digest(BOOK, SUPPLIERS, 3, digests, epoch=2)
    store.put_digest(BOOK, SUPPLIERS, 4, {"a": "b"}, epoch=2)
    with pytest.raises(ConflictError):
        store.put_digest(BOOK, SUPPLIERS, 3, {}, epoch=1)
    assert store.digests(BOOK, SUPPLIERS) == {3: digests, 4: {"a": "b"}}


@pytest.mark.soak
def test_a_book_of_25550_entries_is_written_and_read_whole(local_table: Table) -> None:
    store = ListStore(local_table)
    entries = (supplier(number, kind=Kind.CATEGORIES) for number in range(25_550))
    assert store.write(BOOK, Kind.CATEGORIES, entries) == 25_550
    assert len({entry.id for entry in store.all(BOOK, Kind.CATEGORIES)}) == 25_550
