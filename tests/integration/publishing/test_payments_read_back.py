"""Whether a published document was paid is read back with the refresh."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rehearsal.founding import refresh
from rehearsal.tables import rows_of
from rehearsal.world import World
from tests.integration.rules_13.api import Api

PAGE = 250  # items of which one read once decided what was asked


def published(world: World, bodies: Sequence[dict[str, Any]]) -> list[str]:
    made = world.create(bodies)
    world.publish(made)
    world.settle()
    return made


def pay(world: World, item: str) -> None:
    there = world.state(item).published
    assert there is not None
    world.sandbox.control(f"/xero/organisations/{world.tenant_id}/edit", {"pay": there.document_id})


def next_day(world: World) -> int:
    """Let the next day's refresh come; returns how often invoices were asked for."""
    before = world.calls("GET /Invoices")
    world.time.pass_by(hours=24)
    refresh(world)
    return world.calls("GET /Invoices") - before


def payment(api: Api, item: str) -> str | None:
    status: str | None = api.item(item)["published"]["payment_status"]
    return status


def watched_rows(world: World) -> list[dict[str, Any]]:
    rows = rows_of(world.clients.dynamodb, world.settings.table("items"))
    return [row for row in rows if "#V#" in row["pk"]["S"]]


def test_what_somebody_paid_in_the_books_is_shown_on_the_item(world: World) -> None:
    api = Api(world)
    first, second = world.create([world.papers.bill(), world.papers.bill()])
    for item in (first, second):
        shown = api.publish(item)["published"]
        assert shown["payment_status"] is None
    world.time.pass_by(minutes=10)
    refresh(world)
    assert payment(api, first) == "unpaid"
    pay(world, first)
    next_day(world)
    shown = {item: api.item(item)["published"] for item in (first, second)}
    assert (shown[first]["payment_status"], shown[first]["status"]) == ("paid", "PAID")
    assert (shown[second]["payment_status"], shown[second]["status"]) == ("unpaid", "AUTHORISED")
    lines = [line["what"] for line in api.ok("GET", f"items/{first}/timeline")["lines"]]
    assert lines.count("item.paid") == 1
    assert next_day(world) == 1


def test_a_bill_is_heard_of_however_much_came_after_it(world: World) -> None:
    """What is paid at once, or kept here, does not hide the older bill that somebody pays in the end."""
    api = Api(world)
    (old,) = published(world, [world.papers.bill()])
    published(world, [world.papers.spend_money()])
    world.create([world.papers.bill(type="statement", lines=[]) for _ in range(PAGE)])
    assert next_day(world) == 1
    assert payment(api, old) == "unpaid"
    pay(world, old)
    assert next_day(world) == 1
    assert payment(api, old) == "paid"
    assert next_day(world) == 0, "nothing that is unpaid is left to ask about"


def test_what_was_published_before_it_was_noted_is_heard_of(world: World) -> None:
    """Documents of a connection from before there were notes are noted once, and none of them twice."""
    api = Api(world)
    old, paid = published(world, [world.papers.bill(), world.papers.bill()])
    for row in watched_rows(world):
        key = {name: row[name] for name in ("pk", "sk")}
        world.clients.dynamodb.delete_item(TableName=world.settings.table("items"), Key=key)
    world.service.connections.update(replace(world.connection, watches_earlier=False))
    (noted,) = published(world, [world.papers.bill()])
    pay(world, paid)
    for _ in range(2):
        assert next_day(world) == 1
        assert {item: payment(api, item) for item in (old, paid, noted)} == {
            old: "unpaid",
            paid: "paid",
            noted: "unpaid",
        }
    since = world.time() - timedelta(days=9)
    rows = world.service.watched.newest(world.tenant, world.account_id, "xero", world.tenant_id, since, 100)
    documents = [document for row in rows for document in row.documents]
    assert len(documents) == len(set(documents)) == 3


def test_a_claim_that_was_paid_says_so_on_itself_and_on_what_is_inside(world: World) -> None:
    api = Api(world)
    inside = world.create([world.papers.bill(type="receipt", paid=True) for _ in range(2)])
    body = {"side": "costs", "type": "expense_claim", "currency": world.papers.currency, "date": "2026-03-31"}
    (claim,) = published(world, [{**body, "number": "EXP-7", "contact": {"name": "Anna Berger"}, "items": inside}])
    pay(world, claim)
    next_day(world)
    assert {item: payment(api, item) for item in (claim, *inside)} == dict.fromkeys((claim, *inside), "paid")


def test_an_item_that_was_cleared_is_asked_about_no_more(world: World) -> None:
    api = Api(world)
    (item,) = published(world, [world.papers.bill()])
    api.ok("POST", f"items/{item}/unarchive", {"mode": "clear"})
    assert next_day(world) == 1  # what the document says is told once more, and is nobody's
    assert next_day(world) == 0


@pytest.mark.soak
@pytest.mark.dynamodb_local
def test_what_watching_costs_hangs_on_documents_and_not_on_items(world: World) -> None:
    published(world, [world.papers.bill() for _ in range(60)])
    assert len(watched_rows(world)) == 2, "a row for a batch"
    next_day(world)
    read = []
    for _ in range(2):
        world.running.units.clear()
        next_day(world)
        read.append(world.running.units["query"])
        world.create([world.papers.bill(type="statement", lines=[]) for _ in range(100)])
    assert read[1] == read[0]
