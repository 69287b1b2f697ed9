"""Never of a payment method beats yes of a supplier, none falls through, and an approval beats them all."""

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation, decision, method_rule, supplier_rule


@pytest.mark.parametrize(
    ("method", "supplier", "account", "said"),
    [
        ("never", "yes", True, (False, "payment_method", "payment_method_never")),
        ("always", "no", False, (True, "payment_method", "payment_method_always")),
        ("none", "yes", False, (True, "supplier", "rule_yes")),
        ("none", "no", True, (False, "supplier", "rule_no")),
        ("none", None, True, (True, "account", "account_on")),
        ("none", None, False, (False, "account", "account_off")),
    ],
)
def test_rule_09_a_payment_method_beats_the_supplier_which_beats_the_account(
    api: Api, method: str, supplier: str | None, account: bool, said: tuple[bool, str, str]
) -> None:
    world = api.world
    automation(api, auto_publish=account, auto_publish_confidence="0.5")
    method_rule(api, method)
    if supplier is not None:
        supplier_rule(api, supplier)
    item = api.make(world.papers.paid_bill())
    assert decision(item) == said
    world.settle()
    assert api.item(item["id"])["stage"] == ("published" if said[0] else "ready")


def test_rule_09_approvals_beat_all(world: World, api: Api) -> None:
    automation(api, auto_publish=True)
    method_rule(api, "always")
    supplier_rule(api, "yes")
    item = api.make(world.papers.paid_bill(approval="pending"))["id"]
    assert decision(api.item(item)) == (False, "approval", "approval_pending")
    world.settle()
    assert len(world.ledger().documents) == 0
    approved = api.ok("PUT", f"items/{item}/approval", {"approval": "approved"})
    assert decision(approved) == (True, "payment_method", "payment_method_always")
    world.settle()
    assert api.item(item)["stage"] == "published"
    lines = [(line["what"], line["actor"]) for line in api.ok("GET", f"items/{item}/timeline")["lines"]]
    assert [line for line in lines if line[0].endswith(".yes")] == [("item.auto_publish.yes", "automatic")]


def test_rule_09_a_rejected_item_stays(world: World, api: Api) -> None:
    automation(api, auto_publish=True)
    item = api.make(world.papers.bill(approval="pending"))["id"]
    api.ok("PUT", f"items/{item}/approval", {"approval": "rejected"})
    world.settle()
    assert api.item(item)["stage"] == "needs_review"
    assert len(world.ledger().documents) == 0
