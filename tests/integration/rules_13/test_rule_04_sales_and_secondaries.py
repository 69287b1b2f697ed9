"""Sales go through the main connection: neither an item, nor a rule, nor a default sends one to a secondary."""

from collections.abc import Callable

import pytest

from rehearsal.papers import XERO
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    """An account on Xero with BILL beside it."""
    return world_of("bill")


def test_rule_04_a_sales_item_never_goes_to_a_secondary(world: World, api: Api) -> None:
    status, problem = api.call("POST", "items", XERO.sales_invoice(integration="bill"))
    assert (status, problem["field"]) == (422, "integration")
    customer = entry(api, "customers", XERO.customer)["id"]
    status, problem = api.call("POST", "rules", {"kind": "customer", "subject": customer, "integration": "bill"})
    assert (status, problem["field"]) == (422, "integration")
    made = api.ok("POST", "rules", {"kind": "customer", "subject": customer, "description": "Advice"})
    status, problem = api.call("PATCH", f"rules/{made['id']}", {"integration": "bill"}, version=made["version"])
    assert (status, problem["field"]) == (422, "integration")
    api.ok("PATCH", "defaults", {"publishing_integration": "bill"}, version=world.account.version)
    supplier = entry(api, "suppliers", XERO.supplier)["id"]
    api.ok("POST", "rules", {"kind": "supplier", "subject": supplier, "integration": "bill"})
    to_supplier = api.make(XERO.sales_invoice(contact={"name": XERO.supplier}))
    item = api.make(XERO.sales_invoice())
    for sold in (item, to_supplier):
        assert (sold["integration"]["slot"], sold["integration"]["reason"]) == ("main", "sales")
    assert (item["description"], item["stage"]) == ("Advice", "ready")
    status, problem = api.call("PATCH", f"items/{item['id']}", {"integration": "bill"}, version=item["version"])
    assert (status, problem["field"]) == (422, "integration")
