"""A refresh that breaks on the second page of suppliers: none is deactivated, the list is as of the last good one."""

from typing import Any

import pytest

from rehearsal.world import World
from shared.providers.xero import calls
from tests.integration.approvalmax.kit import refresh_messages, work
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.coding import entry


def _refresh(world: World, api: Api) -> None:
    """A full refresh, asked for and worked off; a list that failed is asked for again later."""
    refresh_messages(world)
    world.time.pass_by(seconds=5)
    api.ok("POST", f"connections/{world.connection_id}/refresh", {"full": True})
    for message in refresh_messages(world):
        if message["kind"] == "refresh":
            work(world, message)


def _health(api: Api) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in api.ok("GET", "lists")["lists"]}


def _active(api: Api) -> set[str]:
    return {one["id"] for one in api.ok("GET", "lists/suppliers", status="active", limit="200")["entries"]}


def test_rule_18_a_break_on_page_two_deactivates_no_supplier(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PAGE_SIZE", 4)
    _refresh(world, api)
    before, active, item = _health(api), _active(api), api.make(world.papers.bill())["id"]
    assert before["suppliers"]["problem"] is None
    first_page = min(
        entry["name"] for entry in api.ok("GET", "lists/suppliers", status="active", limit="200")["entries"]
    )
    gone = entry(api, "suppliers", first_page)["id"]
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", {"archive_contact": first_page})
    world.sandbox.fault("GET", "/Contacts", "status", status=500, occurrence=2, times=50)
    _refresh(world, api)
    assert world.sandbox.fired() >= 1
    after = _health(api)
    assert after["suppliers"]["problem"]["code"] == "provider_unavailable"
    for field in ("last_good_at", "last_full_at", "entries"):
        assert after["suppliers"][field] == before["suppliers"][field]
    assert after["categories"]["last_good_at"] > before["categories"]["last_good_at"]
    assert _active(api) == active
    assert api.item(item)["stage"] == "ready"
    world.sandbox.mend()
    _refresh(world, api)
    assert _active(api) == active - {gone}
    assert _health(api)["suppliers"]["last_good_at"] > before["suppliers"]["last_good_at"]
