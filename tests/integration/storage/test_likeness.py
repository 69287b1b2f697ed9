"""What comparing items costs, and that the rows follow what the items say."""

from dataclasses import replace

import pytest

from shared.domain.duplicates import Duplicate
from shared.storage.items import ItemStore
from shared.storage.table import Table
from tests.integration.conftest import Units
from tests.integration.storage.samples import ACCOUNT, TENANT, item, state

KEY, OTHER = "a" * 26, "b" * 26


def test_rows_follow_the_key_of_each_item(table: Table) -> None:
    items = ItemStore(table)
    first, second = item(), item()
    for one in (first, second):
        items.create(one, state(one, duplicate=Duplicate(KEY)))
    assert sorted(items.alike(TENANT, ACCOUNT, KEY)) == sorted([first.id, second.id])
    was = state(first, duplicate=Duplicate(KEY))
    items.update(first, replace(was, duplicate=Duplicate(OTHER)), was=was)
    assert items.alike(TENANT, ACCOUNT, KEY) == [second.id]
    assert items.alike(TENANT, ACCOUNT, OTHER) == [first.id]
    was = state(second, duplicate=Duplicate(KEY))
    items.update(second, replace(was, duplicate=None), was=was)
    assert items.alike(TENANT, ACCOUNT, KEY) == []


@pytest.mark.dynamodb_local
def test_a_compared_item_costs_one_row_and_half_a_unit_for_each_look(local_table: Table, units: Units) -> None:
    """A write in a transaction is two units; an item that is not compared costs nothing more."""
    items = ItemStore(local_table)
    plain, compared = item(), item()
    items.create(plain, state(plain))
    alone = units.written
    units.reset()
    items.create(compared, state(compared, duplicate=Duplicate(KEY)))
    assert units.written - alone <= 2
    units.reset()
    items.alike(TENANT, ACCOUNT, KEY)
    assert units.read <= 1
