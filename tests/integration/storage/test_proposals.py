"""What the worker of a merge keeps of many contacts: more than one row of a table holds."""

from datetime import UTC, datetime

from shared.domain.ids import new_id
from shared.domain.lists import Book, Kind
from shared.domain.merges import Merge, MergeList
from shared.storage.proposals import ProposalStore
from shared.storage.table import Table

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MANY = 12_000  # pairs of ids: 440 KB packed, and a row holds at most 400


def test_contacts_made_are_kept_however_many(table: Table) -> None:
    store, which = ProposalStore(table), MergeList.SUPPLIERS
    old, new = Book("t", "a", "xero", "x"), Book("t", "a", "quickbooks", "q")
    merge = Merge(new_id(NOW), "t", "a", old.key, new.key, NOW, "anna")
    made = {old.entry_id(Kind.SUPPLIERS, f"{n}"): new.entry_id(Kind.SUPPLIERS, f"{n}") for n in range(MANY)}
    assert store.made(merge, which) is None
    assert store.keep_made(merge, which, new_id(NOW), made) == made
    assert store.made(merge, which) == made
    assert store.keep_made(merge, which, new_id(NOW), {"another": "run"}) == made
    assert store.made(merge, which) == made
    assert store.made(merge, MergeList.CUSTOMERS) is None
