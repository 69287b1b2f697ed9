"""What is still to be set up on a connection."""

from typing import Any

from rehearsal.world import World
from shared.domain.connections import ConnectionStatus
from shared.domain.lists import Kind
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import supplier_rule


def _undone(api: Api) -> dict[str, list[str]]:
    said: dict[str, Any] = api.ok("GET", f"connections/{api.world.connection_id}/checklist")
    undone = {one["step"]: one["lacking"] for one in said["steps"] if not one["done"]}
    assert said["ready"] == (not undone)
    return undone


def test_steps_are_done_one_by_one(world: World) -> None:
    api = Api(world)
    assert _undone(api) == {
        "tax_defaults": ["default_costs_tax_rate", "default_sales_tax_rate"],
        "rules": [],
    }
    supplier_rule(api, "no")
    rates = {one.code: one.id for one in world.service.lists.all(world.connection.book, Kind.TAX_RATES)}
    defaults = {"default_costs_tax_rate": rates["INPUT2"], "default_sales_tax_rate": rates["OUTPUT2"]}
    path = f"connections/{world.connection_id}/settings"
    api.ok("PATCH", path, defaults, version=world.connection.settings.version)
    assert _undone(api) == {}
    api.ok("DELETE", f"lists/tax_rates/{rates['INPUT2']}")
    assert _undone(api) == {"settings": ["default_costs_tax_rate"]}
    world.service.connections.update(world.connection.moved(ConnectionStatus.EXPIRED))
    assert "consent" in _undone(api)


def test_what_waits_in_the_queue_of_a_paused_connection_goes_out_when_it_is_resumed(world: World) -> None:
    api = Api(world)
    items = world.create([world.papers.bill() for _ in range(3)])
    for item in items:
        api.ok("POST", f"items/{item}/publish")
    api.ok("POST", f"connections/{world.connection_id}/pause")
    world.deliver_due()
    assert sorted(world.markers()) == sorted(items)
    assert len(world.ledger().documents) == 0
    status, refused = api.call("POST", f"items/{world.create([world.papers.bill()])[0]}/publish")
    assert (status, refused["code"]) == (409, "connection_paused")
    api.ok("POST", f"connections/{world.connection_id}/resume")
    world.settle()
    assert {api.item(item)["stage"] for item in items} == {"published"}
    assert len(world.ledger().documents) == 3
