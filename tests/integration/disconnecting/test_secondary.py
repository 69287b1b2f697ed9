"""A secondary connection goes: defaults, rules and items that name it fall to the main one, and a person is told."""

from datetime import timedelta
from itertools import count

import pytest

from rehearsal.papers import XERO
from rehearsal.world import World
from shared.aws.clock import Clock
from shared.domain.connections import Connection, ConnectionStatus, Slot
from shared.domain.errors import LedgerbridgeError
from shared.domain.ids import new_id
from shared.domain.items import Item, Stage
from shared.domain.lists import Kind
from shared.domain.rules import Rule, RuleKind
from shared.usecases.change_settings import change_defaults
from shared.usecases.fall_back import fall_back
from shared.usecases.manage_rules import create_rule
from shared.usecases.start_connection import begin
from tests.integration.disconnecting.steps import REASON, assert_gone, caller, closing, disconnect, events, reasons


def main_of(world: World) -> Connection:
    found = world.service.connections.of_account(world.tenant, world.account_id)
    return next(one for one in found if one.slot is Slot.MAIN)


def item_of(world: World, item: str) -> Item:
    found = world.service.items.get(world.tenant, world.account_id, item)
    assert found is not None
    return found


def rule_for(world: World, supplier: str) -> Rule:
    entries = world.service.lists.all(world.connection.book, Kind.SUPPLIERS)
    entry = next(one for one in entries if one.name == supplier)
    who = caller(world)
    return create_rule(
        world.service,
        who,
        world.account,
        kind=RuleKind.SUPPLIER,
        subject=entry.id,
        decisions={"integration": Slot.BILL},
    )


def test_the_main_connection_goes_last(with_bill: World) -> None:
    main = main_of(with_bill)
    with pytest.raises(LedgerbridgeError) as refused:
        disconnect(with_bill, main)
    assert refused.value.problem.code == "secondary_connected"
    assert refused.value.problem.details == {"connections": [with_bill.connection_id]}
    assert main_of(with_bill).status is ConnectionStatus.ACTIVE
    disconnect(with_bill)
    with_bill.settle()
    assert_gone(with_bill)
    assert disconnect(with_bill, main).status is ConnectionStatus.CLOSING
    with_bill.settle()
    assert main_of(with_bill).status is ConnectionStatus.DISCONNECTED


def test_nothing_is_connected_beside_a_main_connection_that_closes(with_bill: World) -> None:
    disconnect(with_bill)
    with_bill.settle()
    disconnect(with_bill, main_of(with_bill))
    with pytest.raises(LedgerbridgeError) as refused:
        begin(
            with_bill.service,
            caller(with_bill),
            with_bill.account,
            connection_id=new_id(with_bill.time()),
            provider="bill",
            slot=Slot.BILL,
        )
    assert refused.value.problem.code == "main_connection_missing"


def test_items_rules_and_defaults_fall_to_the_main_connection(with_bill: World) -> None:
    world = with_bill
    rule = rule_for(world, world.papers.supplier)
    by_field = world.create([world.papers.bill() for _ in range(2)])
    by_rule = world.create([world.papers.bill(integration=None, contact={"id": rule.subject})])
    to_main = world.create([XERO.bill(integration="main")])
    queued = world.create([world.papers.bill()])
    published = world.create([world.papers.bill()])
    world.publish(published)
    world.settle()
    world.publish(queued)
    world.deliver()
    change_defaults(world.service, caller(world), world.account, {"publishing_integration": Slot.BILL})
    by_default = world.create([world.papers.bill(integration=None, contact=None)])
    disconnect(world)
    world.settle()
    assert_gone(world)
    waiting = [*by_field, *by_rule, *by_default, *queued]
    assert {item: REASON in reasons(world, item) for item in waiting} == dict.fromkeys(waiting, True)
    assert {world.state(item).stage for item in waiting} == {Stage.NEEDS_REVIEW}
    assert REASON not in reasons(world, to_main[0])
    assert world.state(published[0]).stage is Stage.PUBLISHED
    assert {item_of(world, item).integration for item in [*by_field, *queued]} == {None}
    assert world.account.publishing_integration == "main"
    found = world.service.rules.get(world.tenant, world.account_id, rule.id)
    assert found is not None
    assert found.integration is None
    after = events(world, "connection.disconnected")[0].after or {}
    assert after["rules"] == [rule.id]
    assert after["defaults"] == ["publishing_integration"]
    assert after["set_back"] == closing(world).set_back == len(waiting)


def test_many_items_are_gone_through_in_slices(with_bill: World) -> None:
    world = with_bill
    ids = world.create([world.papers.bill() for _ in range(70)])
    disconnect(world)
    service = world.new_service()
    looks = count()
    service.clock = Clock(source=lambda: world.time() + timedelta(seconds=30 * next(looks)))
    assert not fall_back(service, world.connection, service.clock.now() + timedelta(seconds=70))
    assert closing(world).set_back == 50  # where a worker's time ends, the next goes on
    world.settle()
    assert_gone(world)
    assert {(world.state(item).stage, reasons(world, item)[0]) for item in ids} == {(Stage.NEEDS_REVIEW, REASON)}
    assert closing(world).set_back == 70
