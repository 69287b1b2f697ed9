"""What keeps a document from publishing itself, and that a worker that dies over it makes good later."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.publish.models import NewItem
from rehearsal.world import World
from shared.domain.connections import ConnectionStatus
from shared.domain.ids import new_id
from shared.usecases.create_items import Taken, create_items
from tests.integration.rules_13.api import Api
from tests.integration.rules_13.automation import automation, decision


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda world: world.papers.bill(number=None, date=None), "item_not_ready"),
        (lambda world: world.papers.bill(contact={"name": "Somebody New Ltd"}), "contact_not_in_books"),
    ],
)
def test_an_item_that_needs_a_person_says_why(
    world: World, body: Callable[[World], dict[str, Any]], reason: str
) -> None:
    api = Api(world)
    automation(api, auto_publish=True)
    item = api.make(body(world))
    assert decision(item) == (False, "item", reason)
    assert world.queue == []
    lines = api.ok("GET", f"items/{item['id']}/timeline")["lines"]
    assert {"level": "item", "reason": reason} in [line["details"] for line in lines if line["actor"] == "automatic"]


def test_a_suspected_duplicate_waits(world: World) -> None:
    api = Api(world)
    automation(api, auto_publish=True)
    api.ok("PATCH", "defaults", {"duplicate_mode": "flag"}, version=world.account.version)
    first, second = (api.make(world.papers.bill(number="A-1")) for _ in range(2))
    assert decision(first)[0]
    assert decision(second) == (False, "item", "duplicate_suspected")


@pytest.mark.parametrize("broken", ["paused", "expired"])
def test_a_connection_that_takes_nothing_is_named(world: World, broken: str) -> None:
    api = Api(world)
    automation(api, auto_publish=True)
    if broken == "paused":
        api.ok("POST", f"connections/{world.connection_id}/pause")
    else:
        world.service.connections.update(world.connection.moved(ConnectionStatus.EXPIRED))
    item = api.make(world.papers.bill())
    assert decision(item) == (False, "connection", f"connection_{broken}")


def test_a_batch_wakes_the_publisher_once(world: World) -> None:
    api = Api(world)
    automation(api, auto_publish=True)
    answer = api.ok("POST", "items", {"items": [world.papers.bill() for _ in range(20)]})
    assert {one["item"]["stage"] for one in answer["results"]} == {"queued"}
    assert len(world.queue) == 1
    world.settle()
    assert len(world.ledger().documents) == 20


def test_a_repeat_after_a_crash_queues_what_was_decided_before_it(world: World) -> None:
    automation(Api(world), auto_publish=True)
    draft = NewItem.model_validate_json(json.dumps(world.papers.bill(external_id="paper-1"))).draft()
    request = new_id(world.time())
    (first,) = create_items(world.service, world.account, [draft], request)
    assert isinstance(first, Taken)
    (marker,) = world.service.items.pending(world.tenant, world.software.name, world.tenant_id)
    world.service.items.delete_marker(marker)  # as if the worker had died before it was written
    assert world.markers() == []
    create_items(world.service, world.account, [draft], request)
    assert world.markers() == [first.item.id]
    world.settle()
    create_items(world.service, world.account, [draft], request)
    assert (world.markers(), len(world.ledger().documents)) == ([], 1)
