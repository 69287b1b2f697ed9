"""Wake-ups that are lost, doubled or late, and workers that meet: one at a time, and nothing left behind."""

from datetime import timedelta

import pytest

from rehearsal.papers import bill
from rehearsal.process import Process
from rehearsal.world import Message, World
from shared.domain.errors import LedgerbridgeError
from shared.domain.items import Stage
from shared.storage.leases import LeaseStore
from shared.usecases.drain_organisation import drain_organisation
from shared.usecases.edit_item import edit_item
from shared.usecases.expand_publication import expand_publication
from shared.usecases.publish_item import publish_item
from shared.usecases.wake import read_wake_up
from tests.integration.publishing.checks import assert_sound, stages


def queued(world: World, count: int = 3) -> list[str]:
    """Items whose markers are written; their wake-up is the only message."""
    ids = world.create([world.papers.bill() for _ in range(count)])
    publication = world.publish(ids)
    world.queue.clear()
    expand_publication(
        world.new_service(), world.tenant, world.account_id, publication.id, world.time() + timedelta(seconds=300)
    )
    return ids


def done(world: World, count: int) -> None:
    world.settle()
    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": count}


def test_the_same_wake_up_twice_one_after_the_other(world: World) -> None:
    queued(world)
    (message,) = world.queue
    world.queue.append(Message(message.body, message.due))
    done(world, 3)
    assert world.calls("PUT /Invoices") == 1


def test_a_lost_wake_up_is_made_good_by_the_agenda(world: World) -> None:
    queued(world)
    world.queue.clear()
    assert world.sandbox.read("/counts")["calls"]["xero"].get("PUT /Invoices") is None
    done(world, 3)


def test_a_lost_wake_up_of_one_item(world: World) -> None:
    (item,) = world.create([bill()])
    publish_item(world.service, world.account, item)
    world.queue.clear()
    done(world, 1)


def test_a_marker_written_just_as_the_worker_ends(world: World) -> None:
    """After its last look at the queue and before it lets go of the lease: the new wake-up meets the lease."""
    queued(world)
    (message,) = world.queue
    (late,) = world.create([bill()])
    plain = LeaseStore.release
    seen: list[str] = []

    def release(store: LeaseStore, name: str, owner: str, epoch: int) -> bool:
        if not seen and name.startswith("publish#"):
            seen.append(name)
            publish_item(world.service, world.account, late)
            while world.queue:  # its own wake-up comes now, finds the lease held, and is gone
                world.deliver(world.queue[0])
        return plain(store, name, owner, epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LeaseStore, "release", release)
        world.deliver(message)
    assert seen
    assert world.state(late).stage is not Stage.PUBLISHED
    assert len(world.queue) == 1, "the holder woke itself"
    world.deliver()
    assert world.state(late).stage is Stage.PUBLISHED
    done(world, 4)


def test_claims_that_no_batch_stands_behind_are_freed(world: World) -> None:
    """A worker is held up before its claims, another takes its announcement back, and then the first one dies."""
    (item,) = queued(world, 1)
    world.queue.clear()
    service = world.service
    (marker,) = service.items.unclaimed(world.tenant, "xero", world.tenant_id, 1)
    service.items.claim(marker, "01M81XPRJEFY4GPK32S4RX2AGW")
    done(world, 1)
    assert world.state(item).stage is Stage.PUBLISHED


def test_a_worker_short_of_time_hands_over(world: World) -> None:
    """An invocation with less than a call's time left makes none and wakes the next."""
    queued(world)
    (message,) = world.queue
    world.queue.clear()
    drain_organisation(world.new_service(), read_wake_up(message.body), world.time() + timedelta(seconds=30))
    assert world.calls("PUT /Invoices") == 0
    (again,) = world.queue
    assert again.body["hops"] == 1
    done(world, 3)


def test_an_edit_wins_over_an_unclaimed_marker_and_loses_against_a_claim(world: World) -> None:
    ids = queued(world, 2)
    (message,) = world.queue
    edit_item(world.service, world.account, ids[0], {"number": "EDITED"}, version=None, actor="test")
    refused: list[str] = []

    def edit() -> None:
        for item in ids:
            try:
                edit_item(world.service, world.account, item, {"number": "TOO LATE"}, version=None, actor="test")
            except LedgerbridgeError as error:
                refused.append(error.problem.code)

    world.deliver(message, Process(hold_after=6, hold=edit))  # lease, fence, announcement, two claims, the body
    assert refused == ["publication_in_progress"] * 2
    done(world, 2)
    numbers = {row["InvoiceNumber"] for row in world.books()["Invoices"]}
    assert "EDITED" in numbers
    assert "TOO LATE" not in numbers


def test_an_edit_between_reading_and_claiming_waits_for_the_next_turn(world: World) -> None:
    ids = queued(world, 2)
    (message,) = world.queue

    def edit() -> None:
        edit_item(world.service, world.account, ids[0], {"number": "JUST IN TIME"}, version=None, actor="test")

    world.deliver(message, Process(hold_after=3, hold=edit))  # lease, fence, announcement
    done(world, 2)
    numbers = [row["InvoiceNumber"] for row in world.books()["Invoices"]]
    assert "JUST IN TIME" in numbers
