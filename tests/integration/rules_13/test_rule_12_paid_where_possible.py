"""Paid where possible, with no bank account to pay from: unpaid in Xero, refused before any call in Sage."""

from collections.abc import Callable

from rehearsal.papers import UNLINKED
from rehearsal.world import World
from tests.integration.rules_13.api import Api


def test_rule_12_in_xero_it_awaits_payment(world: World, api: Api) -> None:
    item = api.make(world.papers.paid_bill(payment_method={"name": UNLINKED}))
    assert (item["stage"], item["reasons"]) == ("ready", [])
    assert api.ok("GET", f"items/{item['id']}/preview")["publish_as"] == "awaiting_payment"
    published = api.publish(item["id"])
    assert (published["stage"], published["published"]["status"]) == ("published", "AUTHORISED")
    assert published["published"]["payment"] is None


def test_rule_12_in_sage_it_is_an_error_before_any_call(world_of: Callable[[str], World]) -> None:
    world = world_of("sage")
    api = Api(world)
    called = world.sandbox.read("/counts")["total"]
    item = api.make(world.papers.paid_bill(payment_method={"name": UNLINKED}))
    assert item["stage"] == "needs_review"
    assert [reason["code"] for reason in item["reasons"]] == ["bank_account_not_linked"]
    status, problem = api.call("POST", f"items/{item['id']}/publish")
    assert (status, problem["code"]) == (409, "item_not_ready")
    assert world.queue == []
    assert world.sandbox.read("/counts")["total"] == called
