"""A rule, or the account's switch, is for what arrives after it: older documents wait for a person."""

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation, decision, supplier_rule


def test_rule_10_a_later_rule_does_not_publish_what_was_there(world: World, api: Api) -> None:
    older = api.make(world.papers.bill())["id"]
    supplier_rule(api, "yes")
    automation(api, auto_publish=True)
    newer = api.make(world.papers.bill())["id"]
    world.settle()
    assert api.item(older)["stage"] == "ready"
    assert decision(api.item(older)) == (False, "account", "account_off")
    assert api.item(newer)["stage"] == "published"


def test_rule_10_nor_when_it_is_approved_later(world: World, api: Api) -> None:
    item = api.make(world.papers.bill(approval="pending"))["id"]
    supplier_rule(api, "yes")
    automation(api, auto_publish=True)
    approved = api.ok("PUT", f"items/{item}/approval", {"approval": "approved"})
    assert (approved["stage"], approved["queued"]) == ("ready", None)
    world.settle()
    assert api.item(item)["stage"] == "ready"
