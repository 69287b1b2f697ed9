"""Disconnect while documents are on their way: each is in the books once or waits for a person, and nothing is lost."""

import pytest

from tests.e2e.tenants import World, wait_for

pytestmark = pytest.mark.soak
REASON = "connection_disconnected"


def test_disconnecting_in_the_middle_and_connecting_again(world: World) -> None:
    customer = world.tenant("Leaves").connected()
    category = customer.entry("categories", "429")["id"]
    first = customer.items(2, "LEAVES-1")
    world.sandbox.fault("PUT", "/Invoices", "latency", seconds=8)
    customer.publish(first)
    wait_for("the slow call to begin", lambda: world.sandbox.fired() == 1)
    later = customer.items(3, "LEAVES-2")
    customer.publish(later)
    for item in later:
        customer.await_stage(item, "queued")

    answer = customer.send("POST", f"{customer.at}/disconnect")
    assert (answer.status_code, answer.json()["status"]) == (202, "closing")
    wait_for("the connection to end", lambda: customer.status() == "disconnected", 120)

    assert [customer.await_stage(item, "published")["stage"] for item in first] == ["published"] * 2
    for item in later:
        seen = customer.await_stage(item, "needs_review")
        assert [reason["code"] for reason in seen["reasons"]] == [REASON]
    assert customer.get(customer.at)["disconnection"]["set_back"] == 3

    customer.connect(customer.organisation)
    customer.await_lists()
    assert customer.entry("categories", "429")["id"] == category
    customer.publish(later)
    assert [customer.await_stage(item, "published")["reasons"] for item in later] == [[]] * 3
    numbers = [one["InvoiceNumber"] for one in customer.documents()]
    mine = sorted(number for number in numbers if number.startswith("LEAVES-"))
    assert mine == ["LEAVES-1-0", "LEAVES-1-1", "LEAVES-2-0", "LEAVES-2-1", "LEAVES-2-2"]


def test_the_provider_is_told(world: World) -> None:
    customer = world.tenant("Told").account()
    customer.connect()

    def told() -> int:
        calls = world.sandbox.calls()
        return int(calls.get("DELETE /connections/{id}", 0) + calls.get("POST /connect/revocation", 0))

    before = told()
    customer.post(f"{customer.at}/disconnect")
    wait_for("the connection to end", lambda: customer.status() == "disconnected", 120)

    def agenda_came() -> bool:
        world.stack.invoke("AgendaFunction")  # as it does every minute
        return told() > before

    wait_for("the agenda to tell the provider", agenda_came, 60)


def test_codings_rest_until_they_are_restored_and_lists_of_before_come_back(world: World) -> None:
    customer = world.tenant("Later").connected()
    item = customer.items(1, "LATER")[0]
    category = customer.entry("categories", "429")["id"]
    book = customer.get()["current_book"]
    later = {"mode": "merge_later"}
    assert customer.refused("POST", f"{customer.at}/disconnect", later) == (409, "confirmation_needed")
    assert customer.status() == "active"
    customer.post(f"{customer.at}/disconnect", {**later, "confirm": True})
    wait_for("the connection to end", lambda: customer.status() == "disconnected", 120)
    assert [one["code"] for one in customer.seen(item)["reasons"]] == ["codings_suspended"]
    assert customer.get()["current_book"] == book
    customer.post("/codings/restore")
    assert customer.await_stage(item, "ready")["reasons"] == []

    customer.connect(customer.organisation)
    customer.await_lists()
    customer.post(f"{customer.at}/disconnect", {"mode": "reinstate"})
    wait_for("the connection to end", lambda: customer.status() == "disconnected", 120)
    assert customer.get()["current_book"] is None
    lost = {one["id"]: (one["items"], one["book"]) for one in customer.get("/unresolved")["entries"]}
    assert lost[category] == (1, book)
    assert {one["code"] for one in customer.seen(item)["reasons"]} == {"entry_unresolved"}
