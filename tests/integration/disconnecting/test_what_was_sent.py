"""Disconnect while something is on its way: what was sent is found out, what was not is given back, nothing twice."""

from typing import Any

import pytest

from rehearsal.founding import Party, connect, consent, refresh
from rehearsal.papers import LINKED
from rehearsal.process import Killed, Process
from rehearsal.world import PDF, World
from shared.domain.connections import ConnectionStatus
from shared.domain.ids import new_id
from shared.domain.item_drafts import ItemChanges
from shared.domain.items import FactOutcome, Stage
from shared.domain.lists import Kind
from shared.usecases.edit_item import edit_item
from shared.usecases.read_items import read_item
from shared.usecases.settle_closing import LOOKED_FOR
from tests.integration.disconnecting.steps import REASON, assert_gone, closing, disconnect, events, reasons


class DiesSending(Process):
    """A worker that is killed once its first bill has gone out, before it hears of it."""

    def did(self, effect: str) -> None:
        super().did(effect)
        if effect.startswith("PUT /Invoices"):
            self.dead = True
            raise Killed


def sent(world: World, ids: list[str]) -> None:
    """Publish up to the moment in which the first batch has gone out."""
    world.publish(ids)
    process = DiesSending()
    while not process.dead:
        world.deliver(process=process)
    world.time.pass_by(seconds=330)  # its lease has ended


def in_doubt(world: World, count: int = 3, **fault: Any) -> list[str]:
    """Bills whose batch went out once, with an outcome that nobody knows yet."""
    ids = world.create([world.papers.bill() for _ in range(count)])
    if fault:
        world.fault("bill", **fault)
    sent(world, ids)
    return ids


def documents(world: World) -> int:
    return len(world.ledger().documents)


def test_with_nothing_on_its_way(world: World) -> None:
    after = disconnect(world)
    assert after.status is ConnectionStatus.CLOSING
    world.settle()
    assert_gone(world)
    assert events(world, "connection.closing")[0].actor == "client-1"


def test_what_arrived_is_published(world: World) -> None:
    before = documents(world)
    ids = in_doubt(world)
    disconnect(world)
    world.settle()
    assert_gone(world)
    assert {world.state(item).stage for item in ids} == {Stage.PUBLISHED}
    assert documents(world) == before + len(ids)
    assert world.called("bill") == 1


def test_what_did_not_arrive_waits_for_a_person(world: World) -> None:
    before = documents(world)
    ids = in_doubt(world, kind="status", status=503)
    disconnect(world)
    world.settle()
    assert_gone(world)
    assert [(world.state(item).stage, reasons(world, item)) for item in ids] == [(Stage.NEEDS_REVIEW, [REASON])] * 3
    assert documents(world) == before
    assert world.called("bill") == 1
    assert closing(world).set_back == 3


@pytest.mark.soak
def test_what_nobody_can_find_out_is_left_to_a_person(world: World) -> None:
    ids = in_doubt(world)
    world.blind(status=500, times=1000)
    began = world.time()
    disconnect(world)
    world.deliver_due()
    assert closing(world).left == 1
    assert world.connection.status is ConnectionStatus.CLOSING
    world.settle()
    assert_gone(world)
    assert world.time() >= began + LOOKED_FOR
    for item in ids:
        state = world.state(item)
        assert state.stage is Stage.UNKNOWN
        assert state.last_error is not None
        assert state.last_error.code == "outcome_unknown"
    assert closing(world).held == len(ids)
    assert world.called("bill") == 1


@pytest.mark.parametrize("status", [ConnectionStatus.EXPIRED, ConnectionStatus.REVOKED, ConnectionStatus.BROKEN])
def test_without_access_nothing_is_asked(world: World, status: ConnectionStatus) -> None:
    ids = in_doubt(world)
    service = world.service
    service.connections.update(world.connection.moved(status))
    asked = sum(world.calls(f"GET /{name}") for name in ("Invoices", "Organisation"))
    began = world.time()
    disconnect(world)
    world.deliver_due()
    assert world.connection.status is ConnectionStatus.DISCONNECTED
    assert (world.time() - began).total_seconds() < 60
    assert {world.state(item).stage for item in ids} == {Stage.UNKNOWN}
    assert sum(world.calls(f"GET /{name}") for name in ("Invoices", "Organisation")) == asked
    world.settle()
    assert_gone(world)


