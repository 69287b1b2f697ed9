"""A supplier deleted here that is alive in the software is back with the next refresh, and heals the items."""

import pytest

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry


@pytest.mark.parametrize("full", [True, False])
def test_rule_23_a_supplier_deleted_here_and_alive_there_returns(world: World, api: Api, full: bool) -> None:
    supplier = entry(api, "suppliers", world.papers.supplier)
    item = api.make(world.papers.bill())
    api.ok("DELETE", f"lists/suppliers/{supplier['id']}")
    assert api.item(item["id"])["stage"] == "needs_review"
    world.time.pass_by(seconds=5)
    refresh(world, full=full)
    back = api.ok("GET", f"lists/suppliers/{supplier['id']}")
    assert (back["status"], back["provider_id"]) == ("active", supplier["provider_id"])
    assert api.item(item["id"])["stage"] == "ready"
    assert api.publish(item["id"])["stage"] == "published"
