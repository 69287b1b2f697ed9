"""Calls whose answer never came, or cannot be read: what is there is found, what is not is not."""

import pytest

from rehearsal.sandbox_process import SandboxClient
from shared.domain.publishing import FactKind, Verdict
from shared.providers.contract import CallFailed
from tests.contract.bill.kit import PROVIDER, World, connected


@pytest.fixture
def world(sandbox: SandboxClient) -> World:
    return connected(sandbox)


@pytest.mark.parametrize("kind", ["commit_then_drop", "truncate", "html"])
def test_bills_whose_answer_was_lost_are_found(world: World, kind: str) -> None:
    drafted = [world.drafted(world.item()) for _ in range(5)]
    batch, body = world.batch(*drafted)
    world.desk.fault("POST", "/bills/bulk", kind)
    with pytest.raises(CallFailed) as failure:
        PROVIDER.send(world.session, batch, body)
    assert failure.value.sent
    found = world.found(batch)
    assert set(found) == {member.marker for member in batch.members}
    assert {one.verdict for one in found.values()} == {Verdict.DONE}


def test_elements_that_the_answer_leaves_out_are_left_out(world: World) -> None:
    drafted = [world.drafted(world.item()) for _ in range(3)]
    world.desk.fault("POST", "/bills/bulk", "missing", elements=[1])
    assert len(world.publish(*drafted)) == 2
    batch, _ = world.batch(*drafted)
    assert len(world.found(batch)) == 3


def test_bills_that_never_arrived_are_not_found(world: World) -> None:
    batch, _ = world.batch(world.drafted(world.item()))
    assert world.found(batch) == {}


def test_a_marker_on_two_bills_is_for_a_person(world: World) -> None:
    drafted = world.drafted(world.item())
    world.publish(drafted)
    world.publish(drafted)  # BILL knows no key: the same body twice is two bills
    batch, _ = world.batch(drafted)
    found = world.found(batch)[drafted[0].marker]
    assert found.verdict is Verdict.UNKNOWN and found.problem is not None
    assert len(found.problem.details["found"]) == 2


def test_vendors_whose_answer_was_lost_are_found_by_name(world: World) -> None:
    drafted = [world.new_vendor(f"Newcomer {number}") for number in range(3)]
    world.desk.fault("POST", "/vendors/bulk", "commit_then_drop")
    with pytest.raises(CallFailed):
        world.publish(*drafted, fact=FactKind.SUPPLIERS)
    batch, _ = world.batch(*drafted, fact=FactKind.SUPPLIERS)
    assert {one.verdict for one in world.found(batch).values()} == {Verdict.DONE}
    assert len(world.publish(*drafted, fact=FactKind.SUPPLIERS)) == 3
    names = [one["name"] for one in world.desk.books()["vendors"]]
    assert all(names.count(f"Newcomer {number}") == 1 for number in range(3))
