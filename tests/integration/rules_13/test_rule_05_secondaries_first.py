"""The main connection is disconnected last: while a secondary lives, the request is refused and names it."""

from collections.abc import Callable

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    """An account on Xero with BILL beside it."""
    return world_of("bill")


def _statuses(api: Api) -> dict[str, str]:
    return {one["slot"]: one["status"] for one in api.ok("GET", "connections")["connections"]}


def test_rule_05_the_main_connection_goes_last(world: World, api: Api) -> None:
    every = {one["slot"]: one["id"] for one in api.ok("GET", "connections")["connections"]}
    status, problem = api.call("POST", f"connections/{every['main']}/disconnect")
    assert (status, problem["code"]) == (409, "secondary_connected")
    assert problem["details"]["connections"] == [every["bill"]]
    assert _statuses(api) == {"main": "active", "bill": "active"}
    for slot in ("bill", "main"):
        assert api.ok("POST", f"connections/{every[slot]}/disconnect")["status"] == "closing"
        world.settle()
        assert _statuses(api)[slot] == "disconnected"
