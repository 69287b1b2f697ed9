"""What software does not take is refused here: credit notes by ApprovalMax, bills by QuickBooks Simple Start."""

from collections.abc import Callable

import pytest

from rehearsal.founding import refresh
from rehearsal.world import World
from tests.integration.rules_13.api import Api


def _refused(world: World, api: Api, item: str, code: str) -> None:
    """The item waits for a person, and publishing it is refused before the provider is called."""
    seen, called = api.item(item), world.sandbox.read("/counts")["total"]
    assert (seen["stage"], [(one["code"], one["field"]) for one in seen["reasons"]]) == (
        "needs_review",
        [(code, "destination")],
    )
    assert [one["code"] for one in api.ok("GET", f"items/{item}/preview")["problems"]] == [code]
    status, problem = api.call("POST", f"items/{item}/publish")
    assert (status, problem["code"]) == (409, "item_not_ready")
    assert (world.queue, world.sandbox.read("/counts")["total"]) == ([], called)


def _version(world: World) -> int:
    return world.connection.settings.version


@pytest.mark.parametrize("named_by", ["item", "rule", "default"])
def test_rule_24_approvalmax_takes_no_credit_note(world_of: Callable[[str], World], named_by: str) -> None:
    world = world_of("approvalmax")
    api, papers = Api(world), world.papers
    if named_by == "rule":
        found = api.ok("GET", "lists/suppliers", q=papers.supplier)["entries"]
        subject = next(one["id"] for one in found if one["name"] == papers.supplier)
        api.ok("POST", "rules", {"kind": "supplier", "subject": subject, "integration": "approvalmax"})
    elif named_by == "default":
        api.ok("PATCH", "defaults", {"publishing_integration": "approvalmax"}, version=world.account.version)
    own = {"integration": "approvalmax" if named_by == "item" else None}
    bill = api.make(papers.bill(**own))
    assert (bill["stage"], bill["integration"]["slot"]) == ("ready", "approvalmax")
    credit = api.make(papers.supplier_credit(**own))
    assert credit["integration"]["slot"] == "approvalmax"
    _refused(world, api, credit["id"], "destination_not_offered")
    main = api.ok("PATCH", f"items/{credit['id']}", {"integration": "main"}, version=credit["version"])
    assert (main["stage"], main["reasons"]) == ("ready", [])


def test_rule_24_simple_start_is_offered_no_bill(world_of: Callable[[str], World]) -> None:
    world = world_of("quickbooks")
    api = Api(world)
    bill, spent = api.make(world.papers.bill())["id"], api.make(world.papers.spend_money())["id"]
    assert {api.item(one)["stage"] for one in (bill, spent)} == {"ready"}
    world.sandbox.control(f"/quickbooks/companies/{world.tenant_id}/edit", {"plan": "Simple Start"})
    world.time.pass_by(seconds=5)
    refresh(world)
    _refused(world, api, bill, "plan_without_bills")
    path = f"connections/{world.connection_id}/settings"
    problems = api.ok("GET", path)["problems"]
    assert [(one["code"], one["field"]) for one in problems] == [("plan_without_bills", "costs_destination")]
    other = api.ok("PATCH", path, {"costs_destination": "bank_accounts"}, version=_version(world))
    assert other["problems"] == []
    status, problem = api.call("PATCH", path, {"costs_destination": "purchases"}, version=_version(world))
    assert (status, problem["code"], problem["field"]) == (409, "plan_without_bills", "costs_destination")
    assert api.publish(spent)["stage"] == "published"
