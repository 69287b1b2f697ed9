"""Two suppliers that are one: documents by either name get one rule and go to one contact; items stay as they are."""

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry, read, rule


def test_documents_of_a_merged_supplier_are_the_survivors(world: World) -> None:
    api = Api(world)
    survivor, other = entry(api, "suppliers", world.papers.supplier), entry(api, "suppliers", "Tidewater Fuel")
    made = rule(api, "supplier", survivor["id"], category={"code": "429"})
    rule(api, "supplier", other["id"], category={"code": "400"}, tax_rate={"code": "INPUT2"})
    earlier = api.make(world.papers.bill(contact={"id": other["id"]}))
    done = api.ok("POST", "lists/suppliers/merge", {"survivor": survivor["id"], "merged": [other["id"]]})
    assert [one["field"] for one in done["conflicts"]] == ["rule.category"]
    refresh(world, full=True)

    by_name = api.make(read(world, contact={"name": "TIDEWATER  fuel"}))
    by_id = api.make(read(world, contact={"id": other["id"]}, total="40.00", tax_mode="none"))
    fuel = api.ok("GET", f"rules/{made['id']}")["category"]
    for item in (by_name, by_id):
        seen = api.item(item["id"])
        assert (seen["lines"][0]["category"], seen["sources"]["lines[0].category"]) == (fuel, "supplier_rule")
    assert api.item(by_name["id"])["contact"] == survivor["id"]
    assert api.item(earlier["id"])["contact"] == other["id"]  # not rewritten

    for item in (earlier, by_name):
        assert api.publish(item["id"])["stage"] == "published"
    contacts = {document["Contact"]["ContactID"] for document in world.ledger().documents.values()}
    assert contacts == {survivor["provider_id"]}
