"""Publishing held by an operator, and tables set back under it: what the provider has is found, never sent again."""

from datetime import timedelta
from typing import Any

import pytest

from ops.holding import hold, let_go, restored
from rehearsal.papers import bill, paid_bill, sales_invoice, spend_money
from rehearsal.tables import rows_of
from rehearsal.world import PDF, World
from shared.domain.items import FactOutcome
from tests.integration.publishing.checks import assert_sound, ledger, stages

Rows = list[dict[str, Any]]


def rows(world: World, table: str) -> Rows:
    return list(rows_of(world.clients.dynamodb, world.settings.table(table)))


def set_back(world: World, table: str, then: Rows) -> None:
    """What restoring a table to a point in time does."""
    name = world.settings.table(table)
    for row in rows(world, table):
        world.clients.dynamodb.delete_item(TableName=name, Key={"pk": row["pk"], "sk": row["sk"]})
    for row in then:
        world.clients.dynamodb.put_item(TableName=name, Item=row)


def test_held_nothing_is_sent_and_nothing_is_lost(world: World) -> None:
    ids = world.create([bill() for _ in range(3)])
    hold(world.service.standing, world.time())
    world.publish(ids)
    for _ in range(4):
        while world.queue:
            world.time.pass_until(min(message.due for message in world.queue))
            world.deliver()
        world.time.pass_by(minutes=6)
        world.run_agenda()
    assert world.calls("PUT /Invoices") == 0
    assert sorted(world.markers()) == sorted(ids)

    let_go(world.service.standing)
    world.settle()

    assert_sound(world)
    assert stages(world) == {"published": 3}


@pytest.mark.parametrize("queued", [False, True], ids=["before they were queued", "while they were queued"])
def test_what_was_published_since_is_found_again(world: World, queued: bool) -> None:
    some = [paid_bill(contact={"name": "Brasserie Łódź"}), bill(), sales_invoice(), spend_money()]
    ids = world.create(some, file=PDF)
    if queued:
        world.publish(ids)
        world.deliver()  # expands the request
    then, point = rows(world, "items"), world.time()
    world.time.pass_by(minutes=1)
    if not queued:
        world.publish(ids)
    world.settle()
    assert stages(world) == {"published": 4}
    sent = {name: world.calls(f"PUT /{name}") for name in ("Invoices", "BankTransactions", "Payments", "Contacts")}
    files = ledger(world).files

    hold(world.service.standing, world.time())
    with pytest.raises(ValueError, match="hold publishing first"):
        restored(world.service.standing, point, world.time())
    world.time.pass_by(minutes=20)
    set_back(world, "items", then)
    set_back(world, "claims", [])
    restored(world.service.standing, point, world.time())
    let_go(world.service.standing)
    world.publish(ids)
    world.settle()

    assert world.failures == []
    assert_sound(world)
    assert stages(world) == {"published": 4}
    assert {name: world.calls(f"PUT /{name}") for name in sent} == sent
    assert ledger(world).files == files
    for state in world.states().values():
        assert state.published is not None
        assert state.published.attachment is not None
        assert state.published.attachment.outcome is FactOutcome.DONE


def test_what_was_never_sent_goes_out_after_one_look(world: World) -> None:
    old = world.create([bill(), bill()])
    hold(world.service.standing, world.time())
    point = world.time()
    world.time.pass_by(minutes=20)
    restored(world.service.standing, point, world.time())
    let_go(world.service.standing)
    world.time.pass_by(minutes=2)
    world.publish(old)
    world.settle()
    assert (world.calls("GET /Invoices"), world.calls("PUT /Invoices")) == (1, 1)

    world.publish(world.create([bill(), bill()]))  # made since: nothing to be unsure of
    world.settle()

    assert (world.calls("GET /Invoices"), world.calls("PUT /Invoices")) == (1, 2)
    assert stages(world) == {"published": 4}
    assert_sound(world)


def test_the_time_of_a_hold_is_its_beginning(world: World) -> None:
    began = hold(world.service.standing, world.time()).held_at
    assert hold(world.service.standing, world.time() + timedelta(minutes=9)).held_at == began
