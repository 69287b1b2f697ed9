"""A supplier deleted here is inactive: it reads blank on items, which wait for a person until it is back."""

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry, rule


def test_rule_22_a_deleted_supplier_reads_blank_and_items_need_review(world: World, api: Api) -> None:
    supplier = entry(api, "suppliers", world.papers.supplier)
    made = rule(api, "supplier", supplier["id"], category={"code": "429"})
    item = api.make(world.papers.bill())
    assert (item["stage"], item["contact"]) == ("ready", supplier["id"])
    gone = api.ok("DELETE", f"lists/suppliers/{supplier['id']}")
    assert gone["status"] == "inactive"
    seen = api.item(item["id"])
    assert (seen["stage"], seen["contact"]) == ("needs_review", None)
    assert [(one["code"], one["field"]) for one in seen["reasons"]] == [("supplier_archived", "contact")]
    assert api.call("POST", f"items/{item['id']}/publish")[1]["code"] == "item_not_ready"
    assert api.ok("GET", f"rules/{made['id']}") == made  # the rule keeps its supplier
    api.ok("PATCH", f"lists/suppliers/{supplier['id']}", {"status": "active"}, version=gone["version"])
    healed = api.item(item["id"])
    assert (healed["stage"], healed["contact"]) == ("ready", supplier["id"])
    assert api.publish(item["id"])["stage"] == "published"
