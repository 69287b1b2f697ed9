"""A locked period: what is in no ledger yet passes, money does not, and another destination clears the way."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from rehearsal.world import World
from tests.integration.rules_13.api import Api


@pytest.fixture(autouse=True)
def locked(world: World) -> None:
    """The books are closed up to the end of March."""
    organisation = replace(world.connection.pinned, period_lock_date=date(2026, 3, 31), lock_exempt=False)
    world.service.connections.update(replace(world.connection, organisation=organisation))


def _settings(api: Api, **changes: Any) -> tuple[int, dict[str, Any]]:
    path = f"connections/{api.world.connection_id}/settings"
    return api.call("PATCH", path, changes, version=api.world.connection.settings.version)


def _codes(item: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in item["reasons"]]


@pytest.mark.parametrize("state", ["draft", "awaiting_approval"])
def test_rule_13_what_is_in_no_ledger_passes(world: World, api: Api, state: str) -> None:
    assert api.make(world.papers.bill(publish_as=state))["stage"] == "ready"


@pytest.mark.parametrize(
    ("state", "codes"), [("draft", []), ("awaiting_approval", []), ("awaiting_payment", ["period_locked"])]
)
def test_rule_13_so_does_a_claim_that_is_in_no_ledger(world: World, api: Api, state: str, codes: list[str]) -> None:
    """Xero's classic claims, which were drafts always, are closed: a claim is a bill with a status of its own."""
    assert _settings(api, claims_publish_as=state)[0] == 200
    item = api.make(world.papers.bill(type="receipt", due_date=None, paid=True))["id"]
    body = {"side": "costs", "type": "expense_claim", "currency": "GBP", "date": "2026-03-31", "items": [item]}
    claim = api.make({**body, "contact": {"name": world.papers.supplier}})
    assert _codes(claim) == codes


def test_rule_13_money_spent_does_not_pass_and_another_destination_clears_the_way(world: World, api: Api) -> None:
    item = api.make(world.papers.spend_money())
    assert _codes(item) == ["period_locked"]
    other = {"destination": "purchases", "publish_as": "draft", "paid": False}
    cleared = api.ok("PATCH", f"items/{item['id']}", other, version=item["version"])
    assert (cleared["stage"], cleared["reasons"]) == ("ready", [])


def test_rule_13_a_locked_bill_waits_unless_the_settings_say_otherwise(world: World, api: Api) -> None:
    item = api.make(world.papers.bill())["id"]
    assert _codes(api.item(item)) == ["period_locked"]
    assert _settings(api, locked_period="draft")[0] == 200
    preview = api.ok("GET", f"items/{item}/preview")
    assert preview["publish_as"] == "draft"
    change = {"field": "publish_as", "before": "awaiting_payment", "after": "draft", "reason": "period_locked"}
    assert preview["changes"] == [change]
    published = api.publish(item)
    assert published["published"]["status"] == "DRAFT"
    lines = api.ok("GET", f"items/{item}/timeline")["lines"]
    assert [line["details"] for line in lines if line["what"] == "item.sent_otherwise"] == [{"changes": [change]}]


def test_rule_13_or_it_is_dated_on_the_first_open_day(world: World, api: Api) -> None:
    assert _settings(api, locked_period="first_open_day")[0] == 200
    spent = api.make(world.papers.spend_money())
    assert spent["stage"] == "ready"
    preview = api.ok("GET", f"items/{spent['id']}/preview")
    change = {"field": "date", "before": "2026-03-11", "after": "2026-04-01", "reason": "period_locked"}
    assert preview["changes"] == [change]
    assert '"Date":"2026-04-01"' in preview["payloads"][-1]["body"]
    assert api.publish(spent["id"])["date"] == "2026-03-11", "the item says what its paper says"
    lines = api.ok("GET", f"items/{spent['id']}/timeline")["lines"]
    assert [line["details"] for line in lines if line["what"] == "item.sent_otherwise"] == [{"changes": [change]}]
