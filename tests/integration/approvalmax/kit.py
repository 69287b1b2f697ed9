"""Looking and steering: the main connection, its Xero's bills, ApprovalMax's people."""

import json
from datetime import datetime, timedelta
from typing import Any

from functions.refresh.worker import serve
from rehearsal.world import INVOCATION, World
from shared.domain.connections import Connection, Slot
from shared.domain.ids import find_marker, marker_for, new_id
from shared.domain.items import ItemState, Published
from shared.storage.agenda import AgendaKind

XERO_ORGANISATION = "Harbour & Finch Ltd"


def main_of(world: World) -> Connection:
    every = world.service.connections.of_account(world.tenant, world.account_id)
    return next(one for one in every if one.slot is Slot.MAIN)


def paper(world: World, number: int, **more: Any) -> dict[str, Any]:
    """A bill for ApprovalMax, of one of six kinds in turn, new suppliers among them."""
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"contact": {"name": f"Newcomer {number % 3}"}},
        {"type": "receipt", "due_date": None},
        {"number": None},
        {"tax_mode": "inclusive", "total": "40.00"},
        {"description": "Of the week"},
    )
    known: dict[str, Any] = {"publish_as": None, "number": f"A-{number}", "integration": "approvalmax"}
    return world.papers.bill(**{**known, **kinds[number % len(kinds)], **more})


def invoices(world: World) -> dict[str, list[dict[str, Any]]]:
    """Xero's bills by our marker."""
    xero = world.sandbox.read(f"/xero/organisations/{main_of(world).pinned.id}/books")
    found: dict[str, list[dict[str, Any]]] = {}
    for one in xero["Invoices"]:
        marker = find_marker(one.get("Url"))
        if marker is not None:
            found.setdefault(marker, []).append(one)
    return found


def files(world: World) -> dict[str, int]:
    xero = world.sandbox.read(f"/xero/organisations/{main_of(world).pinned.id}/books")
    return {owner: len(attached) for owner, attached in xero["Attachments"].items()}


def published(world: World, item: str) -> Published:
    found = world.state(item).published
    assert found is not None, world.state(item)
    return found


def decide(world: World, decision: str, **more: str) -> int:
    world.sandbox.control("/approvalmax/pull")
    return int(world.sandbox.control("/approvalmax/decide", {"decision": decision, **more})["decided"])


def looks(world: World) -> list[dict[str, Any]]:
    """The agenda's rows that have decisions read."""
    rows = world.clients.dynamodb.scan(TableName=world.settings.table("agenda"), ConsistentRead=True)["Items"]
    return [row for row in rows if row["pk"]["S"].startswith(f"{AgendaKind.APPROVAL}#")]


def refresh_messages(world: World) -> list[dict[str, Any]]:
    """What waits in the refresh queue, taken out of it."""
    url = world.settings.queue("refresh")
    found: list[dict[str, Any]] = []
    while got := world.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in got:
            world.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            found.append(json.loads(one["Body"]))
    return found


def work(world: World, body: dict[str, Any]) -> None:
    """The refresh worker serves one message."""
    now = world.time()
    serve(world.new_service(), body, message_id=new_id(now), sent_at=now, deadline=now + INVOCATION)


def next_look(world: World) -> None:
    """Time passes to the next look that is planned, and the worker does it."""
    refresh_messages(world)
    (row,) = looks(world)
    world.time.pass_until(datetime.fromisoformat(row["at"]["S"]) + timedelta(seconds=1))
    world.run_agenda()
    for body in refresh_messages(world):
        if body["kind"] == "decisions":
            work(world, body)


def everything_sound(world: World, items: list[str]) -> list[str]:
    """What is wrong: a bill missing or doubled, one that does not wait, or an item that says otherwise."""
    wrong, there = [], invoices(world)
    states: dict[str, ItemState] = world.states()
    for item in items:
        found = there.get(marker_for(world.tenant, item, states[item].generation), [])
        document = states[item].published
        if len(found) != 1 or document is None or document.document_id != found[0]["InvoiceID"]:
            wrong.append(f"{item}: {len(found)} bills, {states[item]}")
    return wrong
