"""A type that is excepted never publishes itself, whichever level wished that it did."""

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation, decision, method_rule, supplier_rule


@pytest.mark.parametrize("level", ["account", "supplier", "payment_method"])
def test_rule_08_excepted_types_are_never_published_automatically(world: World, api: Api, level: str) -> None:
    automation(api, auto_publish=level == "account", auto_publish_exceptions=["receipt", "credit_note"])
    if level == "supplier":
        supplier_rule(api, "yes")
    elif level == "payment_method":
        method_rule(api, "always")
    bill, receipt = api.make(world.papers.paid_bill()), api.make(world.papers.paid_bill(type="receipt"))
    assert decision(bill)[:2] == (True, level)
    assert decision(receipt) == (False, "item_type", "type_excluded")
    world.settle()
    assert api.item(bill["id"])["stage"] == "published"
    assert api.item(receipt["id"])["stage"] == "ready"
    assert len(world.ledger().documents) == 1


def test_rule_08_nor_where_it_was_approved(world: World, api: Api) -> None:
    automation(api, auto_publish=True, auto_publish_exceptions=["receipt"])
    receipt = api.make(world.papers.paid_bill(type="receipt", approval="pending"))["id"]
    approved = api.ok("PUT", f"items/{receipt}/approval", {"approval": "approved"})
    assert decision(approved) == (False, "item_type", "type_excluded")
    world.settle()
    assert (api.item(receipt)["stage"], len(world.ledger().documents)) == ("ready", 0)
