"""A category archived in the software: inactive after a refresh, items wait, rules keep it, its return heals them."""

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry, read, rule


def _tell(world: World, change: str) -> None:
    """What a person does to the account in Xero, and the refresh that follows."""
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", {change: "429"})
    world.time.pass_by(seconds=5)
    refresh(world, full=True)


def test_rule_17_an_archived_category_makes_items_wait_and_its_return_heals_them(world: World, api: Api) -> None:
    supplier = entry(api, "suppliers", world.papers.supplier)["id"]
    (fuel,) = [one for one in api.ok("GET", "lists/categories", q="429")["entries"] if one["code"] == "429"]
    made = rule(api, "supplier", supplier, category={"id": fuel["id"]}, tax_rate={"code": "INPUT2"})
    by_rule = api.make(read(world))["id"]
    by_hand = api.make(world.papers.bill())["id"]
    assert {api.item(one)["stage"] for one in (by_rule, by_hand)} == {"ready"}
    _tell(world, "archive_account")
    assert api.ok("GET", f"lists/categories/{fuel['id']}")["status"] == "inactive"
    for one in (by_rule, by_hand):
        seen = api.item(one)
        reasons = [(reason["code"], reason["field"]) for reason in seen["reasons"]]
        assert (seen["stage"], reasons) == ("needs_review", [("account_archived", "lines[0].category")])
    assert api.ok("GET", f"rules/{made['id']}")["category"] == fuel["id"]
    _tell(world, "restore_account")
    assert [api.publish(one)["stage"] for one in (by_rule, by_hand)] == ["published", "published"]
