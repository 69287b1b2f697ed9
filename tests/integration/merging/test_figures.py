"""What a merge costs follows from the entries that are mapped, not from the items that use them."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from rehearsal.process import Process
from rehearsal.tables import rows_of
from rehearsal.world import World
from shared.domain.ids import new_id
from tests.integration.merging.kit import decide, found, onto
from tests.integration.merging.test_applying import EXPENSES
from tests.integration.merging.test_crashes import run
from tests.integration.rules_13.api import Api


def copies(world: World, number: int) -> None:
    """So many more items like the plain one, written in bulk."""
    table, item = world.settings.table("items"), world.items["plain"]["id"]
    rows = [row for row in rows_of(world.clients.dynamodb, table) if row["sk"]["S"] == item]
    assert len(rows) == 2, "what it says, and where it stands"
    text = json.dumps(rows)
    puts = [
        {"PutRequest": {"Item": row}}
        for _ in range(number)
        for row in json.loads(text.replace(item, new_id(world.time())))
    ]
    for start in range(0, len(puts), 25):
        world.clients.dynamodb.batch_write_item(RequestItems={table: puts[start : start + 25]})


def writes(world: World) -> Counter[str]:
    """What the worker writes for one merge from its beginning to its report, by operation."""
    api, process = Api(world), Process()
    merge = api.ok("POST", "merges", {})["id"]
    assert run(world, merge, process)
    decide(api, merge, categories=onto(api, merge, "categories", **EXPENSES))
    api.ok("POST", f"merges/{merge}/apply")
    assert run(world, merge, process)
    assert found(world, merge).step is None, "the report is there as well"
    assert merge in {one.id for one in world.account.merges}
    return Counter(effect.split(" ")[0] for effect in process.effects)


@pytest.mark.parametrize("items", [200, pytest.param(2000, marks=pytest.mark.soak)])
def test_as_many_writes_with_many_items_as_with_few(moved: Callable[[], World], items: int) -> None:
    few = moved()
    without = writes(few)
    many = moved()
    copies(many, items)
    assert writes(many) == without
    assert without["transact_write_items"] >= 4
    uses = many.service.proposals.uses(found(many, Api(many).ok("GET", "merges")["merges"][0]["id"]))
    assert max(used for _, used in uses.values()) >= items