def test_payments_and_files_that_never_went_out_have_failed(world: World) -> None:
    ids = world.create([world.papers.paid_bill(payment_method={"name": LINKED})], file=PDF)
    sent(world, ids)
    disconnect(world)
    world.settle()
    assert_gone(world)
    published = world.state(ids[0]).published
    assert published is not None
    assert published.payment is not None
    assert published.attachment is not None
    assert (published.payment.outcome, published.attachment.outcome) == (FactOutcome.FAILED, FactOutcome.FAILED)
    assert published.payment.problem is not None
    assert published.payment.problem.code == REASON
    assert world.called("payment") == world.called("file") == 0


@pytest.mark.soak
def test_a_hundred_queued_items_wait_for_a_person(world: World) -> None:
    before = documents(world)
    ids = world.create([world.papers.bill() for _ in range(100)])
    world.publish(ids)
    world.deliver()  # the bulk request is expanded; its wake-ups wait
    assert len(world.markers()) == 100
    disconnect(world)
    world.settle()
    assert_gone(world)
    assert documents(world) == before
    assert {(world.state(item).stage, *reasons(world, item)) for item in ids} == {(Stage.NEEDS_REVIEW, REASON)}
    assert closing(world).set_back == 100


def test_an_item_that_was_set_back_says_so_until_a_person_changes_it(world: World) -> None:
    ids = world.create([world.papers.bill()])
    world.publish(ids)
    world.deliver()
    disconnect(world)
    world.settle()
    for _ in range(2):
        seen = read_item(world.service, world.account, ids[0])
        assert seen.stage is Stage.NEEDS_REVIEW
        assert [reason.code for reason in seen.reasons] == [REASON]
    changes: ItemChanges = {"description": "looked at"}
    edit_item(world.service, world.account, ids[0], changes, version=None, actor="someone")
    assert read_item(world.service, world.account, ids[0]).stage is Stage.READY


def test_connecting_again_finds_the_same_entries_and_publishes_once(world: World) -> None:
    before = documents(world)
    entries = {kind: {entry.id for entry in world.service.lists.all(world.connection.book, kind)} for kind in Kind}
    ids = world.create([world.papers.bill()])
    world.publish(ids)
    world.deliver()
    disconnect(world)
    world.settle()
    party = Party(world.software, new_id(world.time()), new_id(world.time()))
    world.connection_id, world.grant_id = party.connection_id, party.grant_id
    consent(world, party)
    connect(world, party)
    refresh(world)
    again = {kind: {entry.id for entry in world.service.lists.all(world.connection.book, kind)} for kind in Kind}
    assert again == entries
    assert entries[Kind.SUPPLIERS]
    world.publish(ids)
    world.settle()
    assert world.state(ids[0]).stage is Stage.PUBLISHED
    assert world.state(ids[0]).reasons == ()
    assert documents(world) == before + 1


def test_an_item_queued_in_the_moment_of_the_end_is_not_forgotten(world: World) -> None:
    ids = world.create([world.papers.bill()])
    world.publish(ids)
    world.deliver()
    (marker,) = world.service.items.pending(world.tenant, "xero", world.tenant_id)
    disconnect(world)
    world.settle()
    world.service.items.put_marker(marker)  # by a request that had read the connection as active
    world.wake()
    world.settle()
    assert world.markers() == []
    assert reasons(world, ids[0]) == [REASON]


def test_asked_for_twice_at_once(world: World) -> None:
    for number in (1, 2, 3):
        process = Process(hold_after=number, hold=lambda: disconnect(world) and None)
        with world.running.process(process):
            disconnect(world)
    world.settle()
    assert_gone(world)
    assert len(events(world, "connection.closing")) == 1
    assert disconnect(world).status is ConnectionStatus.DISCONNECTED


@pytest.mark.soak
def test_a_worker_that_dies_after_any_of_its_first_effects(world: World) -> None:
    """One disconnection, its worker killed again and again; the whole sweep is for `make soak`."""
    ids = in_doubt(world)
    queued = world.create([world.papers.bill() for _ in range(2)])
    world.publish(queued)
    disconnect(world)
    for number in range(1, 12):
        if world.queue:
            world.deliver(process=Process(kill_after=number))
        world.time.pass_by(seconds=400)
    world.settle()
    assert_gone(world)
    assert {world.state(item).stage for item in ids} == {Stage.PUBLISHED}
