"""Lists follow the provider: what is archived, merged or broken there, and how we hear of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.deployment import PROVIDER_APPS
from local.person import OWNER
from tests.e2e.tenants import Customer, World, wait_for

LARGE = "Harbour & Finch Ltd"  # its contacts fill two pages (conftest.py)


@pytest.fixture(scope="module")
def customer(world: World) -> Customer:
    return world.tenant("Lists").connected()


@pytest.fixture(scope="module")
def large(world: World) -> Customer:
    """A customer with more than a thousand contacts."""
    customer = world.tenant("Large").account()
    customer.connect(LARGE, OWNER)
    customer.await_lists()
    return customer


@pytest.fixture
def webhooks(world: World) -> Iterator[Callable[[], dict[str, Any]]]:
    """Xero's webhooks pointed at the stack; what the sandbox says of them."""
    key = PROVIDER_APPS["xero"]["webhook_key"]
    world.sandbox.tell("/xero/webhooks", {"url": f"{world.stack.api_url}/v1/webhooks/xero", "key": key})
    yield lambda: dict(world.sandbox.read("/xero/webhooks"))
    world.sandbox.tell("/xero/webhooks", {"url": None})


def rows_of(customer: Customer) -> dict[str, Any]:
    """Every row of the account's lists as stored, with the mark of its last write."""
    stack = customer.world.stack
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["ListsTableName"])
    return {
        row["pk"]["S"] + "|" + row["sk"]["S"]: row
        for page in pages
        for row in page["Items"]
        if customer.id in row["pk"]["S"]
    }


