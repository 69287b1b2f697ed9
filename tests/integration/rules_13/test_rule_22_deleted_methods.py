"""A payment method that was deleted is inactive: it reads blank on items, which wait for a person until it is back."""

from rehearsal.papers import LINKED
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry


def test_rule_22_a_deleted_payment_method_reads_blank_and_items_need_review(world: World, api: Api) -> None:
    method = entry(api, "payment_methods", LINKED)
    item = api.make(world.papers.paid_bill())
    assert (item["stage"], item["payment_method"]) == ("ready", method["id"])
    api.ok("DELETE", f"lists/payment_methods/{method['id']}", version=method["version"])
    seen = api.item(item["id"])
    assert (seen["stage"], seen["payment_method"]) == ("needs_review", None)
    assert "payment_method" not in seen["sources"]
    assert [(one["code"], one["field"], one["details"]["name"]) for one in seen["reasons"]] == [
        ("entry_inactive", "payment_method", LINKED)
    ]
    assert api.call("POST", f"items/{item['id']}/publish")[1]["code"] == "item_not_ready"
    gone = api.ok("GET", f"lists/payment_methods/{method['id']}")
    assert gone["status"] == "inactive"
    api.ok("PATCH", f"lists/payment_methods/{method['id']}", {"status": "active"}, version=gone["version"])
    healed = api.item(item["id"])
    assert (healed["stage"], healed["payment_method"]) == ("ready", method["id"])
    assert api.publish(item["id"])["stage"] == "published"
