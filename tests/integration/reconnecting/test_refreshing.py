"""Refreshing through the API: all lists, some or one; how far it is; two at once are one; nothing queued is lost."""

from typing import Any

import pytest

from rehearsal.process import Process
from shared.domain.items import Stage
from tests.integration.changing.conftest import MakeChanging
from tests.integration.changing.driver import Changing

Progress = dict[str, tuple[str, int]]


@pytest.fixture
def at(changings: MakeChanging) -> Changing:
    """An account on Xero."""
    return changings("xero")


def path(at: Changing) -> str:
    return f"connections/{at.world.connection_id}/refresh"


def ask(at: Changing, **body: Any) -> str:
    return str(at.api.ok("POST", path(at), body)["refresh"])


def progress(at: Changing) -> dict[str, Any]:
    found: dict[str, Any] = at.api.ok("GET", path(at))
    return found


def states(at: Changing) -> dict[str, str]:
    return {one["kind"]: one["status"] for one in progress(at)["lists"]}


def calls(at: Changing) -> int:
    paths = ("Accounts", "Contacts", "TaxRates", "TrackingCategories", "Items", "Currencies", "Organisation")
    return sum(at.world.calls(f"GET /{name}") for name in paths)


def test_some_lists_and_what_changed_in_them(at: Changing) -> None:
    at.world.time.pass_by(seconds=60)
    at.world.sandbox.control(f"/xero/organisations/{at.world.tenant_id}/edit", {"archive_account": "461"})
    before = {one["kind"]: one["last_good_at"] for one in at.api.ok("GET", "lists")["lists"]}
    refresh = ask(at, lists=["categories", "tax_rates"])
    assert progress(at)["refresh"] != refresh  # it has not begun
    at.rest()
    seen = progress(at)
    assert (seen["refresh"], seen["status"], seen["reason"]) == (refresh, "done", "asked")
    assert seen["ended_at"] is not None
    changed = {one["kind"]: (one["status"], one["inactive"], one["added"]) for one in seen["lists"]}
    assert changed == {"categories": ("done", 1, 0), "tax_rates": ("done", 0, 0)}
    (done,) = [one for one in at.events("refresh.done") if (one.after or {})["refresh"] == refresh]
    lists = (done.after or {})["lists"]
    assert isinstance(lists, dict)
    assert lists["categories"] == {"added": 0, "changed": 0, "inactive": 1, "back": 0}
    after = {one["kind"]: one["last_good_at"] for one in at.api.ok("GET", "lists")["lists"]}
    moved = {kind for kind in after if after[kind] != before[kind]}
    assert moved == {"categories", "bank_accounts", "tax_rates"}  # Xero has the first two in one list


def test_a_list_that_the_software_does_not_have_is_named(at: Changing) -> None:
    status, refusal = at.api.call("POST", path(at), {"lists": ["categories", "approvers"]})
    assert (status, refusal["code"], refusal["field"]) == (422, "invalid_request", "lists[1]")


def test_progress_shows_list_by_list_and_what_failed(at: Changing) -> None:
    at.world.time.pass_by(seconds=60)
    ask(at)
    at.world.sandbox.fault("GET", "/Contacts", "status", status=500, times=20)
    seen: list[dict[str, str]] = []

    def look() -> None:
        seen.append(states(at))

    for number in (6, 12):
        body = at.refreshes.messages[0]
        process = Process(hold_after=number, hold=look)
        with at.world.running.process(process):
            at._serve(at.world.new_service(), body)
    at.refreshes.messages.clear()
    assert {"waiting", "done"} <= {status for one in seen for status in one.values()}
    end = states(at)
    assert (end["categories"], end["suppliers"], end["customers"]) == ("done", "failed", "failed")
    problems = {one["kind"]: one["problem"] for one in progress(at)["lists"]}
    assert problems["suppliers"]["code"] == "provider_unavailable"
    assert problems["categories"] is None


def test_two_refreshes_at_once_are_one(at: Changing) -> None:
    at.world.time.pass_by(seconds=60)
    before = calls(at)
    ask(at)
    at.rest()
    alone = calls(at) - before
    at.world.time.pass_by(seconds=60)
    before = calls(at)
    ids = {ask(at), ask(at)}
    first = at.refreshes.messages.pop(0)
    process = Process(hold_after=5, hold=lambda: at._serve(at.world.new_service(), at.refreshes.messages.pop(0)))
    with at.world.running.process(process):
        at._serve(at.world.new_service(), first)
    at.rest()
    assert calls(at) - before == alone
    assert {(one.after or {})["refresh"] for one in at.events("refresh.done")} >= ids


@pytest.mark.parametrize("breaks", [False, True])
def test_a_refresh_beside_publishing_drops_nothing(at: Changing, breaks: bool) -> None:
    world = at.world
    documents = len(world.ledger().documents)
    ids = world.create([world.papers.bill() for _ in range(4)])
    world.publish(ids)
    world.deliver()  # expanded: they wait
    assert len(world.markers()) == 4
    if breaks:
        world.sandbox.fault("GET", "/Contacts", "status", status=500, times=20)

    def refresh() -> None:
        ask(at, full=True)
        at._serve(at.world.new_service(), at.refreshes.messages.pop(0))

    refresh()
    assert len(world.markers()) == 4
    world.deliver(process=Process(hold_after=6, hold=refresh))  # in the middle of a drain
    at.rest()
    assert {world.state(item).stage for item in ids} == {Stage.PUBLISHED}
    assert len(world.ledger().documents) == documents + 4
    assert world.failures == []
