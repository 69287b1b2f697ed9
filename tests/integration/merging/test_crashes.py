"""The worker of a merge dies after each of its effects, and is given the message once more: the end is the same."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.refresh.worker import serve
from rehearsal.process import Killed, Process
from rehearsal.tables import rows_of
from rehearsal.world import INVOCATION, World
from shared.usecases.ask_merge import merge_message
from tests.integration.merging.kit import contents, found, outline, stored, work
from tests.integration.merging.test_applying import mapped
from tests.integration.rules_13.api import Api


def run(world: World, merge: str, process: Process, lasts: timedelta = INVOCATION) -> bool:
    """One invocation of the worker for a merge, that ends after so long; False when it died."""
    now = world.time()
    body = json.loads(json.dumps(merge_message(found(world, merge))))
    try:
        with world.running.process(process):
            serve(world.new_service(), body, message_id="message-1", sent_at=now, deadline=now + lasts)
    except Killed:
        return False
    return True


def aliases(world: World) -> list[str]:
    """What merges say of entries, without what tells who wrote it."""
    rows = [row for row in stored(world, "lists")["lists"] if "#ALIAS#" in row]
    return sorted(row.split("('w', ")[0] for row in rows)


Rows = dict[str, list[dict[str, Any]]]
TABLES = ("connections", "lists", "agenda", "rules", "items")


def every_row(world: World) -> Rows:
    return {name: list(rows_of(world.clients.dynamodb, world.settings.table(name))) for name in TABLES}


def put_back(world: World, before: Rows) -> None:
    """Every row as it was."""
    for name, now in every_row(world).items():
        kept = {(row["pk"]["S"], row["sk"]["S"]) for row in before[name]}
        new = [{"pk": row["pk"], "sk": row["sk"]} for row in now if (row["pk"]["S"], row["sk"]["S"]) not in kept]
        changed = [row for row in before[name] if row not in now]
        requests: list[Any] = [{"DeleteRequest": {"Key": key}} for key in new]
        requests += [{"PutRequest": {"Item": row}} for row in changed]
        for start in range(0, len(requests), 25):
            some = requests[start : start + 25]
            world.clients.dynamodb.batch_write_item(RequestItems={world.settings.table(name): some})


@pytest.mark.soak
def test_a_worker_that_dies_anywhere_applying_changes_nothing_of_the_end(moved: Callable[[], World]) -> None:
    world = moved()
    api = Api(world)
    merge = mapped(api)
    unchanged = contents(world)
    api.ok("POST", f"merges/{merge}/apply")
    before, whole = every_row(world), Process()
    assert run(world, merge, whole)
    end = aliases(world)
    assert len(whole.effects) >= 8
    for number in range(1, len(whole.effects) + 1):
        put_back(world, before)
        assert not run(world, merge, Process(kill_after=number))
        in_force = merge in {one.id for one in world.account.merges}
        assert in_force == (found(world, merge).status == "applied"), "a reader sees all of a merge or none"
        assert run(world, merge, Process())
        assert run(world, merge, Process()), "delivered twice"
        assert [one.id for one in world.account.merges] == [merge]
        assert found(world, merge).step is None
        assert aliases(world) == end
        assert world.account.merging is None
        assert world.account.active_workflow is None
    work(world)
    assert contents(world) == unchanged


@pytest.mark.parametrize("some", [slice(1, None, 7), pytest.param(slice(None), marks=pytest.mark.soak)])
def test_proposing_goes_on_where_it_died(moved: Callable[[], World], some: slice) -> None:
    world = moved()
    api = Api(world)
    merge = api.ok("POST", "merges", {})["id"]
    before, whole = every_row(world), Process()
    assert run(world, merge, whole)
    wanted = outline(api, merge)
    for number in range(1, len(whole.effects) + 1)[some]:
        put_back(world, before)
        assert not run(world, merge, Process(kill_after=number))
        assert run(world, merge, Process())
        assert outline(api, merge) == wanted