def changes(refresh: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What a refresh changed, by list; lists without a change are left out."""
    counted = {kind: {what: n for what, n in counts.items() if n} for kind, counts in refresh["after"]["lists"].items()}
    return {kind: counts for kind, counts in counted.items() if counts}


def test_a_refresh_of_what_has_not_changed_writes_no_entry(customer: Customer) -> None:
    before = rows_of(customer)
    assert len(before) > 80
    for full in (False, True):
        done = customer.refresh(full=full)
        assert changes(done) == {}
        assert done["after"]["failed"] == {}
    assert rows_of(customer) == before


def test_an_archived_account_takes_its_items_to_review_and_a_restored_one_heals_them(customer: Customer) -> None:
    users = [customer.item(number=f"A-{one}", lines=lines_in("461"))["id"] for one in range(3)]
    other = customer.item(number="A-9")["id"]
    customer.edit_books(archive_account="461")
    assert changes(customer.refresh()) == {"categories": {"inactive": 1}}
    for item in users:
        reasons = customer.await_stage(item, "needs_review")["reasons"]
        assert [(one["code"], one["field"]) for one in reasons] == [("account_archived", "lines[0].category")]
    assert customer.seen(other)["stage"] == "ready"

    def listed() -> set[str]:
        return {one["id"] for one in customer.pages("/items?stage=needs_review", "items")}

    wait_for("the list of items to follow", lambda: listed() >= set(users))
    assert other not in listed()
    customer.edit_books(restore_account="461")
    customer.refresh()
    for item in users:
        assert customer.await_stage(item, "ready")["reasons"] == []


def lines_in(category: str) -> list[dict[str, Any]]:
    line = {"description": "Paper", "amount": "100.00", "tax_rate": {"code": "INPUT2"}}
    return [{**line, "category": {"code": category}}]


def test_items_follow_a_contact_that_was_merged(customer: Customer) -> None:
    gone, stays = "Harbour Telecom", "Whitfield & Sons Couriers"
    item = customer.item(number="MERGED-1", contact={"name": gone})
    merged = customer.entry("suppliers", gone)
    survivor = customer.entry("suppliers", stays)
    assert item["contact"] == merged["id"]
    customer.edit_books(merge_contact={"from": gone, "to": stays})
    customer.refresh()
    assert customer.get(f"/lists/suppliers/{merged['id']}")["survivor"] == survivor["id"]
    seen = customer.await_stage(item["id"], "ready")
    assert seen["contact"] == merged["id"], "the item says what it said"
    preview = customer.get(f"/items/{item['id']}/preview")
    assert survivor["provider_id"] in preview["payloads"][0]["body"]
    customer.post(f"/items/{item['id']}/publish")
    customer.await_stage(item["id"], "published")
    [document] = [one for one in customer.documents() if one["InvoiceNumber"] == "MERGED-1"]
    assert document["Contact"]["ContactID"] == survivor["provider_id"]


def test_a_refresh_that_breaks_on_its_second_page_changes_no_status(large: Customer) -> None:
    before = large.lists()["suppliers"]
    assert before["entries"] > 500
    statuses = {one["id"]: one["status"] for one in large.pages("/lists/suppliers", "entries")}
    large.edit_books(archive_contact="Northgate Stationers")
    large.world.sandbox.fault("GET", "/Contacts", "status", times=None, occurrence=2, status=500)
    done = large.refresh(full=True)
    assert set(done["after"]["failed"]) >= {"suppliers", "customers"}
    after = large.lists()["suppliers"]
    assert after["problem"]["code"]
    assert (after["entries"], after["last_good_at"], after["last_full_at"]) == (
        before["entries"],
        before["last_good_at"],
        before["last_full_at"],
    )
    assert {one["id"]: one["status"] for one in large.pages("/lists/suppliers", "entries")} == statuses
    assert large.lists()["categories"]["problem"] is None, "lists succeed or fail one by one"
    assert large.status() == "active"

    large.world.sandbox.mend()
    assert large.refresh(full=True)["after"]["failed"] == {}
    assert large.entry("suppliers", "Northgate Stationers")["status"] == "inactive"
    assert large.lists()["suppliers"]["problem"] is None


def test_webhooks_are_signed_and_wake_a_refresh(customer: Customer, webhooks: Callable[[], dict[str, Any]]) -> None:
    wait_for("the intent to receive to be checked", lambda: webhooks()["status"] == "active")
    intents = [one for one in webhooks()["deliveries"] if one["kind"] == "intent"]
    assert {(one["signed_right"], one["status"]) for one in intents} == {(True, 200), (False, 401)}
    customer.edit_books(rename_contact={"contact": "Tidewater Fuel", "name": "Tidewater Energy"})
    item = customer.item(number="HOOK-1", contact={"name": "Somebody quite new"})["id"]
    customer.post(f"/items/{item}/publish")
    customer.await_stage(item, "published")

    def woken() -> bool:
        return any(one["after"]["reason"] == "webhook" for one in customer.events("refresh.done"))

    wait_for("the refresh that the webhook asked for", woken)
    assert customer.entry("suppliers", "Tidewater Energy")["status"] == "active"
    assert all(one["accepted"] for one in webhooks()["deliveries"] if one["kind"] == "events")


def test_a_supplier_deleted_here_comes_back_when_restored_or_with_the_next_refresh(customer: Customer) -> None:
    entry = customer.entry("suppliers", "Severn Power")
    item = customer.item(number="D-1", contact={"name": "Severn Power"})["id"]
    path = f"/lists/suppliers/{entry['id']}"
    assert customer.send("DELETE", path).json()["status"] == "inactive"
    assert customer.await_stage(item, "needs_review")["reasons"]
    assert customer.send("PATCH", path, {"status": "active"}, **{"If-Match": "*"}).json()["status"] == "active"
    customer.await_stage(item, "ready")
    assert customer.send("DELETE", path).json()["status"] == "inactive"
    customer.await_stage(item, "needs_review")
    customer.edit_books(rename_contact={"contact": "Severn Power", "name": "Severn Energy"})
    assert customer.refresh()["after"]["failed"] == {}
    seen = customer.get(path)
    assert (seen["name"], seen["status"]) == ("Severn Energy", "active"), "the software still has it"
    customer.await_stage(item, "ready")
