"""Paid where possible: with no bank account to pay from unpaid in Xero, refused before any call in Sage; in QuickBooks,
whose documents are not paid afterwards, unpaid in any case."""

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.papers import UNLINKED
from rehearsal.world import World
from tests.integration.rules_13.api import Api


def assert_told(api: Api, item: dict[str, Any]) -> None:
    """The preview shows the status that it will really have, and says that this is not the one asked for."""
    preview = api.ok("GET", f"items/{item['id']}/preview")
    assert (preview["publish_as"], preview["problems"]) == ("awaiting_payment", [])
    change = {"field": "publish_as", "before": "paid", "after": "awaiting_payment", "reason": "payment_not_recorded"}
    assert preview["changes"] == [change]
    assert [(one["code"], one["field"]) for one in preview["warnings"]] == [("payment_not_recorded", "publish_as")]


def test_rule_12_in_xero_it_awaits_payment(world: World, api: Api) -> None:
    item = api.make(world.papers.paid_bill(payment_method={"name": UNLINKED}))
    assert (item["stage"], item["reasons"]) == ("ready", [])
    assert_told(api, item)
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


def test_rule_12_in_quickbooks_it_awaits_payment_and_its_history_says_so(world_of: Callable[[str], World]) -> None:
    world = world_of("quickbooks")
    api = Api(world)
    item = api.make(world.papers.paid_bill())
    assert (item["stage"], item["reasons"]) == ("ready", [])
    assert_told(api, item)
    published = api.publish(item["id"])
    assert (published["stage"], published["published"]["payment"]) == ("published", None)
    lines = api.ok("GET", f"items/{item['id']}/timeline")["lines"]
    (told,) = [line["details"]["changes"] for line in lines if line["what"] == "item.sent_otherwise"]
    assert [change["reason"] for change in told] == ["payment_not_recorded"]


@pytest.mark.parametrize("less", ["draft", "awaiting_approval"])
def test_rule_12_what_is_to_be_less_never_becomes_more(world_of: Callable[[str], World], less: str) -> None:
    """QuickBooks has neither: a document that somebody wants to look at first would be in the books at once."""
    world = world_of("quickbooks")
    item = Api(world).make(world.papers.paid_bill(publish_as=less))
    assert item["stage"] == "needs_review"
    assert [(one["code"], one["field"]) for one in item["reasons"]] == [("destination_not_offered", "publish_as")]
