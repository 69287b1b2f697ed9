"""What publishing costs: calls to Xero, and DynamoDB's units from accepted publication to done."""

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.papers import bill, paid_bill
from rehearsal.world import PDF, World
from tests.integration.publishing.checks import assert_sound, stages

READS = frozenset({"get_item", "batch_get_item", "query", "scan"})
# Once an hour the last calls of an organisation's minute are made in up to five turns of three, to find out when the
# provider's begins (decision 0005). A turn is a lease, a fence and a slice of calls: 9 units, whatever is done in it.
WRITTEN_IN_LOOKING = 5 * 9


@pytest.fixture
def counted(world: World, local_endpoint: str) -> Iterator[World]:
    """A world whose units are DynamoDB's own: only DynamoDB Local counts them as DynamoDB does."""
    yield world


def publish(world: World, ids: list[str]) -> dict[str, float]:
    """Publish to the end without a look at the agenda; returns read and write units for one item."""
    world.running.units.clear()
    world.publish(ids)
    while world.queue:
        world.time.pass_until(min(message.due for message in world.queue))
        world.deliver()
    units = dict(world.running.units)

    reads = sum(used for name, used in units.items() if name in READS)
    return {"read": reads / len(ids), "written": (sum(units.values()) - reads) / len(ids)}


def creating(world: World) -> dict[str, int]:
    calls: dict[str, int] = world.sandbox.read("/counts")["calls"]["xero"]
    return {name: times for name, times in calls.items() if name.startswith(("PUT", "POST /Inv"))}


def bills(count: int) -> list[dict[str, Any]]:
    suppliers = ("Severn Power", "Harbour Telecom", "Redhill Cleaning", "Tidewater Fuel")
    return [bill(contact={"name": suppliers[number % 4]}) for number in range(count)]


@pytest.mark.soak
@pytest.mark.dynamodb_local
def test_a_thousand_bills_without_files(counted: World) -> None:
    ids = counted.create(bills(1000))
    units = publish(counted, ids)
    assert stages(counted) == {"published": 1000}
    assert creating(counted) == {"PUT /Invoices": 20}
    assert units["written"] <= 4.5, units
    assert units["read"] <= 2, units


@pytest.mark.soak
@pytest.mark.dynamodb_local
def test_a_hundred_bills_with_a_file_each(counted: World) -> None:
    ids = counted.create(bills(100), file=PDF)
    units = publish(counted, ids)
    assert_files(counted)
    assert creating(counted) == {"PUT /Invoices": 2, "PUT /Invoices/{id}/Attachments/{name}": 100}
    # The files take more than one of Xero's minutes, so the next one is looked for; each turn of that reads anew
    # what is to be done.
    assert units["written"] <= 5.5 + WRITTEN_IN_LOOKING / 100, units
    assert units["read"] <= 4, units


@pytest.mark.dynamodb_local
def test_forty_bills_that_arrive_paid(counted: World) -> None:
    """Document and payment are written to an item at once: their batches are small, and cost more an item."""
    ids = counted.create([paid_bill() for _ in range(40)])
    units = publish(counted, ids)
    counted.settle()
    assert_sound(counted)
    assert creating(counted) == {"PUT /Invoices": 1, "PUT /Payments": 1}
    assert units["written"] <= 5.5, units
    assert units["read"] <= 3, units


def assert_files(world: World) -> None:
    world.settle()
    assert_sound(world)
    assert stages(world) == {"published": len(world.items)}
