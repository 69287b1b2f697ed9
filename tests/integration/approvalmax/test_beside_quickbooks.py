"""ApprovalMax beside QuickBooks Online: bills wait there for people, and reach the books once they are approved."""

from collections.abc import Callable

import pytest

from rehearsal.world import PDF, World
from shared.domain.approvals import ApprovalOutcome
from tests.integration.approvalmax.kit import decide, next_look, published
from tests.integration.publishing.checks import assert_sound, stages


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    return world_of("approvalmax beside quickbooks")


def bills_in_the_books(world: World) -> int:
    companies = world.sandbox.read("/quickbooks/companies")
    realm = next(one["realm_id"] for one in companies if one["name"] == "Harbour & Finch Ltd")
    return len(world.sandbox.read(f"/quickbooks/companies/{realm}/books")["Bill"])


def test_approved_bills_reach_the_books_once_and_decisions_are_read_back(world: World) -> None:
    there = bills_in_the_books(world)
    ids = world.create([world.papers.bill() for _ in range(3)], file=PDF)
    world.fault("bill", "commit_then_drop")
    world.publish(ids)
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 3}
    assert bills_in_the_books(world) == there, "nothing is in the books before it is approved"
    requests = [published(world, item).document_id for item in ids]
    decide(world, "approve", request=requests[0])
    decide(world, "reject", request=requests[1])
    next_look(world)
    outcomes = [found.outcome for item in ids if (found := published(world, item).approval) is not None]
    assert outcomes == [ApprovalOutcome.APPROVED, ApprovalOutcome.REJECTED, ApprovalOutcome.PENDING]
    assert bills_in_the_books(world) == there + 1


def test_a_bill_for_the_main_connection_goes_straight_to_the_books(world: World) -> None:
    there = bills_in_the_books(world)
    (item,) = world.create([world.papers.bill(integration="main", publish_as=None)])
    world.publish([item])
    world.settle()
    assert published(world, item).document_type == "Bill"
    assert bills_in_the_books(world) == there + 1
