"""The main connection is disconnected last: while a secondary lives, the request is refused and names it."""

import pytest

from rehearsal.process import watch_calls
from rehearsal.sandbox_process import SandboxClient
from rehearsal.world import World
from tests.integration.publishing.conftest import make_world
from tests.integration.rules_13.api import Api


@pytest.fixture
def world(
    sandbox_server: SandboxClient, aws: None, dynamodb_endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> World:
    """An account on Xero with BILL beside it."""
    made = make_world(sandbox_server, dynamodb_endpoint, "bill")
    watch_calls(made.running, monkeypatch)
    return made


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
