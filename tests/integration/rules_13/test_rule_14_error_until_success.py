"""What the provider said stays with the item after it was corrected, until it is published; then the item is done."""

from rehearsal.world import World
from tests.integration.rules_13.api import Api


def test_rule_14_the_error_stays_until_success_which_clears_it_and_archives(world: World, api: Api) -> None:
    assert api.publish(api.make(world.papers.sales_invoice(number="T-1"))["id"])["stage"] == "published"
    item = api.make(world.papers.sales_invoice(number="T-1"))["id"]
    refused = api.publish(item)
    assert (refused["last_error"]["code"], refused["place"]) == ("number_taken", "inbox")
    api.ok("PATCH", f"items/{item}", {"number": "T-2"}, version=refused["version"])
    corrected = api.item(item)
    assert (corrected["stage"], corrected["last_error"]["code"]) == ("ready", "number_taken")
    done = api.publish(item)
    assert (done["stage"], done["place"], done["last_error"]) == ("published", "archive", None)
